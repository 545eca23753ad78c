/** A daemon whose database is in trouble: it goes on, tells it once, ends what it cannot vouch for, and is on time right after. */
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { body, type Daemon, DOWN, lines, siteOf, startDaemon, UP } from "../helpers/daemon.ts";
import type { Site } from "../helpers/hosts.ts";
import { carrying, until } from "../helpers/processes.ts";
import { type NetworkProxy, startProxy } from "../helpers/proxy.ts";
import { startServer, type TestServer } from "../helpers/server.ts";

let server: TestServer;
let proxy: NetworkProxy;
let site: Site;
let sql: pg.Client;
let count = 0;
let name = "";

/** A server of its own, for what is done to it would be felt by others; the daemon's role may not use the reserved slots. */
beforeAll(async () => {
  server = await startServer({ max_connections: "20", superuser_reserved_connections: "3", synchronous_commit: "on" });
  await admin("CREATE ROLE plain LOGIN PASSWORD 'plain'");
});
afterAll(() => server?.stop());
beforeEach(async () => {
  name = `t${++count}`;
  await admin(`CREATE DATABASE ${name} OWNER plain`);
  proxy = await startProxy(server.url);
  sql = await connect(server.url);
});
afterEach(async () => {
  await site?.close();
  await sql?.end();
  await proxy?.close();
  // A test that failed half-way must not fail those after it.
  await admin("ALTER ROLE plain LOGIN PASSWORD 'plain' CONNECTION LIMIT -1");
});

async function connect(url: string, user?: string): Promise<pg.Client> {
  const at = new URL(url);
  if (name !== "") at.pathname = name;
  if (user) [at.username, at.password] = [user, user];
  const client = new pg.Client({ connectionString: at.href });
  client.on("error", () => {}); // its server may be killed under it
  await client.connect();
  await client.query("SET datestyle TO 'ISO'; SET default_transaction_read_only TO off");
  return client;
}

async function admin(...statements: string[]): Promise<pg.QueryResult | undefined> {
  let last: pg.QueryResult | undefined;
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  for (const statement of statements) last = await client.query(statement);
  await client.end();
  return last;
}

const direct = () => `    host = 127.0.0.1\n    port = ${server.port}\n    dbname = ${name}\n    user = plain\n    password = plain\n`;
const throughProxy = () => direct().replace(String(server.port), String(proxy.port));
/** However slow this machine is, an outage is shorter than half of it. */
const PATIENT = "    lease = 60\n";
const waits = (file: string) => `while [ ! -e ${file} ]; do sleep 0.05; done`;
const outcomes = async (job: string) =>
  (await sql.query("SELECT outcome FROM crontabber_run WHERE app_name = $1 ORDER BY id", [job])).rows.map((row) => row.outcome);
const runs = (job: string, n: number) => until(`${job} has run ${n} times`, () => lines(site, `end ${job}`).length >= n);

/** It ticks on time again, and nothing of it ran twice. */
async function wellAgain(daemon: Daemon): Promise<void> {
  await runs("tick", lines(site, "end tick").length + 2);
  expect((await daemon.end()).code).toBe(0);
  const slots = lines(site, "start tick").map((line) => line.split(" ")[4]);
  expect(new Set(slots).size).toBe(slots.length);
}

const terminateAll = () => admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'plain'");

describe("a server that is killed and comes back", () => {
  it("harms no running job, whose end is delivered; it is told once, each time, also by a daemon that has nothing to do", async () => {
    site = siteOf(direct(), body("long", "1d", waits("go"), PATIENT) + body("short", "1d", waits("gone"), PATIENT) + body("tick", "1s"));
    site.write("idle.ini", `[crontabber]\n${direct()}[job:tick]\n    command = true\n    schedule = manual\n`);
    const daemon = startDaemon(site, "one");
    const both = [daemon, startDaemon(site, "idle", ["-c", "idle.ini"])];
    const told = (what: string, times: number) => until(`it is told: ${what}`, () => both.every((one) => one.told(what) === times));
    await until("all run", () => ["long", "short", "tick"].every((job) => lines(site, `start ${job}`).length > 0));
    await both[1]?.said("pass over 1 jobs");
    for (const time of [1, 2]) {
      await server.crash();
      await told(DOWN, time);
      site.write("gone", "");
      await runs("short", 1);
      await server.restart();
      await told(UP, time);
    }
    sql = await connect(server.url);
    site.write("go", "");
    await until("both are recorded", async () =>
      [...(await outcomes("long")), ...(await outcomes("short"))].every((outcome) => outcome === "succeeded"),
    );
    await wellAgain(daemon);
    await both[1]?.end();
    for (const one of both) expect([one.told(DOWN), one.told(UP)]).toEqual([2, 2]);
  });
});

describe("a server that ends sessions", () => {
  it("as often as it likes: new ones are opened, no job is harmed", async () => {
    site = siteOf(direct(), body("long", "1d", waits("go"), PATIENT) + body("tick", "1s"));
    const daemon = startDaemon(site, "one");
    await runs("tick", 1);
    for (let time = 0; time < 5; time++) {
      await terminateAll();
      await runs("tick", lines(site, "end tick").length + 1);
    }
    site.write("go", "");
    await runs("long", 1);
    await wellAgain(daemon);
    expect(await outcomes("long")).toEqual(["succeeded"]);
    expect(daemon.told(DOWN)).toBeLessThanOrEqual(5);
    expect(daemon.told(UP)).toBe(daemon.told(DOWN));
  });
});

describe("a server that takes no writes", () => {
  it("ends what cannot be renewed, starts nothing, and goes on when it takes them again", async () => {
    site = siteOf(direct(), body("long", "1d", waits("go")) + body("tick", "1s"), { lease: 3 });
    const daemon = startDaemon(site, "one");
    await until("all run", () => ["long", "tick"].every((job) => lines(site, `start ${job}`).length > 0));
    const { rows } = await sql.query("SELECT run_id FROM crontabber WHERE app_name = 'long'");
    await admin(`ALTER DATABASE ${name} SET default_transaction_read_only TO on`);
    await terminateAll();
    await until("the job is ended", () => carrying(rows[0].run_id).length === 0);
    site.write("go", "");
    await admin(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
    await daemon.said(UP);
    await runs("long", 1);
    await wellAgain(daemon);
    expect(await outcomes("long")).toEqual(["lost", "succeeded"]);
    expect([daemon.told(DOWN), daemon.told(UP)]).toEqual([1, 1]);
  });
});

describe("a server without a free slot", () => {
  it("does not stop a daemon that has some: it works with those", async () => {
    site = siteOf(direct(), body("long", "1d", waits("go")) + body("tick", "1s") + body("tock", "1s"));
    const daemon = startDaemon(site, "one");
    await runs("tick", 1);
    const taken: pg.Client[] = [];
    await expect(
      (async () => {
        for (;;) taken.push(await connect(server.url, "plain"));
      })(),
    ).rejects.toMatchObject({ code: "53300" });
    await runs("tick", lines(site, "end tick").length + 3);
    await runs("tock", lines(site, "end tock").length + 1);
    for (const client of taken) await client.end();
    site.write("go", "");
    await runs("long", 1);
    await wellAgain(daemon);
    expect(await outcomes("long")).toEqual(["succeeded"]);
    expect(daemon.told(DOWN)).toBe(0);
  });

  it("and a daemon that has none: told once, and its running job is not harmed", async () => {
    site = siteOf(direct(), body("long", "1d", waits("go"), PATIENT) + body("short", "1d", waits("gone"), PATIENT) + body("tick", "1s"));
    const daemon = startDaemon(site, "one");
    await until("all run", () => ["long", "short", "tick"].every((job) => lines(site, `start ${job}`).length > 0));
    await admin("ALTER ROLE plain CONNECTION LIMIT 0");
    await terminateAll();
    await daemon.said(DOWN);
    site.write("gone", "");
    await runs("short", 1);
    await admin("ALTER ROLE plain CONNECTION LIMIT -1");
    await daemon.said(UP);
    site.write("go", "");
    await runs("long", 1);
    await wellAgain(daemon);
    expect([await outcomes("long"), await outcomes("short")]).toEqual([["succeeded"], ["succeeded"]]);
    expect([daemon.told(DOWN), daemon.told(UP)]).toEqual([1, 1]);
  });
});

describe("a server that does not let the daemon in any more", () => {
  it("is told once, each time, as what it is and no bug of ours; outcomes wait until it is mended", async () => {
    const troubles = [
      [`ALTER DATABASE ${name} RENAME TO elsewhere`, `ALTER DATABASE elsewhere RENAME TO ${name}`],
      ["ALTER ROLE plain PASSWORD 'other'", "ALTER ROLE plain PASSWORD 'plain'"],
    ] as const;
    site = siteOf(direct(), body("long", "1d", waits("go"), PATIENT) + body("tick", "1s"));
    const daemon = startDaemon(site, "one");
    await until("all run", () => ["long", "tick"].every((job) => lines(site, `start ${job}`).length > 0));
    await sql.end();
    for (const [i, [breaks, mends]] of troubles.entries()) {
      // A database is renamed only while nobody uses it.
      await admin("ALTER ROLE plain NOLOGIN");
      await terminateAll();
      await until("all are gone", async () => (await admin("SELECT 1 FROM pg_stat_activity WHERE usename = 'plain'"))?.rowCount === 0);
      await admin(breaks, "ALTER ROLE plain LOGIN");
      await until("it is told", () => daemon.told(DOWN) === i + 1);
      site.write("go", "");
      await runs("long", 1);
      await admin(mends);
      await until("it is told", () => daemon.told(UP) === i + 1);
    }
    sql = await connect(server.url);
    await until("its end is recorded", async () => (await outcomes("long"))[0] === "succeeded");
    await wellAgain(daemon);
    expect([daemon.told(DOWN), daemon.told(UP), daemon.told("bug")]).toEqual([2, 2, 0]);
  });
});

describe("a network that swallows", () => {
  it.each(["answers", "both"] as const)("%s: the job is ended while it is still owned, and all is on time after", async (direction) => {
    site = siteOf(throughProxy(), body("long", "1d", waits("go")) + body("tick", "1s"), { lease: 3 });
    const daemon = startDaemon(site, "one");
    await until("all run", () => ["long", "tick"].every((job) => lines(site, `start ${job}`).length > 0));
    const { rows } = await sql.query("SELECT run_id FROM crontabber WHERE app_name = 'long'");
    proxy.silence(direction);
    await until("the job is dead", () => carrying(rows[0].run_id).length === 0, 10);
    // What nobody hears may still be done: renewals whose answers are lost count for the database, never for the owner.
    expect((await sql.query("SELECT lease_until > now() AS owned FROM crontabber WHERE app_name = 'long'")).rows).toEqual([
      { owned: true },
    ]);
    site.write("go", "");
    proxy.heal();
    await runs("long", 1);
    await wellAgain(daemon);
    expect((await outcomes("long")).at(-1)).toBe("succeeded");
    expect(daemon.told(DOWN)).toBe(1);
  });

  it("everything, for good: a daemon that is told to end does not wait for it", async () => {
    site = siteOf(throughProxy(), body("tick", "manual"));
    const daemon = startDaemon(site, "one");
    const listens = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    await until("it listens", async () => (await sql.query(listens)).rowCount === 1);
    proxy.silence("both");
    expect((await daemon.end()).code).toBe(0);
  });
});

describe("answers to COMMIT that are lost", () => {
  it("claims and records alike: each slot is run once, and recorded once", async () => {
    site = siteOf(throughProxy(), body("tick", "1s"), { lease: 6 });
    const daemon = startDaemon(site, "one");
    for (let time = 0; time < 6; time++) await proxy.loseAnswerTo("COMMIT");
    await wellAgain(daemon);
    const { rows } = await sql.query("SELECT attempt, outcome, count(*)::int AS n FROM crontabber_run GROUP BY 1, 2");
    expect(rows).toEqual([{ attempt: 1, outcome: "succeeded", n: lines(site, "start tick").length }]);
  });
});
