/** A job and the registry of all of them. Owns the shape only: nothing here reads files, clocks or a database. */
import type { Schedule } from "./schedule.ts";

export type JobKind = "module" | "command" | "sql";

/** Where an operator can change what is said of a job. `line` counts from 1. */
export interface Origin {
  readonly file: string;
  readonly line: number;
}

/** What happens after a failed attempt, and when a job is held. Travels with a claim as JSON, so that a record needs no registry. */
export interface Policy {
  readonly backfill: boolean;
  readonly retry: "fixed" | "exponential";
  /** Seconds from the end of a failed attempt to the next one. */
  readonly errorRetryTime: number;
  /** Failed, timed-out and lost attempts of one slot before the job is held; null: unlimited. */
  readonly maxAttempts: number | null;
  readonly onLost: "retry" | "hold" | "skip";
  /** Lost runs in a row that hold the job. */
  readonly maxLost: number;
}

export interface Job extends Policy {
  /** `app_name` in the tables. */
  readonly name: string;
  readonly kind: JobKind;
  /** The text's `Class:`: `module.path.Export` as written, or `command` or `sql`. */
  readonly label: string;
  /** The module's export; null for command and sql jobs. */
  readonly module: { readonly file: string; readonly export: string } | null;
  readonly command: string | null;
  readonly sql: string | null;
  readonly schedule: Schedule;
  readonly dependsOn: readonly string[];
  /** Seconds after a slot in which its first attempt may start; null: no limit. */
  readonly startDeadline: number | null;
  /** Seconds one attempt may take; null: no limit. */
  readonly timeout: number | null;
  /** Seconds. */
  readonly lease: number;
  /** Work and the record of its success commit together (sql jobs: the default). */
  readonly transaction: boolean;
  /** Only hosts that carry all of these run the job. */
  readonly tags: readonly string[];
  /** Names of which one run over the whole fleet may hold each; taken with the claim, gone with the run. */
  readonly locks: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly envPass: readonly string[];
  /** Absolute; null: the folder of the configuration file, which no link leads to. */
  readonly cwd: string | null;
  readonly user: string | null;
  readonly description: string | null;
  /** Who is told of its faults, in words; null: nobody in particular. */
  readonly owner: string | null;
  /** What to do about its faults: an address or a text. */
  readonly runbook: string | null;
  /** Errors in a row after which it is told as failing; null: when `check` calls it critical. */
  readonly alertAfter: number | null;
  /** False: nothing is told of it. */
  readonly alerts: boolean;
  readonly enabled: boolean;
  /** The job's own options, file over code. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Why its module cannot be imported now (its last remembered definition is then what stands here); null: it can, or nobody asked. */
  readonly broken: string | null;
  readonly origin: Origin;
}

export interface Registry {
  /** In the order of the file. */
  readonly jobs: readonly Job[];
  /** Parents first: levels, alphabetical inside a level. */
  readonly order: readonly Job[];
  readonly byName: ReadonlyMap<string, Job>;
  /**
   * Parents that are named but not known, because a module that may define them cannot be imported.
   * Their children are blocked instead of refused.
   */
  readonly unknownParents: ReadonlySet<string>;
}
