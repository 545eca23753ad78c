/**
 * Keeps the leases of this process's runs, on a connection of its own. Owns when to renew and what each answer means for a run;
 * a run goes on only while its lease is trusted, counted from when the last confirmed renewal was *sent*.
 */
import type { Ticket } from "../core/state.ts";
import type { Queryable } from "../store/db.ts";
import type { Renewal } from "../store/lease.ts";

/** Seconds of the host's uptime, a clock that counts suspension. */
export interface Trust {
  /** Two thirds of the lease: from here on the job is asked to end. */
  readonly termAt: number;
  /** Five sixths: from here on it is killed. */
  readonly killAt: number;
}

export function trustFrom(sentAt: number, lease: number): Trust {
  return { termAt: sentAt + (lease * 2) / 3, killAt: sentAt + (lease * 5) / 6 };
}

/** What the heartbeat may do to a run. */
export interface Kept {
  trust(until: Trust): void;
  /** The lease is gone. */
  fence(): void;
  /** Somebody asked for the run to end. Called once. */
  cancel(): void;
}

export interface HeartbeatTools {
  /** Opens the connection for renewals; a statement is given up after `queryMs`. `gone` is called when it breaks. */
  connect(queryMs: number, gone: () => void): Promise<{ db: Queryable; close(): Promise<void> }>;
  renew(db: Queryable, runIds: readonly string[]): Promise<Map<string, Renewal>>;
  uptime(): number;
  /** Renewals fail, or work again. */
  onState(down: Error | null): void;
}

interface Beat {
  readonly ticket: Ticket;
  readonly kept: Kept;
  /** Renewals go on saying so until the end is recorded. */
  cancelled: boolean;
}

type Line = Awaited<ReturnType<HeartbeatTools["connect"]>>;

const RENEWALS_PER_LEASE = 6;
/** An idle daemon holds no connection for renewals. */
const REST_MS = 9_000;

export class Heartbeat {
  readonly #tools: HeartbeatTools;
  readonly #beats = new Map<string, Beat>();
  #line: Line | null = null;
  #opening: Promise<Line> | null = null;
  /** Closes the line of somebody who has had nothing to renew for a while. */
  #rest: NodeJS.Timeout | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** When the timer fires, in seconds of uptime. */
  #beatAt = Number.POSITIVE_INFINITY;
  #beating: Promise<void> | null = null;
  #renewing = false;
  /** The answer on its way may be older than what we were told. */
  #again = false;

  constructor(tools: HeartbeatTools) {
    this.#tools = tools;
  }

  /** Opens the line before anything is claimed: a claim that cannot be renewed is worth nothing. */
  async ready(lease: number): Promise<void> {
    await this.#open(queryMs(lease));
    this.#restLater();
  }

  /** Renews the run's lease until `remove`. `sentAt`: when the claim was sent. */
  add(ticket: Ticket, sentAt: number, kept: Kept): void {
    kept.trust(trustFrom(sentAt, ticket.lease));
    this.#beats.set(ticket.runId, { ticket, kept, cancelled: false });
    this.#restLater();
    // Runs that come and go must not put off the renewal of the others.
    // While a renewal is on its way, its end plans the next one.
    if (this.#renewing) return;
    if (!this.#timer || this.#tools.uptime() + this.#interval() < this.#beatAt) this.#schedule(this.#interval());
  }

  /** Somebody said something about a run of ours: renew now, the answer tells. */
  soon(): void {
    if (this.#renewing) this.#again = true;
    else if (this.#beats.size > 0) this.#schedule(0);
  }

  remove(runId: string): void {
    this.#beats.delete(runId);
    this.#restLater();
    if (this.#beats.size > 0) return;
    // Nothing is renewed: nothing fails.
    this.#tools.onState(null);
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async close(): Promise<void> {
    this.#beats.clear();
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#beating;
    await this.#opening?.catch(() => {}); // then there is nothing to close
    if (this.#rest) clearTimeout(this.#rest);
    await this.#drop();
  }

  /** One line, however many ask for it at once. */
  async #open(queryMs: number): Promise<Line> {
    if (this.#line) return this.#line;
    this.#opening ??= this.#connect(queryMs).finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  /** One that breaks while nothing is renewed is opened again before it is needed. */
  async #connect(queryMs: number): Promise<Line> {
    let broken = false;
    let line: Line | null = null;
    const gone = () => {
      broken = true;
      if (line !== null && this.#line === line) this.#line = null;
    };
    line = await this.#tools.connect(queryMs, gone);
    if (!broken) this.#line = line;
    return line;
  }

  #restLater(): void {
    if (this.#rest) clearTimeout(this.#rest);
    this.#rest = null;
    if (this.#beats.size > 0) return;
    this.#rest = setTimeout(() => void this.#drop(), REST_MS);
    this.#rest.unref();
  }

  /** Seconds between renewals: a sixth of the shortest lease. */
  #interval(): number {
    return Math.min(...[...this.#beats.values()].map((b) => b.ticket.lease)) / RENEWALS_PER_LEASE;
  }

  #schedule(seconds: number): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#beatAt = this.#tools.uptime() + seconds;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#beating = this.#beat();
    }, seconds * 1000);
  }

  async #beat(): Promise<void> {
    const runIds = [...this.#beats.keys()];
    if (runIds.length === 0) return;
    const sentAt = this.#tools.uptime();
    this.#renewing = true;
    const again = await this.#renew(runIds, sentAt);
    this.#renewing = false;
    const told = this.#again;
    this.#again = false;
    if (this.#beats.size === 0) return;
    const spent = this.#tools.uptime() - sentAt;
    this.#schedule(told ? 0 : again ? this.#interval() / 4 : Math.max(this.#interval() - spent, 0));
  }

  /** True: ask again soon, for a row was locked or nobody answered. */
  async #renew(runIds: readonly string[], sentAt: number): Promise<boolean> {
    try {
      const line = await this.#open(queryMs(this.#interval() * RENEWALS_PER_LEASE));
      const answers = await this.#tools.renew(line.db, runIds);
      this.#tools.onState(null);
      for (const [runId, answer] of answers) this.#apply(runId, answer, sentAt);
      return [...answers.values()].includes("locked");
    } catch (error) {
      this.#tools.onState(error as Error);
      void this.#drop(); // the next renewal does not wait for a good-bye
      return true;
    }
  }

  #apply(runId: string, answer: Renewal, sentAt: number): void {
    const beat = this.#beats.get(runId);
    if (!beat) return;
    if (answer === "renewed" || answer === "cancelled") beat.kept.trust(trustFrom(sentAt, beat.ticket.lease));
    if (answer === "cancelled" && !beat.cancelled) {
      beat.cancelled = true;
      beat.kept.cancel();
    }
    if (answer !== "gone") return;
    this.#beats.delete(runId);
    beat.kept.fence();
  }

  async #drop(): Promise<void> {
    const line = this.#line;
    this.#line = null;
    // A line that failed has nothing more to say.
    await line?.close().catch(() => {});
  }
}

/** A renewal nobody answers must leave time for the next one. */
const queryMs = (lease: number): number => Math.max(500, (lease * 1000) / RENEWALS_PER_LEASE);
