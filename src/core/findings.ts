/** What an operator wants to know of a simulation besides its runs: who waits for whom, what is late, what never runs. Pure. */
import { type ClockChange, clockChanges } from "./clock-changes.ts";
import type { Job } from "./job.ts";
import type { SimulatedRun, Simulation } from "./simulation.ts";

/** Runs of one job that had to wait for the same thing. */
export interface Collision {
  readonly job: string;
  /** Null: for one of the runs that `concurrency` allows at once to end. */
  readonly lock: string | null;
  /** Who had the lock, by name. */
  readonly holders: readonly string[];
  readonly times: number;
  readonly first: Date;
  /** Seconds. */
  readonly longest: number;
}

export interface Late {
  readonly job: string;
  readonly slot: Date | null;
  readonly since: Date;
  /** Null: it has not started by the end. */
  readonly start: Date | null;
  /** Null: nothing but the time it took to get to it. */
  readonly why: string | null;
}

export interface Never {
  readonly job: string;
  readonly why: string;
  /** Its schedule, or whoever configured it, says so: manual, disabled, or later than the range. */
  readonly meant: boolean;
}

/** A minute in which many runs start. */
export interface Busy {
  readonly minute: Date;
  readonly starts: number;
  /** The most that were on at once. */
  readonly together: number;
  readonly jobs: readonly string[];
}

export interface Findings {
  readonly collisions: readonly Collision[];
  readonly late: readonly Late[];
  readonly never: readonly Never[];
  readonly skipped: Simulation["skipped"];
  readonly clock: readonly ClockChange[];
  readonly busiest: readonly Busy[];
  /** Runs that do not succeed. */
  readonly failed: readonly SimulatedRun[];
}

export interface Question {
  readonly jobs: readonly Job[];
  readonly from: Date;
  readonly until: Date;
  /** Seconds. */
  readonly overdueAfter: number;
}

export function findings(made: Simulation, { jobs, from, until, overdueAfter }: Question): Findings {
  const runs = new Map<string, SimulatedRun[]>(jobs.map(({ name }) => [name, []]));
  for (const run of made.runs) if (run.start >= from) runs.get(run.job)?.push(run);
  const all = [...runs.values()].flat();
  const slots = new Map<string, Set<number>>();
  const hasSlot = (job: string, slot: Date): boolean => {
    const known = slots.get(job) ?? new Set((runs.get(job) ?? []).map((run) => run.slot.getTime()));
    slots.set(job, known);
    return known.has(slot.getTime());
  };
  return {
    collisions: collisions(all),
    late: late(all, made, { jobs, from, until, overdueAfter }),
    never: jobs.flatMap((job) => ((runs.get(job.name) ?? []).length > 0 ? [] : [never(job, made, until)])),
    skipped: made.skipped.filter(({ job, at }) => runs.has(job) && at >= from),
    clock: clockChanges(jobs, { from, until, hasSlot }),
    busiest: busiest(all),
    failed: all.filter(({ outcome }) => outcome !== "succeeded"),
  };
}

function collisions(runs: readonly SimulatedRun[]): Collision[] {
  const found = new Map<string, Collision>();
  for (const { job, wait, start } of runs) {
    if (!wait) continue;
    const key = JSON.stringify([job, wait.lock]);
    const before = found.get(key);
    const seconds = (start.getTime() - wait.since.getTime()) / 1000;
    found.set(key, {
      ...{ job, lock: wait.lock, first: before?.first ?? wait.since, times: (before?.times ?? 0) + 1 },
      holders: [...new Set([...(before?.holders ?? []), ...(wait.holder === null ? [] : [wait.holder])])].sort(),
      longest: Math.max(seconds, before?.longest ?? 0),
    });
  }
  return [...found.values()].sort((a, b) => b.longest - a.longest || (a.job < b.job ? -1 : 1));
}

function late(runs: readonly SimulatedRun[], { stuck }: Simulation, { jobs, from, until, overdueAfter }: Question): Late[] {
  const tooLong = (since: Date, to: Date) => to.getTime() - since.getTime() > 1000 * overdueAfter;
  const started = runs.flatMap(({ job, slot, start, dueSince: since, after, wait }): Late[] => {
    const why = wait?.lock
      ? `the lock '${wait.lock}' was held by '${wait.holder}'`
      : wait
        ? "no room: concurrency"
        : after && `waited for '${after}'`;
    return tooLong(since, start) ? [{ job, slot, since, start, why }] : [];
  });
  const shown = new Set(jobs.map(({ name }) => name));
  const waiting = [...stuck].flatMap(([job, { since, why }]): Late[] => {
    if (!shown.has(job) || until < from || !tooLong(since, until)) return [];
    const reason = "detail" in why ? why.detail : why.lock ? `the lock '${why.lock}' is held by '${why.holder}'` : "no room: concurrency";
    return [{ job, slot: null, since, start: null, why: reason }];
  });
  return [...started, ...waiting];
}

function never(job: Job, { last }: Simulation, until: Date): Never {
  const verdict = last.get(job.name) ?? null;
  const told = (why: string, meant: boolean): Never => ({ job: job.name, why, meant });
  if (!job.enabled) return told("disabled", true);
  if (job.schedule.kind === "manual") return told("manual: only on request", true);
  if (verdict === null) return told("it runs since before the range, or is about to start", false);
  const next = /^next_run is (.*)$/.exec(verdict.detail)?.[1];
  if (verdict.why === "not-yet" && next !== undefined && new Date(next) > until) return told(`not before ${next}`, true);
  return told(`${verdict.why}: ${verdict.detail}`, false);
}

const MINUTE = 60_000;
const SHOWN = 5;

/** The minutes with the most starts, of those with more than one. */
function busiest(runs: readonly SimulatedRun[]): Busy[] {
  const minutes = new Map<number, SimulatedRun[]>();
  for (const run of runs) {
    const minute = Math.floor(run.start.getTime() / MINUTE) * MINUTE;
    const of = minutes.get(minute);
    if (of) of.push(run);
    else minutes.set(minute, [run]);
  }
  const together = mostTogether(runs);
  return [...minutes]
    .filter(([, of]) => of.length > 1)
    .sort(([a, x], [b, y]) => y.length - x.length || a - b)
    .slice(0, SHOWN)
    .map(([minute, of]) => {
      const jobs = [...new Set(of.map(({ job }) => job))].sort();
      return { minute: new Date(minute), starts: of.length, together: together.get(minute) ?? 0, jobs };
    });
}

/** The most runs that were on at once, by the minute in which the last of them started. */
function mostTogether(runs: readonly SimulatedRun[]): Map<number, number> {
  const most = new Map<number, number>();
  const ends = runs.map(({ end }) => end.getTime()).sort((a, b) => a - b);
  let ended = 0;
  for (const [i, { start }] of [...runs].sort((a, b) => a.start.getTime() - b.start.getTime()).entries()) {
    while (ended < i && (ends[ended] ?? Number.POSITIVE_INFINITY) <= start.getTime()) ended++;
    const minute = Math.floor(start.getTime() / MINUTE) * MINUTE;
    most.set(minute, Math.max(most.get(minute) ?? 0, i + 1 - ended));
  }
  return most;
}
