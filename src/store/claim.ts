/** Taking a job: one short transaction that decides again under the row lock. Owns the order of locks; starts nothing. */
import type { Job } from "../core/job.ts";
import type { ParentFacts, RunAt } from "../core/parents.ts";
import { type ByHand, type Due, decide, type Facts, type Holder, limited, type NotDue, unclaimed, type Verdict } from "../core/plan.ts";
import { type Plan, planned, replan, type Skipped } from "../core/replan.ts";
import type { JobState, Outcome, Ticket } from "../core/state.ts";
import type { Queryable } from "./db.ts";
import { writePlan } from "./planning.ts";
import { type StateRow, toDate, toState } from "./rows.ts";
import type { Statements } from "./sql.ts";

export interface ClaimRequest {
  readonly job: Job;
  /** The registry's jobs, for parents; a name it does not know stays null. */
  readonly parents: ReadonlyMap<string, Job>;
  readonly hand: ByHand | null;
  /** Made by the claimer: the fence, and how a lost answer to COMMIT is resolved. */
  readonly runId: string;
  readonly host: string;
  readonly pid: number;
  readonly tags: readonly string[];
  readonly maxOngoingAge: number;
  /** Tests pin the moment; null: the database's clock. */
  readonly now: Date | null;
}

/** `held: false` carries the named reason; `closed` says that the open slot had succeeded before and was only closed. */
export type Claimed = (
  | { readonly held: true; readonly ticket: Ticket }
  | { readonly held: false; readonly verdict: Exclude<Verdict, Due> | "closed"; readonly state: JobState | null }
) & {
  /** Slots that nobody will run, dropped and recorded by this very transaction. */
  readonly skipped?: readonly Skipped[];
};

/** Runs inside the caller's transaction. Throws 55P03 if a row is locked, 23505 if the ledger refuses the run. */
export async function claimIn(tx: Queryable, sql: Statements, request: ClaimRequest): Promise<Claimed> {
  const { job, hand } = request;
  const locked = await lockRow(tx, sql, request);
  if (!locked) return { held: false, verdict: NO_ROW, state: null };
  const { now, state, skipped } = locked;
  const facts = { now, state, tags: request.tags, maxOngoingAge: request.maxOngoingAge };
  const parents = await lockParents(tx, sql, request, facts);
  const verdict = decide(job, { ...facts, parents }, hand);
  if (!verdict.due) return { held: false, verdict, state, skipped };
  return { ...(await take(tx, sql, request, { due: verdict, state })), skipped };
}

export const NO_ROW: NotDue = { due: false, why: "not-yet", detail: "its row has just been reset" };

/** The job's row under its lock, with whatever change of plan it needed. Null: there is none. Throws 55P03. */
export async function lockRow(
  tx: Queryable,
  sql: Statements,
  request: Pick<ClaimRequest, "job" | "now" | "host" | "pid" | "maxOngoingAge">,
): Promise<{ now: Date; state: JobState; skipped: readonly Skipped[] } | null> {
  const { job } = request;
  const row = (await tx.query(sql.lockJob, [request.now, job.name])).rows[0];
  if (!row) return null;
  const now = toDate(row.now) ?? new Date(0);
  const read = unclaimed(toState(row as StateRow), request.maxOngoingAge);
  const plan = replan(job, read, now);
  if (plan) await writePlan(tx, sql, { ...request, plan, from: read });
  return { now, state: plan?.state ?? read, skipped: plan?.skipped ?? [] };
}

async function lockParents(tx: Queryable, sql: Statements, request: ClaimRequest, facts: Omit<Facts, "parents">): Promise<ParentFacts[]> {
  const { job, hand } = request;
  if (job.dependsOn.length === 0 || hand?.force) return [];
  // A job that would not run anyway locks nobody else's row.
  if (!decide(job, { ...facts, parents: [] }, hand).due) return [];
  const names = [...job.dependsOn].sort();
  const rows = (await tx.query(sql.lockParents, [names])).rows as StateRow[];
  const at = job.backfill ? await parentsAt(tx, sql, names, slotOf(job, facts, hand)) : null;
  return names.map((name) => {
    const row = rows.find((r) => r.app_name === name);
    return { name, job: request.parents.get(name) ?? null, state: row ? toState(row) : null, ...(at && { at: at.get(name) ?? null }) };
  });
}

function slotOf(job: Job, facts: Omit<Facts, "parents">, hand: ByHand | null): Date {
  return hand?.slot ?? planned(job, facts.state, facts.now).slot ?? facts.now;
}

export async function parentsAt(tx: Queryable, sql: Statements, names: readonly string[], slot: Date): Promise<Map<string, RunAt>> {
  const { rows } = await tx.query(sql.parentsAt, [names, slot]);
  return new Map(rows.map((r) => [r.app_name as string, { outcome: r.outcome as Outcome | null, covered: r.covered === true }]));
}

interface Taking {
  readonly due: Due;
  readonly state: JobState;
  /** What whoever asked for the run has sent along. */
  readonly payload?: string | null;
}

async function take(tx: Queryable, sql: Statements, request: ClaimRequest, { due, state }: Taking): Promise<Claimed> {
  const { job } = request;
  const known = (await tx.query(sql.slotFacts, [job.name, due.slot])).rows[0];
  const manual = due.trigger === "manual";
  if (!manual && known?.succeeded === true) {
    // A slot that succeeded is not run again, whoever moved next_run back to it.
    await writePlan(tx, sql, { ...request, plan: pastOf(state, due), from: state });
    return { held: false, verdict: "closed", state };
  }
  const attempt = manual ? due.attempt : Math.max(due.attempt, Number(known?.attempt ?? 0) + 1);
  return start(tx, sql, request, { due: { ...due, attempt }, state });
}

/** Makes the run of it: the locks, the job's row, the ledger's. The caller has decided, under the row's lock. */
export async function start(tx: Queryable, sql: Statements, request: ClaimRequest, { due: run, state, payload }: Taking): Promise<Claimed> {
  const { job, hand } = request;
  const limit = await takeLocks(tx, sql, request);
  if (limit) return { held: false, verdict: limit, state };
  // What is not for the open slot leaves the plan as it is, to the microsecond.
  const { rows } = await tx.query(...(run.opens ? claimParams(sql, request, { state, run }) : besideParams(sql, request)));
  const claimedAt = toDate(rows[0]?.claimed_at);
  if (!claimedAt) {
    if (job.locks.length > 0) await tx.query(sql.dropLocks, [request.runId]);
    return { held: false, verdict: { due: false, why: "ongoing", detail: "claimed by another process" }, state };
  }
  const inserted = await tx.query(sql.insertRun, [
    ...[request.runId, job.name, run.slot, run.attempt, run.trigger, request.host, request.pid, run.missed, run.missedFrom],
  ]);
  if (hand?.by) {
    const detail = JSON.stringify({ run_id: request.runId, slot: run.slot, force: hand.force });
    await tx.query(sql.noteEvent, ["run", job.name, hand.by.note, hand.by.who, detail]);
  }
  return {
    held: true,
    ticket: ticketOf(request, run, { claimedAt, fence: BigInt(String(inserted.rows[0]?.id)), state, payload: payload ?? null }),
  };
}

/** All of the job's locks, or none: null, they are ours with this transaction. */
async function takeLocks(tx: Queryable, sql: Statements, { job, runId }: ClaimRequest): Promise<NotDue | null> {
  const wanted = new Set(job.locks);
  if (wanted.size === 0) return null;
  const taken = await tx.query(sql.takeLocks, [[...wanted], runId, job.name]);
  if (taken.rowCount === wanted.size) return null;
  await tx.query(sql.dropLocks, [runId]);
  return limited(await holdersOf(tx, sql, job)) ?? { due: false, why: "limit", detail: "one of its locks was held a moment ago" };
}

/** Who else holds the job's locks, by name. */
export async function holdersOf(db: Queryable, sql: Statements, job: Pick<Job, "name" | "locks">): Promise<Holder[]> {
  if (job.locks.length === 0) return [];
  const { rows } = await db.query(sql.holders, [job.locks, job.name]);
  return rows.map((r) => ({
    ...{ lock: String(r.name), job: String(r.app_name), host: (r.host as string | null) ?? null },
    since: toDate(r.since) ?? new Date(0),
  }));
}

/** The open slot is behind us already: the next one is open, nothing is run. */
function pastOf(state: JobState, due: Due): Plan {
  const next = { slot: due.nextSlot, nextRun: due.nextSlot, attempt: 0, slotErrors: 0, missed: 0, missedFrom: null };
  return { why: "edited", state: { ...state, ...next, moved: false }, skipped: [] };
}

type Statement = readonly [text: string, params: unknown[]];
const owner = ({ job, runId, host, pid }: ClaimRequest): unknown[] => [
  ...[job.name, runId, host, pid, job.lease, job.schedule.text, job.dependsOn],
];

/** A run for the open slot moves the row's plan to it. */
function claimParams(sql: Statements, request: ClaimRequest, { state, run }: { state: JobState; run: Due }): Statement {
  const fresh = state.slot?.getTime() !== run.slot.getTime();
  const lastSlot = state.lastSlot && state.lastSlot > run.slot ? state.lastSlot : run.slot;
  const plan = [state.nextRun, run.slot, lastSlot, run.attempt, fresh ? 0 : state.slotErrors, run.missed, run.missedFrom];
  return [sql.claim, [...owner(request), ...plan, request.maxOngoingAge]];
}

function besideParams(sql: Statements, request: ClaimRequest): Statement {
  return [sql.claimBeside, [...owner(request), request.maxOngoingAge]];
}

function ticketOf(
  request: ClaimRequest,
  run: Due,
  { claimedAt, fence, state, payload }: { claimedAt: Date; fence: bigint; state: JobState; payload: string | null },
): Ticket {
  const { backfill, retry, errorRetryTime, maxAttempts, onLost, maxLost, name, lease } = request.job;
  const { slot, attempt, trigger, missed, missedFrom, nextSlot, opens } = run;
  const policy = { backfill, retry, errorRetryTime, maxAttempts, onLost, maxLost };
  const before = { errors: state.errorCount, slotErrors: attempt > 1 ? state.slotErrors : 0 };
  return {
    ...{ job: name, runId: request.runId, fence, slot, attempt, trigger, missed, missedFrom, nextSlot, opens, claimedAt, lease, policy },
    ...{ ...before, payload },
  };
}
