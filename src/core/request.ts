/** Requests: whether one may be served now, the dates of a backfill, and what the end of a run makes of its request. Pure. */
import { retrySeconds } from "./advance.ts";
import type { Job, Policy } from "./job.ts";
import type { ParentFacts } from "./parents.ts";
import { type Due, decide, type Facts, type NotDue } from "./plan.ts";
import { planned } from "./replan.ts";
import { due, firstAfter, nextAfter, slots } from "./schedule.ts";
import type { JobState, Outcome } from "./state.ts";

export type RequestKind = "run" | "trigger" | "backfill";

/** A request as it is judged; the row has more. */
export interface Request {
  readonly id: bigint;
  readonly job: string;
  readonly kind: RequestKind;
  readonly force: boolean;
  /** Dates that have succeeded are run again. */
  readonly again: boolean;
  /** What its newest run was for; null: none was started, and nobody named one. */
  readonly slot: Date | null;
  /** Attempts started for that slot that count. */
  readonly attempt: number;
  /** Not before the debounce, the repeat interval and the retry time are over. */
  readonly notBefore: Date;
  readonly cancelled: boolean;
}

/**
 * Served now, or why not. Everything that holds for a run by hand holds here; and while the job's own slot may run, that goes first.
 * `scheduled`: the parents as they stand for the job's own open slot. `slot`: what the run would be for.
 */
export function decideRequest(
  job: Job,
  facts: Facts,
  { request, slot, scheduled }: { request: Pick<Request, "kind" | "force">; slot: Date; scheduled: readonly ParentFacts[] },
): { readonly due: true } | (NotDue & { readonly scheduledFirst: boolean }) {
  const dated = { ...job, backfill: job.backfill || request.kind === "backfill" };
  const verdict = decide(dated, facts, { force: request.force, slot });
  if (!verdict.due) return { ...verdict, scheduledFirst: false };
  const own = decide(job, { ...facts, parents: scheduled }, null);
  if (!own.due) return { due: true };
  return { due: false, why: "not-yet", detail: `its own slot ${own.slot.toISOString()} goes first`, scheduledFirst: true };
}

/** The run that serves a request: beside the plan, whatever is open there. */
export function requested(job: Job, { kind, force, again, slot: named, attempt }: Request, slot: Date): Due {
  const same = named?.getTime() === slot.getTime();
  // The ledger takes one success for each slot, runs by hand aside.
  const manual = (kind === "run" && (force || named !== null)) || (kind === "backfill" && again);
  const nextSlot = job.schedule.kind === "manual" ? null : nextAfter(job.schedule, slot);
  const trigger = manual ? "manual" : "request";
  return { due: true, slot, attempt: same ? attempt + 1 : 1, trigger, missed: 0, missedFrom: null, nextSlot, opens: false };
}

export interface DateRange {
  /** Both included. */
  readonly from: Date;
  readonly to: Date;
  /** Only dates after it; null: all. */
  readonly after: Date | null;
}

/**
 * The dates of the schedule in a range, oldest first, on the grid of the job's open slot. Neither what has not come by `now` nor what
 * the open slot stands for: those are the schedule's own. Lazy: years of minutes need not be walked.
 */
export function* dates(job: Job, row: JobState | null, { from, to, after, now }: DateRange & { readonly now: Date }): Generator<Date> {
  const { slot: open } = planned(job, row, now);
  const first = firstDate(job, open, after && after >= from ? new Date(after.getTime() + 1) : from);
  if (first === null) return;
  const last = to < now ? to : now;
  for (const slot of slots(job.schedule, first, last)) {
    if (open !== null && slot >= open) return;
    yield slot;
  }
}

/** The first slot at or after `from`. */
function firstDate({ schedule }: Job, open: Date | null, from: Date): Date | null {
  if (schedule.kind === "manual") return null;
  if (schedule.kind === "interval") {
    if (open === null) return from;
    return new Date(open.getTime() - Math.floor((open.getTime() - from.getTime()) / schedule.every) * schedule.every);
  }
  if (schedule.kind === "daily" && schedule.days > 1 && open !== null && open > from) {
    // Which of the days count is told by the open slot, and days are counted, not hours.
    const daily = { ...schedule, days: 1 };
    const first = firstAfter(daily, new Date(from.getTime() - 1));
    if (first === null) return null;
    const days = (due(daily, first, open)?.count ?? 1) - 1;
    const skip = ((days % schedule.days) + schedule.days) % schedule.days;
    return [...Array(skip)].reduce<Date | null>((at) => at && nextAfter(daily, at), first);
  }
  return firstAfter(schedule, new Date(from.getTime() - 1));
}

/** What the row of a request becomes when a run of it has ended. */
export interface AfterRun {
  /** How the request ended; null: it is open. */
  readonly over: "succeeded" | "failed" | "timed-out" | "cancelled" | "lost" | null;
  /** A date of a backfill that is done with. */
  readonly date: "done" | "failed" | null;
  /** Seconds until it may start again. */
  readonly wait: number;
  readonly attempt: number;
}

/** `interrupted` counts nowhere and is due again at once; so is `lost`, if `on_lost` says retry; a failure is retried as one of a slot is. */
export function afterRun(
  request: Pick<Request, "kind" | "attempt" | "cancelled">,
  { outcome, policy, runId }: { outcome: Exclude<Outcome, "skipped">; policy: Policy; runId: string },
): AfterRun {
  const { kind, attempt, cancelled } = request;
  const again = retry(request, { outcome, policy, runId });
  if (again !== null) {
    if (cancelled) return { over: "cancelled", date: null, wait: 0, attempt };
    return { over: null, date: null, wait: again, attempt: outcome === "interrupted" ? Math.max(0, attempt - 1) : attempt };
  }
  if (kind === "backfill") {
    return { over: cancelled ? "cancelled" : null, date: outcome === "succeeded" ? "done" : "failed", wait: 0, attempt: 0 };
  }
  return { over: outcome === "interrupted" ? "cancelled" : outcome, date: null, wait: 0, attempt };
}

/** Seconds until the next attempt; null: there is none. */
function retry(
  { kind, attempt }: Pick<Request, "kind" | "attempt">,
  { outcome, policy, runId }: { outcome: Exclude<Outcome, "skipped">; policy: Policy; runId: string },
): number | null {
  switch (outcome) {
    case "succeeded":
    case "cancelled":
      return null;
    case "interrupted":
      return 0;
    case "lost":
      return policy.onLost === "retry" ? 0 : null;
    case "failed":
    case "timed-out":
      if (kind === "run" || (policy.maxAttempts !== null && attempt >= policy.maxAttempts)) return null;
      return retrySeconds({ policy, runId }, attempt);
  }
}
