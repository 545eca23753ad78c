/** A fleet for tests of steering: two hosts by label, jobs that append to files; all rows gone before each test. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { type Ended, makeSite, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";

export interface Steered {
  readonly database: TestDatabase;
  readonly site: Site;
  readonly sql: pg.Client;
  /** As kim at web-1. */
  run(...args: string[]): Promise<Ended>;
  row(name: string): Promise<Record<string, unknown>>;
  /** What was done, oldest first, without its instants. */
  events(): Promise<Record<string, unknown>[]>;
  /** The job's open slot, and its plan, so many hours ago. */
  owes(name: string, hours: number): Promise<void>;
}

const INI = (url: string) => `
[crontabber]
    database_url = ${url}
    lease = 3
[job:plain]
    command = echo "$CRONTABBER_SLOT" >> plain
    schedule = 1h
[job:dates]
    command = echo "$CRONTABBER_SLOT" >> dates
    schedule = 1h
    backfill = yes
[job:bad]
    command = false
    schedule = 1h
[job:child]
    command = echo child >> child
    schedule = 1h
    depends_on = bad
[job:once]
    command = false
    schedule = 1h
    max_attempts = 1
[job:slow]
    command = echo $$ >> slow; test ! -e long || sleep 60
    schedule = 1h
`;

/** Call it at the top of a test file: it takes part in its hooks. */
export async function makeSteered(): Promise<Steered> {
  const database = await freshDatabase();
  const site = makeSite(INI(database.url));
  const sql = await database.client();
  await sql.query("SET datestyle TO 'ISO'");
  const run: Steered["run"] = (...args) => site.run("web-1", args, { USER: "kim" });
  beforeAll(async () => {
    await run("migrate");
  });
  beforeEach(async () => {
    await sql.query("TRUNCATE crontabber, crontabber_run, crontabber_log, crontabber_event");
    for (const name of ["plain", "dates", "child", "slow", "long"]) rmSync(join(site.folder, name), { force: true });
  });
  afterAll(async () => {
    await site.close();
    await database.drop();
  });
  return {
    ...{ database, site, sql, run },
    row: async (name) => (await sql.query("SELECT * FROM crontabber WHERE app_name = $1", [name])).rows[0],
    events: async () => (await sql.query("SELECT what, app_name, who, note FROM crontabber_event ORDER BY id")).rows,
    owes: async (name, hours) => {
      await sql.query(
        `UPDATE crontabber SET slot = t, next_run = t, planned_next = t
         FROM (SELECT clock_timestamp() - $2 * interval '1 hour' AS t) AS past WHERE app_name = $1`,
        [name, hours],
      );
    },
  };
}
