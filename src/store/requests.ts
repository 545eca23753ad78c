/** Requests in the database: what is asked for, what is open, and claiming one. Owns the order of locks: the job's row, its parents, the request. */
import type { Job } from "../core/job.ts";
import type { ParentFacts } from "../core/parents.ts";
import { type By, decide, type NotDue } from "../core/plan.ts";
import { planned, type Skipped } from "../core/replan.ts";
import { dates, decideRequest, type RequestKind, requested } from "../core/request.ts";
import type { JobState, Ticket } from "../core/state.ts";
import { type ClaimRequest, lockRow, NO_ROW, parentsAt, start } from "./claim.ts";
import type { Queryable } from "./db.ts";
import { type RequestRow, toRequest } from "./request-rows.ts";
import { type StateRow, toDate, toState } from "./rows.ts";
import type { Statements } from "./sql.ts";

/** `over`: nothing of it is to be done now: it has ended, is cancelled, or was put off. `scheduled`: the job's own slot goes first. */
export type RequestClaimed = (
  | { readonly held: true; readonly ticket: Ticket }
  | { readonly held: false; readonly verdict: NotDue | "closed" | "over" | "scheduled"; readonly state: JobState | null }
) & { readonly skipped?: readonly Skipped[] };

/** Dates looked up in the ledger at once, and the most that are counted. */
const CHUNK = 500;
const MOST = 100_000;

/** Runs inside the caller's transaction. Throws 55P03 if a row is locked, 23505 if the ledger refuses the run. */
export async function claimRequestIn(tx: Queryable, sql: Statements, claim: ClaimRequest, id: bigint): Promise<RequestClaimed> {
  const { job } = claim;
  const locked = await lockRow(tx, sql, claim);
  if (!locked) return { held: false, verdict: NO_ROW, state: null };
  const { now, state, skipped } = locked;
  const no = (verdict: NotDue | "over" | "scheduled"): RequestClaimed => ({ held: false, verdict, state, skipped });
  const facts = { now, state, parents: [], tags: claim.tags, maxOngoingAge: claim.maxOngoingAge };
  // Somebody owns the job, a human holds it: nobody else's row is locked for that.
  const free = decide(job, facts, { force: true, slot: now });
  if (!free.due) return no(free);
  const request = await lockRequest(tx, sql, job, id);
  if (!request) return no("over");
  if (request.notBefore > now) {
    if (request.putOff) await tx.query(sql.putOffRequest, [id, request.notBefore.getTime()]);
    return no("over");
  }
  const next = await slotFor(tx, sql, { job, state, request, now });
  if (request.cancelled || !next) {
    await tx.query(sql.finishRequest, [id, request.cancelled ? "cancelled" : request.failed > 0 ? "failed" : "succeeded"]);
    return no("over");
  }
  const { own, scheduled } = await parentsFor(tx, sql, claim, { request, state, slot: next.slot, now });
  const verdict = decideRequest(job, { ...facts, parents: own }, { request, slot: next.slot, scheduled });
  if (!verdict.due) return no(verdict.scheduledFirst ? "scheduled" : verdict);
  return { ...(await serve(tx, sql, claim, { request, state, next })), skipped };
}

/** `putOff`: another start of the same payload came between, and the repeat interval counts from there. */
async function lockRequest(tx: Queryable, sql: Statements, job: Job, id: bigint): Promise<(RequestRow & { putOff: boolean }) | null> {
  const row = (await tx.query(sql.lockRequest, [id, job.name])).rows[0];
  if (!row) return null;
  const request = toRequest(row);
  const readyAt = toDate(row.ready_at) ?? request.notBefore;
  return { ...request, notBefore: readyAt, putOff: readyAt > request.notBefore };
}

interface Slot {
  readonly slot: Date;
  /** Of a backfill that has not counted its dates yet; null: it has, or is none. */
  readonly total: number | null;
}

interface Asked {
  readonly job: Job;
  readonly state: JobState;
  readonly request: RequestRow;
  readonly now: Date;
}

interface Owing {
  readonly job: Job;
  readonly state: JobState | null;
  readonly request: Pick<RequestRow, "from" | "to" | "reached" | "again">;
  readonly now: Date;
}

/** What the next run is for; null: a backfill has no date left. */
async function slotFor(tx: Queryable, sql: Statements, asked: Asked): Promise<Slot | null> {
  const { job, request, now } = asked;
  if (request.kind !== "backfill") {
    if (request.slot) return { slot: request.slot, total: null };
    // A slot succeeds once: a second request within the same millisecond is for the next one.
    for (let slot = now; ; slot = new Date(slot.getTime() + 1)) {
      if ((await tx.query(sql.slotFacts, [job.name, slot])).rows[0]?.succeeded !== true) return { slot, total: null };
    }
  }
  let first: Date | null = null;
  let total = 0;
  for await (const date of owed(tx, sql, asked)) {
    first ??= date;
    total++;
    if (request.total !== null || total === MOST) break;
  }
  return first && { slot: first, total: request.total === null ? total : null };
}

/** The dates a backfill still has to run, oldest first. */
async function* owed(db: Queryable, sql: Statements, { job, state, request, now }: Owing): AsyncGenerator<Date> {
  const { from, to, reached: after, again } = request;
  let chunk: Date[] = [];
  const missing = async (): Promise<Date[]> => {
    if (again || chunk.length === 0) return chunk;
    const { rows } = await db.query(sql.succeededAt, [job.name, chunk]);
    const succeeded = new Set(rows.map((row) => toDate(row.slot)?.getTime()));
    return chunk.filter((date) => !succeeded.has(date.getTime()));
  };
  for (const date of dates(job, state, { from: from ?? now, to: to ?? now, after, now })) {
    if (chunk.push(date) < CHUNK) continue;
    yield* await missing();
    chunk = [];
  }
  yield* await missing();
}

/** The parents, locked, as they stand for the run that was asked for and for the job's own open slot. */
async function parentsFor(
  tx: Queryable,
  sql: Statements,
  { job, parents }: ClaimRequest,
  { request, state, slot, now }: { request: RequestRow; state: JobState; slot: Date; now: Date },
): Promise<{ own: ParentFacts[]; scheduled: ParentFacts[] }> {
  if (job.dependsOn.length === 0) return { own: [], scheduled: [] };
  const names = [...job.dependsOn].sort();
  const rows = (await tx.query(sql.lockParents, [names])).rows as StateRow[];
  const facts = names.map((name) => {
    const row = rows.find((r) => r.app_name === name);
    return { name, job: parents.get(name) ?? null, state: row ? toState(row) : null };
  });
  const at = async (dated: boolean, when: Date): Promise<ParentFacts[]> => {
    if (!dated) return facts;
    const runs = await parentsAt(tx, sql, names, when);
    return facts.map((fact) => ({ ...fact, at: runs.get(fact.name) ?? null }));
  };
  const own = await at(job.backfill || request.kind === "backfill", slot);
  return { own, scheduled: await at(job.backfill, planned(job, state, now).slot ?? now) };
}

async function serve(
  tx: Queryable,
  sql: Statements,
  claim: ClaimRequest,
  { request, state, next: { slot, total } }: { request: RequestRow; state: JobState; next: Slot },
): Promise<RequestClaimed> {
  const { job, runId } = claim;
  const due = requested(job, request, slot);
  const known = (await tx.query(sql.slotFacts, [job.name, slot])).rows[0];
  const attempt = due.trigger === "manual" ? due.attempt : Math.max(due.attempt, Number(known?.attempt ?? 0) + 1);
  const started = await start(tx, sql, claim, { due: { ...due, attempt }, state, payload: request.payload });
  if (!started.held) return started;
  await tx.query(sql.startRequest, [request.id, runId, slot, due.attempt, total]);
  if (request.payloadHash !== null) await tx.query(sql.coverRequests, [job.name, request.payloadHash, request.id]);
  return started;
}

export interface Asking {
  readonly name: string;
  readonly by: By;
}

type Ready = <T>(work: () => Promise<T>) => Promise<T>;

/** What people and verbs ask for. Every deed is the database's own function of that name; an unknown job is its error P0002. */
export class Requests {
  readonly #db: Queryable;
  readonly #sql: Statements;
  readonly #pinned: () => Date | null;
  readonly #ready: Ready;

  /** `ready` brings the schema up to date first, if it must and may. */
  constructor({ db, sql, pinned, ready }: { db: Queryable; sql: Statements; pinned: () => Date | null; ready: Ready }) {
    this.#db = db;
    this.#sql = sql;
    this.#pinned = pinned;
    this.#ready = ready;
  }

  /** What nobody is serving now, in the order in which it is to be served. */
  async open(): Promise<RequestRow[]> {
    return (await this.#db.query(this.#sql.openRequests, [this.#pinned()])).rows.map(toRequest);
  }

  /** Seconds; `payload` is JSON text. */
  trigger(asking: Asking, what: { payload: string | null; debounce: number; atMostEvery: number | null }): Promise<bigint> {
    return this.#ask(this.#sql.trigger, [asking.name, what.payload, what.debounce, what.atMostEvery, asking.by.note, asking.by.who]);
  }

  runDetached(asking: Asking, { slot, force }: { slot: Date | null; force: boolean }): Promise<bigint> {
    return this.#ask(this.#sql.runDetached, [asking.name, slot, force, asking.by.note, asking.by.who]);
  }

  backfill(asking: Asking, what: { from: Date; to: Date; again: boolean; force: boolean }): Promise<bigint> {
    return this.#ask(this.#sql.backfill, [asking.name, what.from, what.to, what.again, what.force, asking.by.note, asking.by.who]);
  }

  /** False: it is over or cancelled already. */
  async cancel(id: bigint, { who, note }: By): Promise<boolean> {
    return (await this.#ready(() => this.#db.query(this.#sql.cancelRequest, [id, note, who]))).rows[0]?.cancelled === true;
  }

  /** A job's requests of these kinds: open ones, then the newest. */
  async of(name: string, kinds: readonly RequestKind[], limit: number): Promise<RequestRow[]> {
    return (await this.#ready(() => this.#db.query(this.#sql.requestsOf, [name, kinds, limit]))).rows.map(toRequest);
  }

  /** The dates a backfill of that range would run, as things stand; at most `limit`. */
  async dates(
    job: Job,
    { state, now }: { state: JobState | null; now: Date },
    what: { from: Date; to: Date; again: boolean; limit: number },
  ) {
    const found: Date[] = [];
    const request = { ...what, reached: null };
    for await (const date of owed(this.#db, this.#sql, { job, state, request, now })) {
      found.push(date);
      if (found.length === what.limit) break;
    }
    return found;
  }

  async #ask(text: string, params: readonly unknown[]): Promise<bigint> {
    return BigInt(String((await this.#ready(() => this.#db.query(text, params))).rows[0]?.id));
  }
}
