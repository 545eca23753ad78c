/** What happens in a pass, as documents, one a line: for programs that run jobs. Owns the words and keys; writes nothing. */
import type { Emit, Events } from "../core/events.ts";
import type { Ticket } from "../core/state.ts";
import { masked } from "./mask.ts";
import { jobOutput } from "./output.ts";
import type { Document } from "./view.ts";

type Told = { readonly event: string; readonly [key: string]: unknown };
type Tellers = { readonly [Name in keyof Events]?: (payload: Events[Name]) => Told };

const run = ({ job, runId, fence }: Ticket) => ({ job, run: { id: Number(fence), run_id: runId } });

/** What is of use to whoever started this pass. Output comes line by line, see below. */
const TELLERS: Tellers = {
  "pass:started": ({ jobs, now }) => ({ event: "pass-started", jobs, now: now.toISOString() }),
  "job:not-due": ({ job, verdict: { why, detail } }) => ({ event: "not-due", job, why, detail }),
  "job:skipped": ({ job, skipped: { from, to, count, reason } }) => {
    return { event: "skipped", job, slots: { from: from.toISOString(), to: to.toISOString(), count, reason } };
  },
  "run:started": ({ ticket }) => {
    const { slot, attempt, trigger, missed } = ticket;
    return { event: "started", ...run(ticket), slot: slot.toISOString(), attempt, trigger, missed };
  },
  "run:progress": ({ ticket, json }) => ({ event: "progress", ...run(ticket), progress: JSON.parse(json) as unknown }),
  "run:stopping": ({ ticket, why }) => ({ event: "stopping", ...run(ticket), why }),
  "run:recorded": ({ ticket, end: { outcome, error, result } }) => {
    return { event: "ended", ...run(ticket), outcome, error, result: result === null ? null : (JSON.parse(result) as unknown) };
  },
  "run:fenced": ({ ticket, outcome }) => ({ event: "fenced", ...run(ticket), outcome }),
  "run:spooled": ({ ticket, file, message }) => ({ event: "spooled", ...run(ticket), file, message }),
  "run:reaped": ({ job, host }) => ({ event: "taken-over", job, host }),
  "drain:started": ({ signal }) => ({ event: "draining", signal }),
  "database:down": ({ message }) => ({ event: "database-down", message }),
  "database:up": () => ({ event: "database-up" }),
  "pass:ended": ({ ran, failed }) => ({ event: "pass-ended", ran, failed }),
};

const document = (told: Told): Document => ({ schema: "crontabber.run/1", ...told });

/** Calls `tell` with a document for each event; what looks like a secret is masked in texts of jobs. */
export function runEvents(tell: (document: Document) => void): Emit {
  const lines = jobOutput((ticket, stream, text) => tell(document({ event: "output", ...run(ticket), stream, text: masked(text) })));
  return (name, payload) => {
    lines(name, payload);
    const told = TELLERS[name]?.(payload as never);
    if (told) tell(document(told));
  };
}

/** The last line: the exit code; `message`: what went wrong, null: it was told before, or nothing did. */
export const exitEvent = (code: number, message: string | null): Document =>
  document({ event: "exit", code, message: message && masked(message) });
