/**
 * What a run tells while it is on: its progress at once, its output a little later, both in one row for every host to read. Owns when to
 * write. News is no record: a write that fails or has to wait is left, the next one has all of it, and no end waits for one.
 */
import { after, ticks } from "../clock.ts";
import type { Ticket } from "../core/state.ts";
import type { World } from "./world.ts";

/** Milliseconds in which what is printed in one go is put together. */
const GATHER_MS = 200;
/** Milliseconds between two writes of output: each writes all of it again. */
const EARLY_MS = 1_000;
const LATER_MS = 5_000;
/** Milliseconds of a run that count as early. */
const EARLY_FOR_MS = 60_000;
/** Milliseconds the end of a run may wait for a write that is on its way. */
const LAST_MS = 500;

export class News {
  readonly #world: Pick<World, "store" | "clock">;
  readonly #runId: string;
  readonly #output: () => string | null;
  readonly #began = ticks();
  /** JSON; null: nothing new. */
  #progress: string | null = null;
  #printed = false;
  #outputAt = Number.NEGATIVE_INFINITY;
  #timer: (() => void) | null = null;
  #writing: Promise<void> | null = null;
  #over = false;

  /** `output`: all of it, as a record would have it; asked when it is written. */
  constructor(world: Pick<World, "store" | "clock">, { runId }: Ticket, output: () => string | null) {
    this.#world = world;
    this.#runId = runId;
    this.#output = output;
  }

  /** `json`: how far the run is. */
  progress(json: string): void {
    this.#progress = json;
    this.#write();
  }

  /** The run has printed something. */
  printed(): void {
    this.#printed = true;
    this.#soon();
  }

  /** The run has ended: nothing more is written, and what is on its way is waited for a moment only. */
  async close(): Promise<void> {
    this.#over = true;
    this.#timer?.();
    if (!this.#writing) return;
    const enough = new AbortController();
    await Promise.race([this.#writing, this.#world.clock.sleep(LAST_MS, enough.signal)]);
    enough.abort();
  }

  #soon(): void {
    if (this.#timer || this.#over || (!this.#printed && this.#progress === null)) return;
    this.#timer = after(Math.max(GATHER_MS, this.#outputAt + this.#pause() - ticks()), () => {
      this.#timer = null;
      this.#write();
    });
  }

  /** One at a time; what comes meanwhile goes with the next. */
  #write(): void {
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = null;
      this.#soon();
    });
  }

  async #drain(): Promise<void> {
    // The newest progress of a run that has ended is still worth its one write.
    while (this.#progress !== null || this.#due()) {
      const progress = this.#progress;
      const output = this.#due() ? this.#output() : null;
      this.#progress = null;
      if (output !== null) {
        this.#printed = false;
        this.#outputAt = ticks();
      }
      const written = await this.#world.store.news(this.#runId, progress, output).catch(() => false); // tried again, see below
      if (written) continue;
      this.#progress ??= progress;
      this.#printed ||= output !== null;
      return;
    }
  }

  #due(): boolean {
    return this.#printed && !this.#over && this.#timer === null && ticks() >= this.#outputAt + this.#pause();
  }

  #pause(): number {
    return ticks() - this.#began < EARLY_FOR_MS ? EARLY_MS : LATER_MS;
  }
}
