/** Waiting after a lost claim and while the database is in trouble: longer each time, never together. Owns the spans, in milliseconds. */
import { ticks } from "../clock.ts";

const LOST_FIRST_MS = 30;
const LOST_MOST_MS = 2_000;
const LIMIT_FIRST_MS = 500;
const LIMIT_MOST_MS = 10_000;
const TROUBLE_FIRST_MS = 100;
const TROUBLE_MOST_MS = 2_000;

const spread = (ms: number): number => ms * (0.5 + Math.random());

export class Backoff {
  readonly #lost = new Map<string, { until: number; span: number }>();
  #trouble = 0;

  /** Another host was faster, or has its row right now. */
  lost(name: string): void {
    const span = Math.min((this.#lost.get(name)?.span ?? LOST_FIRST_MS / 2) * 2, LOST_MOST_MS);
    this.#lost.set(name, { until: ticks() + spread(span), span });
  }

  /** Another run holds one of its locks: that may take long, and its end is told where telling works. */
  limited(name: string): void {
    const span = Math.min((this.#lost.get(name)?.span ?? LIMIT_FIRST_MS / 2) * 2, LIMIT_MOST_MS);
    this.#lost.set(name, { until: ticks() + spread(span), span });
  }

  /** It may ask again within `ms`. */
  soon(name: string, ms: number): void {
    this.#lost.set(name, { until: ticks() + ms * Math.random(), span: LIMIT_FIRST_MS / 2 });
  }

  won(name: string): void {
    this.#lost.delete(name);
  }

  waits(name: string): boolean {
    return (this.#lost.get(name)?.until ?? 0) > ticks();
  }

  /** Milliseconds until the first loser may ask again; infinite: nobody waits. */
  next(): number {
    const waiting = [...this.#lost.values()].map((one) => one.until - ticks()).filter((ms) => ms > 0);
    return Math.min(Number.POSITIVE_INFINITY, ...waiting);
  }

  worked(): void {
    this.#trouble = 0;
  }

  pause(): void {
    this.#trouble = Math.min(Math.max(this.#trouble * 2, TROUBLE_FIRST_MS), TROUBLE_MOST_MS);
  }

  /** How long to leave the database alone. */
  failed(): number {
    return spread(this.#trouble || TROUBLE_FIRST_MS);
  }
}
