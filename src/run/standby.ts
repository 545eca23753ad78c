/**
 * Children that stand ready for runs which are expected: started, known to the guard, waiting for their word. Owns them until a run takes
 * one over or nobody wants it; a run needs none.
 */
import { uptime } from "../clock.ts";
import type { Job } from "../core/job.ts";
import type { StreamName } from "../core/streams.ts";
import { type Child, spawnChild } from "./child.ts";
import type { Trust } from "./deadlines.ts";
import type { Guard } from "./guard.ts";
import { type Launch, launch } from "./launch.ts";
import { signalGroup } from "./procs.ts";
import type { RunnerSettings } from "./runner.ts";

export interface Ready {
  readonly plan: Launch;
  readonly child: Child;
  /** From now on its output goes there; before its word there is none. */
  hear(take: (name: StreamName, chunk: Buffer) => void): void;
}

interface Standing extends Ready {
  readonly job: Job;
  readonly trust: Trust;
  gone: boolean;
}

const DRAIN_MS = 2_000;
/** Seconds in which the guard surely reads that what stood ready has become a run, and no longer goes by the time of the waiting. */
const MARGIN = 0.2;
/** They make a process run code of the job's as soon as it is there. */
const PRELOADS = ["NODE_OPTIONS", "LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES"];

export class Standby {
  readonly #guard: Guard;
  readonly #settings: RunnerSettings;
  readonly #standing = new Map<string, Standing>();

  constructor(guard: Guard, settings: RunnerSettings) {
    this.#guard = guard;
    this.#settings = settings;
  }

  /**
   * Resolves when the child of this run to come waits for its word, or if it would not wait with everything. `trust`: when the guard ends it
   * unless it has become a run.
   */
  async prepare(job: Job, runId: string, trust: Trust): Promise<void> {
    const plan = launch(job, { runId, payload: null }, this.#settings);
    if (PRELOADS.some((name) => name in plan.env)) return;
    let take: (name: StreamName, chunk: Buffer) => void = () => {};
    const child = await spawnChild({ ...plan, onOutput: (name, chunk) => take(name, chunk) });
    const hear: Ready["hear"] = (next) => {
      take = next;
    };
    const standing: Standing = { job, plan, child, trust, hear, gone: false };
    this.#standing.set(runId, standing);
    void child.exited.then(() => {
      standing.gone = true;
    });
    try {
      await this.#guard.watch(runId, child.pid, trust);
    } catch (error) {
      await this.dismiss(runId);
      throw error;
    }
  }

  /** Whether a run of that id would find its child ready. */
  has(job: Job, runId: string): boolean {
    const standing = this.#standing.get(runId);
    return standing !== undefined && standing.job === job && !standing.gone && uptime() + MARGIN < standing.trust.termAt;
  }

  /** The child that stands ready for this very run; null: there is none, or none of use. */
  take(job: Job, runId: string): Ready | null {
    const standing = this.#standing.get(runId);
    if (!standing) return null;
    const usable = this.has(job, runId);
    this.#standing.delete(runId);
    if (usable) return standing;
    // The guard keeps the run id: the run's own child comes in its place.
    signalGroup(standing.child.pid, "SIGKILL");
    void standing.child.drained(DRAIN_MS);
    return null;
  }

  /** Ends the child. Resolves when it is gone; harmless where there is none. */
  async dismiss(runId: string): Promise<void> {
    const standing = this.#standing.get(runId);
    if (!standing) return;
    this.#standing.delete(runId);
    signalGroup(standing.child.pid, "SIGKILL");
    await standing.child.exited;
    await this.#guard.end(runId);
    await standing.child.drained(DRAIN_MS);
  }
}
