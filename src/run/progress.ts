/** `ctx.progress`: tells the scheduler how far a job is, at most four times a second. Owns the throttling; the last call is never lost. */

import type { Progress } from "./protocol.ts";
import { cut } from "./sanitise.ts";

const EVERY_MS = 250;
const MESSAGE_BYTES = 1024;

export class ProgressMeter {
  readonly #send: (progress: Progress) => void;
  #waiting: Progress | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(send: (progress: Progress) => void) {
    this.#send = send;
  }

  report(done: unknown, total?: unknown, message?: unknown): void {
    this.#waiting = { done: number(done), total: number(total), message: text(message), at: new Date().toISOString() };
    if (this.#timer) return;
    this.flush();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.flush();
    }, EVERY_MS);
    this.#timer.unref(); // a job that has nothing else to do is over
  }

  flush(): void {
    if (this.#waiting) this.#send(this.#waiting);
    this.#waiting = null;
  }
}

function number(value: unknown): number | null {
  const n = typeof value === "bigint" ? Number(value) : value;
  return typeof n === "number" && Number.isFinite(n) ? n : null;
}

function text(value: unknown): string | null {
  return value === undefined || value === null ? null : cut(String(value), MESSAGE_BYTES);
}
