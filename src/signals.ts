/** What SIGTERM and SIGINT do to a process that runs jobs: the first drains, what outlasts `drain_timeout` is interrupted, the second aborts. */
import { setMaxListeners } from "node:events";
import { uptime } from "./clock.ts";

export type EndSignal = "SIGINT" | "SIGTERM";
export const SIGNAL_CODES: Readonly<Record<EndSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

export interface Ending {
  /** Aborted by the first signal: nothing more is claimed. */
  readonly draining: AbortSignal;
  /** Aborted when time is up, or by the second signal: runs are interrupted. */
  readonly aborting: AbortSignal;
  /** The first signal; null: none came. */
  readonly signalled: EndSignal | null;
  /** When it came, in seconds of uptime; null: none came. */
  readonly since: number | null;
  /** Stops listening. */
  forget(): void;
}

/** Seconds that records get after a second signal; then the process ends, and leases tell the rest. */
const LAST_WORDS_S = 3;

export interface Listening {
  /** Seconds. */
  readonly drainTimeout: number;
  /** The first signal came. */
  drain(signal: EndSignal): void;
  /** Ends every job at once. */
  kill(): void;
}

/** Listens from now on. */
export function listen({ drainTimeout, drain, kill }: Listening): Ending {
  const draining = new AbortController();
  const aborting = new AbortController();
  setMaxListeners(0, draining.signal, aborting.signal); // one for each run
  let signalled: EndSignal | null = null;
  let since: number | null = null;
  let timer: NodeJS.Timeout | null = null;
  const onSignal = (signal: EndSignal) => {
    if (signalled !== null) {
      aborting.abort();
      kill();
      setTimeout(() => process.exit(SIGNAL_CODES[signal]), LAST_WORDS_S * 1000).unref();
      return;
    }
    signalled = signal;
    since = uptime();
    drain(signal);
    draining.abort();
    timer = setTimeout(() => aborting.abort(), drainTimeout * 1000);
    timer.unref();
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return {
    draining: draining.signal,
    aborting: aborting.signal,
    get signalled() {
      return signalled;
    },
    get since() {
      return since;
    },
    forget: () => {
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
      if (timer) clearTimeout(timer);
    },
  };
}
