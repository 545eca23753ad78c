/** Reading the ledger. Owns the shape of a run as reports see it; writes nothing. */
import type { ErrorRecord } from "../core/errors.ts";
import type { Outcome, Trigger } from "../core/state.ts";
import type { Row } from "./db.ts";
import { toDate } from "./rows.ts";

/** One row of `crontabber_run`. */
export interface Run {
  readonly id: bigint;
  readonly runId: string;
  readonly job: string;
  readonly slot: Date;
  /** 0: a range of slots that were skipped. */
  readonly attempt: number;
  readonly trigger: Trigger;
  readonly host: string | null;
  readonly pid: number | null;
  readonly claimedAt: Date;
  /** Null: it runs. */
  readonly endedAt: Date | null;
  /** Seconds; so far, while it runs. */
  readonly took: number;
  /** Null: it runs. */
  readonly outcome: Outcome | null;
  readonly lateOutcome: Outcome | null;
  readonly missed: number;
  readonly missedFrom: Date | null;
  readonly error: ErrorRecord | null;
  readonly progress: unknown;
  readonly result: unknown;
  readonly resetAt: Date | null;
}

export function toRun(row: Row): Run {
  return {
    id: BigInt(String(row.id)),
    runId: String(row.run_id),
    job: String(row.app_name),
    slot: toDate(row.slot) ?? new Date(0),
    attempt: Number(row.attempt),
    trigger: row.trigger as Trigger,
    host: row.host as string | null,
    pid: row.pid as number | null,
    claimedAt: toDate(row.claimed_at) ?? new Date(0),
    endedAt: toDate(row.ended_at),
    took: Number(row.took),
    outcome: row.outcome as Outcome | null,
    lateOutcome: row.late_outcome as Outcome | null,
    missed: Number(row.missed),
    missedFrom: toDate(row.missed_from),
    error: parse(row.error) as ErrorRecord | null,
    progress: parse(row.progress),
    result: parse(row.result),
    resetAt: toDate(row.reset_at),
  };
}

function parse(json: unknown): unknown {
  if (typeof json !== "string") return null;
  try {
    return JSON.parse(json);
  } catch {
    // Only somebody else's hand can have written that; show it as it is.
    return json;
  }
}
