/** A job, its row and a run as documents have them: the words of the tables, ISO 8601 in UTC, spans in seconds. */
import type { Job } from "../core/job.ts";
import type { JobState, Outcome, Trigger } from "../core/state.ts";
import { masked } from "./mask.ts";
import { safeValues } from "./secrets.ts";
import type { Status } from "./status.ts";
import { iso } from "./times.ts";

/** How a job stands. Null where there is no row, or nothing in it. */
export function jobJson(job: Job, row: JobState | null, status: Status) {
  const { name, label, kind, schedule, enabled, backfill, dependsOn, tags, locks, description, origin, broken } = job;
  const { state, words, errors, blockedBy, rootCause, lateSeconds, nextRun } = status;
  return {
    ...{ name, class: label, kind, schedule: schedule.display, timezone: schedule.zone, enabled, backfill, depends_on: dependsOn },
    ...{ tags, locks, description, file: origin.file, line: origin.line, broken },
    ...{ state, state_text: words, error_count: errors, blocked_by: blockedBy, root_cause: rootCause, late_seconds: lateSeconds },
    ...{ next_run: iso(nextRun), slot: iso(row?.slot ?? null), attempt: row?.attempt ?? 0, missed: row?.missed ?? 0 },
    ...{ first_run: iso(row?.firstRun ?? null), last_run: iso(row?.lastRun ?? null), last_success: iso(row?.lastSuccess ?? null) },
    ...{ last_error: row?.lastError ?? null, ongoing: iso(row?.ongoing ?? null), host: row?.ongoing ? row.host : null },
    ...{ run_id: row?.runId ?? null, lease_until: iso(row?.leaseUntil ?? null) },
    ...{ paused_at: iso(row?.pausedAt ?? null), paused_until: iso(row?.pausedUntil ?? null) },
    ...{ paused_by: row?.pausedBy ?? null, pause_note: row?.pauseNote ?? null },
    ...{ held_at: iso(row?.heldAt ?? null), held_reason: row?.heldReason ?? null },
  };
}

/** What the file and the code say of a job; what looks like a secret is masked. */
export function definitionJson(job: Job) {
  const { module, command, sql, startDeadline, timeout, errorRetryTime, retry, maxAttempts, onLost, maxLost, lease, transaction } = job;
  const { env, envPass, cwd, user, options } = job;
  return {
    ...{ module: module && { file: module.file, export: module.export }, command: command && masked(command), sql: sql && masked(sql) },
    ...{ start_deadline: startDeadline, timeout, error_retry_time: errorRetryTime, retry, max_attempts: maxAttempts },
    ...{ on_lost: onLost, max_lost: maxLost, lease, transaction, env: safeValues(env), env_pass: envPass, cwd, user },
    options: safeValues(options),
  };
}

/** A row of the ledger, as views need it. */
export interface LedgerRun {
  readonly id: bigint;
  readonly runId: string;
  readonly job: string;
  readonly slot: Date;
  /** 0: a range of slots that were skipped. */
  readonly attempt: number;
  readonly trigger: Trigger;
  readonly host: string | null;
  readonly pid: number | null;
  readonly claimedAt: Date;
  /** Null: it runs. */
  readonly endedAt: Date | null;
  /** Seconds; so far, while it runs. */
  readonly took: number;
  /** Null: it runs. */
  readonly outcome: Outcome | null;
  readonly lateOutcome: Outcome | null;
  readonly missed: number;
  readonly missedFrom: Date | null;
  readonly error: JobState["lastError"];
  readonly progress: unknown;
  readonly result: unknown;
  readonly resetAt: Date | null;
}

/** Numbers of runs stay far below 2^53. */
export function runJson(run: LedgerRun) {
  const { runId, attempt, trigger, host, pid, took, outcome, lateOutcome, missed, error, progress, result } = run;
  return {
    ...{ id: Number(run.id), run_id: runId, job: run.job, slot: iso(run.slot), attempt, trigger, host, pid },
    ...{ claimed_at: iso(run.claimedAt), ended_at: iso(run.endedAt), took, outcome, late_outcome: lateOutcome },
    ...{ missed, missed_from: iso(run.missedFrom), error, progress, result, reset_at: iso(run.resetAt) },
  };
}
