/** A ledger that grew for years slows nothing, and shrinks by itself: outputs first, never a live row, never the original's log. */
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ledgerStatements } from "#lib/store/ledger-sql.js";
import { pruneStatements } from "#lib/store/prune.js";
import type { Store } from "#lib/store/store.js";
import { type TestStore, testStore } from "../helpers/store.ts";

let test: TestStore;
let store: Store;
let sql: pg.Client;

beforeAll(async () => {
  test = await testStore();
  store = test.host("a");
  sql = await test.database.client();
});
afterAll(() => test?.close());

const due = () => sql.query("UPDATE crontabber_upkeep SET pruned_at = now() - interval '61 minutes'");
/** `count` runs of a job, one a minute, the newest `days` ago. */
const fill = (job: string, { count, days, outcome = "succeeded" }: { count: number; days: number; outcome?: string }) =>
  sql.query(
    `INSERT INTO crontabber_run (run_id, app_name, slot, attempt, trigger, host, pid, claimed_at, ended_at, outcome, output)
     SELECT gen_random_uuid(), $1, t, 1, 'schedule', 'web-1', 1, t, t + interval '1 second', $4, 'said ' || n
     FROM (SELECT n, now() - $3 * interval '1 day' - n * interval '1 minute' AS t FROM generate_series(1, $2::int) n) s`,
    [job, count, days, outcome],
  );
const left = async () => {
  const { rows } = await sql.query(
    "SELECT app_name, count(*)::int AS rows, count(output)::int AS outputs FROM crontabber_run GROUP BY 1 ORDER BY 1",
  );
  return Object.fromEntries(rows.map((r) => [r.app_name, [r.rows, r.outputs]]));
};

describe("pruning", () => {
  beforeEach(() => sql.query("TRUNCATE crontabber_run, crontabber_log"));

  it("forgets what successes printed after a week, and whole runs after history_days", async () => {
    await fill("new", { count: 5, days: 1 });
    await fill("week-old", { count: 2500, days: 8 });
    await fill("week-old-failure", { count: 5, days: 8, outcome: "failed" });
    await fill("old", { count: 2500, days: 91 });
    await fill("old-failure", { count: 5, days: 91, outcome: "failed" });
    await due();
    expect(await store.fleet.prune(90, null)).toBe(2505);
    expect(await left()).toEqual({ new: [5, 5], "week-old": [2500, 0], "week-old-failure": [5, 5] });
  });

  it("keeps what successes printed a third of a short history", async () => {
    await fill("a", { count: 3, days: 2 });
    await fill("b", { count: 3, days: 0.5 });
    await due();
    await store.fleet.prune(3, null);
    expect(await left()).toEqual({ a: [3, 0], b: [3, 3] });
  });

  it("never touches a live run nor the original's log, however old", async () => {
    await sql.query(`INSERT INTO crontabber_run (run_id, app_name, slot, attempt, trigger, claimed_at, output)
      VALUES (gen_random_uuid(), 'endless', now() - interval '9 years', 1, 'schedule', now() - interval '9 years', 'so far')`);
    await sql.query("INSERT INTO crontabber_log (app_name, log_time) VALUES ('endless', now() - interval '9 years')");
    await due();
    expect(await store.fleet.prune(1, null)).toBe(0);
    expect(await left()).toEqual({ endless: [1, 1] });
    expect((await sql.query("SELECT app_name FROM crontabber_log")).rows).toEqual([{ app_name: "endless" }]);
  });

  it("is done by one host an hour, and passes over rows that somebody works on", async () => {
    await fill("old", { count: 10, days: 91 });
    await due();
    const other = await test.database.client();
    await other.query("BEGIN");
    await other.query("SELECT 1 FROM crontabber_run ORDER BY id LIMIT 3 FOR UPDATE");
    const hosts = [store, test.host("b"), test.host("c"), test.host("d")];
    const removed = await Promise.all(hosts.map((host) => host.fleet.prune(90, null)));
    await other.query("ROLLBACK");
    expect(removed.sort()).toEqual([0, 0, 0, 7]);
    await fill("old", { count: 10, days: 92 });
    expect(await store.fleet.prune(90, null)).toBe(0);
    expect((await store.snapshot()).pruneDue).toBe(false);
  });

  it("stops between two batches when its host drains", async () => {
    await fill("old", { count: 2500, days: 91 });
    await due();
    const drain = new AbortController();
    drain.abort();
    expect(await store.fleet.prune(90, drain.signal)).toBe(1000);
  });

  it("forgets hosts that never came back", async () => {
    await sql.query(`INSERT INTO crontabber_host (label, version, mode, tags, registry, jobs, seen_at)
      SELECT l, '1', 'pass', '{}', 'r', '{}', now() - d * interval '1 day' FROM (VALUES ('gone', 8), ('asleep', 6)) AS v (l, d)`);
    await due();
    await store.fleet.prune(90, null);
    expect((await store.fleet.hosts()).map((host) => host.label)).toEqual(["asleep"]);
  });
});

interface Node {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows"?: number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Actual Loops"?: number;
  readonly Plans?: readonly Node[];
}

const nodes = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodes)];

/** Rows of the ledger the statement looked at. */
async function looked(text: string, params: readonly unknown[]): Promise<number> {
  await sql.query("BEGIN");
  const { rows } = await sql.query(`EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) ${text}`, [...params]);
  await sql.query("ROLLBACK");
  const plan = rows[0]["QUERY PLAN"][0].Plan as Node;
  const scans = nodes(plan).filter((node) => node["Node Type"].includes("Scan") && node["Relation Name"] === "crontabber_run");
  return scans.reduce(
    (sum, node) => sum + ((node["Actual Rows"] ?? 0) + (node["Rows Removed by Filter"] ?? 0)) * (node["Actual Loops"] ?? 1),
    0,
  );
}

describe("with 300,000 runs in the ledger", () => {
  beforeAll(async () => {
    await sql.query("TRUNCATE crontabber_run");
    await fill("other", { count: 50_000, days: 95 });
    await fill("minutely", { count: 250_000, days: 0 });
    await sql.query(`INSERT INTO crontabber_run (run_id, app_name, slot, attempt, trigger, claimed_at, ended_at, outcome)
      VALUES (gen_random_uuid(), 'yearly', now() - interval '1 year', 1, 'schedule', now() - interval '1 year', now() - interval '1 year', 'failed')`);
    await sql.query("UPDATE crontabber_run SET missed = 3, missed_from = slot - interval '3 minutes' WHERE id % 1000 = 0");
    await sql.query("VACUUM ANALYZE crontabber_run");
  }, 60_000);

  const run = async (column: string) =>
    (await sql.query(`SELECT ${column} AS it FROM crontabber_run WHERE app_name = 'minutely' ORDER BY id LIMIT 1 OFFSET 1000`)).rows[0].it;
  type Case = [string, () => string, () => unknown[] | Promise<unknown[]>, number];
  const cases: Case[] = [
    ["the newest run of a parent up to a slot", () => store.sql.parentsAt, async () => [["minutely", "yearly"], await run("slot")], 1500],
    ["what is known of a slot", () => store.sql.slotFacts, async () => ["minutely", await run("slot")], 5],
    ["a job's history", () => store.sql.history, () => ["minutely", 50, null, null], 100],
    ["the history of a job that hardly runs", () => store.sql.history, () => ["yearly", 50, null, null], 5],
    ["everybody's history", () => store.sql.history, () => [null, 50, null, null], 100],
    ["the runs since this morning", () => store.sql.history, () => [null, 50, ["failed"], new Date(Date.now() + 60_000)], 100],
    ["the newest output", () => store.sql.newestOutput, () => ["yearly", null], 5],
    ["the last runs of all jobs", () => store.sql.recent, () => [["minutely", "yearly", "nobody"], 12], 30],
    ["the run after another", () => store.sql.outputAfter, async () => ["minutely", await run("id")], 5],
    ["a run looked at again", () => store.sql.outputAgain, async () => [await run("id"), "0"], 5],
    [
      "the newest runs of all jobs, for the page",
      () => ledgerStatements("public.").recent,
      () => [["minutely", "yearly", "nobody"], 60],
      130,
    ],
    ["the newest output, for the page", () => ledgerStatements("public.").newestOutput, () => ["minutely"], 5],
    ["what runs now", () => store.sql.liveRuns, () => [], 5],
    ["the end of a run", () => store.sql.endRun, async () => [await run("run_id"), "failed", null, null, null], 5],
    ["what a run tells", () => store.sql.news, async () => [await run("run_id"), "{}", "x"], 5],
    ["a batch of outputs", () => pruneStatements("public.").outputs, () => [7, 1000], 2100],
    ["a batch of runs", () => pruneStatements("public.").runs, () => [90, 1000], 2100],
    ["the look of a pass", () => store.sql.snapshot, () => [null], 0],
  ];
  it.each(cases)("%s is found without reading the ledger", async (_, text, params, most) => {
    expect(await looked(text(), await params())).toBeLessThanOrEqual(most);
  });
});
