/** Rows of every shape the Python tool, its releases and its operators left behind: none is lost, none stops the others, each goes on. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Job } from "#lib/core/job.js";
import type { RunEnd } from "#lib/core/state.js";
import { Store } from "#lib/store/store.js";
import { makeJob } from "../helpers/job.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { connectionOf } from "../helpers/store.ts";

const LOG_TABLE = `CREATE TABLE crontabber_log (id SERIAL NOT NULL, app_name text NOT NULL, log_time timestamp with time zone DEFAULT NOW() NOT NULL,
  duration interval, success timestamp with time zone, exc_type text, exc_value text, exc_traceback text);`;
const TABLE = `CREATE TABLE crontabber (app_name text NOT NULL, next_run timestamp with time zone, first_run timestamp with time zone,
  last_run timestamp with time zone, last_success timestamp with time zone, ongoing timestamp with time zone,
  error_count integer DEFAULT 0, depends_on text[], last_error json);`;
const INDEX = "CREATE UNIQUE INDEX crontabber_unique_app_name_idx ON crontabber (app_name);";

const COLUMNS = ["next_run", "first_run", "last_run", "last_success", "ongoing", "error_count", "depends_on", "last_error"] as const;
type Shape = Partial<Record<(typeof COLUMNS)[number], string>> & { readonly says: string };

const ago = (text: string): string => `now() - interval '${text}'`;
const ERROR = `'{"type": "<type ''exceptions.NameError''>", "value": "NameError(''x'',)", "traceback": "  File \\"a.py\\"\\n"}'`;
/** By name: the columns as SQL, and what a claim of the job says. What is not spelt is as after a success an hour ago. */
const SHAPES: Record<string, Shape> = {
  waiting: { next_run: "now() + interval '23 hours'", says: "not-yet" },
  due: { says: "held" },
  microseconds: { next_run: "'2026-01-05 03:00:00.123456+00'", last_success: "'2026-01-04 03:00:00.654321+00'", says: "held" },
  failed: { last_error: ERROR, error_count: "3", says: "held" },
  "failed with odd keys": {
    last_error: `'{"": 1, "__proto__": {"type": 2}, "type": null, "value": {"deep": [1, null]}, "more": "x"}'`,
    says: "held",
  },
  "failed with keys twice": { last_error: `'{"type": "a", "type": "b", "value": "v", "traceback": ""}'`, says: "held" },
  "failed with a NUL": { last_error: `'{"type": "E", "value": "a\\u0000b", "traceback": "\\ud800"}'`, says: "held" },
  "an error that is null": { last_error: "'null'", says: "held" },
  "an error that is a list": { last_error: "'[]'", says: "held" },
  "an error that is a text": { last_error: `'"text"'`, says: "held" },
  "an error that is a number": { last_error: "'17'", says: "held" },
  "no error column": { last_error: "NULL", says: "held" },
  "no error count": { error_count: "NULL", says: "held" },
  "a negative error count": { error_count: "-2147483648", says: "held" },
  "the largest error count but one": { error_count: "2147483646", says: "held" },
  "no parents": { depends_on: "NULL", says: "held" },
  "odd parents": { depends_on: `'{"", NULL, "a b", "due"}'`, says: "held" },
  "parents in two dimensions": { depends_on: "'{{a,b},{c,d}}'", says: "held" },
  "cleared by hand after a first run": { next_run: "NULL", last_success: "NULL", last_run: "NULL", first_run: "NULL", says: "held" },
  "cleared by hand, daily": { next_run: "NULL", last_success: "NULL", last_run: "NULL", first_run: "NULL", says: "not-yet" },
  "its first run, daily, began 25 hours ago": { next_run: "NULL", last_run: "NULL", ongoing: ago("25 hours"), says: "not-yet" },
  "its first run is on": { next_run: "NULL", last_run: "NULL", last_success: "NULL", ongoing: ago("1 minute"), says: "ongoing" },
  "claimed 11 hours ago": { ongoing: ago("11 hours"), says: "ongoing" },
  "claimed 25 hours ago": { ongoing: ago("25 hours"), says: "held" },
  "its first run began 25 hours ago": { next_run: "NULL", last_run: "NULL", last_success: "NULL", ongoing: ago("25 hours"), says: "held" },
  "claimed by a clock that is ahead": { ongoing: "now() + interval '3 hours'", says: "ongoing" },
  "claimed for ever": { ongoing: "'infinity'", says: "ongoing" },
  "claimed since ever": { ongoing: "'-infinity'", says: "held" },
  "never again": { next_run: "'infinity'", says: "not-yet" },
  "since ever": { next_run: "'-infinity'", says: "held" },
  "in the last year there is": { next_run: "'294276-12-31 23:59:59.999999+00'", says: "not-yet" },
  "before Christ": { next_run: "'4713-01-01 00:00:00+00 BC'", first_run: "'4713-01-01 00:00:00+00 BC'", says: "held" },
  "infinite history": { first_run: "'-infinity'", last_run: "'infinity'", last_success: "'infinity'", says: "held" },
  "history in the last year there is": { last_run: "'294276-12-31 23:59:59.999999+00'", last_success: "'294276-12-31+00'", says: "held" },
  "": { says: "held" },
  " ' \" \\ % $1 ü 漢 ": { says: "held" },
};

const names = Object.keys(SHAPES);
/** A cron job waits for its next slot: it must be planned for one, or it never runs again. */
const plain = (name: string): Job => makeJob({ name, schedule: name.includes("daily") ? "0 3 * * *" : "1d" });
const success: RunEnd = { outcome: "succeeded", error: null, result: null, output: null };
const failure: RunEnd = { outcome: "failed", error: { type: "E", value: "v", traceback: "" }, result: null, output: null };

interface Adopted {
  readonly database: TestDatabase;
  readonly sql: pg.Client;
  readonly store: Store;
}
const open: Adopted[] = [];

async function adopted(ddl: string): Promise<Adopted> {
  const database = await freshDatabase();
  const sql = await database.client();
  await sql.query("SET datestyle TO 'ISO'");
  await sql.query(ddl);
  const settings = { schema: "public", autoMigrate: true, max: 3, host: "ours", tags: [], maxOngoingAge: 43_200, pinned: () => null };
  const store = new Store({ ...settings, connection: connectionOf(database.url) });
  open.push({ database, sql, store });
  return { database, sql, store };
}
afterAll(async () => {
  for (const { store, database } of open) {
    await store.close();
    await database.drop();
  }
});

/** Everything the Python tool can see, to the microsecond and to the byte. */
async function everything(sql: pg.Client, columns: readonly string[] = COLUMNS): Promise<unknown[]> {
  const rows = (await sql.query(`SELECT app_name, row(${columns.join(", ")})::text AS whole FROM crontabber ORDER BY app_name`)).rows;
  const log = (await sql.query("SELECT l::text AS whole FROM crontabber_log l ORDER BY id")).rows;
  return [...rows, ...log];
}

const row = async ({ sql }: Adopted, name: string) =>
  (await sql.query("SELECT *, next_run::text AS exact FROM crontabber WHERE app_name = $1", [name])).rows[0];

async function insert(sql: pg.Client, name: string, shape: Omit<Shape, "says">): Promise<void> {
  const usual = { first_run: ago("9 days"), last_run: ago("25 hours"), last_success: ago("25 hours"), next_run: ago("1 hour") };
  const all = { ...usual, ongoing: "NULL", error_count: "0", depends_on: "'{}'", last_error: "'{}'", ...shape };
  await sql.query(`INSERT INTO crontabber (app_name, ${COLUMNS.join(", ")}) VALUES ($1, ${COLUMNS.map((c) => all[c]).join(", ")})`, [name]);
  await sql.query("INSERT INTO crontabber_log (app_name, duration, success, exc_value) VALUES ($1, '3.000001 s', $2, $1)", [name, null]);
}

describe("a database of the Python tool", () => {
  let db: Adopted;
  let before: unknown[];
  beforeAll(async () => {
    db = await adopted(`${TABLE} ${INDEX} ${LOG_TABLE}`);
    for (const name of names) await insert(db.sql, name, SHAPES[name] as Shape);
    before = await everything(db.sql);
    await db.store.migrate();
  });

  it("is migrated without a row or a value lost, and read without one that stops the others", async () => {
    const { states } = await db.store.snapshot();
    expect([...states.keys()].sort()).toEqual([...names].sort());
    expect(await everything(db.sql)).toEqual(before);
  });

  it.each(names.map((name) => [name, SHAPES[name]?.says]))(
    "%j: a claim says %s, and its record leaves a row that goes on",
    async (name = "", says) => {
      const job = plain(name);
      const was = await row(db, name);
      const claimed = await db.store.claim(job, new Map());
      const said = claimed.held ? "held" : claimed.why === "no" ? claimed.verdict.why : claimed.why;
      expect(said).toBe(says);
      if (!claimed.held) {
        const { next_run, ongoing } = await row(db, name);
        expect(next_run ?? ongoing).not.toBeNull();
        return;
      }
      expect((await row(db, name)).first_run).toEqual(was.first_run);
      expect(await db.store.record(claimed.ticket, failure)).toBe("recorded");
      expect(await row(db, name)).toMatchObject({ error_count: (was.error_count ?? 0) + 1, ongoing: null, last_error: failure.error });
      await db.sql.query("UPDATE crontabber SET next_run = now() WHERE app_name = $1", [name]);
      const again = await db.store.claim(job, new Map());
      if (!again.held) throw new Error(JSON.stringify(again));
      expect(await db.store.record(again.ticket, success)).toBe("recorded");
      const after = await row(db, name);
      expect(after).toMatchObject({ error_count: 0, ongoing: null, last_error: {}, run_id: null });
      expect(after.next_run.getTime()).toBeGreaterThan(Date.now());
      expect(after.first_run).toEqual(was.first_run ?? after.first_run);
    },
  );
});

describe("the Python tool's other databases", () => {
  it("of releases without ongoing are adopted, first runs and all", async () => {
    const columns = COLUMNS.filter((column) => column !== "ongoing");
    const db = await adopted(`${TABLE.replace("ongoing timestamp with time zone,", "")} ${LOG_TABLE}`);
    await db.sql.query("INSERT INTO crontabber (app_name, next_run) VALUES ('old', now() - interval '1 hour'), ('new', NULL)");
    const before = await everything(db.sql, columns);
    await db.store.snapshot();
    expect(await everything(db.sql, columns)).toEqual(before);
    for (const name of ["old", "new"]) expect((await db.store.claim(plain(name), new Map())).held).toBe(true);
  });

  it("with a long history are adopted whole, and their log goes on with its numbers", async () => {
    const db = await adopted(`${TABLE} ${INDEX} ${LOG_TABLE}`);
    await db.sql.query(`INSERT INTO crontabber (app_name, next_run, last_run, last_success, depends_on, last_error)
      SELECT 'job-' || n, now() + n * interval '1.000001 s', now() - n * interval '1.000001 s', now(), ARRAY['job-' || n - 1], '{}'
      FROM generate_series(1, 2000) n`);
    await db.sql.query(`INSERT INTO crontabber_log (app_name, log_time, duration, success, exc_value)
      SELECT 'job-' || n % 2000, now() - n * interval '1 minute', n * interval '1.000001 s', now(), repeat('é', n % 100) FROM generate_series(1, 30000) n`);
    const digest = async () => {
      const columns = `app_name, ${COLUMNS.join(", ")}`;
      const { rows } =
        await db.sql.query(`SELECT (SELECT md5(string_agg(row(${columns})::text, '|' ORDER BY app_name)) FROM crontabber) AS jobs,
        (SELECT md5(string_agg(l::text, '|' ORDER BY id)) FROM crontabber_log l WHERE id <= 30000) AS log`);
      return rows[0];
    };
    const before = await digest();
    expect((await db.store.snapshot()).states.size).toBe(2000);
    expect(await digest()).toEqual(before);
    const job = plain("job-1");
    await db.sql.query("UPDATE crontabber SET next_run = now() WHERE app_name = 'job-1'");
    const claimed = await db.store.claim(job, new Map());
    if (claimed.held) await db.store.record(claimed.ticket, success);
    expect((await db.sql.query("SELECT max(id) AS id, count(*)::int AS n FROM crontabber_log")).rows).toEqual([{ id: 30001, n: 30001 }]);
  });

  it("keep their ghosts, which can be reset", async () => {
    const db = await adopted(`${TABLE} ${INDEX} ${LOG_TABLE}`);
    for (const name of ["ghost", "dead ghost", "live ghost"]) await insert(db.sql, name, {});
    await db.sql.query("UPDATE crontabber SET ongoing = now() - interval '25 hours' WHERE app_name = 'dead ghost'");
    await db.sql.query("UPDATE crontabber SET ongoing = now() WHERE app_name = 'live ghost'");
    expect((await db.store.snapshot()).states.size).toBe(3);
    expect(await db.store.reset({ name: "ghost", force: false })).toEqual({ done: true, fenced: null });
    expect(await db.store.reset({ name: "dead ghost", force: false })).toEqual({ done: true, fenced: null });
    expect(await db.store.reset({ name: "live ghost", force: false })).toMatchObject({ done: false, why: "owned" });
    expect(await db.store.reset({ name: "live ghost", force: true })).toEqual({ done: true, fenced: null });
    expect((await db.sql.query("SELECT count(*)::int AS n FROM crontabber_log")).rows).toEqual([{ n: 3 }]);
  });
});

it("a pause survives the reset of its job, to the microsecond", async () => {
  const db = await adopted("");
  await db.store.migrate();
  const exact = "2026-02-03T04:05:06.123456+00:00";
  await db.sql.query("INSERT INTO crontabber (app_name, next_run, paused_at, paused_by) VALUES ('paused', now(), $1, 'me')", [exact]);
  expect(await db.store.reset({ name: "paused", force: false })).toEqual({ done: true, fenced: null });
  const { rows } = await db.sql.query("SELECT paused_at = $1 AS same, paused_by FROM crontabber", [exact]);
  expect(rows).toEqual([{ same: true, paused_by: "me" }]);
});

describe("a Python host on the same rows", () => {
  let db: Adopted;
  beforeAll(async () => {
    db = await adopted(`${TABLE} ${INDEX} ${LOG_TABLE}`);
    await db.store.migrate();
  });

  /** Its write of a whole row: what it read, with what it knows now. */
  const SET = COLUMNS.map((column, i) => `${column} = $${i + 2}`).join(", ");
  const update = (name: string, values: readonly unknown[]) =>
    db.sql.query(`UPDATE crontabber SET ${SET} WHERE app_name = $1`, [name, ...values]);
  const read = async (name: string) =>
    (await db.sql.query(`SELECT ${COLUMNS.join(", ")} FROM crontabber WHERE app_name = $1`, [name])).rows[0] as Record<string, unknown>;
  const values = (row: Record<string, unknown>) =>
    COLUMNS.map((column) => (column === "last_error" ? JSON.stringify(row[column]) : row[column]));

  it("goes on with its statements: inserts, reads, locks, claims, ends, logs and deletes by column name", async () => {
    const first = [null, new Date(), new Date(), null, new Date(), 0, [], "{}"];
    await db.sql.query(
      `INSERT INTO crontabber (app_name, ${COLUMNS.join(", ")}) VALUES ($1, ${COLUMNS.map((_, i) => `$${i + 2}`).join(", ")})`,
      ["theirs", ...first],
    );
    expect((await db.store.claim(plain("theirs"), new Map())).held).toBe(false);
    await db.sql.query("BEGIN");
    expect((await db.sql.query("SELECT ongoing FROM crontabber WHERE app_name = 'theirs' FOR UPDATE NOWAIT")).rowCount).toBe(1);
    const next = new Date(Date.now() + 86_400_000);
    await update("theirs", values({ ...(await read("theirs")), next_run: next, last_success: new Date(), ongoing: null }));
    await db.sql.query("COMMIT");
    await db.sql.query("INSERT INTO crontabber_log (app_name, success, duration) VALUES ('theirs', now(), '1 s')");
    expect((await db.store.snapshot()).states.get("theirs")).toMatchObject({ nextRun: next, ongoing: null });
    await db.sql.query("DELETE FROM crontabber WHERE app_name = 'theirs'");
    expect((await db.store.snapshot()).states.size).toBe(0);
  });

  it("moves next_run and is obeyed; its record of a failure is retried when it says", async () => {
    await insert(db.sql, "moved", {});
    const ours = await db.store.claim(plain("moved"), new Map());
    if (ours.held) await db.store.record(ours.ticket, success);
    const retry = new Date(Date.now() - 1000);
    const error = { type: "<type 'x'>", value: "v", traceback: "t" };
    await update("moved", values({ ...(await read("moved")), next_run: retry, error_count: 4, last_error: error }));
    const again = await db.store.claim(plain("moved"), new Map());
    if (!again.held) throw new Error(JSON.stringify(again));
    expect([again.ticket.slot, again.ticket.attempt, again.ticket.errors]).toEqual([retry, 1, 4]);
    await db.store.record(again.ticket, success);
    expect(await read("moved")).toMatchObject({ error_count: 0, last_error: {} });
  });

  it("knows no fence: what it writes over a run of ours neither stops the run's record nor loses a time", async () => {
    await insert(db.sql, "zombie", {});
    const ours = await db.store.claim(plain("zombie"), new Map());
    if (!ours.held) throw new Error(JSON.stringify(ours));
    const theirs = { next_run: new Date(Date.now() + 7 * 3_600_000), last_run: new Date("2026-01-05T03:00:00Z"), ongoing: null };
    await update("zombie", values({ ...(await read("zombie")), ...theirs, error_count: 1 }));
    expect(await db.store.renew(db.store.db, [ours.ticket.runId])).toEqual(new Map([[ours.ticket.runId, "renewed"]]));
    expect((await db.store.claim(plain("zombie"), new Map())).held).toBe(false);
    expect(await db.store.record(ours.ticket, success)).toBe("recorded");
    expect(await read("zombie")).toMatchObject({ ...theirs, error_count: 0 });
    expect((await row(db, "zombie")).run_id).toBeNull();
  });
});
