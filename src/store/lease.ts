/** Keeping leases and taking over dead ones. Owns the second look's write; when to look is the engine's. */
import type { Job, Policy } from "../core/job.ts";
import { nextAfter } from "../core/schedule.ts";
import type { JobState, RunEnd, Ticket, Trigger } from "../core/state.ts";
import type { Queryable, Row } from "./db.ts";
import { endRun, writeState } from "./record.ts";
import { type StateRow, toDate, toState } from "./rows.ts";
import type { Statements } from "./sql.ts";

/** `gone`: another owns the job now; `locked`: ask again soon; `cancelled`: renewed, but somebody asked for the run to end. */
export type Renewal = "renewed" | "cancelled" | "locked" | "gone";

/** One statement for all runs of this process. */
export async function renew(db: Queryable, sql: Statements, runIds: readonly string[]): Promise<Map<string, Renewal>> {
  const { rows } = await db.query(sql.renew, [runIds]);
  const seen = new Map(rows.map((r) => [r.run_id as string, renewalOf(r)]));
  return new Map(runIds.map((id) => [id, seen.get(id) ?? "gone"]));
}

function renewalOf(row: Row): Renewal {
  if (row.renewed !== true) return "locked";
  return row.cancelled === true ? "cancelled" : "renewed";
}

/** What the first look saw of a dead claim. */
export interface DeadClaim {
  readonly name: string;
  readonly runId: string;
  readonly heartbeats: number;
}

/** What a ghost's run is recorded under: nobody configures it any more, so nothing is planned. */
const GHOST: Policy = {
  backfill: false,
  retry: "fixed",
  errorRetryTime: 0,
  maxAttempts: null,
  onLost: "retry",
  maxLost: Number.MAX_SAFE_INTEGER,
};

/** Ends a dead run as `lost`, if its renewals have not moved since the first look. False: it lives, or somebody else was faster. */
export async function reapIn(
  tx: Queryable,
  sql: Statements,
  { seen, job, now }: { seen: DeadClaim; job: Job | null; now: Date | null },
): Promise<boolean> {
  const own = (await tx.query(sql.lockExpired, [now, seen.name, seen.runId, seen.heartbeats])).rows[0];
  if (!own) return false;
  const state = toState(own as StateRow);
  const run = (await tx.query(sql.readRun, [seen.runId])).rows[0];
  const ticket = ticketOf(state, run, job);
  const value = `the lease of ${state.host ?? "its host"} ran out at ${state.leaseUntil?.toISOString()}`;
  // What somebody wanted ended is not tried again.
  const by = own.cancelled === true ? `cancelled by ${own.cancel_note}; ` : null;
  const error = { type: by === null ? "LostLease" : "Cancelled", value: `${by ?? ""}${value}`, traceback: "" };
  const end: RunEnd = { outcome: by === null ? "lost" : "cancelled", error, result: null, output: null };
  await writeState(tx, sql, { own, ticket, end });
  await endRun(tx, sql, { ticket, end });
  return true;
}

/** The dead owner's ticket, as far as the rows know it. */
function ticketOf(state: JobState, run: Row | undefined, job: Job | null): Ticket {
  const slot = toDate(run?.slot) ?? state.slot ?? state.ongoing ?? new Date(0);
  const opens = state.slot?.getTime() === slot.getTime() && (run === undefined || Number(run.attempt) === state.attempt);
  return {
    job: state.name,
    runId: state.runId ?? "",
    fence: BigInt(String(run?.id ?? 0)),
    slot,
    attempt: Number(run?.attempt ?? state.attempt),
    trigger: (run?.trigger as Trigger | undefined) ?? "schedule",
    missed: Number(run?.missed ?? 0),
    missedFrom: toDate(run?.missed_from),
    nextSlot: job && job.schedule.kind !== "manual" ? nextAfter(job.schedule, slot) : null,
    opens,
    claimedAt: state.ongoing ?? slot,
    errors: state.errorCount,
    slotErrors: state.slotErrors,
    lease: state.leaseSeconds ?? 0,
    policy: job ?? GHOST,
    payload: null,
  };
}
