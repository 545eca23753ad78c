/** What a daemon knows of the rows between two looks: as of then, with a clock that goes on. Never the truth: a claim looks again. */
import { ticks } from "../clock.ts";
import type { JobState } from "../core/state.ts";
import type { Snapshot } from "../store/store.ts";

/** What one hearing takes from the next: clocks drift by some parts in a hundred thousand. */
const DRIFT_MS = 0.1;

export class View implements Snapshot {
  readonly pruneDue = false;
  readonly requestsOpen = false;
  readonly rivals = [];
  #states = new Map<string, JobState>();
  /** The database's clock minus ours, in milliseconds; never more than it is, so that nothing is asked for too early. */
  #offset = Number.NEGATIVE_INFINITY;

  get states(): ReadonlyMap<string, JobState> {
    return this.#states;
  }

  /** The database's clock, as far as it can be told from here. */
  get now(): Date {
    return this.#offset === Number.NEGATIVE_INFINITY ? new Date(0) : new Date(ticks() + this.#offset);
  }

  /** `sentAt`: when it was asked for, in `ticks()`. */
  replace(seen: Snapshot, sentAt: number): void {
    this.#states = new Map(seen.states);
    this.#tune(seen.now, sentAt);
  }

  /** Rows that were read again; those of `names` that are missing are gone. */
  patch(names: Iterable<string>, { now, states }: { now: Date | null; states: ReadonlyMap<string, JobState> }, sentAt: number): void {
    for (const name of names) {
      const state = states.get(name);
      if (state) this.#states.set(name, state);
      else this.#states.delete(name);
    }
    if (now) this.#tune(now, sentAt);
  }

  put(state: JobState): void {
    this.#states.set(state.name, state);
  }

  /**
   * The database said `now` between then and this moment: the later we believe it did, the later its clock is. What is believed is the
   * best that was heard; a little is given up each time, for two clocks never run alike; what cannot be true any more (its clock was set
   * back, this machine slept) is forgotten.
   */
  #tune(now: Date, sentAt: number): void {
    const surely = now.getTime() - ticks();
    const atMost = now.getTime() + 1 - sentAt;
    const kept = this.#offset - DRIFT_MS;
    this.#offset = kept > atMost ? surely : Math.max(kept, surely);
  }
}
