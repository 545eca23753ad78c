/** Writing plans: first rows of jobs, and changes of plan under the row lock. Decides nothing. */
import { randomUUID } from "node:crypto";
import type { Job } from "../core/job.ts";
import type { Plan, Skipped } from "../core/replan.ts";
import type { JobState } from "../core/state.ts";
import type { Queryable } from "./db.ts";
import type { Statements } from "./sql.ts";

/** Inserts the rows of jobs nobody has seen before, all in one statement; where another host was faster, its row stands. */
export async function insertPlans(db: Queryable, sql: Statements, plans: readonly { job: Job; plan: Plan }[]): Promise<void> {
  const rows = plans.map(({ job, plan }) => ({
    app_name: job.name,
    next_run: plan.state.nextRun,
    schedule: plan.state.schedule,
    depends_on: job.dependsOn,
    disabled_at: plan.state.disabledAt,
  }));
  await db.query(sql.insertPlans, [JSON.stringify(rows)]);
}

export interface Planning {
  readonly job: Job;
  readonly plan: Plan;
  /** The row as it was read. */
  readonly from: JobState;
  readonly host: string;
  readonly pid: number;
  /** Seconds after which a claim of the Python tool is nobody's: the new plan ends it. */
  readonly maxOngoingAge: number;
}

/** The caller holds the row's lock and has read it as `from`. Each dropped range becomes one `skipped` row of the ledger. */
export async function writePlan(tx: Queryable, sql: Statements, { job, plan, from, host, pid, maxOngoingAge }: Planning): Promise<void> {
  const { state, skipped } = plan;
  const stays = state.nextRun?.getTime() === from.nextRun?.getTime();
  const { rowCount } = await tx.query(sql.writePlan, [
    ...[job.name, state.nextRun, state.slot, state.schedule, state.attempt, state.slotErrors],
    ...[state.missed, state.missedFrom, state.disabledAt, stays, state.pausedAt, state.pausedBy, state.pauseNote, state.pausedUntil],
    ...[state.resumedAt, state.resumeSkip, state.markedAt, maxOngoingAge],
  ]);
  if (rowCount === 0) return;
  for (const dropped of skipped) await noteSkipped(tx, sql, { job, dropped, host, pid });
}

interface Dropped extends Pick<Planning, "job" | "host" | "pid"> {
  readonly dropped: Skipped;
}

async function noteSkipped(tx: Queryable, sql: Statements, { job, dropped, host, pid }: Dropped): Promise<void> {
  const why = { type: "Skipped", value: dropped.reason, traceback: "" };
  const older = dropped.count - 1;
  await tx.query(sql.insertSkipped, [
    ...[randomUUID(), job.name, dropped.to, host, pid, older, older > 0 ? dropped.from : null, JSON.stringify(why)],
  ]);
}
