/** The state of a job as its row has it, and how a run's outcome moves it on. Pure: the moment is an argument. */
import type { ErrorRecord } from "./errors.ts";
import type { Policy } from "./job.ts";

export type Outcome = "succeeded" | "failed" | "timed-out" | "interrupted" | "cancelled" | "lost" | "skipped";
export type Trigger = "schedule" | "retry" | "backfill" | "manual" | "request";

/** One row of `crontabber`, read at one moment of the database's clock. */
export interface JobState {
  readonly name: string;
  /** Nothing starts before it. Null: never planned, or a manual job. */
  readonly nextRun: Date | null;
  readonly firstRun: Date | null;
  /** Start of the last attempt that has ended. */
  readonly lastRun: Date | null;
  /** The slot of a backfill job, else the start of the run. */
  readonly lastSuccess: Date | null;
  /** When the running attempt was claimed; never refreshed. */
  readonly ongoing: Date | null;
  readonly errorCount: number;
  readonly dependsOn: readonly string[] | null;
  /** Null: the last run succeeded, or there was none (`{}` in the row). */
  readonly lastError: ErrorRecord | null;
  /** The fence. Null with `ongoing` set: claimed by the Python tool. */
  readonly runId: string | null;
  readonly host: string | null;
  readonly leaseUntil: Date | null;
  /** Judged in SQL by the database's clock. */
  readonly leaseExpired: boolean;
  /** Seconds; what the owner promised to renew within. */
  readonly leaseSeconds: number | null;
  /** Renewals of the running claim. */
  readonly heartbeats: number;
  /** Seconds since `ongoing`, by the database's clock. */
  readonly ongoingAge: number | null;
  /** The open slot: the one the next run is for. */
  readonly slot: Date | null;
  /** The newest slot that was ever started. */
  readonly lastSlot: Date | null;
  /** `next_run` is not what we wrote: another tool moved it, and it wins. */
  readonly moved: boolean;
  /** The schedule the row was planned with; null: adopted, never planned by us. */
  readonly schedule: string | null;
  /** Attempts started for the open slot. */
  readonly attempt: number;
  /** Attempts of the open slot that count in `max_attempts`. */
  readonly slotErrors: number;
  /** Lost runs in a row. */
  readonly lostCount: number;
  /** How many older slots the open one stands in for, and the oldest of them. */
  readonly missed: number;
  readonly missedFrom: Date | null;
  readonly pausedAt: Date | null;
  readonly pausedBy: string | null;
  readonly pauseNote: string | null;
  /** When the pause ends by itself; null: when somebody resumes. */
  readonly pausedUntil: Date | null;
  /** A pause ended here, and what is owed from before it is not settled yet; null: settled. */
  readonly resumedAt: Date | null;
  /** Dates of a backfill job that came due during the pause are dropped, too. */
  readonly resumeSkip: boolean;
  /** Somebody marked the open slot as succeeded, and it is not closed yet; null: closed. */
  readonly markedAt: Date | null;
  /** Waiting for a human's `unlock`. */
  readonly heldAt: Date | null;
  readonly heldReason: string | null;
  /** When a pass first saw the job disabled. */
  readonly disabledAt: Date | null;
}

/** What a claimer holds: everything the record of the run needs, as JSON if need be (a child, a spool file). */
export interface Ticket {
  readonly job: string;
  readonly runId: string;
  /** The run's number in the ledger. */
  readonly fence: bigint;
  readonly slot: Date;
  readonly attempt: number;
  readonly trigger: Trigger;
  readonly missed: number;
  readonly missedFrom: Date | null;
  /** The slot after this one, known at claim time; null for manual jobs. */
  readonly nextSlot: Date | null;
  /** The run is for the open slot: success closes it, failure retries it. False for requests and forced runs of a job that was not due. */
  readonly opens: boolean;
  readonly claimedAt: Date;
  /** Errors in a row, and those of the slot that count in `max_attempts`, before this run. */
  readonly errors: number;
  readonly slotErrors: number;
  /** Seconds. */
  readonly lease: number;
  readonly policy: Policy;
  /** JSON text that whoever asked for the run has sent along; null: nobody did. */
  readonly payload: string | null;
}

/** How a run ended, before anybody accepted it. */
export interface RunEnd {
  readonly outcome: Exclude<Outcome, "skipped">;
  readonly error: ErrorRecord | null;
  /** JSON text, at most 64 KiB; null: nothing returned. */
  readonly result: string | null;
  readonly output: string | null;
}
