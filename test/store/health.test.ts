/** What SQL alone says of the jobs: the view, the function and the row of health, against what the program says of the same rows. */
import fc from "fast-check";
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Job } from "#lib/core/job.js";
import { check } from "#lib/report/nagios.js";
import { jobState } from "#lib/report/status.js";
import type { View } from "#lib/report/view.js";
import type { Store } from "#lib/store/store.js";
import { makeJob, makeRegistry } from "../helpers/job.ts";
import { type TestStore, testStore } from "../helpers/store.ts";

let test: TestStore;
let store: Store;
let sql: pg.Client;

beforeAll(async () => {
  test = await testStore();
  store = test.host("web-1");
  await store.migrate();
  sql = await test.database.client();
  await sql.query("SET datestyle TO 'ISO'; SET timezone TO 'UTC'");
});
afterAll(() => test?.close());
beforeEach(async () => {
  await sql.query("TRUNCATE crontabber, crontabber_run, crontabber_log, crontabber_host");
});

/** Minutes from now; null: nothing. Never near a limit, so that it does not matter how long the test takes. */
const minutes = fc.constantFrom(-2000, -45, -15, -5, 5, 45, 2000);
const maybe = <T>(value: fc.Arbitrary<T>, freq = 2) => fc.option(value, { nil: null, freq });

const aRow = fc.record({
  next: minutes,
  ran: maybe(fc.constantFrom(-3000, -100, -20, -3), 5),
  well: fc.boolean(),
  errors: fc.constantFrom(0, 0, 0, 1, 3),
  error: fc.constantFrom("{}", "{}", " {} ", "null", null, '{"type":"E","value":"no"}', '{"type":"E","value":"a\\u0000b"}', '"text"'),
  owner: fc.constantFrom("none", "none", "none", "live", "dead", "python", "old-python"),
  disabled: fc.constantFrom(false, false, false, true),
  paused: fc.constantFrom<"no" | "ever" | "while">("no", "no", "no", "ever", "while"),
  held: fc.constantFrom(false, false, false, false, true),
  backfill: fc.boolean(),
  parents: fc.uniqueArray(fc.nat(19), { maxLength: 2 }),
  manual: fc.constantFrom(false, false, false, false, true),
});
type Made = typeof aRow extends fc.Arbitrary<infer T> ? T : never;

function jobOf(made: Made, n: number): Job {
  const dependsOn = made.parents.filter((parent) => parent < n).map((parent) => `job-${parent}`);
  return makeJob({
    name: `job-${n}`,
    schedule: made.manual ? "manual" : "1h",
    backfill: made.backfill,
    enabled: !made.disabled,
    dependsOn,
  });
}

const COLUMNS = [
  ...["next_run", "planned_next", "slot", "first_run", "last_run", "last_success", "ongoing", "lease_until", "run_id", "host"],
  ...["disabled_at", "paused_at", "paused_until", "held_at", "error_count", "last_error", "app_name", "schedule", "depends_on"],
];
const text = (value: string | null) => (value === null ? "NULL" : `'${value}'`);

/** One moment for all columns: the same instant is planned, open and next. */
function values(made: Made, job: Job): string {
  const at = (offset: number | null) => (offset === null ? "NULL" : `now() + interval '${offset} minutes'`);
  const owners = { none: [null, null], live: [-2, 5], dead: [-60, -20], python: [-60, null], "old-python": [-2000, null] } as const;
  const [ongoing, lease] = owners[made.owner as keyof typeof owners];
  const next = at(made.manual ? null : made.next);
  return [
    ...[next, next, next, at(made.ran), at(made.ran), at(made.well ? made.ran : null), at(ongoing), at(lease)],
    ...[lease === null ? "NULL" : "gen_random_uuid()", "'web-7'", at(made.disabled ? -90 : null), at(made.paused === "no" ? null : -50)],
    ...[at(made.paused === "while" ? 50 : null), at(made.held ? -30 : null), String(made.errors), text(made.error), text(job.name)],
    ...[text(job.schedule.text), `'{${job.dependsOn.join(",")}}'::text[]`],
  ].join(", ");
}

async function seen(jobs: Job[], over: Partial<View> = {}): Promise<View> {
  const snapshot = await store.snapshot();
  return { registry: makeRegistry(...jobs), snapshot, overdueAfter: 600, maxOngoingAge: 43_200, tags: [], ...over };
}

describe("the view of the jobs", () => {
  it("says of any row what the program says of it, and the health what check says", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aRow, { minLength: 20, maxLength: 20 }), async (rows) => {
        const jobs = rows.map(jobOf);
        const all = rows.map((made, n) => `(${values(made, jobs[n] as Job)})`);
        await sql.query(
          `DELETE FROM crontabber; DELETE FROM crontabber_host; INSERT INTO crontabber (${COLUMNS}) VALUES ${all.join(", ")}`,
        );
        await store.fleet.write({ registry: makeRegistry(...jobs), mode: "daemon" });
        const view = await seen(jobs);
        const told = await sql.query("SELECT app_name, state, blocked_by, late IS NOT NULL AS late, backfill, ghost FROM crontabber_jobs");
        const expected = [...jobs]
          .sort((x, y) => (x.name < y.name ? -1 : 1))
          .map((job) => {
            const { state, blockedBy, lateSeconds } = jobState(view, job);
            return { app_name: job.name, state, blocked_by: blockedBy, late: lateSeconds !== null, backfill: job.backfill, ghost: false };
          });
        expect(told.rows).toEqual(expected);
        const { status, code } = check(view, " - ");
        const health = (await sql.query("SELECT status, code FROM crontabber_health()")).rows[0];
        expect(health).toEqual({ status, code });
      }),
      { numRuns: 60 },
    );
  });

  it("reads rows that hold infinity, and errors nobody can read", async () => {
    await sql.query(`INSERT INTO crontabber (app_name, next_run, last_run, ongoing, last_error, depends_on, error_count) VALUES
      ('ever', '-infinity', '-infinity', NULL, '{}', '{}', 0), ('never', 'infinity', NULL, '-infinity', '[1]', '{ever}', 1),
      ('nul', now(), now(), NULL, '{"type":"E","value":"a\\u0000b"}', '{}', 2)`);
    const { rows } = await sql.query("SELECT app_name, state, error_type, late FROM crontabber_jobs");
    expect(rows).toEqual([
      { app_name: "ever", state: "due", error_type: null, late: null },
      { app_name: "never", state: "failing", error_type: null, late: null },
      { app_name: "nul", state: "failing", error_type: "unreadable", late: null },
    ]);
    expect((await sql.query("SELECT code FROM crontabber_health()")).rows).toEqual([{ code: 2 }]);
  });

  it("judges a backfill child at its slot, by the ledger", async () => {
    await sql.query(`INSERT INTO crontabber (app_name, next_run, slot, last_run, last_success, last_error, depends_on, error_count) VALUES
      ('parent', now() + interval '1 hour', now() + interval '1 hour', now(), now(), '{"type":"E","value":"x"}', '{}', 1),
      ('child', now() - interval '2 hours', now() - interval '2 hours', now(), now(), '{}', '{parent}', 0)`);
    await store.fleet.write({
      registry: makeRegistry(makeJob({ name: "parent" }), makeJob({ name: "child", backfill: true })),
      mode: "pass",
    });
    const run = (hours: number, outcome: string) =>
      sql.query(
        `INSERT INTO crontabber_run (run_id, app_name, slot, attempt, trigger, host, pid, ended_at, outcome)
         VALUES (gen_random_uuid(), 'parent', now() - $1 * interval '1 hour', 1, 'schedule', 'h', 1, now(), $2)`,
        [hours, outcome],
      );
    const blocked = async () => (await sql.query("SELECT blocked_by FROM crontabber_jobs WHERE app_name = 'child'")).rows[0].blocked_by;
    await run(3, "succeeded");
    expect(await blocked()).toBeNull();
    await run(2.5, "failed");
    expect(await blocked()).toBe("parent");
  });
});

describe("the health", () => {
  const line = async (overdue = "10 minutes") =>
    (await sql.query("SELECT status, code, message FROM crontabber_health($1)", [overdue])).rows[0];

  it("is good where nothing is, and of an empty fleet", async () => {
    expect(await line()).toEqual({ status: "OK", code: 0, message: "OK - All systems nominal" });
    const { rows } = await sql.query("SELECT jobs, running, failing, late, held, hosts_live, hosts_silent FROM crontabber_health()");
    expect(rows).toEqual([{ jobs: 0, running: 0, failing: 0, late: 0, held: 0, hosts_live: 0, hosts_silent: 0 }]);
  });

  it("names what is wrong on one line, the worst only, and leaves ghosts out", async () => {
    const jobs = [makeJob({ name: "a" }), makeJob({ name: "b", backfill: true }), makeJob({ name: "c" })];
    await sql.query(`INSERT INTO crontabber (app_name, next_run, last_error, error_count, depends_on) VALUES
      ('b', now() + interval '1 hour', '{"type":"E","value":"once"}', 1, '{}'),
      ('ghost', now() - interval '1 day', '{"type":"E","value":"gone"}', 9, '{}')`);
    await store.fleet.write({ registry: makeRegistry(...jobs), mode: "daemon" });
    expect(await line()).toEqual({ status: "WARNING", code: 1, message: "WARNING - b - E: once" });
    await sql.query(`INSERT INTO crontabber (app_name, next_run, last_error, error_count, depends_on) VALUES
      ('a', now() - interval '30 minutes', '{"type":"E","value":"two\\nlines|and a bar"}'::text::json, 2, '{}'),
      ('c', now() - interval '30 minutes', '{}', 0, '{a}')`);
    const worst = await line();
    expect(worst.code).toBe(2);
    expect(worst.message).toMatch(/^CRITICAL - a - E: two lines and a bar; c - overdue for 00:30:00, blocked by a$/);
    expect((await line("1 hour")).message).toBe("CRITICAL - a - E: two lines and a bar");
  });

  it("tells hosts that went silent beside living ones", async () => {
    await store.fleet.write({ registry: makeRegistry(), mode: "daemon" });
    await test.host("web-2").fleet.write({ registry: makeRegistry(), mode: "daemon" });
    await sql.query("UPDATE crontabber_host SET seen_at = now() - interval '10 minutes' WHERE label = 'web-2'");
    expect(await line()).toMatchObject({ code: 1, message: expect.stringMatching(/^WARNING - web-2 - silent since /) });
    await sql.query("UPDATE crontabber_host SET gap = 3600 WHERE label = 'web-2'");
    expect(await line()).toMatchObject({ code: 0 });
  });
});
