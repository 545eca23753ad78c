/** Hosts over one database, driven as the Python tool was: by command line, file and rows. Owns the database of a test file and its sites. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, afterEach, beforeAll } from "vitest";
import { makeSite, type Process, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { until } from "../helpers/processes.ts";
import type { NeedsSession } from "../helpers/sessions.ts";

export type Row = Record<string, unknown>;

export interface Fleet {
  /** `postgres://…` of the database. */
  readonly url: string;
  /** The same, never through a pooler. */
  session(why: NeedsSession): string;
  /** A folder with a configuration: `settings` are lines of `[crontabber]`, `jobs` what stands below it. */
  site(jobs: string, settings?: string): Site;
  sql(text: string, params?: readonly unknown[]): Promise<Row[]>;
  /** A connection of its own, to hold locks with. */
  client(): Promise<pg.Client>;
  /** Writes a row as the Python tool would: values are SQL expressions; what is left out is null. */
  pythonRow(name: string, values?: Readonly<Record<string, string>>): Promise<void>;
  row(name: string): Promise<Row | undefined>;
  /** Of the row what the Python tool reads and writes. */
  pythonColumns(name: string): Promise<Row | undefined>;
  /** The ledger in the order of claims. */
  runs(name?: string): Promise<Row[]>;
  /** The rows of `crontabber_log`, oldest first. */
  log(name?: string): Promise<Row[]>;
  now(): Promise<Date>;
}

const PYTHON_COLUMNS = "app_name, next_run, first_run, last_run, last_success, ongoing, error_count, depends_on, last_error";

/** To be called once, at the top of a test file: every test begins with empty tables. */
export function useFleet(): Fleet {
  let database: TestDatabase;
  let client: pg.Client;
  const sites: Site[] = [];
  const site = (jobs: string, settings = ""): Site => {
    const made = makeSite(`[crontabber]\n    database_url = ${database.url}\n${settings}\n${jobs}\n`);
    sites.push(made);
    return made;
  };
  const sql = async (text: string, params: readonly unknown[] = []): Promise<Row[]> => (await client.query(text, [...params])).rows;
  beforeAll(async () => {
    database = await freshDatabase();
    client = await database.client();
    await sql("SET datestyle TO 'ISO'");
    const { code, stderr } = await site("").run("migrator", ["migrate"]);
    if (code !== 0) throw new Error(`migrate ended with ${code}: ${stderr}`);
  });
  afterEach(async () => {
    await Promise.all(sites.splice(0).map((made) => made.close()));
    await sql("TRUNCATE crontabber, crontabber_run, crontabber_log");
  });
  afterAll(async () => {
    await database?.drop();
  });
  return {
    get url() {
      return database.url;
    },
    session: (why) => database.session(why),
    site,
    sql,
    client: () => database.client(),
    pythonRow: async (name, values = {}) => {
      const columns = { error_count: "0", depends_on: "'{}'", last_error: "'{}'", ...values };
      await sql(
        `INSERT INTO crontabber (app_name, ${Object.keys(columns).join(", ")}) VALUES ($1, ${Object.values(columns).join(", ")})
         ON CONFLICT (app_name) DO UPDATE SET ${Object.keys(columns)
           .map((c) => `${c} = excluded.${c}`)
           .join(", ")}`,
        [name],
      );
    },
    pythonColumns: async (name) => (await sql(`SELECT ${PYTHON_COLUMNS} FROM crontabber WHERE app_name = $1`, [name]))[0],
    row: async (name) => (await sql("SELECT * FROM crontabber WHERE app_name = $1", [name]))[0],
    runs: (name) => sql("SELECT * FROM crontabber_run WHERE $1::text IS NULL OR app_name = $1 ORDER BY id", [name ?? null]),
    log: (name) => sql("SELECT * FROM crontabber_log WHERE $1::text IS NULL OR app_name = $1 ORDER BY id", [name ?? null]),
    now: async () => (await sql("SELECT now()"))[0]?.now as Date,
  };
}

/** A `[job:NAME]` section; without a command the job only writes its name down. */
export function job(name: string, options: Readonly<Record<string, string>> & { schedule: string }): string {
  const lines = Object.entries("sql" in options ? options : { command: `echo ${name} >> ran`, ...options });
  return `[job:${name}]\n${lines.map(([key, value]) => `    ${key} = ${value}\n`).join("")}`;
}

/** Says that it started, and does not end before the site has a file `go`. */
export const WAITS = "echo start >> ran; while [ ! -e go ]; do sleep 0.02; done; echo end >> ran";

/** Writes down which slot it is for. */
export const TELLS_SLOT = 'echo "$CRONTABBER_SLOT" >> ran';

export function go(site: Site): void {
  writeFileSync(join(site.folder, "go"), "");
}

/** Until the job of that host's pass is at work. */
export async function atWork(site: Site, host: Process): Promise<void> {
  const early = host.ended.then(({ code, stderr }) => {
    throw new Error(`the pass ended with ${code} before its job was at work: ${stderr}`);
  });
  await Promise.race([early, until("the job is at work", () => site.lines("ran").includes("start"))]);
  early.catch(() => {}); // from here on it may end as it likes
}

/** A zone in which it is between 12:00 and 13:00 now: times of day then lie on either side whenever the tests run. */
export function noonZone(now: Date): string {
  const offset = 12 - now.getUTCHours();
  return offset === 0 ? "UTC" : `Etc/GMT${offset > 0 ? "-" : "+"}${Math.abs(offset)}`;
}
