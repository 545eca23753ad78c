/** The options of a job: names, kinds and limits, in one table. What a job's code may declare besides is its own. */
import { assignments, integer, type Kind, oneOf, orNone, plainText, seconds, variableNames, words, yesNo, zone } from "./kinds.ts";
import { LEASE, RETRY_TIME, TEN_YEARS, tagWords } from "./settings.ts";

/** As read from one place; what no place says is absent. */
export interface JobOptions {
  timezone?: string;
  dependsOn?: readonly string[];
  backfill?: boolean;
  startDeadline?: number | null;
  timeout?: number | null;
  errorRetryTime?: number;
  retry?: "fixed" | "exponential";
  maxAttempts?: number | null;
  onLost?: "retry" | "hold" | "skip";
  maxLost?: number;
  lease?: number;
  transaction?: boolean;
  tags?: readonly string[];
  locks?: readonly string[];
  env?: Readonly<Record<string, string>>;
  envPass?: readonly string[];
  cwd?: string | null;
  user?: string | null;
  description?: string | null;
  owner?: string | null;
  runbook?: string | null;
  alertAfter?: number | null;
  alerts?: boolean;
  enabled?: boolean;
}

export interface JobOption {
  /** In code. */
  readonly key: keyof JobOptions;
  readonly kind: Kind<unknown>;
}

const span = (min: number): Kind<number | null> => orNone(seconds({ min, max: TEN_YEARS }));
const text: Kind<string | null> = { read: (written) => plainText.read(written) || null, take: plainText.take };

const TABLE: { readonly [K in keyof Required<JobOptions>]: { name: string; kind: Kind<Required<JobOptions>[K]> } } = {
  timezone: { name: "timezone", kind: zone },
  dependsOn: { name: "depends_on", kind: words(/\S/, "the name of a job", "write names with commas between them") },
  backfill: { name: "backfill", kind: yesNo },
  startDeadline: { name: "start_deadline", kind: span(1) },
  timeout: { name: "timeout", kind: span(0.1) },
  errorRetryTime: { name: "error_retry_time", kind: RETRY_TIME },
  retry: { name: "retry", kind: oneOf("fixed", "exponential") },
  maxAttempts: { name: "max_attempts", kind: orNone(integer({ min: 1, max: 1_000_000 })) },
  onLost: { name: "on_lost", kind: oneOf("retry", "hold", "skip") },
  maxLost: { name: "max_lost", kind: integer({ min: 1, max: 1_000_000 }) },
  lease: { name: "lease", kind: LEASE },
  transaction: { name: "transaction", kind: yesNo },
  tags: { name: "tags", kind: tagWords },
  locks: { name: "locks", kind: tagWords },
  env: { name: "env", kind: assignments },
  envPass: { name: "env_pass", kind: variableNames },
  cwd: { name: "cwd", kind: text },
  user: { name: "user", kind: text },
  description: { name: "description", kind: text },
  owner: { name: "owner", kind: text },
  runbook: { name: "runbook", kind: text },
  alertAfter: { name: "alert_after", kind: orNone(integer({ min: 1, max: 1_000_000 })) },
  alerts: { name: "alerts", kind: yesNo },
  enabled: { name: "enabled", kind: yesNo },
};

/** By the name a file gives them. */
export const JOB_OPTIONS: ReadonlyMap<string, JobOption> = new Map(
  Object.entries(TABLE).map(([key, { name, kind }]) => [name, { key: key as keyof JobOptions, kind }]),
);
/** By the name code gives them. */
export const CODE_OPTIONS: ReadonlyMap<string, JobOption> = new Map([...JOB_OPTIONS.values()].map((option) => [option.key, option]));

/** When a job runs: read together, see timing.ts. The last two are the Python tool's. */
export const TIMING_KEYS: ReadonlySet<string> = new Set(["schedule", "frequency", "time"]);
/** What makes a `[job:NAME]` a job of its own. */
export const BODY_KEYS: ReadonlySet<string> = new Set(["command", "sql"]);

/** Every key a section of a job may have without its code declaring it. */
export const JOB_OPTION_NAMES: ReadonlySet<string> = new Set([...JOB_OPTIONS.keys(), ...TIMING_KEYS, ...BODY_KEYS]);
