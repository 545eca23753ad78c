/** The only reader of real time. Owns sleeping, and the clock a lease is trusted by; decides nothing. */
import { uptime as osUptime } from "node:os";

export interface Clock {
  /** The moment every judgement is pinned to, in tests; null (production): ask the database. */
  pinned(): Date | null;
  /** Resolves after `ms` milliseconds, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** `setTimeout` fires at once past 2^31 ms: longer waits are made of pieces. */
const LONGEST_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  pinned: () => null,
  sleep: (ms, signal) =>
    new Promise((done) => {
      if (signal?.aborted) return done();
      const finish = () => {
        cancel();
        signal?.removeEventListener("abort", finish);
        done();
      };
      const cancel = after(ms, finish);
      signal?.addEventListener("abort", finish, { once: true });
    }),
};

/** Calls `act` after `ms` milliseconds, however many; the answer cancels it. */
export function after(ms: number, act: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (left: number) => {
    timer = setTimeout(() => (left > LONGEST_MS ? wait(left - LONGEST_MS) : act()), Math.min(left, LONGEST_MS));
  };
  wait(ms);
  return () => clearTimeout(timer);
}

/** What this host believes the time is: only ever compared and shown, never decided by. */
export function hostClock(): Date {
  return new Date();
}

/** Seconds since this machine booted, suspension included (unlike `performance.now()`): the one clock that leases are trusted by. */
export function uptime(): number {
  return osUptime();
}

/** Milliseconds of a clock that never jumps, for measuring a span; stands still while the machine is suspended. */
export function ticks(): number {
  return performance.now();
}
