/** The live part: while somebody looks, looks at the database, and tells all readers what changed. Owns the rhythm and the readers. */
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { after, ticks } from "../clock.ts";
import { isTrouble } from "./answers.ts";
import { Board } from "./board.ts";
import { ClientStream, eventText } from "./client-stream.ts";
import { pages } from "./pages/index.ts";
import { saidWhole } from "./pages/words.ts";
import type { Beat, PageData } from "./seam.ts";
import type { Site } from "./site.ts";
import type { Source } from "./source.ts";
import { Tail } from "./tail.ts";

/** Milliseconds between two looks: starts and renewals elsewhere are told by nobody. */
const LOOK_MS = 1_000;
const BEAT_MS = 15_000;
/** What was heard of is looked at together, a moment later, and never more often than that. */
const GATHER_MS = 50;
const SOONEST_MS = 250;
/** Of the time, what it may spend on telling: a fifth of it at most, however many jobs there are. */
const SHARE = 5;
/** Words with ages in them grow old by themselves. */
const REWORD_MS = 10_000;
const MOST_READERS = 500;

/** Milliseconds without a look that worked, after which the database counts as away. */
const STALE_MS = 10_000;

interface Reader {
  readonly stream: ClientStream;
  readonly tails: readonly Tail[];
  /** It has been given everything, and gets what changes. */
  greeted: boolean;
}

export class Hub {
  readonly #site: Site;
  readonly #source: Source;
  readonly #board = new Board(randomUUID().slice(0, 8));
  readonly #readers = new Set<Reader>();
  readonly #tails = new Map<string, Tail>();
  /** A look at the database and what follows; null: nobody looks. */
  #looking: Promise<void> | null = null;
  #again = false;
  #alarm: () => void = () => {};
  #beat: NodeJS.Timeout | null = null;
  /** Of the newest look that worked; null: none did yet. */
  #now: Date | null = null;
  #good = true;
  #goodAt = 0;
  /** The version that is on the board, since when, and what it cost in milliseconds. */
  #worded = -1;
  #wordedAt = 0;
  #cost = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(site: Site, source: Source) {
    this.#site = site;
    this.#source = source;
  }

  get full(): boolean {
    return this.#closed || this.#readers.size >= MOST_READERS;
  }

  /** Open streams. */
  get readers(): number {
    return this.#readers.size;
  }

  /** Whoever comes back names the last event it has seen. Resolves when the stream is open. */
  async join(response: ServerResponse, asked: { headers: Record<string, string>; lastId: string | null; jobs: readonly string[] }) {
    const tails = asked.jobs.map((job) => this.#tail(job));
    let reader: Reader | null = null;
    const stream = new ClientStream(response, asked.headers, () => reader && this.#leave(reader));
    reader = { stream, tails, greeted: false };
    this.#readers.add(reader);
    if (response.destroyed) return this.#leave(reader);
    // What is on the board may be older than the page this reader was given.
    if (this.#readers.size === 1 || this.#now === null) {
      this.#source.forget();
      await this.#look();
    }
    if (!this.#readers.has(reader)) return; // it has gone meanwhile
    this.#beat ??= setInterval(() => this.#sendAll(this.#beatText()), BEAT_MS).unref();
    this.#greet(reader, asked.lastId);
  }

  /** Something has changed, wherever it was heard. */
  nudge(): void {
    if (this.#readers.size === 0) return;
    this.#source.forget();
    this.#lookIn(Math.max(GATHER_MS, this.#lookedAt + SOONEST_MS - ticks()));
  }

  /** Ends every stream: their readers come again, perhaps elsewhere. */
  close(): void {
    this.#closed = true;
    for (const { stream } of this.#readers) stream.end();
    this.#readers.clear();
    this.#rest();
  }

  #greet(reader: Reader, lastId: string | null): void {
    const { stream, tails } = reader;
    reader.greeted = true;
    const missed = lastId === null ? undefined : this.#board.missed(lastId);
    if (missed === undefined) stream.send(eventText("full", this.#board.full(), this.#board.id));
    else if (missed !== null) stream.send(eventText("change", missed, this.#board.id));
    stream.send(this.#beatText());
    for (const tail of tails) for (const part of tail.whole()) stream.send(eventText("output", part));
  }

  #leave(reader: Reader): void {
    if (!this.#readers.delete(reader)) return;
    for (const tail of reader.tails) if (![...this.#readers].some(({ tails }) => tails.includes(tail))) this.#tails.delete(tail.job);
    if (this.#readers.size === 0) this.#rest();
  }

  #rest(): void {
    this.#alarm();
    if (this.#beat) clearInterval(this.#beat);
    this.#beat = null;
  }

  #lookIn(ms: number): void {
    this.#alarm();
    this.#alarm = after(Math.max(ms, this.#cost * SHARE), () => void this.#look());
  }

  /** One look at a time; who asks meanwhile is answered by one more. */
  async #look(): Promise<void> {
    if (this.#closed) return;
    if (this.#looking !== null) {
      this.#again = true;
      return this.#looking;
    }
    this.#alarm();
    this.#lookedAt = ticks();
    this.#looking = this.#lookOnce().finally(() => {
      this.#looking = null;
      const soon = this.#again;
      this.#again = false;
      if (this.#readers.size > 0 && !this.#closed) this.#lookIn(soon ? SOONEST_MS : LOOK_MS);
    });
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const was = this.#good;
    try {
      const data = await this.#source.data();
      if (this.#source.version !== this.#worded || ticks() - this.#wordedAt > REWORD_MS) this.#word(data);
      this.#now = data.view.snapshot.now;
      for (const tail of this.#tails.values()) if (!tail.isOver(data.recent.get(tail.job)?.[0]?.id)) await this.#follow(tail);
      this.#good = true;
      this.#goodAt = ticks();
    } catch (error) {
      this.#good = false;
      if (was && !isTrouble(error)) this.#site.emit("http:trouble", { message: String((error as Error).stack ?? error) });
    }
    if (was !== this.#good) this.#sendAll(this.#beatText());
  }

  #word(data: PageData): void {
    const began = ticks();
    this.#worded = this.#source.version;
    this.#wordedAt = began;
    const change = this.#board.update(pages.live(data, this.#site.frame().zone));
    if (change !== null) this.#sendAll(eventText("change", change, this.#board.id));
    this.#cost = ticks() - began;
  }

  async #follow(tail: Tail): Promise<void> {
    const printed = await this.#source.ask((ledger) => ledger.newestOutput(tail.job));
    const part = printed && tail.update(printed.run, saidWhole(printed.output ?? ""));
    if (!part) return;
    for (const { stream, tails, greeted } of this.#readers) if (greeted && tails.includes(tail)) stream.send(eventText("output", part));
  }

  #tail(job: string): Tail {
    const tail = this.#tails.get(job) ?? new Tail(job);
    this.#tails.set(job, tail);
    return tail;
  }

  #beatText(): string {
    const beat: Beat = { now: (this.#now ?? new Date(0)).toISOString(), good: this.#good && ticks() - this.#goodAt < STALE_MS };
    return eventText("beat", JSON.stringify(beat));
  }

  #sendAll(text: string): void {
    for (const { stream, greeted } of this.#readers) if (greeted) stream.send(text);
  }
}
