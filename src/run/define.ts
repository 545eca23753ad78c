/** What job authors write against: the shape of a definition, of its context, and the errors they may meet. Tiny to import, on purpose. */
import type pg from "pg";
import type { Logger } from "pino";

/** Marks what `defineJob` returned, whichever copy of this package did. */
export const JOB = Symbol.for("crontabber.job");

/** Options mean what they mean in the INI file, which wins over them. Durations are texts like `30m`, or numbers of seconds. */
export interface JobDefinition<Options extends object = Record<string, unknown>, Result = unknown> {
  /** Default: the export's name in kebab-case. */
  readonly name?: string;
  /** `5m`, `1d|03:00`, `30 7 * * mon-fri`, `@hourly`, `manual`. */
  readonly schedule?: string;
  /** IANA name; default: the registry's. */
  readonly timezone?: string;
  readonly dependsOn?: string | readonly string[];
  /** One run per missed slot, oldest first; else one for the newest. */
  readonly backfill?: boolean;
  /** A slot later than this is skipped, and recorded so. */
  readonly startDeadline?: string | number;
  readonly timeout?: string | number;
  readonly errorRetryTime?: string | number;
  readonly retry?: "fixed" | "exponential";
  /** Per slot. */
  readonly maxAttempts?: number;
  readonly onLost?: "retry" | "hold" | "skip";
  readonly maxLost?: number;
  readonly lease?: string | number;
  /** `ctx.tx`: the work and the record of its success commit together. */
  readonly transaction?: boolean;
  readonly tags?: string | readonly string[];
  /** Names of which one run over the whole fleet may hold each. */
  readonly locks?: string | readonly string[];
  readonly env?: Readonly<Record<string, string>> | readonly string[];
  readonly envPass?: string | readonly string[];
  readonly cwd?: string;
  readonly user?: string;
  readonly description?: string;
  /** Who is told of its faults. */
  readonly owner?: string;
  /** What to do about them: an address or a text. */
  readonly runbook?: string;
  /** Errors in a row before it is told as failing. */
  readonly alertAfter?: number;
  /** False: nothing is told of it. */
  readonly alerts?: boolean;
  readonly enabled?: boolean;
  /** The job's own options and their defaults. */
  readonly options?: Options;
  /** Its value is recorded as the run's result: JSON, at most 64 KiB. */
  run(ctx: JobContext<Options>): Result | Promise<Result>;
}

export interface JobContext<Options extends object = Record<string, unknown>> {
  /** The instant this run is for. */
  readonly slot: Date;
  /** From 1, per slot. */
  readonly attempt: number;
  /** How many older slots this run stands in for. */
  readonly missed: number;
  /** A uuid. */
  readonly runId: string;
  /** The run's number; grows, except across a fail-over that lost commits. For resources outside that can refuse an older one. */
  readonly fence: bigint;
  /** What whoever triggered this run has sent along, parsed; null: nothing, or it was not triggered. */
  readonly payload: unknown;
  /** Aborts when the job has to end; SIGKILL follows some seconds later. A job that never asks for it ends at once. */
  readonly signal: AbortSignal;
  /** One JSON line each, kept with the run's output. */
  readonly log: Logger;
  readonly options: Options;
  /** Connects on first use, to the scheduler's database. */
  readonly db: pg.Client;
  /** Only with `transaction: true`: do not end it yourself. */
  readonly tx: pg.ClientBase;
  /** No shell. Rejects with ExecError on a code other than 0, unless `check: false`. */
  exec(command: string, args?: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** Visible to everybody within a second. */
  progress(done: number | bigint, total?: number | bigint, message?: string): void;
}

export interface ExecOptions {
  readonly cwd?: string;
  /** Added to the job's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Becomes its stdin; without it that is /dev/null. */
  readonly input?: string | Uint8Array;
  /** Seconds. */
  readonly timeout?: number;
  /** Bytes of stdout and of stderr that are taken before the program is ended; default 16 MiB each. */
  readonly maxBuffer?: number;
  /** False: any exit code is a result. */
  readonly check?: boolean;
}

export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that `ctx.exec` ran has failed: its code, a signal, its time, its output. */
export class ExecError extends Error implements ExecResult {
  override readonly name = "ExecError";
  readonly code: number;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly command: string;
  readonly args: readonly string[];
  constructor(message: string, ended: ExecResult & { signal: string | null; command: string; args: readonly string[] }) {
    super(message);
    this.code = ended.code;
    this.signal = ended.signal;
    this.stdout = ended.stdout;
    this.stderr = ended.stderr;
    this.command = ended.command;
    this.args = ended.args;
  }
}

/** Why `ctx.signal` aborted: `timed-out`, `interrupted`, `cancelled` or `lost`. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
  readonly why: string;
  constructor(why: string, detail: string) {
    super(detail);
    this.why = why;
  }
}

/** Marks the definition and returns it; judges nothing: `crontabber configtest` does, with file and line. */
export function defineJob<Options extends object = Record<string, unknown>, Result = unknown>(
  definition: JobDefinition<Options, Result>,
): JobDefinition<Options, Result> {
  if (Object.isExtensible(definition)) Object.defineProperty(definition, JOB, { value: true });
  return definition;
}
