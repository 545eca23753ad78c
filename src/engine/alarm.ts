/** Sleeping until a moment, or until somebody says so. Owns that a word said while nobody sleeps is not lost. */
import type { Clock } from "../clock.ts";

export class Alarm {
  #rung = new AbortController();

  ring(): void {
    this.#rung.abort();
  }

  /** Milliseconds at most; not at all if it has rung since the last time. */
  async sleep(clock: Clock, ms: number): Promise<void> {
    await clock.sleep(ms, this.#rung.signal);
    this.#rung = new AbortController();
  }
}
