/** Named locks: one holder at a time over the whole fleet, whatever happens to the holder. */
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Job } from "#lib/core/job.js";
import { replan } from "#lib/core/replan.js";
import type { RunEnd, Ticket } from "#lib/core/state.js";
import type { ClaimResult, Store } from "#lib/store/store.js";
import { makeJob } from "../helpers/job.ts";
import { type Bouncer, hasPgbouncer, startPgbouncer } from "../helpers/pgbouncer.ts";
import { connectionOf, type TestStore, testStore } from "../helpers/store.ts";

let test: TestStore;
let a: Store;
let sql: pg.Client;

beforeAll(async () => {
  test = await testStore();
  a = test.host("a");
  sql = await test.database.client();
});
afterAll(() => test?.close());
beforeEach(() => sql.query("TRUNCATE crontabber, crontabber_run, crontabber_log"));

const success: RunEnd = { outcome: "succeeded", error: null, result: null, output: null };
const locking = (name: string, ...locks: string[]): Job => makeJob({ name, locks });

async function registered(...jobs: Job[]): Promise<ReadonlyMap<string, Job>> {
  const { now } = await a.snapshot();
  await a.insertPlans(jobs.flatMap((job) => replan(job, null, now) ?? []).map((plan, i) => ({ job: jobs[i] as Job, plan })));
  return new Map(jobs.map((job) => [job.name, job]));
}

function ticket(result: ClaimResult): Ticket {
  if (!result.held) throw new Error(`not held: ${JSON.stringify(result)}`);
  return result.ticket;
}

const reason = (result: ClaimResult): string => (result.held ? "held" : result.why === "no" ? result.verdict.why : result.why);
const held = async () =>
  (await sql.query("SELECT name, app_name FROM crontabber_lock ORDER BY name")).rows.map((r) => `${r.name} ${r.app_name}`);

describe("a claim of a job with locks", () => {
  it("is refused as limit while another run holds one of them, and names it", async () => {
    const [one, two] = [locking("one", "db-heavy"), locking("two", "db-heavy")];
    const all = await registered(one, two);
    const first = ticket(await a.claim(one, all));
    const refused = await test.host("b").claim(two, all);
    expect(reason(refused)).toBe("limit");
    expect(refused).toMatchObject({ verdict: { detail: expect.stringMatching(/^the lock 'db-heavy' is held by 'one' on a since /) } });
    expect((await sql.query("SELECT run_id, ongoing FROM crontabber WHERE app_name = 'two'")).rows).toEqual([
      { run_id: null, ongoing: null },
    ]);
    expect((await sql.query("SELECT app_name FROM crontabber_run")).rows).toEqual([{ app_name: "one" }]);
    await a.record(first, success);
    expect(await held()).toEqual([]);
    expect(reason(await test.host("b").claim(two, all))).toBe("held");
  });

  it("is refused by force, too: a lock guards what lies outside the job", async () => {
    const [one, two] = [locking("one", "db-heavy"), locking("two", "db-heavy")];
    const all = await registered(one, two);
    await a.claim(one, all);
    expect(reason(await a.claim(two, all, { hand: { force: true, slot: null } }))).toBe("limit");
  });

  it("takes all of its locks or none", async () => {
    const [one, two, three] = [locking("one", "y"), locking("two", "x", "y", "z"), locking("three", "z", "x")];
    const all = await registered(one, two, three);
    await a.claim(one, all);
    expect(reason(await a.claim(two, all))).toBe("limit");
    expect(await held()).toEqual(["y one"]);
    expect(reason(await a.claim(three, all))).toBe("held");
    expect(await held()).toEqual(["x three", "y one", "z three"]);
  });

  it("leaves what it cannot start as it found it: a job that has succeeded, that runs, that is not due", async () => {
    const job = locking("one", "x");
    const all = await registered(job);
    const first = ticket(await a.claim(job, all));
    expect(reason(await test.host("b").claim(job, all))).toBe("ongoing");
    await a.record(first, success);
    expect(reason(await a.claim(job, all))).toBe("not-yet");
    await sql.query("UPDATE crontabber SET next_run = slot - interval '1 hour'");
    expect(reason(await a.claim(job, all))).toBe("closed");
    expect(await held()).toEqual([]);
  });
});

describe("a lock is free in the very transaction that ends its run", () => {
  const ways: [string, (run: Ticket, job: Job) => Promise<unknown>][] = [
    ["recorded", (run) => a.record(run, { ...success, outcome: "failed", error: { type: "E", value: "", traceback: "" } })],
    ["reset", () => a.reset({ name: "one", force: true })],
    ["taken over", (_, job) => reap(job)],
    ["taken over as a ghost", () => reap(null)],
    [
      "ended by a program that knows no locks",
      (run) => sql.query("UPDATE crontabber_run SET outcome = 'lost', ended_at = now() WHERE run_id = $1", [run.runId]),
    ],
    ["gone with its row", (run) => sql.query("DELETE FROM crontabber_run WHERE run_id = $1", [run.runId])],
  ];

  async function reap(job: Job | null): Promise<void> {
    await sql.query("UPDATE crontabber SET lease_until = now() - interval '1 minute'");
    const state = (await a.snapshot()).states.get("one");
    const runId = state?.runId ?? "";
    expect(await a.reap({ name: "one", runId, heartbeats: state?.heartbeats ?? -1 }, job)).toBe(true);
  }

  it.each(ways)("%s", async (_, end) => {
    const job = locking("one", "x", "y");
    const run = ticket(await a.claim(job, await registered(job)));
    expect(await held()).toEqual(["x one", "y one"]);
    await end(run, job);
    expect(await held()).toEqual([]);
  });

  it("but not before: a record that is rolled back frees nothing", async () => {
    const job = locking("one", "x");
    const run = ticket(await a.claim(job, await registered(job)));
    const tx = await test.database.client();
    await tx.query("BEGIN");
    await tx.query("UPDATE crontabber_run SET outcome = 'succeeded', ended_at = now() WHERE run_id = $1", [run.runId]);
    await tx.query("ROLLBACK");
    expect(await held()).toEqual(["x one"]);
  });
});

/** Eight hosts race for eight jobs with locks that overlap, again and again; the database is asked what was held at once. */
async function race(hosts: readonly Store[], rounds: number): Promise<{ starts: number; limits: number }> {
  const jobs = Array.from({ length: 8 }, (_, i) => locking(`j${i}`, "all", ...(i % 2 ? ["a", "b"] : ["b", "a"])));
  const all = await registered(...jobs);
  let [starts, limits] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    const results = await Promise.all(hosts.map((host, i) => host.claim(jobs[i % jobs.length] as Job, all)));
    const won = results.filter((result) => result.held);
    expect(won.length).toBeLessThanOrEqual(1);
    for (const loser of results) if (!loser.held) expect(["limit", "locked", "not-yet"]).toContain(reason(loser));
    starts += won.length;
    limits += results.filter((result) => reason(result) === "limit").length;
    for (const result of won) await a.record(ticket(result), success);
    await sql.query(
      "UPDATE crontabber SET next_run = now() - interval '1 second', slot = now() - interval '1 second', planned_next = now() - interval '1 second'",
    );
  }
  return { starts, limits };
}

describe("in a race", () => {
  it("one of eight hosts holds it, and none waits for ever", async () => {
    const hosts = Array.from({ length: 8 }, (_, i) => test.host(`h${i}`));
    const { starts, limits } = await race(hosts, 15);
    expect(starts).toBe(15);
    expect(limits).toBeGreaterThan(50);
  });

  it.runIf(hasPgbouncer)("so behind a pooler in transaction mode", async () => {
    const bouncer: Bouncer = await startPgbouncer(test.database.url);
    try {
      const connection = connectionOf(bouncer.url(test.database.url));
      const hosts = Array.from({ length: 8 }, (_, i) => test.host(`p${i}`, { connection }));
      expect((await race(hosts, 8)).starts).toBe(8);
      await Promise.all(hosts.map((host) => host.close()));
    } finally {
      await bouncer.close();
    }
  });
});
