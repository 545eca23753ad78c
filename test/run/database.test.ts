import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Connection } from "#lib/core/database.js";
import type { Job } from "#lib/core/job.js";
import { replan } from "#lib/core/replan.js";
import type { Ticket } from "#lib/core/state.js";
import { freezeTicket } from "#lib/core/ticket.js";
import { cancelBackend } from "#lib/run/sql.js";
import type { Store } from "#lib/store/store.js";
import { connectionOf, type TestStore, testStore } from "../helpers/store.ts";
import { type Bench, bench, command, moduleJob, seen, ticket, until } from "./bench.ts";
import { deafProxy } from "./proxy.ts";

let test: TestStore;
let store: Store;
let admin: pg.Client;
let connection: Connection;
let jobs: Bench;

beforeAll(async () => {
  test = await testStore();
  store = test.host("h");
  admin = await test.database.client();
  await admin.query("SET datestyle TO 'ISO'");
  await admin.query("CREATE TABLE work (what text, n int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
  connection = connectionOf(test.database.url);
  jobs = bench({ connection });
});
afterAll(async () => {
  await jobs?.runner.close();
  await test?.close();
});
beforeEach(() => admin.query("TRUNCATE work, crontabber, crontabber_run, crontabber_log"));

const database = (name: string, over: Partial<Omit<Job, "schedule">> = {}) => moduleJob("database.ts", name, over);
const sql = (text: string, over: Partial<Omit<Job, "schedule">> = {}) => ({
  ...command(""),
  kind: "sql" as const,
  sql: text,
  command: null,
  transaction: true,
  ...over,
});

async function claim(job: Job): Promise<Ticket> {
  const { now } = await store.snapshot();
  const plan = replan(job, null, now);
  if (plan) await store.insertPlans([{ job, plan }]);
  const claimed = await store.claim(job, new Map([[job.name, job]]));
  if (!claimed.held) throw new Error(JSON.stringify(claimed));
  return claimed.ticket;
}

const claimAndRun = async (job: Job, with_: Bench = jobs) => {
  const claimed = await claim(job);
  return { claimed, ended: await with_.run(job, { ticket: claimed }) };
};

const work = async () => (await admin.query("SELECT what FROM work ORDER BY what")).rows.map((row) => row.what);
const ledger = async () => (await admin.query("SELECT outcome, result::text FROM crontabber_run ORDER BY id")).rows;
const active = async (name = "crontabber:j") =>
  (await admin.query("SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = $1 AND state <> 'idle'", [name])).rows[0].n;
const atRest = () => until(async () => (await active()) === 0);

describe("ctx.db", () => {
  it("connects on first use and is a client like any other", async () => {
    const { result, error } = await jobs.run(database("Queries"));
    expect(error).toBeNull();
    expect(JSON.parse(result ?? "")).toEqual([1, 2, 3, 4, { name: "crontabber:j", watched: "500ms" }, true]);
  });

  it("tells every style of query why it cannot connect", async () => {
    const nobody = bench({ connection: { ...connection, servers: [{ host: "127.0.0.1", port: 1 }] } });
    const { result } = await nobody.run(database("Styles"));
    expect(JSON.parse(result ?? "")).toEqual(Array(4).fill("ECONNREFUSED"));
    await nobody.runner.close();
  });

  it("uses the first server that answers", async () => {
    const several = bench({ connection: { ...connection, servers: [{ host: "127.0.0.1", port: 1 }, ...connection.servers] } });
    expect(await several.run(database("Queries"))).toMatchObject({ outcome: "succeeded" });
    await several.runner.close();
  });

  it("that is cut off while idle fails the next query, not the job", async () => {
    const own = bench({ connection: connectionOf(test.database.session("backends")) });
    const env = { OTHER: connection.password ?? "" };
    expect(await own.run(database("Survives", { env }))).toMatchObject({ outcome: "succeeded", result: '"rejected"' });
    await own.runner.close();
  });

  it("has no connection where none is configured", async () => {
    const none = bench();
    expect((await none.run(database("Sleeps"))).error?.value).toBe("no database is configured");
    expect((await none.run(sql("SELECT 1"))).error?.value).toBe("no database is configured");
    await none.runner.close();
  });
});

describe("a transactional job commits its work and the record of its success together", () => {
  it("a module's", async () => {
    const { claimed, ended } = await claimAndRun(database("Works", { transaction: true }));
    expect(ended).toEqual({ outcome: "succeeded", error: null, result: '{"rows":1}', output: null, committed: "yes" });
    expect(await work()).toEqual([claimed.runId]);
    expect(await ledger()).toEqual([{ outcome: "succeeded", result: '{"rows":1}' }]);
  });

  it("sql of several statements, reading what run it is", async () => {
    const names = ["slot", "attempt", "run_id", "fence"].map((name) => `current_setting('crontabber.${name}')`);
    const { claimed, ended } = await claimAndRun(
      sql(`DO $$ BEGIN RAISE NOTICE 'hello'; END $$; INSERT INTO work (what) SELECT unnest(ARRAY[${names}])`),
    );
    const rows = [claimed.slot.toISOString(), String(claimed.attempt), claimed.runId, String(claimed.fence)].sort();
    expect(ended).toMatchObject({
      outcome: "succeeded",
      committed: "yes",
      result: '{"rows":4,"command":"INSERT"}',
      output: "NOTICE:  hello\n",
    });
    expect((await work()).sort()).toEqual(rows);
    expect(await ledger()).toMatchObject([{ outcome: "succeeded" }]);
  });

  it.each([
    ["Throws", { type: "Error", value: "after the work" }],
    ["Swallows", { type: "DatabaseError", code: "25P02" }],
  ])("%s: neither", async (name, error) => {
    const { ended } = await claimAndRun(database(name, { transaction: true }));
    expect(ended).toMatchObject({ outcome: "failed", error, committed: "no" });
    expect(await work()).toEqual([]);
    expect(await ledger()).toEqual([{ outcome: null, result: null }]);
  });

  it("sql that fails: neither", async () => {
    const { ended } = await claimAndRun(sql("INSERT INTO work (what) VALUES ('x'); SELECT 1/0"));
    expect(ended).toMatchObject({
      outcome: "failed",
      error: { type: "DatabaseError", value: "division by zero", code: "22012" },
      committed: "no",
    });
    expect(await work()).toEqual([]);
  });

  it("what COMMIT itself refuses: neither", async () => {
    const { ended } = await claimAndRun(sql("INSERT INTO work (n) VALUES (1), (1)"));
    expect(ended).toMatchObject({ outcome: "failed", error: { code: "23505" }, committed: "no" });
    expect(await ledger()).toEqual([{ outcome: null, result: null }]);
  });

  it.each([
    ["a module", () => database("Commits", { transaction: true })],
    ["sql", () => sql("INSERT INTO work (what) VALUES ('x'); COMMIT; SELECT 1")],
  ])("%s that ends the transaction by itself is told so, and no success is recorded", async (_kind, job) => {
    const { ended } = await claimAndRun(job());
    expect(ended).toMatchObject({ outcome: "failed", error: { type: "TransactionEnded" }, committed: "no" });
    expect(await ledger()).toEqual([{ outcome: null, result: null }]);
  });

  it("whose lease was taken over: neither", async () => {
    const job = database("Waits", { transaction: true });
    const claimed = await claim(job);
    await admin.query("SELECT pg_advisory_lock(7)");
    const { onOutput, there } = seen("ready");
    const handle = jobs.start(job, { ticket: claimed, onOutput });
    await there;
    await admin.query("UPDATE crontabber SET run_id = gen_random_uuid()");
    await admin.query("SELECT pg_advisory_unlock(7)");
    expect(await handle.done).toMatchObject({ outcome: "lost", error: { type: "FencedError" }, committed: "no" });
    expect(await work()).toEqual([]);
  });

  it("when the answer to COMMIT is lost, nobody claims to know", async () => {
    const [server] = connection.servers;
    const proxy = await deafProxy(server?.port ?? 0, server?.host ?? "");
    const deaf = bench({ connection: { ...connection, servers: [{ host: "127.0.0.1", port: proxy.port }] } });
    const { claimed, ended } = await claimAndRun(database("Works", { transaction: true }), deaf);
    expect(ended).toMatchObject({ outcome: "failed", committed: "unknown" });
    expect(await work()).toEqual([claimed.runId]);
    expect(await ledger()).toMatchObject([{ outcome: "succeeded" }]);
    await deaf.runner.close();
    proxy.close();
  });

  it("has no time limit on the server but one behind its own", async () => {
    const { ended } = await claimAndRun(sql("DO $$ BEGIN RAISE NOTICE '%', current_setting('statement_timeout'); END $$", { timeout: 30 }));
    expect(ended.output).toBe("NOTICE:  35s\n");
  });
});

describe("sql without a transaction", () => {
  it("runs what cannot run in one", async () => {
    expect(await jobs.run(sql("VACUUM work", { transaction: false }))).toMatchObject({
      ...{ outcome: "succeeded", result: '{"rows":0,"command":"VACUUM"}', committed: "no" },
    });
  });

  it("counts rows without keeping them", async () => {
    const { result } = await jobs.run(sql("SELECT repeat('x', 1000) FROM generate_series(1, 200000)", { transaction: false }));
    expect(result).toBe('{"rows":200000,"command":"SELECT"}');
  });
});

describe("a statement ends with its job", () => {
  it("by a cancel request, where the server cannot watch its clients", async () => {
    const client = await test.database.client();
    const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
    const refused = expect(client.query("SELECT pg_sleep(1000)")).rejects.toMatchObject({ code: "57014" });
    await cancelBackend(connection, "j", rows[0].pid);
    await refused;
  });

  const sleeping = {
    sql: () => sql("SELECT pg_sleep(1000)"),
    "sql without a transaction": () => sql("SELECT pg_sleep(1000)", { transaction: false }),
    "ctx.db": () => database("Sleeps"),
  };

  it.each(Object.entries(sleeping))("%s: told to stop", async (_name, job) => {
    const handle = jobs.start(job());
    await until(async () => (await active()) > 0);
    handle.stop("timed-out");
    expect((await handle.done).outcome).toBe("timed-out");
    await atRest();
  });

  it.each(Object.entries(sleeping))("%s: its runner killed with SIGKILL", async (_name, job) => {
    const main = fileURLToPath(new URL("../fixtures/runner.mjs", import.meta.url));
    const spec = { jobs: [job()], tickets: [freezeTicket(ticket())], trustSeconds: [1000, 1200], settings: { connection } };
    const runner = spawn(process.execPath, [main, JSON.stringify(spec)], { stdio: ["ignore", "ignore", "inherit"] });
    await until(async () => (await active()) > 0);
    runner.kill("SIGKILL");
    await atRest();
  });
});
