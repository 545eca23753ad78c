import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Job } from "#lib/core/job.js";
import { replan } from "#lib/core/replan.js";
import type { RunEnd, Ticket } from "#lib/core/state.js";
import type { ClaimResult, Store } from "#lib/store/store.js";
import { makeJob } from "../helpers/job.ts";
import { type TestStore, testStore } from "../helpers/store.ts";

let test: TestStore;
let a: Store;
let b: Store;
let sql: pg.Client;

beforeAll(async () => {
  test = await testStore();
  a = test.host("a");
  b = test.host("b");
  sql = await test.database.client();
  // The driver reads no other style; the store does not care.
  await sql.query("SET datestyle TO 'ISO'");
});
afterAll(() => test?.close());
beforeEach(async () => {
  test.clock.now = null;
  await sql.query("TRUNCATE crontabber, crontabber_run, crontabber_log");
});

const success: RunEnd = { outcome: "succeeded", error: null, result: '{"rows":1}', output: "hello" };
const failure: RunEnd = { outcome: "failed", error: { type: "TypeError", value: "no", traceback: "at x" }, result: null, output: null };

async function registered(...jobs: Job[]): Promise<ReadonlyMap<string, Job>> {
  const { now, states } = await a.snapshot();
  const plans = jobs.flatMap((job) => {
    const plan = states.has(job.name) ? null : replan(job, null, now);
    return plan ? [{ job, plan }] : [];
  });
  await a.insertPlans(plans);
  return new Map(jobs.map((job) => [job.name, job]));
}

function ticket(result: ClaimResult): Ticket {
  if (!result.held) throw new Error(`not held: ${JSON.stringify(result)}`);
  return result.ticket;
}

const reason = (result: ClaimResult): string => (result.held ? "held" : result.why === "no" ? result.verdict.why : result.why);

async function row(name: string): Promise<Record<string, unknown>> {
  return (await sql.query("SELECT * FROM crontabber WHERE app_name = $1", [name])).rows[0];
}

describe("a claim", () => {
  it("is given to one of many hosts that ask at the same instant", async () => {
    const job = makeJob({ name: "one" });
    const all = await registered(job);
    const results = await Promise.all(Array.from({ length: 8 }, (_, i) => test.host(`h${i}`).claim(job, all)));
    expect(results.filter((r) => r.held)).toHaveLength(1);
    for (const loser of results.filter((r) => !r.held)) expect(["locked", "ongoing"]).toContain(reason(loser));
    expect((await sql.query("SELECT count(*)::int AS n FROM crontabber_run")).rows[0].n).toBe(1);
  });

  it("says locked, and takes nothing, while a neighbour holds the row", async () => {
    const job = makeJob({ name: "held" });
    const all = await registered(job);
    const other = await test.database.client();
    await other.query("BEGIN");
    await other.query("SELECT 1 FROM crontabber WHERE app_name = 'held' FOR UPDATE");
    expect(reason(await a.claim(job, all))).toBe("locked");
    await other.query("ROLLBACK");
    expect(reason(await a.claim(job, all))).toBe("held");
  });

  it("says locked while a neighbour holds a parent's row", async () => {
    const parent = makeJob({ name: "parent" });
    const child = makeJob({ name: "child", dependsOn: ["parent"] });
    const all = await registered(parent, child);
    await a.record(ticket(await a.claim(parent, all)), success);
    const other = await test.database.client();
    await other.query("BEGIN");
    await other.query("UPDATE crontabber SET error_count = 0 WHERE app_name = 'parent'");
    expect(reason(await a.claim(child, all))).toBe("locked");
    await other.query("ROLLBACK");
    expect(reason(await a.claim(child, all))).toBe("held");
  });

  it("decides again under the lock: what was due in the snapshot may have run since", async () => {
    const job = makeJob({ name: "again" });
    const all = await registered(job);
    await a.record(ticket(await a.claim(job, all)), success);
    expect(reason(await b.claim(job, all))).toBe("not-yet");
  });

  it("writes the run into the ledger before anything starts", async () => {
    const job = makeJob({ name: "ledger" });
    const all = await registered(job);
    const held = ticket(await a.claim(job, all));
    const { rows } = await sql.query(
      "SELECT run_id, attempt, trigger, host, outcome, ended_at FROM crontabber_run WHERE app_name = 'ledger'",
    );
    expect(rows).toEqual([{ run_id: held.runId, attempt: 1, trigger: "schedule", host: "a", outcome: null, ended_at: null }]);
    expect((await row("ledger")).run_id).toBe(held.runId);
  });

  it("respects a row the Python tool has claimed, until it is too old", async () => {
    const job = makeJob({ name: "python" });
    const all = await registered(job);
    await sql.query("UPDATE crontabber SET ongoing = now() - interval '11 hours' WHERE app_name = 'python'");
    expect(reason(await a.claim(job, all))).toBe("ongoing");
    await sql.query("UPDATE crontabber SET ongoing = now() - interval '25 hours' WHERE app_name = 'python'");
    expect(reason(await a.claim(job, all))).toBe("held");
  });

  it("never runs a slot again that succeeded, even if next_run is moved back to it", async () => {
    const job = makeJob({ name: "back", schedule: "1d|03:00" });
    const all = await registered(job);
    await sql.query("UPDATE crontabber SET next_run = '2026-01-05T03:00Z', planned_next = '2026-01-05T03:00Z', slot = '2026-01-05T03:00Z'");
    test.clock.now = new Date("2026-01-05T04:00:00Z");
    await a.record(ticket(await a.claim(job, all)), success);
    await sql.query("UPDATE crontabber SET next_run = '2026-01-05T03:00Z'");
    expect(reason(await a.claim(job, all))).toBe("closed");
    expect((await row("back")).next_run).toEqual(new Date("2026-01-06T03:00:00Z"));
  });

  it("runs at once for an instant another tool moved next_run to", async () => {
    const job = makeJob({ name: "moved", schedule: "1d|03:00" });
    const all = await registered(job);
    test.clock.now = new Date("2026-01-05T14:37:30Z");
    await sql.query("UPDATE crontabber SET next_run = '2026-01-05T14:37:00Z'");
    const held = ticket(await a.claim(job, all));
    expect([held.slot, held.attempt, held.nextSlot]).toEqual([new Date("2026-01-05T14:37:00Z"), 1, new Date("2026-01-06T03:00:00Z")]);
  });
});

describe("the fence", () => {
  it("lets a record through once, and says already to its repetition", async () => {
    const job = makeJob({ name: "f" });
    const all = await registered(job);
    const held = ticket(await a.claim(job, all));
    expect(await a.record(held, success)).toBe("recorded");
    const before = await row("f");
    expect(await a.record(held, success)).toBe("already");
    expect(await row("f")).toEqual(before);
    expect((await sql.query("SELECT count(*)::int AS n FROM crontabber_log")).rows[0].n).toBe(1);
  });

  it("refuses the old owner's record after a take-over, and keeps only late_outcome", async () => {
    const job = makeJob({ name: "zombie" });
    const all = await registered(job);
    const old = ticket(await a.claim(job, all));
    await sql.query("UPDATE crontabber SET lease_until = now() - interval '1 second'");
    expect(await b.reap({ name: "zombie", runId: old.runId, heartbeats: 0 }, job)).toBe(true);
    const young = ticket(await b.claim(job, all));
    const before = await row("zombie");
    expect(await a.record(old, success)).toBe("fenced");
    expect(await row("zombie")).toEqual(before);
    const { rows } = await sql.query("SELECT outcome, late_outcome FROM crontabber_run ORDER BY id");
    expect(rows).toEqual([
      { outcome: "lost", late_outcome: "succeeded" },
      { outcome: null, late_outcome: null },
    ]);
    expect(young.slot).toEqual(old.slot);
    expect(young.attempt).toBe(2);
    expect(young.fence > old.fence).toBe(true);
  });

  it("does not take over a claim whose renewals moved between the two looks", async () => {
    const job = makeJob({ name: "alive" });
    const all = await registered(job);
    const held = ticket(await a.claim(job, all));
    await sql.query("UPDATE crontabber SET lease_until = now() - interval '1 second'");
    expect(await a.renew(a.db, [held.runId])).toEqual(new Map([[held.runId, "renewed"]]));
    await sql.query("UPDATE crontabber SET lease_until = now() - interval '1 second'");
    expect(await b.reap({ name: "alive", runId: held.runId, heartbeats: 0 }, job)).toBe(false);
    expect(await b.reap({ name: "alive", runId: held.runId, heartbeats: 1 }, job)).toBe(true);
  });

  it("renews what it can, waits for nobody, and tells gone from locked", async () => {
    const jobs = [makeJob({ name: "r1" }), makeJob({ name: "r2" }), makeJob({ name: "r3" })];
    const all = await registered(...jobs);
    const [one, two, three] = (await Promise.all(jobs.map((job) => a.claim(job, all)))).map(ticket) as [Ticket, Ticket, Ticket];
    await a.record(three, success);
    const other = await test.database.client();
    await other.query("BEGIN");
    await other.query("SELECT 1 FROM crontabber WHERE app_name = 'r2' FOR UPDATE");
    expect(await a.renew(a.db, [one.runId, two.runId, three.runId])).toEqual(
      new Map([
        [one.runId, "renewed"],
        [two.runId, "locked"],
        [three.runId, "gone"],
      ]),
    );
    await other.query("ROLLBACK");
  });
});

describe("a record", () => {
  it("of a success plans the next slot from the slot, clears the error and writes the original's log row", async () => {
    const job = makeJob({ name: "ok", schedule: "1d|03:00" });
    const all = await registered(job);
    test.clock.now = new Date("2026-01-06T23:58:00Z");
    await sql.query("UPDATE crontabber SET next_run = '2026-01-05T03:00Z', error_count = 3, last_error = '{\"type\":\"x\"}'");
    const held = ticket(await a.claim(job, all));
    expect([held.slot, held.missed, held.missedFrom]).toEqual([new Date("2026-01-06T03:00:00Z"), 1, new Date("2026-01-05T03:00:00Z")]);
    test.clock.now = new Date("2026-01-07T00:05:00Z");
    await a.record(held, success);
    const after = await row("ok");
    expect(after).toMatchObject({
      ...{
        next_run: new Date("2026-01-07T03:00:00Z"),
        planned_next: new Date("2026-01-07T03:00:00Z"),
        slot: new Date("2026-01-07T03:00:00Z"),
      },
      ...{ error_count: 0, last_error: {}, run_id: null, ongoing: null, lease_until: null, attempt: 0, missed: 0, missed_from: null },
    });
    expect(after.last_run).toEqual(after.last_success);
    const log = (await sql.query("SELECT app_name, success IS NOT NULL AS ok, duration >= '0' AS took, exc_type FROM crontabber_log")).rows;
    expect(log).toEqual([{ app_name: "ok", ok: true, took: true, exc_type: null }]);
    expect((await sql.query("SELECT result, output FROM crontabber_run")).rows).toEqual([{ result: { rows: 1 }, output: "hello" }]);
  });

  it("of a failure keeps the slot and comes back after the retry time", async () => {
    const job = makeJob({ name: "bad", schedule: "1d|03:00", errorRetryTime: 60 });
    const all = await registered(job);
    await sql.query("UPDATE crontabber SET next_run = '2026-01-05T03:00Z'");
    test.clock.now = new Date("2026-01-05T03:00:05Z");
    await a.record(ticket(await a.claim(job, all)), failure);
    expect(await row("bad")).toMatchObject({
      ...{ next_run: new Date("2026-01-05T03:01:05Z"), slot: new Date("2026-01-05T03:00:00Z"), error_count: 1, attempt: 1 },
      last_error: { type: "TypeError", value: "no", traceback: "at x" },
    });
    expect(reason(await a.claim(job, all))).toBe("not-yet");
    test.clock.now = new Date("2026-01-05T03:02:00Z");
    const retry = ticket(await a.claim(job, all));
    expect([retry.attempt, retry.trigger, retry.slot]).toEqual([2, "retry", new Date("2026-01-05T03:00:00Z")]);
  });

  it("of a plain job's failure never waits beyond the next slot", async () => {
    const job = makeJob({ name: "short", schedule: "1m", errorRetryTime: 300 });
    const all = await registered(job);
    await sql.query("UPDATE crontabber SET next_run = '2026-01-05T03:00Z'");
    test.clock.now = new Date("2026-01-05T03:00:05Z");
    await a.record(ticket(await a.claim(job, all)), failure);
    expect((await row("short")).next_run).toEqual(new Date("2026-01-05T03:01:00Z"));
    test.clock.now = new Date("2026-01-05T03:01:00Z");
    const next = ticket(await a.claim(job, all));
    expect([next.attempt, next.missed, next.missedFrom]).toEqual([1, 1, new Date("2026-01-05T03:00:00Z")]);
    expect((await row("short")).error_count).toBe(1);
  });

  it("of a backfill keeps its order, one slot a claim", async () => {
    const job = makeJob({ name: "dates", schedule: "1d|03:00", backfill: true });
    const all = await registered(job);
    await sql.query("UPDATE crontabber SET next_run = '2026-01-05T03:00Z'");
    test.clock.now = new Date("2026-01-07T12:00:00Z");
    const seen: unknown[] = [];
    for (let result = await a.claim(job, all); result.held; result = await a.claim(job, all)) {
      seen.push([result.ticket.slot.toISOString(), result.ticket.trigger]);
      await a.record(result.ticket, success);
    }
    expect(seen).toEqual([
      ["2026-01-05T03:00:00.000Z", "backfill"],
      ["2026-01-06T03:00:00.000Z", "backfill"],
      ["2026-01-07T03:00:00.000Z", "schedule"],
    ]);
    expect((await row("dates")).last_success).toEqual(new Date("2026-01-07T03:00:00Z"));
  });

  it("of an interruption leaves the slot due at once and counts nothing", async () => {
    const job = makeJob({ name: "int", maxAttempts: 1 });
    const all = await registered(job);
    const held = ticket(await a.claim(job, all));
    await a.record(held, { ...failure, outcome: "interrupted" });
    expect(await row("int")).toMatchObject({ error_count: 0, slot_errors: 0, held_at: null, run_id: null });
    const next = ticket(await a.claim(job, all));
    expect([next.slot, next.attempt]).toEqual([held.slot, 2]);
  });

  it("holds a job whose attempts are used up, until it is unlocked", async () => {
    const job = makeJob({ name: "hold", maxAttempts: 2, errorRetryTime: 0, schedule: "1d" });
    const all = await registered(job);
    await a.record(ticket(await a.claim(job, all)), failure);
    await a.record(ticket(await a.claim(job, all)), failure);
    expect(reason(await a.claim(job, all))).toBe("held");
    expect((await a.claim(job, all)).held).toBe(false);
    expect(await a.steering.unlock("hold", { who: "kim", note: null })).toBe(true);
    expect(ticket(await a.claim(job, all)).attempt).toBe(3);
  });

  it("holds a job that was lost three times in a row", async () => {
    const job = makeJob({ name: "poison" });
    const all = await registered(job);
    for (let i = 0; i < 3; i++) {
      const held = ticket(await a.claim(job, all));
      await sql.query("UPDATE crontabber SET lease_until = now() - interval '1 second'");
      expect(await b.reap({ name: "poison", runId: held.runId, heartbeats: 0 }, job)).toBe(true);
    }
    expect(await row("poison")).toMatchObject({ error_count: 3, lost_count: 3, last_error: { type: "LostLease" } });
    const result = await a.claim(job, all);
    expect([result.held, reason(result)]).toEqual([false, "held"]);
  });

  it("of a cancel closes the slot without a retry, and counts no error", async () => {
    const job = makeJob({ name: "cancel" });
    const all = await registered(job);
    const held = ticket(await a.claim(job, all));
    await a.record(held, { ...failure, outcome: "cancelled" });
    expect(await row("cancel")).toMatchObject({ error_count: 0, next_run: held.nextSlot });
  });
});

describe("slots that are too late", () => {
  it("are dropped and recorded as one skipped range, with start_deadline", async () => {
    const job = makeJob({ name: "late", schedule: "1d|03:00", startDeadline: 3600, backfill: true });
    const all = await registered(job);
    await sql.query("UPDATE crontabber SET next_run = '2026-01-05T03:00Z'");
    test.clock.now = new Date("2026-01-07T03:30:00Z");
    const held = ticket(await a.claim(job, all));
    expect(held.slot).toEqual(new Date("2026-01-07T03:00:00Z"));
    const { rows } = await sql.query("SELECT slot, outcome, missed, missed_from, attempt FROM crontabber_run WHERE outcome IS NOT NULL");
    expect(rows).toEqual([
      { slot: new Date("2026-01-06T03:00:00Z"), outcome: "skipped", missed: 1, missed_from: new Date("2026-01-05T03:00:00Z"), attempt: 0 },
    ]);
  });
});

describe("a reset", () => {
  it("stamps a history of any length, each statement within its time limit", async () => {
    const job = makeJob({ name: "old" });
    await registered(job);
    await sql.query(
      `INSERT INTO crontabber_run (run_id, app_name, slot, attempt, trigger, host, pid, ended_at, outcome)
       SELECT gen_random_uuid(), 'old', now() - n * interval '1 hour', 1, 'schedule', 'a', 1, now(), 'succeeded' FROM generate_series(1, 25000) AS n`,
    );
    expect(await a.reset({ name: "old", force: false })).toEqual({ done: true, fenced: null });
    const { rows } = await sql.query("SELECT count(*)::int AS runs, count(reset_at)::int AS stamped FROM crontabber_run");
    expect(rows).toEqual([{ runs: 25_000, stamped: 25_000 }]);
  });
  it("is refused beside a living owner, and fences it with force", async () => {
    const job = makeJob({ name: "reset" });
    const all = await registered(job);
    const held = ticket(await a.claim(job, all));
    expect(await b.reset({ name: "reset", force: false })).toMatchObject({ done: false, why: "owned", host: "a" });
    expect(await b.reset({ name: "reset", force: true })).toEqual({ done: true, fenced: held.runId });
    expect(await row("reset")).toBeUndefined();
    expect(await a.renew(a.db, [held.runId])).toEqual(new Map([[held.runId, "gone"]]));
    await registered(job);
    const young = ticket(await a.claim(job, all));
    expect(await a.record(held, success)).toBe("fenced");
    expect((await row("reset")).run_id).toBe(young.runId);
  });

  it("keeps the history, and lets the slots run again", async () => {
    const job = makeJob({ name: "twice", schedule: "1d|03:00" });
    const all = await registered(job);
    test.clock.now = new Date("2026-01-05T04:00:00Z");
    await sql.query("UPDATE crontabber SET next_run = '2026-01-05T03:00Z'");
    await a.record(ticket(await a.claim(job, all)), success);
    expect(await a.reset({ name: "twice", force: false })).toEqual({ done: true, fenced: null });
    expect(await a.reset({ name: "twice", force: false })).toEqual({ done: false, why: "no-row" });
    await registered(job);
    await a.record(ticket(await a.claim(job, all)), success);
    expect((await sql.query("SELECT count(*)::int AS n FROM crontabber_run WHERE outcome = 'succeeded'")).rows[0].n).toBe(2);
  });
});

describe("a backfill child whose backfill parent's slot was closed without a success", () => {
  const parent = makeJob({ name: "parent", schedule: "1d|03:00", backfill: true });
  const child = makeJob({ name: "child", schedule: "1d|03:00", backfill: true, dependsOn: ["parent"] });

  it("waits for the parent's next success, and no longer", async () => {
    const all = await registered(parent, child);
    test.clock.now = new Date("2026-01-06T12:00:00Z");
    await sql.query("UPDATE crontabber SET next_run = '2026-01-05T03:00Z'");
    await a.record(ticket(await a.claim(parent, all)), { ...failure, outcome: "cancelled" });
    await sql.query("UPDATE crontabber SET last_success = '2026-01-04T03:00Z' WHERE app_name = 'parent'");
    expect(reason(await a.claim(child, all))).toBe("dependency-failed");
    await a.record(ticket(await a.claim(parent, all)), success);
    expect(ticket(await a.claim(child, all)).slot).toEqual(new Date("2026-01-05T03:00:00Z"));
  });
});
