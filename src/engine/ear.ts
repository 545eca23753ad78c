/** Hearing what other hosts say, beside everything else. Owns the line and when to try for one; what follows from it is the daemon's. */
import { ticks } from "../clock.ts";
import type { Store } from "../store/store.ts";

/** A pooler may be replaced by a server one day. */
const NEVER_HEARD_MS = 600_000;
/** Hearing only makes things sooner: whoever has trouble with it does not ask often. */
const FAILED_MS = 5_000;

type Listen = Store["listen"];
type Line = NonNullable<Awaited<ReturnType<Listen>>>;

export class Ear {
  readonly #listen: Listen;
  readonly #heard: Parameters<Listen>[0];
  readonly #missed: () => void;
  #line: Line | null = null;
  #opening = false;
  #at = 0;

  /** `missed`: from now on it hears, or not any more; what was said until now was missed. */
  constructor(listen: Listen, { heard, missed }: { heard: Parameters<Listen>[0]; missed(): void }) {
    this.#listen = listen;
    this.#heard = heard;
    this.#missed = missed;
  }

  /** Listens, if it may and does not yet. Milliseconds until it may; infinite: it does, or is about to. Waits for nothing. */
  open(): number {
    if (this.#line !== null || this.#opening) return Number.POSITIVE_INFINITY;
    if (this.#at > ticks()) return this.#at - ticks();
    this.#opening = true;
    void this.#try();
    return Number.POSITIVE_INFINITY;
  }

  /** The line may be dead without knowing it. */
  async close(): Promise<void> {
    const line = this.#line;
    this.#line = null;
    await line?.close();
  }

  async #try(): Promise<void> {
    try {
      this.#line = await this.#listen(this.#heard, () => {
        this.#line = null;
        this.#missed();
      });
      if (this.#line === null) this.#at = ticks() + NEVER_HEARD_MS;
    } catch {
      // Whether the database is in trouble, the looks tell.
      this.#at = ticks() + FAILED_MS * (0.5 + Math.random());
    }
    this.#opening = false;
    this.#missed();
  }
}
