/** Every job with what is known of it, judged once for a whole page. Owns no judgement: jobState and upcoming do. */
import type { Job } from "../../core/job.ts";
import type { JobState } from "../../core/state.ts";
import type { LedgerRun } from "../../report/job-json.ts";
import { shownName } from "../../report/safe.ts";
import { jobState, type StateName, type Status } from "../../report/status.ts";
import { type Upcoming, upcoming } from "../../report/upcoming.ts";
import type { PageData } from "../seam.ts";

/** Planned runs that are looked up for each job, at most. */
export const AHEAD = 12;
const AHEAD_MS = 7 * 3_600_000;

export interface Standing {
  readonly job: Job;
  /** Null: no pass has seen it yet. */
  readonly row: JobState | null;
  readonly status: Status;
  /** Newest first. */
  readonly runs: readonly LedgerRun[];
  /** The run that is on, as the ledger has it. */
  readonly live: LedgerRun | null;
  /** At most AHEAD, oldest first. */
  readonly next: readonly Upcoming[];
  /** Of its places on a page. */
  readonly key: string;
}

export interface Board {
  readonly data: PageData;
  readonly now: Date;
  readonly zone: string;
  /** In the order of the file. */
  readonly all: readonly Standing[];
  readonly byName: ReadonlyMap<string, Standing>;
  /** By the name of a parent. */
  readonly children: ReadonlyMap<string, readonly Standing[]>;
}

/** `zone`: of the times people read. `jobs`: those that are shown. */
export function boardOf(data: PageData, zone: string, jobs: readonly Job[] = data.view.registry.jobs): Board {
  const { view, recent } = data;
  const { now, states } = view.snapshot;
  const all = jobs.map((job): Standing => {
    const runs = recent.get(job.name) ?? [];
    return {
      ...{ job, row: states.get(job.name) ?? null, status: jobState(view, job), runs, next: ahead(view, job) },
      ...{ live: runs.find((run) => run.outcome === null) ?? null, key: jobKey(job.name) },
    };
  });
  return { data, now, zone, all, byName: new Map(all.map((one) => [one.job.name, one])), children: childrenOf(all) };
}

/** As many as fall into the time that is shown. Each slot of a cron line costs a search: first two are asked for. */
function ahead(view: PageData["view"], job: Job): Upcoming[] {
  const { schedule } = job;
  const most = schedule.kind === "interval" ? Math.min(AHEAD, Math.ceil(AHEAD_MS / schedule.every) + 1) : 2;
  const first = upcoming(view, job, most);
  const second = first[1]?.at;
  const more = schedule.kind === "cron" && second && second.getTime() < view.snapshot.now.getTime() + AHEAD_MS;
  return more ? upcoming(view, job, AHEAD) : first;
}

/** The same text in an attribute and in a message, whatever is in the name. */
export const jobKey = (name: string): string => `job:${shownName(name)}`;

/** States in which somebody may have to act, the worst first. */
export const TROUBLE: readonly StateName[] = ["held", "lost", "failing", "late", "blocked"];

/** The order in which states are shown. */
export const ORDER: readonly StateName[] = [...TROUBLE, "running", "due", "cancelled", "paused", "new", "ok", "disabled"];

/** What needs eyes first; then what runs next. */
export function byUrgency(a: Standing, b: Standing): number {
  const worse = ORDER.indexOf(a.status.state) - ORDER.indexOf(b.status.state);
  return worse === 0 ? nextAt(a) - nextAt(b) : worse;
}

const nextAt = ({ status }: Standing): number => status.nextRun?.getTime() ?? Number.MAX_SAFE_INTEGER;

/** Jobs that wait for this one, and those that wait for these. */
export function dependants({ children }: Board, name: string): Standing[] {
  const found = new Set<Standing>();
  const follow = (parent: string) => {
    for (const one of children.get(parent) ?? []) {
      if (found.has(one)) continue;
      found.add(one);
      follow(one.job.name);
    }
  };
  follow(name);
  return [...found];
}

function childrenOf(all: readonly Standing[]): Map<string, Standing[]> {
  const children = new Map<string, Standing[]>();
  for (const one of all) for (const parent of one.job.dependsOn) children.set(parent, [...(children.get(parent) ?? []), one]);
  return children;
}
