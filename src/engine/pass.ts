/** One walk over the registry: decide, claim, run, record; parents first. Owns the story; no SQL, no process. */
import type { Job } from "../core/job.ts";
import { asleep, type ByHand, decide, type NotDue, notYet, unclaimed, type Verdict } from "../core/plan.ts";
import { type Plan, replan } from "../core/replan.ts";
import type { JobState } from "../core/state.ts";
import type { Snapshot } from "../store/store.ts";
import { attempt } from "./attempt.ts";
import { deliverSpool } from "./deliver.ts";
import { slots as gate } from "./gate.ts";
import { serveRequests } from "./requests.ts";
import type { Supervised } from "./supervise.ts";
import { takeOver } from "./takeover.ts";
import { Turns } from "./turns.ts";
import type { World } from "./world.ts";

/** What a pass came to for one job. */
export interface JobResult {
  readonly job: Job;
  readonly runs: readonly Supervised[];
  /** Why nothing (more) was run; null: everything due was. */
  readonly not: NotDue | null;
}

export interface PassReport {
  readonly now: Date;
  readonly results: readonly JobResult[];
}

/** What was asked for by name; null: everything due. */
export interface Asked {
  readonly job: Job;
  readonly hand: ByHand | null;
}

/** A pass ends when the runs it started have ended and are recorded. Throws StoreError while the database cannot be used. */
export async function pass(world: World, asked: Asked | null = null): Promise<PassReport> {
  const { registry, store, emit } = world;
  await deliverSpool(world);
  const seen = await register(world, await store.snapshot({ registry, mode: "pass" }));
  emit("pass:started", { jobs: registry.jobs.length, now: seen.now });
  const jobs = asked ? [asked.job] : registry.order;
  const ghosts = settle(asked ? [] : takeOverGhosts(world, seen));
  ghosts.catch(() => {}); // told below, after the runs have ended
  const results = await settle(walk(world, seen, { jobs, hand: asked?.hand ?? null }));
  await ghosts;
  // Their own slots first, then what somebody asked for.
  if (seen.requestsOpen && !asked && !world.draining.aborted) results.push(...(await serveRequests(world)));
  if (seen.pruneDue && !world.draining.aborted) emit("ledger:pruned", { rows: await store.fleet.prune(world.historyDays, world.draining) });
  const runs = results.flatMap((r) => r.runs);
  emit("pass:ended", { ran: runs.length, failed: runs.filter((r) => r.end.outcome !== "succeeded").length });
  return { now: seen.now, results };
}

/** Jobs nobody has seen before get their row; one statement for all of them. */
export async function register({ registry, store }: World, seen: Snapshot): Promise<Snapshot> {
  const plans = registry.jobs.flatMap((job) => {
    // A first slot that is too late already is dropped under the row's lock, where that is recorded.
    const plan: Plan | null = seen.states.has(job.name) ? null : replan({ ...job, startDeadline: null }, null, seen.now);
    return plan ? [{ job, plan }] : [];
  });
  if (plans.length === 0) return seen;
  await store.insertPlans(plans);
  const states = new Map<string, JobState>([...plans.map(({ job, plan }) => [job.name, plan.state] as const), ...seen.states]);
  return { ...seen, states };
}

/** Runs of jobs that nobody configures any more end too: no row stays live for ever. */
function takeOverGhosts(world: World, seen: Snapshot): Promise<boolean>[] {
  const dead = [...seen.states.values()].filter((state) => state.leaseExpired && !world.registry.byName.has(state.name));
  return dead.map((state) => takeOver(world, { job: null, state }));
}

/** What was started ends and is recorded, whatever befalls its neighbours; only then is the first trouble told. */
async function settle<T>(work: readonly (T | Promise<T>)[]): Promise<T[]> {
  const settled = await Promise.allSettled(work);
  return settled.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}

function walk(
  world: World,
  seen: Snapshot,
  { jobs, hand }: { jobs: readonly Job[]; hand: ByHand | null },
): (JobResult | Promise<JobResult>)[] {
  const verdicts = jobs.map((job) => ({ job, verdict: judge(world, seen, job, hand) }));
  // The common case, every minute on every host: nothing to do, and nothing more is touched.
  if (!verdicts.some(({ job, verdict }) => wanted(world, seen, { job, verdict }))) {
    return verdicts.map(({ job, verdict }) => notDue(world, job, verdict as NotDue));
  }
  const room = gate(world.concurrency);
  const turns = new Turns();
  const ended = new Map<string, Promise<JobResult>>();
  for (const { job, verdict } of verdicts) {
    ended.set(job.name, visit(world, seen, { job, verdict, hand, room, turns, ended }));
  }
  return [...ended.values()];
}

/** Judged on the snapshot alone. */
export function judge(world: Pick<World, "registry" | "tags" | "maxOngoingAge">, seen: Snapshot, job: Job, hand: ByHand | null): Verdict {
  const state = seen.states.get(job.name) ?? null;
  if (hand === null && asleep(job, state, seen.now)) return notYet(state.nextRun);
  const parents = [...job.dependsOn].sort().map((name) => {
    return { name, job: world.registry.byName.get(name) ?? null, state: seen.states.get(name) ?? null };
  });
  return decide(job, { now: seen.now, state, parents, tags: world.tags, maxOngoingAge: world.maxOngoingAge }, hand);
}

/** Worth a look under the lock: due, abandoned, or in need of a new plan. */
function wanted({ maxOngoingAge }: World, seen: Snapshot, { job, verdict }: { job: Job; verdict: Verdict }): boolean {
  const state = seen.states.get(job.name) ?? null;
  if (verdict.due || state?.leaseExpired === true) return true;
  return !asleep(job, state, seen.now) && replan(job, state && unclaimed(state, maxOngoingAge), seen.now) !== null;
}

interface Visit {
  readonly job: Job;
  readonly verdict: Verdict;
  readonly hand: ByHand | null;
  readonly room: ReturnType<typeof gate>;
  readonly turns: Turns;
  readonly ended: ReadonlyMap<string, Promise<JobResult>>;
}

/** A child is judged once its parents of this pass have ended: on the snapshot if none of them ran, else on rows read in its claim. */
async function visit(world: World, seen: Snapshot, { job, verdict, hand, room, turns, ended }: Visit): Promise<JobResult> {
  // Parents were put into the map before their children: the order of the registry.
  const parents = await Promise.all(job.dependsOn.flatMap((name) => ended.get(name) ?? []));
  const parentRan = parents.some((parent) => parent.runs.length > 0);
  if (!parentRan && !wanted(world, seen, { job, verdict })) return notDue(world, job, verdict as NotDue);
  const state = seen.states.get(job.name);
  if (state?.leaseExpired && !(await takeOver(world, { job, state }))) return notDue(world, job, ongoing(state));
  // Locks that a neighbour in this pass holds are waited for; those of other hosts are a reason not to run.
  return turns.take(job.locks, () => room(() => serve(world, job, { hand, until: seen.now })));
}

/** Claims and runs a job; a backfill job once for each slot that was due when the pass began, each a claim of its own. */
async function serve(world: World, job: Job, { hand, until }: { hand: ByHand | null; until: Date }): Promise<JobResult> {
  const runs: Supervised[] = [];
  for (;;) {
    if (world.draining.aborted) return { job, runs, not: null };
    const tried = await attempt(world, job, hand);
    if (!tried.run) {
      if (tried.not === null) continue;
      if (runs.length === 0 || tried.not.why !== "not-yet") world.emit("job:not-due", { job: job.name, verdict: tried.not });
      return { job, runs, not: tried.not };
    }
    runs.push(tried.run);
    const { nextSlot } = tried.run.ticket;
    const more = job.backfill && hand === null && tried.run.recorded && tried.run.end.outcome === "succeeded";
    if (!more || nextSlot === null || nextSlot > until) return { job, runs, not: null };
  }
}

function notDue(world: World, job: Job, verdict: NotDue): JobResult {
  world.emit("job:not-due", { job: job.name, verdict });
  return { job, runs: [], not: verdict };
}

const ongoing = (state: JobState): NotDue => ({ due: false, why: "ongoing", detail: `running on ${state.host ?? "?"}` });
