/** What a pass is given: everything it touches, made elsewhere. */

import type { Clock } from "../clock.ts";
import type { Emit } from "../core/events.ts";
import type { Registry } from "../core/job.ts";
import type { Runner } from "../run/runner.ts";
import type { Store } from "../store/store.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { Spool } from "./spool.ts";

export interface World {
  readonly registry: Registry;
  readonly store: Store;
  /** Loaded with the first job: a pass with nothing due does without. */
  runner(): Promise<Runner>;
  readonly heartbeat: Heartbeat;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Runs of this process at once. */
  readonly concurrency: number;
  /** Until when, in seconds of uptime, an outcome is tried to be written that has been waiting since `began`; then it is spooled. */
  recordUntil(began: number): number;
  /** What this host carries. */
  readonly tags: readonly string[];
  /** Seconds. */
  readonly maxOngoingAge: number;
  readonly historyDays: number;
  /** Aborted: nothing more is claimed; runs go on. */
  readonly draining: AbortSignal;
  /** Aborted: runs are interrupted. */
  readonly aborting: AbortSignal;
}

/** What a daemon is given besides. */
export interface DaemonSettings {
  /** Seconds between two looks at all rows: the truth, whatever was heard or missed. */
  readonly poll: number;
  /** This host's label. */
  readonly host: string;
  /** The first look has worked: whoever waits for us may go on. */
  ready(): void;
  /** The loop has come round. */
  turned(): void;
}
