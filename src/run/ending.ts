/** From what was seen of a child to how its run ended. Pure: the first cause wins, the work's own report comes next, the exit status last. */
import type { ErrorRecord } from "../core/errors.ts";
import type { RunEnd } from "../core/state.ts";
import type { Exit } from "./child.ts";
import { record } from "./describe.ts";
import type { Report, StopCause } from "./protocol.ts";

/** `yes`: the record of the success is in the database; `unknown`: it may be, read the ledger before anything else. */
export type Ended = RunEnd & { readonly committed: "yes" | "no" | "unknown" };

/** The last word of a child about its work. */
export type FinalReport = Extract<Report, { say: "succeeded" | "failed" }>;

export interface Seen {
  /** Why it was told to end, before its end was known; null: it was not. */
  readonly cause: { readonly cause: StopCause; readonly detail: string } | null;
  /** Null: it was never started. */
  readonly exit: Exit | null;
  readonly report: FinalReport | null;
  /** COMMIT was about to be sent. */
  readonly committing: boolean;
  /** A host child reports; a command has only its exit status. */
  readonly reports: boolean;
  /** The lease was no longer trusted when the process ended: the guard may have ended it. */
  readonly distrusted: boolean;
  readonly output: string | null;
  /** The last lines of stderr. */
  readonly complaint: string;
}

export function conclude(seen: Seen): Ended {
  const { report, cause, output } = seen;
  if (report?.say === "succeeded" && (report.committed || !cause)) {
    return { outcome: "succeeded", error: null, result: report.result, output, committed: report.committed ? "yes" : "no" };
  }
  const committed = report ? (report.say === "failed" ? report.committed : "no") : seen.committing ? "unknown" : "no";
  if (!cause && !report && !seen.reports && seen.exit?.code === 0) {
    return { outcome: "succeeded", error: null, result: null, output, committed: "no" };
  }
  const outcome = cause?.cause ?? ((report?.say === "failed" && report.fenced) || wasLost(seen) ? "lost" : "failed");
  return { outcome, error: errorOf(seen), result: null, output, committed };
}

const TYPES = { "timed-out": "TimedOut", interrupted: "Interrupted", cancelled: "Cancelled", lost: "LostLease" } as const;

function errorOf(seen: Seen): ErrorRecord {
  const { cause, report, exit, complaint } = seen;
  if (cause) return record(TYPES[cause.cause], cause.detail, seen.reports ? "" : complaint);
  if (report?.say === "failed" && (report.fenced || !wasLost(seen))) return report.error;
  if (wasLost(seen)) return record("LostLease", "the lease was not renewed in time, its guard ended the job", complaint);
  if (exit?.signal) return record("Signal", `killed by ${exit.signal}`, complaint);
  if (seen.reports) return record("ExitedEarly", `the process ended with exit code ${exit?.code} before run() settled`, complaint);
  return record("ExitCode", `exit code ${exit?.code}`, complaint);
}

/** What did not succeed, and ended when its lease was no longer trusted: its guard may have ended it, and nobody else would have. */
function wasLost({ distrusted, report, exit }: Seen): boolean {
  return distrusted && report?.say !== "succeeded" && exit !== null;
}
