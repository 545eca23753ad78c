/** A sleep that can be ended from elsewhere; a ring while nobody sleeps ends the next sleep at once. Owns nothing else. */
import type { Clock } from "../clock.ts";

export class Alarm {
  #bell = new AbortController();

  ring(): void {
    this.#bell.abort();
  }

  /** Resolves after `ms` milliseconds, or when it rings. */
  async sleep(clock: Clock, ms: number): Promise<void> {
    await clock.sleep(ms, this.#bell.signal);
    this.#bell = new AbortController();
  }
}
