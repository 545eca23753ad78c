/** Starts runs. Owns the guard and the lease deadlines all of them share, and what the outside world has to give; one run is running.ts. */
import type { Connection } from "../core/database.ts";
import type { Job } from "../core/job.ts";
import type { Ticket } from "../core/state.ts";
import type { StreamName } from "../core/streams.ts";
import { Deadlines, type Trust } from "./deadlines.ts";
import type { Ended } from "./ending.ts";
import type { JobSurroundings } from "./environment.ts";
import { Guard } from "./guard.ts";
import type { Progress, StopCause } from "./protocol.ts";
import { Running } from "./running.ts";
import { Standby } from "./standby.ts";

export interface RunnerSettings extends JobSurroundings {
  /** Where jobs without a `cwd` run: the folder of the configuration file. */
  readonly configDir: string;
  /** For ctx.db, ctx.tx and sql jobs; null: there is none, and those fail. */
  readonly connection: Connection | null;
  readonly schema: string;
  /** A folder of this user's own for compiled modules: a start without it takes some 150 ms longer. Null: none. */
  readonly cacheDir: string | null;
  /** Milliseconds from SIGTERM to SIGKILL; default 5,000. */
  readonly killGraceMs?: number;
  /** What must never be kept of what a job prints, besides the job's own secrets. Absent: nothing. */
  readonly secrets?: (job: Job) => readonly string[];
  /** Something an operator should know that belongs to no run's record. */
  onTrouble?(message: string): void;
}

export interface RunSpec {
  readonly job: Job;
  readonly ticket: Ticket;
  /** Until when this run's lease is trusted. Past `termAt` nothing is started. */
  readonly trust: Trust;
  onProgress?(progress: Progress): void;
  onOutput?(chunk: Buffer, stream: StreamName): void;
}

export interface RunningJob {
  /** Never rejects: whatever happens is an outcome. */
  readonly done: Promise<Ended>;
  /** Null: not started yet, or never. */
  readonly pid: number | null;
  /** What it has printed so far, as its record will have it; null: nothing. */
  output(): string | null;
  /** SIGTERM to its group, SIGKILL after the grace time. The first cause is the outcome; after the end is known it is too late. */
  stop(cause: StopCause, detail?: string): void;
  /** SIGKILL at once, without a cause of its own: for a job that was already told to stop. */
  kill(): void;
  /** A confirmed renewal moves the deadlines. */
  trust(trust: Trust): void;
}

export interface Runner {
  /** Takes over what was prepared under the ticket's run id. */
  start(run: RunSpec): RunningJob;
  /**
   * Starts the process of a run that is expected, and lets it wait for its word; the guard ends it when `trust` is over. Resolves when it
   * waits, or where its environment would make it work before; rejects if it cannot be started. Nothing of the job works.
   */
  prepare(job: Job, runId: string, trust: Trust): Promise<void>;
  /** Whether what was prepared is still of use for a run of this job. */
  prepared(job: Job, runId: string): boolean;
  /** Ends what was prepared and is not wanted. */
  dismiss(runId: string): Promise<void>;
  /** The guard's process id; null: there is none now. */
  readonly guardPid: number | null;
  /** Ends the guard, and with it every job still at work. */
  close(): Promise<void>;
}

export function createRunner(settings: RunnerSettings): Runner {
  const live = new Map<string, Running>();
  const guard = new Guard({
    expired: (runId) => live.get(runId)?.expire("term"),
    unguarded: (runIds) => {
      settings.onTrouble?.("the guard process cannot be started: its jobs are ended, for nobody would end them if this process died");
      for (const runId of runIds) {
        live.get(runId)?.stop("interrupted", "its guard process is gone and cannot be started again");
        void standby.dismiss(runId);
      }
    },
  });
  const standby = new Standby(guard, settings);
  const deadlines = new Deadlines((runId, stage) => live.get(runId)?.expire(stage));
  return {
    start: (run) => {
      const running = new Running(run, { guard, deadlines, settings, ready: standby.take(run.job, run.ticket.runId) });
      live.set(run.ticket.runId, running);
      void running.done.then(() => live.delete(run.ticket.runId));
      return running;
    },
    prepare: (job, runId, trust) => standby.prepare(job, runId, trust),
    prepared: (job, runId) => standby.has(job, runId),
    dismiss: (runId) => standby.dismiss(runId),
    get guardPid() {
      return guard.pid;
    },
    close: () => guard.close(),
  };
}
