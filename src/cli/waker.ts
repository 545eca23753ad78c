/** Looking at the database again and again: sooner where somebody said something, later where it does not answer. Owns the pauses. */
import { systemClock } from "../clock.ts";
import type { Store } from "../store/store.ts";
import { tell } from "./talk.ts";

const DOWN_MS = 2_000;

export interface Waker {
  /** After `ms` milliseconds, or when somebody said something of the job (null: of any). */
  sleep(ms: number): Promise<void>;
  /** The answer of the database, however long it takes to come. Throws what is not the connection's fault. */
  patiently<T>(ask: () => Promise<T>): Promise<T>;
}

export function waker(store: Store, job: string | null): Waker {
  let alarm = new AbortController();
  const wake = () => alarm.abort();
  // Nobody waits for it: without it, looking again is all there is.
  void store.listen((told) => (job === null || told.job === job) && wake(), wake).catch(() => null);
  return {
    sleep: async (ms) => {
      await systemClock.sleep(ms, alarm.signal);
      if (alarm.signal.aborted) alarm = new AbortController();
    },
    patiently: async (ask) => {
      for (let told = false; ; told = true) {
        try {
          const answer = await ask();
          if (told) tell("the database answers again");
          return answer;
        } catch (error) {
          if (!store.isTransient(error)) throw error;
          if (!told) tell(`${(error as Error).message}; trying again until it answers`);
          await systemClock.sleep(DOWN_MS);
        }
      }
    },
  };
}
