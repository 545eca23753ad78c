/** One host and its database for a test file: jobs that succeed, fail, wait, are held; all rows gone before each test. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { type Ended, makeSite, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";

export interface Fleet {
  readonly database: TestDatabase;
  readonly site: Site;
  /** Set before the first test. */
  readonly sql: pg.Client;
  run(...args: string[]): Promise<Ended>;
}

const INI = (url: string) => `
[crontabber]
    database_url = ${url}
    timezone = Europe/Berlin
    error_retry_time = 0
[job:good]
    command = echo fine
    schedule = 1h
[job:bad]
    command = echo "oops" >&2; test -e mended
    schedule = 1h
[job:child]
    command = echo child >> ran
    schedule = 1h
    depends_on = bad
[job:off]
    command = echo "$CRONTABBER_SLOT" >> ran
    schedule = manual
    enabled = no
[job:slow]
    command = echo up >> ran; while test ! -e go; do sleep 0.05; done
    schedule = manual
[job:once]
    command = false
    schedule = 1h
    max_attempts = 1
`;

/** Call it at the top of a test file: it takes part in its hooks. */
export async function makeFleet(): Promise<Fleet> {
  const database = await freshDatabase();
  const site = makeSite(INI(database.url));
  const run: Fleet["run"] = (...args) => site.run("web-1", args);
  const sql = await database.client();
  beforeAll(async () => {
    await run("migrate");
  });
  beforeEach(async () => {
    await sql.query("TRUNCATE crontabber, crontabber_run, crontabber_log");
    for (const name of ["ran", "mended", "go"]) rmSync(join(site.folder, name), { force: true });
  });
  afterAll(async () => {
    await site.close();
    await database.drop();
  });
  return { database, site, sql, run };
}

export const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;
