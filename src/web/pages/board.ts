/** Every job with what is known of it, judged once for a whole page. Owns no judgement: jobState and upcoming do. */
import type { Job } from "../../core/job.ts";
import type { JobState } from "../../core/state.ts";
import type { LedgerRun } from "../../report/job-json.ts";
import { shownName } from "../../report/safe.ts";
import { jobState, type StateName, type Status } from "../../report/status.ts";
import { type Upcoming, upcoming } from "../../report/upcoming.ts";
import type { PageData } from "../seam.ts";

/** Planned runs that are looked up for each job. */
export const AHEAD = 12;

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
}

/** `zone`: of the times people read. */
export function boardOf(data: PageData, zone: string): Board {
  const { view, recent } = data;
  const { now, states } = view.snapshot;
  const all = view.registry.jobs.map((job): Standing => {
    const runs = recent.get(job.name) ?? [];
    return {
      ...{ job, row: states.get(job.name) ?? null, status: jobState(view, job), runs, next: upcoming(view, job, AHEAD) },
      ...{ live: runs.find((run) => run.outcome === null) ?? null, key: jobKey(job.name) },
    };
  });
  return { data, now, zone, all, byName: new Map(all.map((one) => [one.job.name, one])) };
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
export function dependants(board: Board, name: string): Standing[] {
  const found = new Set<Standing>();
  const follow = (parent: string) => {
    for (const one of board.all) {
      if (!one.job.dependsOn.includes(parent) || found.has(one)) continue;
      found.add(one);
      follow(one.job.name);
    }
  };
  follow(name);
  return [...found];
}
