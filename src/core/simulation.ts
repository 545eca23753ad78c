/** A registry run on a virtual clock, as shapes: what is supposed, and what comes of it. The clock is simulator.ts. */
import type { Job, Registry } from "./job.ts";
import type { NotDue } from "./plan.ts";
import type { Skipped } from "./replan.ts";
import type { PastRun } from "./simulated-rows.ts";
import type { JobState, Trigger } from "./state.ts";

export interface Premises {
  readonly registry: Registry;
  /** The virtual clock starts here, with the rows as they are at this moment. */
  readonly begin: Date;
  /** Nothing starts after it. */
  readonly until: Date;
  /** Empty: no job has ever run. */
  readonly states: ReadonlyMap<string, JobState>;
  /** Oldest first. */
  readonly past: readonly PastRun[];
  /** Runs at once. */
  readonly concurrency: number;
  /** Seconds. */
  readonly maxOngoingAge: number;
  /** Milliseconds between two passes that system cron starts; null: a daemon, which starts what is due at its instant. */
  readonly every: number | null;
  /** No more runs than so many. */
  readonly most: number;
  /** Seconds a run of the job takes, were it not for its timeout. */
  seconds(job: Job): number;
  fails(job: string, slot: Date, attempt: number): boolean;
}

/** What kept a run that was due from starting at once. */
export interface Wait {
  readonly since: Date;
  /** A lock, and the job that had it; null: all `concurrency` was taken. */
  readonly lock: string | null;
  readonly holder: string | null;
}

export interface SimulatedRun {
  readonly job: string;
  readonly slot: Date;
  readonly start: Date;
  readonly end: Date;
  readonly attempt: number;
  readonly trigger: Trigger;
  readonly missed: number;
  readonly missedFrom: Date | null;
  readonly outcome: "succeeded" | "failed" | "timed-out" | "lost";
  /** Since when it could have run, had nothing stood in its way; never before the clock started. */
  readonly dueSince: Date;
  /** The parent it waited for; null: none. */
  readonly after: string | null;
  readonly wait: Wait | null;
}

export interface Simulation {
  /** By start; those that were on when the clock started are not among them. */
  readonly runs: readonly SimulatedRun[];
  readonly skipped: readonly { readonly job: string; readonly at: Date; readonly skipped: Skipped }[];
  /** Jobs that are due at the end and do not run, and since when. */
  readonly stuck: ReadonlyMap<string, { readonly since: Date; readonly why: NotDue | Wait }>;
  /** How each job stands at the end: why it does not run now; null: it runs, or is about to. */
  readonly last: ReadonlyMap<string, NotDue | null>;
  /** Where it stopped because of `most`; null: it did not. */
  readonly stopped: Date | null;
}
