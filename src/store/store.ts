/** The store as the engine and the command line see it: one method a deed. Owns retries, in-doubt answers and schema checks. */
import { randomUUID } from "node:crypto";
import { ConfigError } from "../core/errors.ts";
import type { Job } from "../core/job.ts";
import type { Rival } from "../core/lot.ts";
import type { ParentFacts } from "../core/parents.ts";
import type { Due } from "../core/plan.ts";
import { type Plan, replan } from "../core/replan.ts";
import type { JobState, RunEnd, Ticket } from "../core/state.ts";
import { Alerts } from "./alerts.ts";
import { parentsAt } from "./claim.ts";
import { Database, isTransient, type Queryable, sqlState } from "./db.ts";
import { Fleet } from "./fleet.ts";
import { type Looking, touchParams } from "./hosts.ts";
import { type DeadClaim, type Renewal, reapIn, renew } from "./lease.ts";
import type { Ledger } from "./ledger.ts";
import { listen, type Told } from "./listen.ts";
import { migrate, NEWEST, refuseNewer } from "./migrate.ts";
import { Outputs } from "./outputs.ts";
import { type Past, readPast } from "./past.ts";
import { insertPlans } from "./planning.ts";
import { type Recorded, recordWith } from "./record.ts";
import { Requests } from "./requests.ts";
import { type Reset, type ResetRequest, resetIn } from "./reset.ts";
import { type StateRow, toDate, toState } from "./rows.ts";
import { type Run, toRun } from "./runs.ts";
import type { HistoryWish, Snapshot, StoreSettings } from "./shapes.ts";
import { quoted, type Statements, statements } from "./sql.ts";
import { Steering } from "./steer.ts";
import { type ClaimResult, take, type Wish } from "./taking.ts";

export type { HistoryWish, Snapshot, StoreSettings } from "./shapes.ts";
export type { ClaimResult } from "./taking.ts";

export class Store {
  readonly db: Database;
  readonly sql: Statements;
  readonly settings: StoreSettings;
  /** What people ask for by hand. */
  readonly steering: Steering;
  /** Runs that somebody asked for, for whichever host is free. */
  readonly requests: Requests;
  /** How the last runs of many jobs went, and what runs print. */
  readonly outputs: Outputs;
  /** Hosts, locks and upkeep. */
  readonly fleet: Fleet;
  /** What was told, and is to be. */
  readonly alerts: Alerts;

  constructor(settings: StoreSettings) {
    this.settings = settings;
    this.sql = statements(settings.schema);
    this.db = new Database(settings.connection, {
      name: `crontabber ${settings.host}`,
      sql: this.sql,
      max: settings.max,
      keep: settings.keep ?? 0,
    });
    this.requests = new Requests({ db: this.db, sql: this.sql, pinned: settings.pinned, ready: (work) => this.#ready(work) });
    this.outputs = new Outputs({ sql: this.sql, query: (text, params) => this.#ready(() => this.db.query(text, params)) });
    this.fleet = new Fleet({ ...settings, db: this.db, sql: this.sql });
    this.alerts = new Alerts({ db: this.db, q: quoted(settings.schema), host: settings.host });
    this.steering = new Steering({ ...settings, sql: this.sql, transaction: (work) => this.#ready(() => this.db.transaction(work)) });
  }

  /**
   * All rows at one moment, in one statement. Brings the schema up to date first, if it must and may. A host that runs jobs says with
   * which: once a minute it leaves in the same statement that it was here.
   */
  async snapshot(looking: Looking | null = null): Promise<Snapshot> {
    const now = this.settings.pinned();
    const ask = () =>
      looking ? this.db.query(this.sql.look, [now, ...touchParams(looking, this.settings)]) : this.db.query(this.sql.snapshot, [now]);
    const rows = (await this.#ready(ask)).rows;
    const [first] = rows;
    if (looking && first?.host_due === true) await this.fleet.write(looking);
    const states = rows.filter((row) => row.app_name !== null).map((row) => toState(row as StateRow));
    return {
      now: toDate(first?.now) ?? new Date(0),
      states: new Map(states.map((state) => [state.name, state])),
      pruneDue: first?.prune_due === true,
      requestsOpen: first?.requests_open === true,
      rivals: (first?.rivals as Rival[] | null | undefined) ?? [],
    };
  }

  /** The rows of some jobs, at one moment; a name without a row is missing. */
  async read(names: readonly string[]): Promise<{ now: Date | null; states: ReadonlyMap<string, JobState> }> {
    const { rows } = await this.db.query(this.sql.readJobs, [this.settings.pinned(), names]);
    const states = rows.map((row) => toState(row as StateRow));
    return { now: toDate(rows[0]?.now), states: new Map(states.map((state) => [state.name, state])) };
  }

  /**
   * Hears what steering and records tell, on a connection of its own. Null: there is none to be had (a pooler in between takes LISTEN
   * without an error, and never delivers); then polling is all there is. `lost` is called when the connection breaks.
   */
  listen(heard: (told: Told) => void, lost: () => void): Promise<{ close(): Promise<void> } | null> {
    return listen(this.db, { heard, lost });
  }

  /** Applies missing migrations; the names of those applied. */
  migrate(): Promise<string[]> {
    return migrate(this.db, this.settings.schema);
  }

  /** First rows, for jobs nobody has seen before. */
  async insertPlans(plans: readonly { job: Job; plan: Plan }[]): Promise<void> {
    if (plans.length > 0) await insertPlans(this.db, this.sql, plans);
  }

  /** A job that no pass has seen yet gets its row here: it can be steered before it ever runs. */
  async ensureRow(job: Job): Promise<void> {
    const { now, states } = await this.snapshot();
    const plan = states.has(job.name) ? null : replan(job, null, now);
    if (plan) await this.insertPlans([{ job, plan }]);
  }

  /** Takes the job if it is due, deciding again under its lock. With `requestId` the claim is for that request, and beside the plan. */
  async claim(job: Job, parents: ReadonlyMap<string, Job>, { hand, requestId, runId }: Wish = {}): Promise<ClaimResult> {
    const { host, tags, maxOngoingAge, pinned } = this.settings;
    const own = { runId: runId ?? randomUUID(), host, tags, maxOngoingAge, pid: process.pid, now: pinned() };
    return take({ db: this.db, sql: this.sql, claim: { job, parents, hand: hand ?? null, ...own }, requestId: requestId ?? null });
  }

  /** Opens connections ahead of so many statements at once, as far as the pool goes. */
  warm(count: number): Promise<void> {
    return this.db.warm(count);
  }

  renew(db: Queryable, runIds: readonly string[]): Promise<Map<string, Renewal>> {
    return renew(db, this.sql, runIds);
  }

  /** Who asked for a run to end, and why; null: it is not known any more. */
  async cancelNote(runId: string): Promise<string | null> {
    return ((await this.db.query(this.sql.cancelNote, [runId])).rows[0]?.cancel_note as string | null | undefined) ?? null;
  }

  /** Of a run that is on; null: nothing new. False: not written, for its row is held by somebody, or the run is over. */
  async news(runId: string, progress: string | null, output: string | null): Promise<boolean> {
    return (await this.db.query(this.sql.news, [runId, progress, output])).rowCount > 0;
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

  /** What a page reads of it; loaded when there is one. */
  async ledger(): Promise<Ledger> {
    const { Ledger } = await import("./ledger.ts");
    return new Ledger({ db: this.db, schema: this.settings.schema, ready: (work) => this.#ready(work) });
  }

  /** What the ledger tells of these jobs to whoever looks ahead. */
  past(names: readonly string[]): Promise<Past> {
    return this.#ready(() => readPast(this.db, quoted(this.settings.schema), names));
  }

  /** A job's runs, newest first; null: those of all jobs. `outcomes`: of these only, `running` too; `since`: started then or later. */
  async history(name: string | null, limit: number, { outcomes = null, since = null }: HistoryWish = {}): Promise<Run[]> {
    return (await this.#ready(() => this.db.query(this.sql.history, [name, limit, outcomes, since]))).rows.map(toRun);
  }

  /** What the ledger says of parents at a slot, for `explain`. */
  async withLedger(parents: readonly ParentFacts[], run: Due | null): Promise<ParentFacts[]> {
    if (!run || parents.length === 0) return [...parents];
    const names = parents.map((p) => p.name);
    const at = await parentsAt(this.db, this.sql, names, run.slot);
    return parents.map((p) => ({ ...p, at: at.get(p.name) ?? null }));
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
      // 42P01 no table, 42703 no column, 42883 no function, 3F000 no schema
      if (!["42P01", "42703", "42883", "3F000"].includes(sqlState(error) ?? "")) throw error;
    }
    if (!this.settings.autoMigrate) {
      const message = `the tables in schema "${this.settings.schema}" are missing or older than this program`;
      throw new ConfigError([{ file: "database", line: null, message, hint: "run: crontabber migrate" }]);
    }
    await this.migrate();
    return work();
  }

  #current(result: unknown): boolean {
    const [first] = (result as { rows?: { version?: unknown; oldest_program?: unknown }[] } | undefined)?.rows ?? [];
    if (first?.version === undefined) return true;
    refuseNewer(first.oldest_program);
    return typeof first.version === "number" && first.version >= NEWEST;
  }
}
