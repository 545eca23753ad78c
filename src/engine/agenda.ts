/** What a daemon's view asks for: what to start now, whose lease to look at twice, and when to look again. Decides by core alone. */
import type { Job } from "../core/job.ts";
import { planned, replan } from "../core/replan.ts";
import type { JobState } from "../core/state.ts";
import type { RequestRow } from "../store/request-rows.ts";
import type { Order } from "./order.ts";
import { judge } from "./pass.ts";
import { LEAD_MS } from "./readiness.ts";
import type { OpenRequests } from "./requests.ts";
import type { View } from "./view.ts";
import type { World } from "./world.ts";

export interface Agenda {
  /** Parents first. */
  readonly due: readonly Job[];
  /** What somebody asked for, of jobs whose own slots leave room. */
  readonly asked: readonly { readonly job: Job; readonly request: RequestRow }[];
  readonly expired: readonly { readonly job: Job; readonly state: JobState }[];
  /** Due, and somebody else may have been faster: their rows tell. */
  readonly doubtful: readonly string[];
  /** Jobs whose owner's lease would have run out by now, had nobody renewed it: their rows tell. */
  readonly lapsed: readonly JobState[];
  /** Will come due by themselves within the lead, the first one first. */
  readonly soon: readonly Job[];
  /** Milliseconds until something else comes due by itself, or within the lead; infinite: nothing will. */
  readonly next: number;
}

interface Standing {
  readonly busy: ReadonlyMap<string, unknown>;
  /** It lost a claim a moment ago. */
  waiting(name: string): boolean;
  readonly requests: OpenRequests;
  readonly order: Order;
}

export function agenda(world: World, view: View, { busy, waiting, requests, order }: Standing): Agenda {
  // One moment for all: a view's clock goes on while it is looked at.
  const seen = { now: view.now, states: view.states, pruneDue: false, requestsOpen: false, rivals: [] };
  const due: Job[] = [];
  const asked: { job: Job; request: RequestRow }[] = [];
  const expired: { job: Job; state: JobState }[] = [];
  const lapsed: JobState[] = [];
  const doubtful: string[] = [];
  const soon: { job: Job; ms: number }[] = [];
  let next = Number.POSITIVE_INFINITY;
  for (const job of world.registry.order) {
    if (busy.has(job.name) || waiting(job.name)) continue;
    const state = seen.states.get(job.name) ?? null;
    const verdict = judge(world, seen, job, null);
    // A parent that is at work here ends here: its child is judged then.
    if (verdict.due && job.dependsOn.some((name) => busy.has(name))) continue;
    if (verdict.due || replan(job, state, seen.now)) {
      const { ms, look } = order.wait(job, state);
      if (ms > 0) next = Math.min(next, ms);
      else if (look) doubtful.push(job.name);
      else due.push(job);
    } else if (state?.leaseExpired) expired.push({ job, state });
    else if (state?.leaseUntil && state.leaseUntil <= seen.now) lapsed.push(state);
    else {
      const request = requests.ready(world, job, { state, now: seen.now });
      if (request) asked.push({ job, request });
      for (const at of [wakeAt(job, state, seen.now), requests.wakeAt(job, seen.now)]) {
        if (!at) continue;
        const ms = at.getTime() - seen.now.getTime();
        next = Math.min(next, ms > LEAD_MS ? ms - LEAD_MS : ms);
        if (ms <= LEAD_MS && startsAt(job, { state, at, busy }) && order.first(job, at)) soon.push({ job, ms });
      }
    }
  }
  soon.sort((a, b) => a.ms - b.ms);
  return { due, asked, expired, doubtful, lapsed, soon: soon.map(({ job }) => job), next };
}

/** Whether its start is likely at that moment: nothing stands in its way, and it does not wait for a parent first. */
function startsAt(job: Job, { state, at, busy }: { state: JobState | null; at: Date; busy: ReadonlyMap<string, unknown> }): boolean {
  if (state?.runId || state?.pausedAt || state?.heldAt || !job.enabled || state?.nextRun?.getTime() !== at.getTime()) return false;
  return job.dependsOn.every((name) => !busy.has(name));
}

/** When this job's answer may change by itself: its slot comes, its owner's lease runs out, its pause ends. */
function wakeAt(job: Job, state: JobState | null, now: Date): Date | null {
  if (state?.runId) return state.leaseUntil;
  if (state?.pausedAt) return state.pausedUntil;
  const { nextRun } = planned(job, state, now);
  return nextRun !== null && nextRun > now ? nextRun : null;
}

/** Something that is busy here has one of the job's locks. */
export function locksHeld({ registry }: World, busy: ReadonlyMap<string, unknown>, { locks }: Job): boolean {
  if (locks.length === 0) return false;
  return [...busy.keys()].some((name) => registry.byName.get(name)?.locks.some((lock) => locks.includes(lock)));
}
