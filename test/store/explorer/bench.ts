/** The database that schedules are played on: two migrated schemas, one of them without the ledger's unique indexes. Owns putting rows back. */
import { replan } from "#lib/core/replan.js";
import { type Statements, statements } from "#lib/store/sql.js";
import { Store } from "#lib/store/store.js";
import { freshDatabase, type TestDatabase } from "../../helpers/pg.ts";
import { connectionOf } from "../../helpers/store.ts";
import type { Scenario } from "./explore.ts";
import { Lines } from "./lines.ts";
import type { Setting } from "./stage.ts";

/** Half an hour after the slot that every job of a scenario has open. */
export const NOW = new Date("2026-01-05T03:30:00Z");
export const SLOT = new Date("2026-01-05T03:00:00Z");

const TABLES = ["crontabber", "crontabber_run", "crontabber_log", "crontabber_lock", "crontabber_request", "work"];
/** A slow machine must not add time-outs of its own to a schedule: giving up is a move like any other. */
const patient = (begin: string): string => begin.replaceAll(/'\d+', true/g, "'600000', true");

const INDEXES = ["crontabber_run_one_live_idx", "crontabber_run_one_attempt_idx", "crontabber_run_one_success_idx"];

export class Bench {
  readonly #database: TestDatabase;
  readonly #lines: Lines;
  readonly #stores = new Map<string, Store>();
  #schema = "";
  #restored = 0;

  private constructor(database: TestDatabase) {
    this.#database = database;
    this.#lines = new Lines(database.session("backends"));
  }

  static async open(): Promise<Bench> {
    const bench = new Bench(await freshDatabase());
    for (const schema of ["shipped", "bare"]) {
      const settings = { autoMigrate: true, max: 2, host: "before", tags: [], maxOngoingAge: 43_200, pinned: () => NOW };
      const store = new Store({ ...settings, schema, connection: connectionOf(bench.#database.session("backends")) });
      await store.migrate();
      bench.#stores.set(schema, store);
      await bench.#lines.ask(`CREATE TABLE ${schema}.work (run_id uuid, app_name text, slot timestamptz)`);
      for (const table of TABLES) await bench.#lines.ask(`CREATE TABLE ${schema}.saved_${table} AS TABLE ${schema}.${table}`);
    }
    for (const index of INDEXES) await bench.#lines.ask(`DROP INDEX bare.${index}`);
    return bench;
  }

  /** Registers the scenario's jobs, runs its preparation, and remembers the rows. */
  async prepare(scenario: Scenario): Promise<Setting> {
    const schema = scenario.bare ? "bare" : "shipped";
    this.#schema = schema;
    const { store } = this;
    const tables = TABLES.map((table) => `${schema}.${table}`);
    await this.#lines.ask(`TRUNCATE ${tables.join(", ")}`);
    await store.insertPlans(
      scenario.jobs.flatMap((job) => {
        const plan = replan(job, null, NOW);
        return plan ? [{ job, plan }] : [];
      }),
    );
    await scenario.prepare?.(store);
    for (const table of TABLES) {
      await this.#lines.ask(`TRUNCATE ${schema}.saved_${table}; INSERT INTO ${schema}.saved_${table} SELECT * FROM ${schema}.${table}`);
    }
    const shipped = statements(schema);
    const sql = { ...shipped, begin: patient(shipped.begin), ...scenario.alter?.(shipped) } as Statements;
    return { lines: this.#lines, schema, sql, jobs: scenario.jobs, now: NOW, faults: scenario.faults ?? 0 };
  }

  /** The shipped store of a host that nobody steps. */
  get store(): Store {
    const store = this.#stores.get(this.#schema);
    if (!store) throw new Error("no scenario is prepared");
    return store;
  }

  /** The rows as they were after the preparation. */
  async restore(): Promise<void> {
    this.#restored += 1;
    // Dead rows slow everything down; emptying files does too.
    const empty = this.#restored % 100 === 0 ? (table: string) => `TRUNCATE ${table}` : (table: string) => `DELETE FROM ${table}`;
    const texts = TABLES.flatMap((table) => {
      const name = `${this.#schema}.${table}`;
      return [empty(name), `INSERT INTO ${name} SELECT * FROM ${this.#schema}.saved_${table}`];
    });
    await this.#lines.ask(texts.join("; "));
  }

  async close(): Promise<void> {
    await this.#lines.close();
    await Promise.all([...this.#stores.values()].map((store) => store.close()));
    await this.#database.drop();
  }
}
