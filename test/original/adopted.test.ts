/** A database that the Python tool made and filled: ours to the first pass, without losing a row or a date, and still the Python tool's. */
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { atWork, go, job, WAITS } from "./fleet.ts";

/** As the Python tool's bootstrap writes it. */
const TABLES = `
  CREATE TABLE crontabber (
    app_name text NOT NULL, next_run timestamp with time zone, first_run timestamp with time zone, last_run timestamp with time zone,
    last_success timestamp with time zone, ongoing timestamp with time zone, error_count integer DEFAULT 0, depends_on text[], last_error json);
  CREATE UNIQUE INDEX crontabber_unique_app_name_idx ON crontabber (app_name);
  CREATE TABLE crontabber_log (
    id SERIAL NOT NULL, app_name text NOT NULL, log_time timestamp with time zone DEFAULT NOW() NOT NULL, duration interval,
    success timestamp with time zone, exc_type text, exc_value text, exc_traceback text);`;

const ERROR = `{"type": "<type 'exceptions.NameError'>", "value": "x", "traceback": "  File a.py"}`;
const T = (text: string) => `now() + interval '${text}'`;
/** Every shape a row of it has: next_run, last_run, last_success, ongoing, error_count, last_error. */
const ROWS: Record<string, [next: string, last: string, success: string, ongoing: string, errors: string, error: string]> = {
  waiting: [T("3 hours"), T("-21 hours"), T("-21 hours"), "NULL", "0", "'{}'"],
  due: [T("-10 minutes"), T("-1 day -10 minutes"), T("-1 day -10 minutes"), "NULL", "0", "'{}'"],
  failing: [T("2 minutes"), T("-3 minutes"), T("-2 days"), "NULL", "2", `'${ERROR.replaceAll("'", "''")}'`],
  "never-well": [T("-1 minute"), T("-6 minutes"), "NULL", "NULL", "1", `'${ERROR.replaceAll("'", "''")}'`],
  running: [T("-5 minutes"), T("-1 day"), T("-1 day"), T("-4 minutes"), "0", "'{}'"],
  "first-run": ["NULL", "NULL", "NULL", T("-1 minute"), "NULL", "NULL"],
  stuck: [T("-2 days"), T("-3 days"), T("-3 days"), T("-26 hours"), "0", "'{}'"],
  cleared: ["NULL", "NULL", "NULL", "NULL", "0", "NULL"],
  dates: [T("-2 days -1 hour"), T("-2 days -30 minutes"), T("-3 days -1 hour"), "NULL", "0", "'{}'"],
  "failed-dates": [T("-1 minute"), T("-6 minutes"), T("-3 days -1 hour"), "NULL", "1", `'${ERROR.replaceAll("'", "''")}'`],
  "far away": ["'infinity'", T("-1 day"), T("-1 day"), "NULL", "0", "'{}'"],
  ghost: [T("-1 year"), T("-1 year"), T("-1 year"), "NULL", "5", "'{}'"],
};
/** To the microsecond, which a Date has not. */
const COLUMNS =
  "app_name, next_run::text AS exact, next_run, first_run, last_run, last_success, ongoing, error_count, depends_on, last_error::text AS last_error";

let database: TestDatabase;
let sql: pg.Client;
let site: Site;
type Table = Record<string, Record<string, unknown>>;
const table = async (): Promise<Table> =>
  Object.fromEntries((await sql.query(`SELECT ${COLUMNS} FROM crontabber ORDER BY app_name`)).rows.map((row) => [row.app_name, row]));

beforeAll(async () => {
  database = await freshDatabase();
  sql = await database.client();
  await sql.query("SET datestyle TO 'ISO'");
  await sql.query(TABLES);
  for (const [name, [next, last, success, ongoing, errors, error]] of Object.entries(ROWS)) {
    await sql.query(
      `INSERT INTO crontabber (app_name, next_run, first_run, last_run, last_success, ongoing, error_count, depends_on, last_error)
       VALUES ($1, ${next}, ${last}, ${last}, ${success}, ${ongoing}, ${errors}, '{}', ${error})`,
      [name],
    );
    await sql.query(`INSERT INTO crontabber_log (app_name, duration, success) VALUES ($1, interval '3 seconds', ${success})`, [name]);
  }
  const names = Object.keys(ROWS).filter((name) => name !== "ghost");
  site = makeSite(
    `[crontabber]\n    database_url = ${database.url}\n` +
      names.map((name) => job(name, { schedule: "1d", backfill: name.endsWith("dates") ? "yes" : "no" })).join(""),
  );
});
afterAll(async () => {
  await site?.close();
  await database?.drop();
});

it("the first pass runs what the Python tool would have run next, makes up every date, and touches no other row's times", async () => {
  const before = await table();
  expect((await site.run("ours")).code).toBe(0);
  expect(site.lines("ran").sort()).toEqual([
    "cleared",
    "dates",
    "dates",
    "dates",
    "due",
    "failed-dates",
    "failed-dates",
    "failed-dates",
    "never-well",
    "stuck",
  ]);
  const after = await table();
  expect(Object.keys(after)).toEqual(Object.keys(before));
  for (const name of ["waiting", "failing", "running", "first-run", "far away", "ghost"]) expect(after[name]).toEqual(before[name]);
  const day = (t: unknown, n: number) => new Date((t as Date).getTime() + n * 86_400_000);
  expect(after.due?.next_run).toEqual(day(before.due?.next_run, 1));
  expect(after.dates).toMatchObject({ next_run: day(before.dates?.next_run, 3), last_success: day(before.dates?.next_run, 2) });
  // The Python tool had written the moment of its retry into next_run; what it owed were the dates after its last success.
  expect(after["failed-dates"]).toMatchObject({ last_success: day(before["failed-dates"]?.last_success, 3), error_count: 0 });
  expect(after.due?.first_run).toEqual(before.due?.first_run);
  expect(after["never-well"]).toMatchObject({ error_count: 0, last_error: "{}" });
});

it("the log keeps its rows and goes on with its numbers", async () => {
  const { rows } = await sql.query("SELECT count(*)::int AS n, max(id)::int AS last FROM crontabber_log");
  const both = Object.keys(ROWS).length + site.lines("ran").length;
  expect(rows).toEqual([{ n: both, last: both }]);
});

it("the listing has the state the Python tool left", async () => {
  const { stdout } = await site.run("ours", ["--list-jobs"]);
  const block = (name: string) => stdout.split(/^=== JOB =+\n/m).find((text) => text.includes(`App name:       ${name}\n`)) ?? "";
  expect(block("failing")).toContain(
    "Error!!         (2 times)\nTraceback (most recent call last):\n  File a.py\n<type 'exceptions.NameError'>: x\n",
  );
  expect(block("running")).toContain("Ongoing now!    Started 4 minutes");
  expect((await site.run("ours", ["--audit-ghosts"])).stdout).toContain("\n\tghost\n");
});

it("a Python host goes on beside ours: it claims, ends and moves rows by its own statements, and we go by what it wrote", async () => {
  // As its claim, its record after a success and its insert of a new job do.
  await sql.query("UPDATE crontabber SET next_run = now() - interval '1 second' WHERE app_name = 'due'");
  await sql.query("UPDATE crontabber SET ongoing = now() WHERE app_name = 'due'");
  site.write("ran", "");
  expect((await site.run("ours")).code).toBe(3);
  await sql.query(
    `UPDATE crontabber SET next_run = now() + interval '1 hour', first_run = first_run, last_run = now(), last_success = now(),
       error_count = 0, depends_on = '{}', last_error = '{}', ongoing = NULL WHERE app_name = 'due'`,
  );
  await sql.query(
    `INSERT INTO crontabber (app_name, next_run, first_run, last_run, last_success, error_count, depends_on, last_error, ongoing)
     VALUES ('theirs', now() + interval '1 day', now(), now(), now(), 0, '{}', '{}', NULL)`,
  );
  const moved = (await table()).due;
  expect((await site.run("ours")).code).toBe(3); // 'running' is still theirs
  expect([site.lines("ran"), (await table()).due]).toEqual([[], moved]);
  await sql.query("UPDATE crontabber SET ongoing = NULL, next_run = now() + interval '1 day' WHERE app_name IN ('running', 'first-run')");
  expect((await site.run("ours")).code).toBe(0);
  await sql.query("UPDATE crontabber SET next_run = now() WHERE app_name = 'due'");
  expect((await site.run("ours")).code).toBe(0);
  expect(site.lines("ran")).toEqual(["due"]);
});

it("a Python host that takes a running claim of ours breaks nothing for good: its next_run wins, ours is recorded, the row is free", async () => {
  site.write("crontabber.ini", `[crontabber]\n    database_url = ${database.url}\n${job("due", { schedule: "1d", command: WAITS })}`);
  site.write("ran", "");
  await sql.query("UPDATE crontabber SET next_run = now() WHERE app_name = 'due'");
  const owner = site.start("ours");
  await atWork(site, owner);
  await sql.query("UPDATE crontabber SET ongoing = now() WHERE app_name = 'due'");
  await sql.query("UPDATE crontabber SET ongoing = NULL, last_run = now(), next_run = now() + interval '7 hours' WHERE app_name = 'due'");
  const theirs = (await table()).due;
  go(site);
  expect((await owner.ended).code).toBe(0);
  expect((await table()).due).toMatchObject({ exact: theirs?.exact, ongoing: null, error_count: 0 });
  expect((await sql.query("SELECT 1 FROM crontabber WHERE run_id IS NOT NULL")).rows).toEqual([]);
});

it("tables of releases before 0.17, which had no ongoing, are adopted too", async () => {
  await sql.query("DROP SCHEMA public CASCADE");
  await sql.query("CREATE SCHEMA public");
  await sql.query(TABLES.replace("ongoing timestamp with time zone, ", ""));
  await sql.query(
    "INSERT INTO crontabber (app_name, next_run, last_run, last_success) VALUES ('due', now() - interval '1 hour', now(), now())",
  );
  site.write("ran", "");
  expect((await site.run("ours", ["--job=due"])).code).toBe(0);
  expect(site.lines("ran")).toEqual(["start", "end"]);
});
