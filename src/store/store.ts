/** The store as the engine and the command line see it: one method a deed. Owns retries, in-doubt answers and schema checks. */
import { randomUUID } from "node:crypto";
import type { Connection } from "../core/database.ts";
import { ConfigError } from "../core/errors.ts";
import type { Job } from "../core/job.ts";
import type { ParentFacts } from "../core/parents.ts";
import type { ByHand, Due, NotDue } from "../core/plan.ts";
import type { Plan, Skipped } from "../core/replan.ts";
import type { JobState, RunEnd, Ticket } from "../core/state.ts";
import { claimIn, parentsAt } from "./claim.ts";
import { CommitUnknown, Database, isTransient, type Queryable, sqlState } from "./db.ts";
import { type DeadClaim, type Renewal, reapIn, renew } from "./lease.ts";
import { migrate, NEWEST, refuseNewer } from "./migrate.ts";
import { insertPlans } from "./planning.ts";
import { type Recorded, recordWith } from "./record.ts";
import { type Reset, type ResetRequest, resetIn, unlock } from "./reset.ts";
import { type StateRow, toDate, toState } from "./rows.ts";
import { type Run, toRun } from "./runs.ts";
import { type Statements, statements } from "./sql.ts";

export interface StoreSettings {
  readonly connection: Connection;
  readonly schema: string;
  readonly autoMigrate: boolean;
  /** Connections the pool may hold; one more is kept for renewals while something runs. */
  readonly max: number;
  readonly host: string;
  readonly tags: readonly string[];
  /** Seconds. */
  readonly maxOngoingAge: number;
  /** Null in production: the database's clock decides. */
  readonly pinned: () => Date | null;
}

export interface Snapshot {
  readonly now: Date;
  readonly states: ReadonlyMap<string, JobState>;
  /** Nobody has pruned the ledger for an hour. */
  readonly pruneDue: boolean;
}

/** What a claim came to. `in-doubt`: COMMIT's answer was lost and the run could not be found; nothing may start. */
export type ClaimResult = (
  | { readonly held: true; readonly ticket: Ticket }
  | { readonly held: false; readonly why: "locked" | "in-doubt" | "closed"; readonly detail: string }
  | { readonly held: false; readonly why: "no"; readonly verdict: NotDue; readonly state: JobState | null }
) & { readonly skipped?: Skipped | null };

const LOCK_TRIES = 5;
const PRUNE_BATCH = 500;

export class Store {
  readonly db: Database;
  readonly sql: Statements;
  readonly settings: StoreSettings;

  constructor(settings: StoreSettings) {
    this.settings = settings;
    this.sql = statements(settings.schema);
    this.db = new Database(settings.connection, { name: `crontabber ${settings.host}`, sql: this.sql, max: settings.max });
  }

  /** All rows at one moment, in one statement. Brings the schema up to date first, if it must and may. */
  async snapshot(): Promise<Snapshot> {
    const rows = (await this.#ready(() => this.db.query(this.sql.snapshot, [this.settings.pinned()]))).rows;
    const [first] = rows;
    const states = rows.filter((row) => row.app_name !== null).map((row) => toState(row as StateRow));
    return {
      now: toDate(first?.now) ?? new Date(0),
      states: new Map(states.map((state) => [state.name, state])),
      pruneDue: first?.prune_due === true,
    };
  }

  /** Applies missing migrations; the names of those applied. */
  migrate(): Promise<string[]> {
    return migrate(this.db, this.settings.schema);
  }

  /** First rows, for jobs nobody has seen before. */
  async insertPlans(plans: readonly { job: Job; plan: Plan }[]): Promise<void> {
    if (plans.length > 0) await insertPlans(this.db, this.sql, plans);
  }

  /** Takes the job if it is due, deciding again under its lock. Contention is a value; a lost COMMIT is looked up, never guessed. */
  async claim(job: Job, parents: ReadonlyMap<string, Job>, hand: ByHand | null = null): Promise<ClaimResult> {
    const { host, tags, maxOngoingAge, pinned } = this.settings;
    const runId = randomUUID();
    const request = { job, parents, hand, runId, host, tags, maxOngoingAge, pid: process.pid, now: pinned() };
    let ticket: Ticket | null = null;
    for (let attempt = 1; ; attempt++) {
      try {
        const claimed = await this.db.transaction(async (tx) => {
          const taken = await claimIn(tx, this.sql, request);
          ticket = taken.held ? taken.ticket : null;
          return taken;
        });
        if (claimed.held) return claimed;
        const { verdict, state, skipped } = claimed;
        if (verdict === "closed") return { held: false, why: "closed", detail: "the slot had succeeded before" };
        return { held: false, why: "no", verdict, state, ...(skipped && { skipped }) };
      } catch (error) {
        if (error instanceof CommitUnknown) return this.#resolve(ticket);
        const state = sqlState(error);
        if (state === "23505") return { held: false, why: "locked", detail: "the ledger has a live run of it" };
        if (state !== "55P03" && state !== "40P01" && state !== "40001") throw error;
        if (attempt === LOCK_TRIES) return { held: false, why: "locked", detail: "its row, or a parent's, is locked by another process" };
        await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 25));
      }
    }
  }

  /** The answer to a claim's COMMIT was lost: the row tells, or nothing starts. */
  async #resolve(ticket: Ticket | null): Promise<ClaimResult> {
    const doubt = { held: false as const, why: "in-doubt" as const, detail: "the answer to the claim's COMMIT was lost" };
    if (!ticket) return doubt;
    try {
      const found = await this.db.query(this.sql.findClaim, [ticket.runId]);
      return found.rowCount === 1 ? { held: true, ticket } : doubt;
    } catch {
      // Unreachable: the claim may surface later, and its lease will run out.
      return doubt;
    }
  }

  renew(db: Queryable, runIds: readonly string[]): Promise<Map<string, Renewal>> {
    return renew(db, this.sql, runIds);
  }

  async progress(runId: string, json: string): Promise<void> {
    await this.db.query(this.sql.progress, [runId, json]);
  }

  /** One try; throws while the database cannot be used. Idempotent by run id. */
  record(ticket: Ticket, end: RunEnd, ledgerWins = false): Promise<Recorded> {
    const now = this.settings.pinned();
    return this.db.transaction((tx) => recordWith(tx, this.sql, { ticket, end, now, ledgerWins }));
  }

  async attachOutput(runId: string, output: string): Promise<void> {
    await this.db.query(this.sql.attachOutput, [runId, output]);
  }

  /** How the ledger says a run ended; null: not at all, or no such run. */
  async outcome(runId: string): Promise<string | null> {
    return ((await this.db.query(this.sql.readOutcome, [runId])).rows[0]?.outcome as string | null | undefined) ?? null;
  }

  /** The second look's write. False: it lives after all, somebody was faster, or the row is locked right now. */
  async reap(seen: DeadClaim, job: Job | null): Promise<boolean> {
    try {
      return await this.db.transaction((tx) => reapIn(tx, this.sql, { seen, job, now: this.settings.pinned() }));
    } catch (error) {
      if (sqlState(error) === "55P03") return false;
      throw error;
    }
  }

  async reset(request: Omit<ResetRequest, "maxOngoingAge">): Promise<Reset> {
    const { maxOngoingAge } = this.settings;
    return this.#ready(() => this.db.transaction((tx) => resetIn(tx, this.sql, { ...request, maxOngoingAge })));
  }

  unlock(name: string): Promise<boolean> {
    return this.#ready(() => unlock(this.db, this.sql, name));
  }

  /** A job's runs, newest first; null: those of all jobs. */
  async history(name: string | null, limit: number): Promise<Run[]> {
    return (await this.#ready(() => this.db.query(this.sql.history, [name, limit]))).rows.map(toRun);
  }

  /** The newest run with its output, or the one asked for by number. */
  async output(name: string, id: bigint | null): Promise<{ run: Run; output: string | null } | null> {
    const row = (await this.#ready(() => this.db.query(this.sql.newestOutput, [name, id]))).rows[0];
    return row ? { run: toRun(row), output: row.output as string | null } : null;
  }

  /** What the ledger says of parents at a slot, for `explain`. */
  async withLedger(parents: readonly ParentFacts[], run: Due | null): Promise<ParentFacts[]> {
    if (!run || parents.length === 0) return [...parents];
    const names = parents.map((p) => p.name);
    const at = await parentsAt(this.db, this.sql, names, run.slot);
    return parents.map((p) => ({ ...p, at: at.get(p.name) ?? null }));
  }

  /** Old ledger rows go, in small batches, at most once an hour over the whole fleet. Rows removed. */
  async prune(days: number): Promise<number> {
    if ((await this.db.query(this.sql.takePrune)).rowCount === 0) return 0;
    let removed = 0;
    for (let batch = 0; batch < 20; batch++) {
      const { rowCount } = await this.db.query(this.sql.prune, [days, PRUNE_BATCH]);
      removed += rowCount;
      if (rowCount < PRUNE_BATCH) break;
    }
    return removed;
  }

  /** The connection, the server or its mood is to blame: the same write may succeed later. */
  isTransient(error: unknown): boolean {
    return isTransient(error);
  }

  close(): Promise<void> {
    return this.db.close();
  }

  /** Runs a statement that needs our tables; where they are missing or old, migrates once and tries again. */
  async #ready<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      if (this.#current(result)) return result;
    } catch (error) {
      // 42P01 no table, 42703 no column, 3F000 no schema
      if (!["42P01", "42703", "3F000"].includes(sqlState(error) ?? "")) throw error;
    }
    if (!this.settings.autoMigrate) {
      const message = `the tables in schema "${this.settings.schema}" are missing or older than this program`;
      throw new ConfigError([{ file: "database", line: null, message, hint: "run: crontabber migrate" }]);
    }
    await this.migrate();
    return work();
  }

  #current(result: unknown): boolean {
    const [first] = (result as { rows?: { version?: unknown; oldest_program?: unknown }[] }).rows ?? [];
    if (first?.version === undefined) return true;
    refuseNewer(first.oldest_program);
    return typeof first.version === "number" && first.version >= NEWEST;
  }
}
