/** "Clean up once, ten seconds after the last change, at most once a minute": trigger, from plain SQL, served by passes. */
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { pass } from "#lib/engine/pass.js";
import { makeJob } from "../helpers/job.ts";
import { type TestStore, testStore } from "../helpers/store.ts";
import { type TestWorld, testWorld } from "../helpers/world.ts";

let site: TestStore;
let sql: pg.Client;
let host: TestWorld;

const cleanup = makeJob({ name: "cleanup", schedule: "manual", command: 'echo "$CRONTABBER_PAYLOAD"', errorRetryTime: 60 });

beforeAll(async () => {
  site = await testStore();
  sql = await site.database.client();
});
afterAll(() => site?.close());
beforeEach(async () => {
  await sql.query("TRUNCATE crontabber, crontabber_run, crontabber_log, crontabber_request, crontabber_event");
  site.clock.now = null;
  host = testWorld(site.host("web-1"), [cleanup]);
  await pass(host.world);
});
afterEach(() => host.close());

const trigger = async (payload: string | null, debounce = "10 s", every: string | null = null): Promise<string> =>
  (await sql.query("SELECT crontabber_trigger('cleanup', $1::json, $2::interval, $3::interval) AS id", [payload, debounce, every])).rows[0]
    .id;
/** The rest of the program sees this moment: so many seconds from now, by the database's clock. */
const skip = async (seconds: number) => {
  const { rows } = await sql.query("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms");
  site.clock.now = new Date(rows[0].ms + seconds * 1000);
};
const outputs = async (): Promise<string[]> =>
  (await sql.query("SELECT output FROM crontabber_run ORDER BY id")).rows.map((row) => (row.output as string).trim());
const requests = async () => (await sql.query("SELECT calls, outcome, attempt FROM crontabber_request ORDER BY id")).rows;

describe("calls with a debounce", () => {
  it("become one run after the first quiet moment, and not before", async () => {
    const ids = new Set<string>();
    for (let i = 0; i < 100; i++) ids.add(await trigger('{"page":1}'));
    expect(ids.size).toBe(1);
    await skip(9);
    await pass(host.world);
    expect(await outputs()).toEqual([]);
    await skip(11);
    await pass(host.world);
    await pass(host.world);
    expect(await outputs()).toEqual(['{"page":1}']);
    expect(await requests()).toEqual([{ calls: 100, outcome: "succeeded", attempt: 1 }]);
    expect((await sql.query("SELECT what, app_name FROM crontabber_event")).rows).toEqual([{ what: "trigger", app_name: "cleanup" }]);
  });

  it("wait again from each call on", async () => {
    await trigger(null);
    await sql.query("UPDATE crontabber_request SET not_before = now() - interval '1 second'");
    await trigger(null);
    await pass(host.world);
    expect(await requests()).toEqual([{ calls: 2, outcome: null, attempt: 0 }]);
  });

  it("run apart where payloads differ, and are one whatever the order of the keys", async () => {
    await trigger('{"a": 1, "b": {"c": 2, "d": 3}}');
    await trigger('{"b":{"d":3,"c":2},"a":1}');
    await trigger('{"a": 2}');
    await trigger(null);
    await skip(11);
    await pass(host.world);
    expect((await outputs()).sort()).toEqual(["", '{"a": 1, "b": {"c": 2, "d": 3}}', '{"a": 2}']);
    expect((await requests()).map(({ calls }) => calls)).toEqual([2, 1, 1]);
  });

  it("run at most once per repeat interval", async () => {
    await trigger(null, "0", "1 min");
    await pass(host.world);
    await trigger(null, "0", "1 min");
    await skip(58);
    await pass(host.world);
    expect(await outputs()).toHaveLength(1);
    await skip(61);
    await pass(host.world);
    expect(await outputs()).toHaveLength(2);
  });

  it("keep the repeat interval where another run of the payload started after they were made", async () => {
    await trigger(null, "0", "1 min");
    await sql.query("UPDATE crontabber_request SET started_at = now(), run_id = gen_random_uuid()");
    await trigger(null, "0", "1 min");
    await sql.query("UPDATE crontabber_request SET not_before = now() - interval '1 s'");
    await sql.query("DELETE FROM crontabber_request WHERE run_id IS NULL RETURNING id");
    await sql.query(
      "INSERT INTO crontabber_request (app_name, kind, payload_hash, at_most_every) SELECT app_name, kind, payload_hash, at_most_every FROM crontabber_request",
    );
    await sql.query("UPDATE crontabber_request SET ended_at = now(), outcome = 'succeeded' WHERE run_id IS NOT NULL");
    await pass(host.world);
    expect(await outputs()).toEqual([]);
    await skip(61);
    await pass(host.world);
    expect(await outputs()).toHaveLength(1);
  });

  it("open another request while the run of the first is on", async () => {
    const first = await trigger(null, "0");
    const ids: Promise<string>[] = [];
    host.on("run:started", () => ids.push(trigger(null, "0")));
    await pass(host.world);
    const second = await ids[0];
    expect(second).not.toBe(first);
    await pass(host.world);
    expect(await outputs()).toHaveLength(2);
  });

  it("can be made by a trigger of a table, in the transaction that changes it", async () => {
    await sql.query(`CREATE TABLE page (id int);
      CREATE FUNCTION changed() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM crontabber_trigger('cleanup', json_build_object('table', TG_TABLE_NAME)); RETURN NULL; END $$;
      CREATE TRIGGER changed AFTER INSERT ON page FOR EACH ROW EXECUTE FUNCTION changed()`);
    await sql.query("BEGIN; INSERT INTO page VALUES (1); ROLLBACK");
    await pass(host.world);
    expect(await outputs()).toEqual([]);
    await sql.query("INSERT INTO page SELECT generate_series(1, 10)");
    await pass(host.world);
    expect(await outputs()).toEqual(['{"table" : "page"}']);
    await sql.query("DROP TABLE page; DROP FUNCTION changed");
  });

  it("are refused for a job without a row, a span below zero and a payload that is too big", async () => {
    await expect(sql.query("SELECT crontabber_trigger('cleanpu')")).rejects.toMatchObject({ code: "P0002" });
    await expect(trigger(null, "-1 s")).rejects.toMatchObject({ code: "22023" });
    await expect(trigger(JSON.stringify("x".repeat(70_000)))).rejects.toMatchObject({ code: "22023" });
  });
});

describe("a triggered run that fails", () => {
  const failing = makeJob({
    name: "cleanup",
    schedule: "manual",
    command: 'echo try; test "$CRONTABBER_ATTEMPT" -ge 3',
    errorRetryTime: 60,
  });

  it("is tried again after error_retry_time, until it succeeds", async () => {
    await host.close();
    host = testWorld(site.host("web-1"), [failing]);
    await trigger(null, "0");
    for (const [wait, runs] of [
      [0, 1],
      [58, 1],
      [61, 2],
      [61, 3],
      [122, 3],
    ] as const) {
      if (wait > 0) await skip(wait);
      await pass(host.world);
      expect([wait, (await outputs()).length]).toEqual([wait, runs]);
    }
    expect(await requests()).toEqual([{ calls: 1, outcome: "succeeded", attempt: 3 }]);
  });

  it("is given up when max_attempts are used up", async () => {
    await host.close();
    host = testWorld(site.host("web-1"), [{ ...failing, maxAttempts: 2, errorRetryTime: 0 }]);
    await trigger(null, "0");
    for (let i = 0; i < 3; i++) await pass(host.world);
    expect(await requests()).toEqual([{ calls: 1, outcome: "failed", attempt: 2 }]);
  });

  it("is covered by a later run for the same payload", async () => {
    await host.close();
    host = testWorld(site.host("web-1"), [failing]);
    await trigger(null, "0");
    await pass(host.world);
    await trigger(null, "0");
    await pass(host.world);
    expect(await requests()).toMatchObject([{ outcome: "covered" }, { outcome: null }]);
  });
});
