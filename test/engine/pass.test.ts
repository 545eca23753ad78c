import { readFileSync } from "node:fs";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Job } from "#lib/core/job.js";
import { type PassReport, pass } from "#lib/engine/pass.js";
import type { Store } from "#lib/store/store.js";
import { makeJob } from "../helpers/job.ts";
import { type TestStore, testStore } from "../helpers/store.ts";
import { type TestWorld, testWorld } from "../helpers/world.ts";

let test: TestStore;
let store: Store;
let sql: pg.Client;
const worlds: TestWorld[] = [];

beforeAll(async () => {
  test = await testStore();
  store = test.host("a");
  sql = await test.database.client();
  await sql.query("SET datestyle TO 'ISO'");
});
afterAll(() => test?.close());
beforeEach(() => sql.query("TRUNCATE crontabber, crontabber_run, crontabber_log"));
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()));
});

function worldOf(...args: Parameters<typeof testWorld>): TestWorld {
  const made = testWorld(...args);
  worlds.push(made);
  return made;
}

/** What became of each job: its outcomes, or why it did not run. */
function came(report: PassReport): Record<string, string> {
  return Object.fromEntries(
    report.results.map((r) => [r.job.name, r.runs.map((run) => run.end.outcome).join(" ") || (r.not?.why ?? "nothing")]),
  );
}

const levels = (...jobs: Job[]): Job[] => jobs;

describe("a pass", () => {
  it("runs what is due, parents first, children in the same pass", async () => {
    const jobs = levels(
      makeJob({ name: "a", command: "echo a >> order" }),
      makeJob({ name: "b", command: "echo b >> order", dependsOn: ["a"] }),
      makeJob({ name: "c", command: "echo c >> order", dependsOn: ["b"] }),
    );
    const { world, folder } = worldOf(store, jobs);
    expect(came(await pass(world))).toEqual({ a: "succeeded", b: "succeeded", c: "succeeded" });
    expect(readFileSync(join(folder, "order"), "utf8")).toBe("a\nb\nc\n");
  });

  it("blocks the children of a job that fails, by name, and nobody else", async () => {
    const jobs = levels(
      makeJob({ name: "bad", command: "echo oops >&2; exit 3" }),
      makeJob({ name: "child", dependsOn: ["bad"] }),
      makeJob({ name: "grandchild", dependsOn: ["child"] }),
      makeJob({ name: "other" }),
    );
    const { world } = worldOf(store, jobs);
    const report = await pass(world);
    expect(came(report)).toEqual({ bad: "failed", child: "dependency-never-ran", grandchild: "dependency-never-ran", other: "succeeded" });
    const { rows } = await sql.query("SELECT error_count, last_error FROM crontabber WHERE app_name = 'bad'");
    expect(rows[0]).toMatchObject({ error_count: 1, last_error: { type: "ExitCode", value: "exit code 3", traceback: "oops" } });
  });

  it("does not wait behind a job that runs elsewhere", async () => {
    const jobs = levels(makeJob({ name: "first" }), makeJob({ name: "second" }));
    const other = test.host("b");
    const { world } = worldOf(store, jobs);
    await pass(world);
    await sql.query("UPDATE crontabber SET next_run = now() - interval '1 minute'");
    expect((await other.claim(jobs[0] as Job, world.registry.byName)).held).toBe(true);
    expect(came(await pass(world))).toEqual({ first: "ongoing", second: "succeeded" });
  });

  it("that finds nothing due asks the database once", async () => {
    const jobs = Array.from({ length: 50 }, (_, i) => makeJob({ name: `j${i}`, schedule: "0 0 1 1 *" }));
    const { world, told } = worldOf(store, jobs);
    await pass(world);
    let asked = 0;
    const query = store.db.query.bind(store.db);
    store.db.query = (...args) => {
      asked++;
      return query(...args);
    };
    const report = await pass(world).finally(() => {
      store.db.query = query;
    });
    expect(asked).toBe(1);
    expect(new Set(Object.values(came(report)))).toEqual(new Set(["not-yet"]));
    expect(told.some((event) => event.name === "run:started")).toBe(false);
  });

  it("runs a backfill's slots in order, each a claim of its own, and stops at a failure", async () => {
    const job = makeJob({
      name: "dates",
      schedule: "1d|03:00",
      backfill: true,
      command: "echo $CRONTABBER_SLOT >> dates; [ $(wc -l < dates) -ne 3 ]",
    });
    const { world, folder } = worldOf(store, [job]);
    test.clock.now = new Date("2026-01-01T00:00:00Z");
    await pass(world);
    test.clock.now = new Date("2026-01-05T12:00:00Z");
    expect(came(await pass(world))).toEqual({ dates: "succeeded succeeded failed" });
    test.clock.now = new Date("2026-01-05T12:10:00Z");
    expect(came(await pass(world))).toEqual({ dates: "succeeded succeeded succeeded" });
    test.clock.now = null;
    const days = readFileSync(join(folder, "dates"), "utf8")
      .trim()
      .split("\n")
      .map((line) => line.slice(8, 10));
    expect(days).toEqual(["01", "02", "03", "03", "04", "05"]);
  });

  it("takes over a dead claim after a second look, and does its other work first", async () => {
    const jobs = levels(
      makeJob({ name: "dead", lease: 2, command: "echo dead >> order" }),
      makeJob({ name: "quick", command: "echo quick >> order" }),
    );
    const { world, folder, told } = worldOf(store, jobs);
    const other = test.host("b");
    await other.insertPlans([]);
    await store.snapshot();
    await pass(worldOf(store, [jobs[1] as Job]).world);
    await sql.query("DELETE FROM crontabber");
    const { replan } = await import("#lib/core/replan.js");
    const { now } = await store.snapshot();
    await store.insertPlans(jobs.map((job) => ({ job, plan: replan(job, null, now) as NonNullable<ReturnType<typeof replan>> })));
    const claimed = await other.claim(jobs[0] as Job, world.registry.byName);
    expect(claimed.held).toBe(true);
    await sql.query("UPDATE crontabber SET lease_until = now() - interval '1 second' WHERE app_name = 'dead'");
    await sql.query("DELETE FROM crontabber_run WHERE app_name = 'quick'");
    expect(came(await pass(world))).toEqual({ dead: "succeeded", quick: "succeeded" });
    expect(readFileSync(join(folder, "order"), "utf8")).toBe("quick\ndead\n");
    expect(told.find((event) => event.name === "run:reaped")?.payload).toMatchObject({ job: "dead", host: "b" });
    const { rows } = await sql.query("SELECT outcome, host, attempt FROM crontabber_run WHERE app_name = 'dead' ORDER BY id");
    expect(rows).toEqual([
      { outcome: "lost", host: "b", attempt: 1 },
      { outcome: "succeeded", host: "a", attempt: 2 },
    ]);
  });

  it("leaves an expired lease alone that is renewed between the two looks", async () => {
    const job = makeJob({ name: "slow", lease: 2 });
    const { world } = worldOf(store, [job]);
    const other = test.host("b");
    const { replan } = await import("#lib/core/replan.js");
    const { now } = await store.snapshot();
    await store.insertPlans([{ job, plan: replan(job, null, now) as NonNullable<ReturnType<typeof replan>> }]);
    const claimed = await other.claim(job, world.registry.byName);
    if (!claimed.held) throw new Error("not held");
    await sql.query("UPDATE crontabber SET lease_until = now() - interval '1 second'");
    const clock = { ...world.clock, sleep: async () => void (await other.renew(other.db, [claimed.ticket.runId])) };
    expect(came(await pass({ ...world, clock }))).toEqual({ slow: "ongoing" });
  });

  it("told to drain claims nothing more, and lets runs end", async () => {
    const jobs = levels(makeJob({ name: "a", command: "sleep 0.3" }), makeJob({ name: "b", dependsOn: ["a"] }));
    const { world, drain, on } = worldOf(store, jobs);
    on("run:started", () => drain.abort());
    expect(came(await pass(world))).toEqual({ a: "succeeded", b: "nothing" });
  });

  it("told to abort interrupts its runs, and they are due again at once", async () => {
    const job = makeJob({ name: "long", command: "sleep 60" });
    const { world, drain, abort, on } = worldOf(store, [job]);
    on("run:started", () => {
      drain.abort();
      abort.abort();
    });
    expect(came(await pass(world))).toEqual({ long: "interrupted" });
    const { rows } = await sql.query("SELECT run_id, error_count, next_run <= now() AS due FROM crontabber");
    expect(rows).toEqual([{ run_id: null, error_count: 0, due: true }]);
  });

  it("keeps an outcome that cannot be written in its spool, and the next pass delivers it", async () => {
    const job = makeJob({ name: "spooled" });
    const { world, told, on } = worldOf(store, [job], { recordUntil: (began: number) => began + 0.2 });
    // Nobody may write the row while the run ends.
    const other = await test.database.client();
    let locked: Promise<unknown> = Promise.resolve();
    on("run:started", () => {
      locked = other.query("BEGIN").then(() => other.query("SELECT 1 FROM crontabber FOR UPDATE"));
    });
    await pass(world);
    await locked;
    expect(told.some((event) => event.name === "run:spooled")).toBe(true);
    await other.query("ROLLBACK");
    expect(came(await pass(world))).toEqual({ spooled: "not-yet" });
    expect(told.find((event) => event.name === "spool:delivered")?.payload).toMatchObject({
      ...{ ticket: { job: "spooled" }, end: { outcome: "succeeded" }, how: "recorded" },
    });
    expect((await sql.query("SELECT outcome FROM crontabber_run")).rows).toEqual([{ outcome: "succeeded" }]);
  });
});
