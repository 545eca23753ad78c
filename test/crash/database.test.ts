/** The database goes away, falls silent or loses answers while jobs run; and hosts whose clocks are wrong. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { carrying, until } from "../helpers/processes.ts";
import { type NetworkProxy, startProxy } from "../helpers/proxy.ts";

let database: TestDatabase;
let proxy: NetworkProxy;
let site: Site;
let sql: pg.Client;

beforeEach(async () => {
  database = await freshDatabase();
  proxy = await startProxy(database.url);
  sql = await database.client();
  await sql.query("SET datestyle TO 'ISO'");
});
afterEach(async () => {
  await site?.close();
  await proxy?.close();
  await database?.drop();
});

function fleet(job: string, { lease = 6, drainTimeout = 10 } = {}): Site {
  site = makeSite(`[crontabber]
    database_url = ${proxy.url(database.url)}
    lease = ${lease}
    drain_timeout = ${drainTimeout}
${job}`);
  return site;
}

const outcomes = async () => (await sql.query("SELECT app_name, attempt, outcome FROM crontabber_run ORDER BY id")).rows;
const ran = () => until("the body has started", () => site.lines("ran").length > 0);

describe("a database that is gone while a job runs", () => {
  it("for less than the lease allows: the job is not harmed, and its end is recorded after", async () => {
    const { start } = fleet("[job:job]\n    command = echo start >> ran; sleep 2; echo end >> ran\n    schedule = 1d\n");
    const host = start("a");
    await ran();
    proxy.cut();
    await until("the body has ended", () => site.lines("ran").includes("end"));
    proxy.heal();
    expect((await host.ended).code).toBe(0);
    expect(await outcomes()).toEqual([{ app_name: "job", attempt: 1, outcome: "succeeded" }]);
  });

  it("for longer than drain_timeout: the outcome waits in the spool, and the host's next pass delivers it", async () => {
    const { start, run } = fleet("[job:job]\n    command = echo start >> ran; sleep 0.5\n    schedule = 1d\n", { drainTimeout: 1 });
    const host = start("a");
    await ran();
    proxy.cut();
    expect((await host.ended).code).toBe(69);
    expect(await outcomes()).toEqual([{ app_name: "job", attempt: 1, outcome: null }]);
    proxy.heal();
    expect((await run("a")).code).toBe(0);
    expect(await outcomes()).toEqual([{ app_name: "job", attempt: 1, outcome: "succeeded" }]);
  });

  it("silently, for longer than the lease allows: the job is ended before anybody else may start", async () => {
    const { start } = fleet("[job:job]\n    command = echo start >> ran; sleep 60\n    schedule = 1d\n", { lease: 3, drainTimeout: 1 });
    const host = start("a");
    await ran();
    const { rows } = await sql.query("SELECT run_id FROM crontabber");
    proxy.silence("both");
    // Still owned, by the database's word: the lease has not run out when the job is already dead.
    await until("the job is dead", () => carrying(rows[0].run_id).length === 0, 10);
    expect((await sql.query("SELECT lease_until > now() AS owned FROM crontabber")).rows).toEqual([{ owned: true }]);
    proxy.heal();
    await host.ended;
  });

  it("from the start is told in one line, with 69", async () => {
    const { run } = fleet("[job:job]\n    command = echo start >> ran\n    schedule = 1d\n");
    proxy.cut();
    const { code, stderr } = await run("a");
    expect([code, stderr.trim().split("\n").length, site.lines("ran")]).toEqual([69, 1, []]);
  });
});

describe("an answer to COMMIT that is lost", () => {
  it("of a claim is looked up: it happened, so the job is started, once", async () => {
    const { start, run } = fleet(
      "[job:other]\n    command = true\n    schedule = 1d\n[job:job]\n    command = echo start >> ran\n    schedule = manual\n",
    );
    await run("a");
    const lost = proxy.loseAnswerTo("COMMIT");
    const host = start("a", ["run", "job", "--force"]);
    await lost;
    expect(await host.ended).toMatchObject({ code: 0 });
    expect(site.lines("ran")).toEqual(["start"]);
    expect((await outcomes()).filter((r) => r.app_name === "job")).toEqual([{ app_name: "job", attempt: 1, outcome: "succeeded" }]);
  });

  it("of a transactional sql job: the ledger tells, and the work is there once", async () => {
    await sql.query("CREATE TABLE done (at timestamptz)");
    const { start, run } = fleet("[job:job]\n    sql = INSERT INTO done SELECT now() FROM pg_sleep(1)\n    schedule = 1d\n");
    const host = start("a");
    await until(
      "it works",
      async () =>
        (await sql.query("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'INSERT INTO done%' AND state = 'active'")).rowCount === 1,
    );
    await proxy.loseAnswerTo("COMMIT");
    expect((await host.ended).code).toBe(0);
    expect((await run("b")).code).toBe(0);
    expect((await sql.query("SELECT count(*)::int AS n FROM done")).rows).toEqual([{ n: 1 }]);
    expect(await outcomes()).toEqual([{ app_name: "job", attempt: 1, outcome: "succeeded" }]);
  });
});

const FAKETIME = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]
  .map((lib) => `${lib}/faketime/libfaketime.so.1`)
  .find((file) => existsSync(file));

describe.runIf(FAKETIME)("a host whose clock is wrong", () => {
  const clock = (offset: string) => ({ LD_PRELOAD: FAKETIME as string, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: "1" });
  it.each(["-5s", "+13h", "-1d"])("by %s steals no living job, and runs nothing early or twice", async (offset) => {
    const { start, run } = fleet(
      "[job:job]\n    command = echo start >> ran; while [ ! -e go ]; do sleep 0.05; done\n    schedule = 1h\n[job:later]\n    command = echo later >> ran\n    schedule = 0 0 1 1 *\n",
    );
    const honest = start("honest");
    await ran();
    expect((await run("liar", [], clock(offset))).code).toBe(3);
    site.write("go", "");
    expect((await honest.ended).code).toBe(0);
    expect((await run("liar", [], clock(offset))).code).toBe(0);
    expect(site.lines("ran")).toEqual(["start"]);
    expect(await outcomes()).toEqual([{ app_name: "job", attempt: 1, outcome: "succeeded" }]);
    await sql.query("UPDATE crontabber SET next_run = now() - interval '1 second' WHERE app_name = 'job'");
    expect((await run("liar", [], clock(offset))).code).toBe(0);
    const { rows } = await sql.query(
      "SELECT abs(extract(epoch FROM now() - last_run)) < 60 AS honest FROM crontabber WHERE app_name = 'job'",
    );
    expect(rows).toEqual([{ honest: true }]);
  });
});

describe("a PostgreSQL that is killed while a job runs", () => {
  it("comes back, the job is not harmed, and its end is recorded", async () => {
    site = makeSite(`[crontabber]
    database_url = embedded:pg
    lease = 20
[job:job]
    command = echo start >> ran; sleep 3; echo end >> ran
    schedule = 1d
`);
    const host = site.start("a");
    await ran();
    const [pid] = readdirSync(`${site.folder}/pg`, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith("postmaster.pid"))
      .map((name) => Number(readFileSync(`${site.folder}/pg/${name}`, "utf8").split("\n")[0]));
    process.kill(pid as number, "SIGKILL");
    expect((await host.ended).code).toBe(0);
    expect(site.lines("ran")).toEqual(["start", "end"]);
    const { stdout } = await site.run("b", ["history", "job", "--json"]);
    expect(JSON.parse(stdout).runs.map((run: { outcome: string; attempt: number }) => [run.attempt, run.outcome])).toEqual([
      [1, "succeeded"],
    ]);
  });
});
