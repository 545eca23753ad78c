/** A backfill is an object with progress: its dates are claims of their own, after the job's own slots, and leave the plan alone. */
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Job } from "#lib/core/job.js";
import { pass } from "#lib/engine/pass.js";
import { makeJob } from "../helpers/job.ts";
import { type TestStore, testStore } from "../helpers/store.ts";
import { type TestWorld, testWorld } from "../helpers/world.ts";

const DAY = 86_400_000;
let site: TestStore;
let sql: pg.Client;
let host: TestWorld;
/** The open slot of the job after its first run: tomorrow. */
let open: Date;

const report = makeJob({ name: "report", schedule: "1d", command: 'echo "$CRONTABBER_SLOT"', errorRetryTime: 0 });
const by = { who: "kim", note: null };

beforeAll(async () => {
  site = await testStore();
  sql = await site.database.client();
  await sql.query("SET datestyle TO 'ISO'");
});
afterAll(() => site?.close());
beforeEach(async () => {
  await sql.query("TRUNCATE crontabber, crontabber_run, crontabber_log, crontabber_request, crontabber_event");
  site.clock.now = null;
});
afterEach(() => host.close());

async function begin(job: Job, ...others: Job[]): Promise<void> {
  host = testWorld(site.host("web-1"), [...others, job]);
  await pass(host.world);
  const state = (await host.world.store.read([job.name])).states.get(job.name);
  open = state?.slot as Date;
}
const before = (days: number): Date => new Date(open.getTime() - days * DAY);
/** Of the dates eight to two days before the open slot: the job has run for the one before it. */
const week = () => [8, 7, 6, 5, 4, 3, 2].map((days) => before(days).toISOString());
const ask = (over: { from?: Date; to?: Date; again?: boolean; force?: boolean } = {}): Promise<bigint> =>
  host.world.store.requests.backfill({ name: "report", by }, { from: before(8), to: before(2), again: false, force: false, ...over });
const runs = async () =>
  (await sql.query("SELECT slot, trigger, outcome, attempt, host FROM crontabber_run ORDER BY id")).rows.map((row) => ({
    ...row,
    slot: row.slot.toISOString(),
  }));
const slotsRun = async (): Promise<string[]> => (await runs()).slice(1).map(({ slot }) => slot);
const progress = async () => (await sql.query("SELECT total, done, failed, outcome FROM crontabber_request ORDER BY id")).rows;
const plan = async (): Promise<string> =>
  JSON.stringify(
    (
      await sql.query(
        "SELECT slot::text, next_run::text, planned_next::text, attempt, slot_errors, missed, last_slot::text FROM crontabber WHERE app_name = 'report'",
      )
    ).rows,
  );

describe.each([false, true])("seven dates of a job with backfill = %s", (backfill) => {
  it("run oldest first in one pass, and leave the plan as it is, byte for byte", async () => {
    await begin({ ...report, backfill });
    await sql.query(
      "UPDATE crontabber SET next_run = next_run + interval '123 microseconds', planned_next = next_run + interval '123 microseconds'",
    );
    const was = await plan();
    await ask();
    await pass(host.world);
    expect(await slotsRun()).toEqual(week());
    expect(
      (await runs()).slice(1).every(({ trigger, outcome, attempt }) => trigger === "request" && outcome === "succeeded" && attempt === 1),
    ).toBe(true);
    expect(await progress()).toEqual([{ total: 7, done: 7, failed: 0, outcome: "succeeded" }]);
    expect(await plan()).toBe(was);
  });

  it("take turns with its own slots, which go first", async () => {
    await begin({ ...report, backfill });
    await ask();
    let dates = 0;
    const own = open.toISOString();
    host.on("run:recorded", () => {
      dates += 1;
      if (dates === 3) site.clock.now = new Date(open.getTime() + 1000);
    });
    await pass(host.world);
    const [a, b, c, ...rest] = week();
    expect(await slotsRun()).toEqual([a, b, c, own, ...rest]);
    expect(await progress()).toMatchObject([{ done: 7, outcome: "succeeded" }]);
  });
});

describe("dates", () => {
  it("that have succeeded are left out, and run again with again", async () => {
    await begin(report);
    await ask({ from: before(5), to: before(4) });
    await pass(host.world);
    await ask();
    await pass(host.world);
    const [a, b, c, d, e, f, g] = week();
    expect(await slotsRun()).toEqual([d, e, a, b, c, f, g]);
    await ask({ again: true });
    await pass(host.world);
    expect((await slotsRun()).slice(7)).toEqual(week());
    expect((await runs()).at(-1)).toMatchObject({ trigger: "manual", outcome: "succeeded" });
  });

  it("that the schedule owes itself are not run: neither the open slot nor what comes after it", async () => {
    await begin(report);
    await sql.query("UPDATE crontabber SET paused_at = now()");
    site.clock.now = new Date(open.getTime() + 3 * DAY);
    await sql.query("UPDATE crontabber_run SET slot = slot - interval '100 days'");
    const seen = { state: (await host.world.store.read(["report"])).states.get("report") ?? null, now: site.clock.now };
    const found = await host.world.store.requests.dates(report, seen, {
      from: before(2),
      to: new Date(open.getTime() + 2 * DAY),
      again: false,
      limit: 99,
    });
    expect(found).toEqual([before(2), before(1)]);
  });

  it("wait while the job is paused, held or its parents have not passed them, and run with force", async () => {
    const parent = makeJob({ name: "parent", schedule: "1d", command: "false", errorRetryTime: 3600 });
    await begin({ ...report, dependsOn: ["parent"] }, parent);
    await sql.query("UPDATE crontabber SET paused_at = now() WHERE app_name = 'report'");
    open = (await host.world.store.read(["report"])).states.get("report")?.slot as Date;
    await ask();
    await pass(host.world);
    await sql.query("UPDATE crontabber SET paused_at = NULL WHERE app_name = 'report'");
    await pass(host.world);
    expect((await runs()).map(({ outcome }) => outcome)).toEqual(["failed"]);
    await ask({ force: true });
    await pass(host.world);
    expect((await slotsRun()).length).toBe(7);
    expect(await progress()).toMatchObject([
      { done: 0, outcome: null },
      { done: 7, outcome: "succeeded" },
    ]);
  });

  it("that fail are tried again, and given up when max_attempts are used up; the next ones go on", async () => {
    const third = 'if test "$CRONTABBER_ATTEMPT" -lt 9 && test "$CRONTABBER_SLOT" = "$BAD"; then exit 1; fi';
    await begin(report);
    const bad = week()[2] as string;
    await host.close();
    const flaky = { ...report, command: third, env: { BAD: bad }, maxAttempts: 2 };
    host = testWorld(site.host("web-1"), [flaky]);
    await ask();
    for (let i = 0; i < 4; i++) await pass(host.world);
    expect((await slotsRun()).filter((slot) => slot === bad)).toHaveLength(2);
    expect(await progress()).toEqual([{ total: 7, done: 6, failed: 1, outcome: "failed" }]);
  });
});

describe("a cancelled backfill", () => {
  it("starts no more dates, lets the running one end, and strands nothing", async () => {
    await begin(report);
    const id = await ask();
    let cancelled: Promise<boolean> | null = null;
    host.on("run:started", ({ ticket }) => {
      if (ticket.slot.toISOString() === week()[1]) cancelled = host.world.store.requests.cancel(id, by);
    });
    await pass(host.world);
    expect(await cancelled).toBe(true);
    expect(await slotsRun()).toEqual(week().slice(0, 2));
    expect((await runs()).at(-1)).toMatchObject({ outcome: "succeeded" });
    expect(await progress()).toEqual([{ total: 7, done: 2, failed: 0, outcome: "cancelled" }]);
    expect((await sql.query("SELECT 1 FROM crontabber WHERE run_id IS NOT NULL OR ongoing IS NOT NULL")).rowCount).toBe(0);
    expect(await host.world.store.requests.cancel(id, by)).toBe(false);
  });

  it("that nobody is serving ends at once", async () => {
    await begin(report);
    const id = await ask();
    await host.world.store.requests.cancel(id, by);
    await pass(host.world);
    expect(await slotsRun()).toEqual([]);
    expect(await progress()).toMatchObject([{ outcome: "cancelled" }]);
  });
});

describe("a host that dies in the third date", () => {
  it("costs an attempt of that date, and the next host goes on from there", async () => {
    await begin(report);
    const dead = site.host("web-2");
    const id = await ask();
    const jobs = new Map([["report", report]]);
    for (let i = 0; i < 3; i++) {
      const claimed = await dead.claim(report, jobs, { requestId: id });
      if (!claimed.held) throw new Error(`not claimed: ${claimed.why}`);
      if (i < 2) await dead.record(claimed.ticket, { outcome: "succeeded", error: null, result: null, output: null });
    }
    expect(await dead.claim(report, jobs, { requestId: id })).toMatchObject({ held: false });
    await sql.query("UPDATE crontabber SET lease_until = now() - interval '1 s', lease_seconds = 0.1");
    await pass(host.world);
    const [a, b, c, ...rest] = week();
    expect(await slotsRun()).toEqual([a, b, c, c, ...rest]);
    expect((await runs()).filter(({ slot }) => slot === c)).toMatchObject([
      { outcome: "lost", attempt: 1, host: "web-2" },
      { outcome: "succeeded", attempt: 2, host: "web-1" },
    ]);
    expect(await progress()).toEqual([{ total: 7, done: 7, failed: 0, outcome: "succeeded" }]);
  });
});
