/** The ledger as a page reads it: by its indexes, however long it is, and never more than is shown. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ledger } from "#lib/store/ledger.js";
import { ledgerStatements } from "#lib/store/ledger-sql.js";
import { type TestStore, testStore } from "../helpers/store.ts";

let store: TestStore;
let sql: pg.Client;
let ledger: Ledger;
const NAMES = Array.from({ length: 60 }, (_, i) => `job-${i}`);

beforeAll(async () => {
  store = await testStore();
  sql = await store.database.client();
  ledger = await store.host("h").ledger();
  await sql.query(`INSERT INTO crontabber_run (run_id, app_name, slot, attempt, trigger, claimed_at, ended_at, outcome, error, output)
    SELECT gen_random_uuid(), 'job-' || i % 60, t, 1, 'schedule', t, t + interval '1 s', CASE WHEN i % 7 = 0 THEN 'failed' ELSE 'succeeded' END,
      CASE WHEN i % 7 = 0 THEN '{"type":"Error","value":"no"}'::json END, 'out ' || i
    FROM (SELECT i, now() - interval '10 days' + i * interval '20 s' AS t FROM generate_series(1, 40000) i) s`);
  await sql.query(`INSERT INTO crontabber_run (run_id, app_name, slot, attempt, trigger, claimed_at, ended_at, outcome)
    SELECT gen_random_uuid(), 'rare', now() - interval '30 days', 1, 'schedule', now() - interval '30 days', now() - interval '30 days', 'succeeded'`);
  await sql.query(
    `INSERT INTO crontabber_run (run_id, app_name, slot, attempt, trigger) VALUES (gen_random_uuid(), 'job-3', now(), 1, 'manual')`,
  );
  await sql.query("ANALYZE crontabber_run");
});
afterAll(() => store.close());

interface Node {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Rows Removed by Filter"?: number;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly Plans?: readonly Node[];
}
const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** Rows of the ledger that are looked at, and whether by reading it through. */
async function looked(text: string, params: unknown[]): Promise<{ rows: number; through: boolean }> {
  const { rows } = await sql.query(`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`, params);
  const own = nodesOf(rows[0]["QUERY PLAN"][0].Plan).filter((node) => node["Relation Name"] === "crontabber_run");
  const seen = own.map((node) => (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"]);
  return { rows: seen.reduce((a, b) => a + b, 0), through: own.some((node) => node["Node Type"] === "Seq Scan") };
}

describe("looks at no more rows than it shows", () => {
  const s = ledgerStatements("");
  it.each([
    // Its plan tells the rounded mean of 62 loops.
    ["the newest of every job", s.recent, [[...NAMES, "rare", "nobody"], 40], 62 * 40],
    ["a day's", s.day, [500], 501],
    ["what is new", s.since, ["39990", [1, 2, 3], 2000], 20],
    ["one job's", s.ofJob, ["job-3", 200], 200],
    ["the only one of a job", s.ofJob, ["rare", 200], 1],
    ["what a job printed", s.newestOutput, ["job-3"], 1],
    ["what a job printed that ran once", s.newestOutput, ["rare"], 1],
    ["a page of all", s.page, [null, null, "20000", 50], 50],
    ["a page of one job", s.pageOfJob, ["job-3", null, "20000", 50], 50],
    ["a page of a job that ran once", s.pageOfJob, ["rare", "failed", null, 50], 1],
  ] as [string, string, unknown[], number][])("%s", async (_, text, params, most) => {
    const { rows, through } = await looked(text, params);
    expect(through).toBe(false);
    expect(rows).toBeLessThanOrEqual(most);
  });
});

describe("reads", () => {
  it("the newest of each job, newest first, the one that is on among them", async () => {
    const runs = await ledger.recent(["job-3", "rare", "nobody"], 3);
    expect(runs.map(({ job, outcome }) => [job, outcome])).toEqual([
      ["job-3", null],
      ["job-3", "failed"],
      ["job-3", "succeeded"],
      ["rare", "succeeded"],
    ]);
    expect(runs[0]?.took).toBeGreaterThanOrEqual(0);
  });

  it("of a day the newest, and what is on", async () => {
    const day = await ledger.day(10);
    expect(day.length).toBe(11);
    expect(day.filter(({ outcome }) => outcome === null).map(({ job }) => job)).toEqual(["job-3"]);
  });

  it("what is new, and how those stand that were on", async () => {
    expect((await ledger.since(40_000n, { ids: [5n], limit: 10 })).map(({ id }) => id)).toEqual([5n, 40_001n, 40_002n]);
  });

  it.each([
    ["a short one whole", { type: "E", value: "v", traceback: "at x" }, { type: "E", value: "v", traceback: "at x" }],
    [
      "a long one without its frames",
      { type: "Error", value: 'said "no"\n', traceback: "x".repeat(5_000) },
      { type: "Error", value: 'said "no"\n', traceback: "" },
    ],
    [
      "the beginning of a long value",
      { type: "Error", value: "ü".repeat(5_000), traceback: "" },
      { type: "Error", value: expect.stringMatching(/^ü{1900,1999}$/), traceback: "" },
    ],
    ["what somebody else wrote", ["nonsense"], { type: "", value: "", traceback: "" }],
    [
      "what somebody else wrote at length",
      ["n".repeat(5_000)],
      { type: "unreadable", value: expect.stringMatching(/^\["nnn/), traceback: "" },
    ],
  ])("of an error %s", async (_, error, shown) => {
    await sql.query("UPDATE crontabber_run SET error = $1 WHERE app_name = 'rare'", [JSON.stringify(error)]);
    expect((await ledger.recent(["rare"], 1))[0]?.error).toMatchObject(shown);
  });

  it("an error that only its own text can hold, and a result that is too long for a list", async () => {
    await sql.query(
      `UPDATE crontabber_run SET error = '{"type":"E","value":"a\\u0000b","traceback":""}', result = $1 WHERE app_name = 'rare'`,
      [JSON.stringify("r".repeat(2_000))],
    );
    expect((await ledger.recent(["rare"], 1))[0]).toMatchObject({ error: { type: "E" }, result: null });
  });
});
