/**
 * What a host tells the others of a row it has changed, so that none of them has to read it. Pure. Never the truth: a claim looks again,
 * and whoever missed a notice looks again from time to time.
 */
import type { Change } from "./advance.ts";
import type { JobState } from "./state.ts";

/** A claim, as its own statement tells it. Times in milliseconds since 1970. */
export interface ClaimNotice {
  readonly run: string;
  readonly host: string;
  readonly at: number;
  readonly until: number;
  /** Seconds. */
  readonly lease: number;
}

/** The end of a run. Times in milliseconds since 1970; of the error only its type. */
export interface EndNotice {
  readonly run: string;
  /** Null: the run was beside the plan, and left it as it was. */
  readonly plan: {
    readonly next: number | null;
    readonly slot: number | null;
    readonly attempt: number;
    readonly slotErrors: number;
    readonly missed: number;
    readonly missedFrom: number | null;
  } | null;
  readonly lost: number;
  readonly errors: number;
  readonly error: string | null;
  /** Null: as before. */
  readonly success: number | null;
  readonly held: string | null;
}

/** Null: what became of the row is not known here; it has to be read. */
export function endNotice(runId: string, change: Change, opens: boolean): EndNotice | null {
  if (change.keepMoved) return null;
  const { nextRun, slot, attempt, slotErrors, missed, missedFrom, lostCount, errorCount, lastError, lastSuccess, held } = change;
  const plan = { next: ms(nextRun), slot: ms(slot), attempt, slotErrors, missed, missedFrom: ms(missedFrom) };
  return {
    ...{ run: runId, plan: opens ? plan : null, lost: lostCount, errors: errorCount },
    ...{ error: lastError?.type ?? null, success: ms(lastSuccess), held: held?.slice(0, LONGEST) ?? null },
  };
}

/** A notice has room for some thousand characters. */
const LONGEST = 200;

export function claimed(state: JobState, { run, host, at, until, lease }: ClaimNotice): JobState {
  const lives = { leaseUntil: date(until), leaseSeconds: lease, leaseExpired: false, heartbeats: 0 };
  return { ...state, ...lives, runId: run, host, ongoing: date(at), ongoingAge: 0 };
}

/** Null: it is not about what is known here. `now`: of the database's clock, about. */
export function ended(state: JobState, { run, plan, lost, errors, error, success, held }: EndNotice, now: Date): JobState | null {
  if (state.runId !== run) return null;
  const idle = { runId: null, leaseUntil: null, leaseSeconds: null, leaseExpired: false, heartbeats: 0, ongoing: null, ongoingAge: null };
  const planned = plan && {
    ...{ nextRun: date(plan.next), slot: date(plan.slot), attempt: plan.attempt, slotErrors: plan.slotErrors },
    ...{ missed: plan.missed, missedFrom: date(plan.missedFrom), moved: false },
  };
  return {
    ...{ ...state, ...idle, ...planned, lostCount: lost, errorCount: errors },
    ...{ firstRun: state.firstRun ?? state.ongoing ?? state.lastRun, lastRun: state.ongoing ?? state.lastRun },
    ...{ lastSuccess: date(success) ?? state.lastSuccess, lastError: error === null ? null : { type: error, value: "", traceback: "" } },
    ...{ heldAt: held === null ? null : (state.heldAt ?? now), heldReason: held },
  };
}

const ms = (at: Date | null): number | null => at?.getTime() ?? null;
function date(at: number): Date;
function date(at: number | null): Date | null;
function date(at: number | null): Date | null {
  return at === null ? null : new Date(Math.floor(at));
}
