/** What a row needs before it can be judged: a first plan, a new one after an edit, slots that nobody will run. Pure. */
import type { Job } from "./job.ts";
import { due, firstAfter, firstSlot, nextAfter } from "./schedule.ts";
import type { JobState } from "./state.ts";

/** A range of slots that are dropped: one `skipped` row in the ledger. */
export interface Skipped {
  readonly from: Date;
  readonly to: Date;
  readonly count: number;
  readonly reason: "start-deadline" | "paused" | "disabled" | "marked";
}

export interface Plan {
  readonly why: "new" | "adopted" | "edited" | "disabled" | "enabled" | "resumed" | "marked" | "deadline";
  /** The row as it is to be; only its planning fields are written. */
  readonly state: JobState;
  /** In the order they were dropped; usually none. */
  readonly skipped: readonly Skipped[];
}

/** A row that does not exist yet. */
export function blank(name: string): JobState {
  return {
    ...{ name, nextRun: null, firstRun: null, lastRun: null, lastSuccess: null, ongoing: null, errorCount: 0, dependsOn: null },
    ...{ lastError: null, runId: null, host: null, leaseUntil: null, leaseExpired: false, leaseSeconds: null, heartbeats: 0 },
    ...{ ongoingAge: null, slot: null, lastSlot: null, moved: false, schedule: null, attempt: 0, slotErrors: 0, lostCount: 0 },
    ...{
      missed: 0,
      missedFrom: null,
      pausedAt: null,
      pausedBy: null,
      pauseNote: null,
      pausedUntil: null,
      resumedAt: null,
      resumeSkip: false,
      markedAt: null,
      heldAt: null,
      heldReason: null,
      disabledAt: null,
    },
  };
}

/**
 * The change of plan a row needs at `now`, or null. A row that somebody owns is never replanned: its record comes first.
 * Several reasons may apply at once; the first is named, the state has them all.
 */
export function replan(job: Job, state: JobState | null, now: Date): Plan | null {
  if (state && (state.runId !== null || state.ongoing !== null)) return null;
  const steps: Plan[] = [];
  let current = settleMove(job, state ?? blank(job.name));
  const apply = (plan: Plan | null) => {
    if (!plan) return;
    steps.push(plan);
    current = plan.state;
  };
  apply(planSchedule(job, current, state === null, now));
  apply(planEnabled(job, current, now));
  apply(planResumed(job, current, now));
  apply(planMarked(job, current, now));
  apply(planDeadline(job, current, now));
  const first = steps[0];
  if (!first) return null;
  return { why: first.why, state: current, skipped: steps.flatMap((step) => step.skipped) };
}

/** The row as it is to be judged at `now`: with its change of plan applied, and `next_run` winning where another tool moved it. */
export function planned(job: Job, state: JobState | null, now: Date): JobState {
  return replan(job, state, now)?.state ?? settleMove(job, state ?? blank(job.name));
}

/** Another tool moved `next_run`: that instant is the open slot now, and nothing of it was tried yet. Never while a run is on. */
function settleMove(job: Job, state: JobState): JobState {
  if (!state.moved || state.nextRun === null || state.runId !== null) return state;
  const slot = owed(job, state, state.nextRun) ?? state.nextRun;
  if (slot.getTime() === state.slot?.getTime()) return state;
  return { ...state, slot, attempt: 0, slotErrors: 0, missed: 0, missedFrom: null };
}

/**
 * A failed backfill's `next_run` says when to try again (so the Python tool writes it, and whoever wants it retried now), not for which
 * slot: what comes after its last success is still owed. Null: nothing before `nextRun` is.
 */
function owed(job: Job, { errorCount, lastSuccess, slot }: JobState, nextRun: Date): Date | null {
  if (!job.backfill || errorCount === 0 || lastSuccess === null) return null;
  const next = nextAfter(job.schedule, lastSuccess);
  const open = slot && next && slot > next ? slot : next;
  return open && open < nextRun ? open : null;
}

function planSchedule(job: Job, state: JobState, isNew: boolean, now: Date): Plan | null {
  const { schedule } = job;
  const manual = schedule.kind === "manual";
  if (isNew || (state.nextRun === null && !manual && state.schedule === null)) return fresh(job, state, now);
  if (state.schedule === schedule.text && (state.nextRun !== null || manual)) return null;
  if (state.schedule === null && state.nextRun !== null && !manual) {
    return { why: "adopted", state: { ...state, schedule: schedule.text, slot: state.slot ?? state.nextRun }, skipped: [] };
  }
  if (state.moved && state.nextRun !== null && !manual) return plan("edited", { ...state, schedule: schedule.text });
  const last = state.lastSlot ?? state.lastRun;
  if (manual || last === null) return { ...fresh(job, state, now), why: "edited" };
  return plan("edited", open(state, schedule.text, firstAfter(schedule, last)));
}

function fresh(job: Job, state: JobState, now: Date): Plan {
  return plan("new", open(state, job.schedule.text, firstSlot(job.schedule, now)));
}

function open(state: JobState, schedule: string, slot: Date | null): JobState {
  return { ...state, schedule, slot, nextRun: slot, moved: false, attempt: 0, slotErrors: 0, missed: 0, missedFrom: null };
}

const plan = (why: Plan["why"], state: JobState): Plan => ({ why, state, skipped: [] });

function planEnabled(job: Job, state: JobState, now: Date): Plan | null {
  if (!job.enabled) return state.disabledAt ? null : plan("disabled", { ...state, disabledAt: now });
  if (!state.disabledAt) return null;
  const enabled = { ...state, disabledAt: null };
  return job.backfill ? plan("enabled", enabled) : { ...dropOwed(job, enabled, { now, reason: "disabled" }), why: "enabled" };
}

/** A pause that ended: a plain job owes nothing from it, a backfill job only what it is told to drop. */
function planResumed(job: Job, state: JobState, now: Date): Plan | null {
  const over = state.pausedAt && state.pausedUntil && state.pausedUntil <= now ? state.pausedUntil : null;
  const at = over && !(state.resumedAt && state.resumedAt > over) ? over : state.resumedAt;
  if (!at) return null;
  const settled = { ...state, resumedAt: null, resumeSkip: false };
  const resumed = over ? { ...settled, pausedAt: null, pausedBy: null, pauseNote: null, pausedUntil: null } : settled;
  if (!job.backfill) return { ...dropOwed(job, resumed, { now: at, reason: "paused" }), why: "resumed" };
  if (!state.resumeSkip || !state.resumedAt) return plan("resumed", resumed);
  return { ...dropOwed(job, resumed, { now: state.resumedAt, reason: "paused" }), why: "resumed" };
}

/** The open slot was marked as succeeded: the next one is open. A plain job's mark covers every slot up to it. */
function planMarked(job: Job, state: JobState, now: Date): Plan | null {
  if (!state.markedAt) return null;
  const marked = { ...state, markedAt: null };
  const at = state.markedAt < now ? state.markedAt : now;
  if (state.slot === null || state.slot > at) return plan("marked", marked);
  const next = open(marked, job.schedule.text, nextAfter(job.schedule, state.slot));
  if (job.backfill) return plan("marked", next);
  return { ...dropOwed(job, next, { now: at, reason: "marked" }), why: "marked" };
}

/** Nothing older than now is owed any more: the next slot is the first after now. What is dropped is told. */
export function dropOwed(job: Job, state: JobState, { now, reason }: { now: Date; reason: Skipped["reason"] }): Plan {
  const range = state.slot && due(job.schedule, state.slot, now);
  if (!state.slot || !range) return plan("enabled", state);
  const skipped = { from: state.missedFrom ?? state.slot, to: range.newest, count: range.count + state.missed, reason };
  return { why: "enabled", state: open(state, job.schedule.text, nextAfter(job.schedule, range.newest)), skipped: [skipped] };
}

/** Slots whose first attempt would start later than `start_deadline` after them. */
function planDeadline(job: Job, state: JobState, now: Date): Plan | null {
  // A paused or held job owes its slots until a human says otherwise.
  if (job.startDeadline === null || !job.enabled || state.pausedAt || state.heldAt) return null;
  if (state.slot === null || state.nextRun === null || state.nextRun > now) return null;
  const tried = state.attempt > 0;
  const first = tried ? nextAfter(job.schedule, state.slot) : state.slot;
  // The attempts of a slot that was started in time go on; only what never started can be too late.
  if (first === null || (tried && job.backfill)) return null;
  const late = due(job.schedule, first, new Date(now.getTime() - 1000 * job.startDeadline - 1));
  if (!late) return null;
  const newest = due(job.schedule, first, now);
  if (!job.backfill && newest && newest.newest > late.newest) return null;
  const missed = tried ? 0 : state.missed;
  const from = tried ? first : (state.missedFrom ?? first);
  const skipped = { from, to: late.newest, count: late.count + missed, reason: "start-deadline" as const };
  return { why: "deadline", state: open(state, job.schedule.text, nextAfter(job.schedule, late.newest)), skipped: [skipped] };
}
