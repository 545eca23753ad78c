/** Hosts whose alerts go to a web server of the test's own. Owns what it starts, for each test afresh. */
import type pg from "pg";
import { afterEach, beforeEach } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

/** Fails until somebody mends it. */
export const BAD = `[job:bad]
    command = echo secret-word >&2; echo bad >> ran; test -e mended
    schedule = 1h
    owner = data-team
    runbook = https://wiki.example/bad
`;
export const CHILD = `[job:child]
    command = true
    schedule = 1h
    depends_on = bad
`;

export interface Around {
  readonly database: TestDatabase;
  readonly sql: pg.Client;
  readonly site: Site;
  readonly receiver: Receiver;
  /** Writes the configuration; `alerts` is what stands in its section. */
  configure(alerts: string, jobs?: string, more?: string, file?: string): void;
  /** The line that names the receiver. */
  hook(): string;
  /** What the receiver was told, in words. */
  texts(): string[];
  /** Of the table, in the order of the changes. */
  rows(columns: string): Promise<Record<string, unknown>[]>;
  /** The time to tell has run out, as if half a minute had passed. */
  lapse(): Promise<unknown>;
}

/** Call it at the top of a test file: it takes part in its hooks. */
export function aroundEach(): () => Around {
  let around: Around;
  beforeEach(async () => {
    const database = await freshDatabase();
    const sql = await database.client();
    const receiver = await startReceiver();
    const site = makeSite("");
    around = {
      ...{ database, sql, site, receiver },
      configure: (alerts, jobs = BAD + CHILD, more = "", file = "crontabber.ini") => {
        const ini = `[crontabber]\n    database_url = ${database.url}\n    error_retry_time = 0\n${more}[alerts]\n${alerts}\n${jobs}`;
        site.write(file, ini);
      },
      hook: () => `    webhook = ${receiver.url}/hook\n`,
      texts: () => receiver.alerts.map(({ text }) => text),
      rows: async (columns) => (await sql.query(`SELECT ${columns} FROM crontabber_alert ORDER BY id`)).rows,
      lapse: () => sql.query("UPDATE crontabber_alert SET claimed_until = clock_timestamp() - interval '1 second'"),
    };
  });
  afterEach(async () => {
    await around.site.close();
    await around.receiver.close();
    await around.database.drop();
  });
  return () => around;
}
