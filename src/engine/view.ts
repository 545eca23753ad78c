/** What a daemon knows of the rows between two looks: as of then, with a clock that goes on. Never the truth: a claim looks again. */
import { ticks } from "../clock.ts";
import type { JobState } from "../core/state.ts";
import type { Snapshot } from "../store/store.ts";

export class View implements Snapshot {
  readonly pruneDue = false;
  readonly requestsOpen = false;
  #states = new Map<string, JobState>();
  #base = new Date(0);
  #at = 0;

  get states(): ReadonlyMap<string, JobState> {
    return this.#states;
  }

  /** The database's clock, as far as it can be told from here. */
  get now(): Date {
    return new Date(this.#base.getTime() + (ticks() - this.#at));
  }

  replace(seen: Snapshot): void {
    this.#states = new Map(seen.states);
    this.#set(seen.now);
  }

  /** Rows that were read again; those of `names` that are missing are gone. */
  patch(names: Iterable<string>, { now, states }: { now: Date | null; states: ReadonlyMap<string, JobState> }): void {
    for (const name of names) {
      const state = states.get(name);
      if (state) this.#states.set(name, state);
      else this.#states.delete(name);
    }
    if (now) this.#set(now);
  }

  put(state: JobState): void {
    this.#states.set(state.name, state);
  }

  #set(now: Date): void {
    this.#base = now;
    this.#at = ticks();
  }
}
