/** The next runs of a job, as far as they can be told now. Owns the forecast; decides nothing. */
import type { Job } from "../core/job.ts";
import { type Due, decide, type NotDue } from "../core/plan.ts";
import { planned } from "../core/replan.ts";
import { due, nextAfter } from "../core/schedule.ts";
import type { JobState } from "../core/state.ts";
import { shownName } from "./safe.ts";
import { isRetry, ownership } from "./status.ts";
import { factsOf, type View } from "./view.ts";

export interface Upcoming {
  readonly job: string;
  /** The earliest start; never before the snapshot. Null: nobody can tell when. */
  readonly at: Date | null;
  /** `at` depends on the end of another run. */
  readonly approximate: boolean;
  readonly slot: Date;
  readonly why: "slot" | "retry" | "backfill" | "due" | "takeover" | "after-run" | "after-parent";
  /** The parent it waits for; null: none. */
  readonly after: string | null;
  /** Older slots it stands in for. */
  readonly missed: number;
}

/** Why a job has no next run; null: it has, or its schedule asks for no more. */
export function standingStill(view: View, job: Job): "disabled" | "paused" | "held" | "manual" | null {
  const { now, states } = view.snapshot;
  // A pause whose time is over is none.
  const state = planned(job, states.get(job.name) ?? null, now);
  if (!job.enabled) return "disabled";
  if (state.pausedAt) return "paused";
  if (state.heldAt) return "held";
  return job.schedule.kind === "manual" && !state.nextRun ? "manual" : null;
}

/** At most `count` runs, oldest first. Supposes that all of them succeed; never a job that stands still. */
export function upcoming(view: View, job: Job, count: number): Upcoming[] {
  if (standingStill(view, job) !== null) return [];
  const { now, states } = view.snapshot;
  const state = planned(job, states.get(job.name) ?? null, now);
  const first = firstRun(view, job, state);
  const runs = first ? [first] : [];
  let slot = first && followed(job, first.slot, now);
  while (slot !== null && runs.length < count) {
    const passed = slot <= now;
    const at = passed ? (first?.at ?? null) : slot;
    runs.push({ ...plain(job, slot), at, approximate: passed, why: passed ? "backfill" : "slot" });
    slot = nextAfter(job.schedule, slot);
  }
  return runs.slice(0, count);
}

/** The slot after the first run's. What came due meanwhile and is not made up one by one is covered by that run. */
function followed(job: Job, slot: Date, now: Date): Date | null {
  const newest = job.backfill ? null : due(job.schedule, slot, now)?.newest;
  return nextAfter(job.schedule, newest ?? slot);
}

const plain = (job: Job, slot: Date) => ({ job: job.name, slot, approximate: false, after: null, missed: 0 });

function firstRun(view: View, job: Job, state: JobState): Upcoming | null {
  const { now } = view.snapshot;
  const owned = ownership(view, state);
  if (owned === "live") return afterRun(job, state, now);
  if (owned === "dead") return { ...plain(job, state.slot ?? now), at: now, approximate: true, why: "takeover" };
  if (state.nextRun === null) return null;
  if (state.nextRun > now) return waiting(job, state, state.nextRun);
  const verdict = decide(job, factsOf(view, job, job.tags));
  return verdict.due ? dueNow(job, verdict, now) : blocked(view, job, { state, no: verdict });
}

/** What follows the run that is on, should it succeed. */
function afterRun(job: Job, state: JobState, now: Date): Upcoming | null {
  const open = state.slot ?? state.nextRun;
  const next = open && open <= now ? nextAfter(job.schedule, open) : open;
  if (!next) return null;
  if (next > now) return { ...plain(job, next), at: next, why: "slot" };
  const range = job.backfill ? null : due(job.schedule, next, now);
  return { ...plain(job, range?.newest ?? next), missed: (range?.count ?? 1) - 1, at: now, approximate: true, why: "after-run" };
}

function waiting(job: Job, state: JobState, at: Date): Upcoming {
  const slot = state.slot ?? at;
  const newest = job.backfill ? null : due(job.schedule, slot, at);
  const moved = newest !== null && newest.newest > slot;
  const missed = job.backfill ? 0 : state.missed + (newest?.count ?? 1) - 1;
  return { ...plain(job, newest?.newest ?? slot), at, missed, why: isRetry(state) && !moved ? "retry" : "slot" };
}

function dueNow(job: Job, run: Due, now: Date): Upcoming {
  const why = run.trigger === "retry" || run.trigger === "backfill" ? run.trigger : "due";
  return { ...plain(job, run.slot), at: now, why, missed: run.missed };
}

/** As soon as the parent that stands in the way succeeds: in the same pass, so about when that one runs. */
function blocked(view: View, job: Job, { state, no }: { state: JobState; no: NotDue }): Upcoming | null {
  const { now } = view.snapshot;
  const parent = no.parent === undefined ? undefined : view.registry.byName.get(no.parent);
  const slot = state.slot ?? now;
  const newest = job.backfill ? slot : (due(job.schedule, slot, now)?.newest ?? slot);
  const row = parent && view.snapshot.states.get(parent.name);
  const running = row !== undefined && ownership(view, row) === "live";
  const at = running ? null : ((parent && upcoming(view, parent, 1)[0]?.at) ?? null);
  return { ...plain(job, newest), at, approximate: true, why: "after-parent", after: no.parent ?? null };
}

/** In words, printable. */
export function because({ why, after, missed }: Upcoming): string {
  const covers = missed > 0 ? `, stands in for ${missed} older` : "";
  switch (why) {
    case "slot":
      return `as scheduled${covers}`;
    case "retry":
      return "retry";
    case "backfill":
      return "backfill";
    case "due":
      return `due${covers}`;
    case "takeover":
      return "once its dead owner's run is taken over";
    case "after-run":
      return `when its run ends${covers}`;
    case "after-parent":
      return after === null ? "when nothing stands in its way" : `as soon as ${shownName(after)} succeeds`;
  }
}
