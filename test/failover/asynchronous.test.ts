/** An asynchronous replica is promoted that does not have all that was acknowledged: what then happens, and what does not. */
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { body, lines, said, siteOf, startDaemon } from "../helpers/daemon.ts";
import type { Site } from "../helpers/hosts.ts";
import { carrying, until } from "../helpers/processes.ts";
import { type NetworkProxy, startProxy } from "../helpers/proxy.ts";
import { type Pair, startPair } from "../helpers/replica.ts";

let pair: Pair;
let site: Site;
let proxies: NetworkProxy[];
beforeEach(async () => {
  pair = await startPair();
  proxies = [];
});
afterEach(async () => {
  await site?.close();
  for (const proxy of proxies) await proxy.close();
  await pair?.stop();
});

const waits = (file: string) => `while [ ! -e ${file} ]; do sleep 0.05; done`;
const ledger = async (sql: pg.Client, job: string) =>
  (await sql.query("SELECT host, attempt, outcome, late_outcome FROM crontabber_run WHERE app_name = $1 ORDER BY id", [job])).rows;

/** Nobody owns anything, and nothing is live in the ledger. */
const atRest = (sql: pg.Client) =>
  until("nothing is left", async () => {
    const { rows } = await sql.query(`SELECT (SELECT count(*) FROM crontabber WHERE run_id IS NOT NULL OR ongoing IS NOT NULL)::int
      + (SELECT count(*) FROM crontabber_run WHERE outcome IS NULL)::int AS n`);
    return rows[0].n === 0;
  });

describe("acknowledged commits that the promoted replica never had", () => {
  it("are as if they had not been: such a success is run again, and whoever ran meanwhile is fenced off", async () => {
    const jobs = [
      body("done", "1d"),
      body("zombie", "1d", `[ -e promoted ] || ${waits("never")}`),
      "[job:together]\n    sql = INSERT INTO work SELECT current_setting('crontabber.run_id')\n    schedule = 1d\n",
    ];
    site = siteOf(pair.config(), jobs.join(""), { lease: 6 });
    expect((await site.run("setup", ["migrate"])).code).toBe(0);
    const before = await pair.client("first");
    await before.query("CREATE TABLE work (run_id text)");
    // Numbers are logged some ahead of their use: at the edge, the next one is news to the replica.
    await before.query("SELECT setval('crontabber_run_id_seq', 10)");
    await pair.stopStreaming();
    const zombie = startDaemon(site, "one");
    await until("they have run", async () => {
      const { rowCount } = await before.query("SELECT 1 FROM crontabber_run WHERE outcome = 'succeeded'").catch(() => ({ rowCount: 0 }));
      return rowCount === 2 && lines(site, "start zombie").length === 1;
    });
    const [old] = said(site, "start zombie");
    await pair.first.crash();
    site.write("promoted", "");
    await pair.promote();
    const sql = await pair.client("second");
    // The zombie's next renewal is answered by the new primary, which knows nothing of it.
    await zombie.said("zombie lost its lease while it ran");
    expect(carrying(old?.runId ?? "?")).toEqual([]);
    await until("all has been run again", async () => {
      const { rowCount } = await sql.query("SELECT 1 FROM crontabber_run WHERE outcome = 'succeeded'");
      return rowCount === 3;
    });
    expect((await zombie.end()).code).toBe(0);
    expect((await site.run("two")).code).toBe(0);
    await atRest(sql);
    for (const job of ["done", "zombie", "together"]) {
      expect((await ledger(sql, job)).map(({ attempt, outcome, late_outcome }) => [attempt, outcome, late_outcome])).toEqual([
        [1, "succeeded", null],
      ]);
    }
    // What is not transactional was done twice, once for each history; what is, once in the one that counts.
    expect(lines(site, "end done")).toHaveLength(2);
    expect((await sql.query("SELECT run_id FROM work")).rows).toHaveLength(1);
    expect((await sql.query("SELECT 1 FROM crontabber_run WHERE run_id = $1", [old?.runId])).rows).toEqual([]);
    // A number came back; a run id never does. That is why it is the fence.
    const all = [...said(site, "start done"), ...said(site, "start zombie")];
    expect(new Set(all.map(({ runId }) => runId)).size).toBe(all.length);
    expect(new Set(all.map(({ fence }) => fence)).size).toBeLessThan(all.length);
  });

  it("a claim that was replicated and a record that was not: lost, and run again", async () => {
    site = siteOf(pair.config(), body("job", "1d", waits("go")), { lease: 3 });
    const first = site.start("one");
    await until("it runs", () => lines(site, "start job").length === 1);
    await pair.stopStreaming();
    site.write("go", "");
    expect((await first.ended).code).toBe(0);
    await pair.first.crash();
    await pair.promote();
    const sql = await pair.client("second");
    const daemon = startDaemon(site, "two");
    await until("it has run again", () => lines(site, "end job").length === 2);
    await daemon.end();
    await atRest(sql);
    expect(await ledger(sql, "job")).toEqual([
      { host: "one", attempt: 1, outcome: "lost", late_outcome: null },
      { host: "two", attempt: 2, outcome: "succeeded", late_outcome: null },
    ]);
  });
});

describe("a host that is cut off while the replica is promoted", () => {
  it("finds its job taken over when it comes back: its success counts as late, and nothing else of it", async () => {
    proxies = [await startProxy(pair.first.url), await startProxy(pair.second.url)];
    const job = body("job", "1d", waits("go"));
    const [a, b] = proxies as [NetworkProxy, NetworkProxy];
    site = siteOf(pair.config([a.port, b.port]), job, { lease: 3 });
    site.write("direct.ini", `[crontabber]\n${pair.config()}    lease = 3\n${job}`);
    const one = startDaemon(site, "one");
    await until("it runs", () => lines(site, "start job").length === 1);
    await pair.caughtUp();
    for (const proxy of proxies) proxy.silence("both");
    site.write("go", "");
    await until("it has ended", () => lines(site, "end job").length === 1);
    await pair.first.crash();
    await pair.promote();
    const sql = await pair.client("second");
    const two = site.start("two", ["daemon", "-c", "direct.ini"]);
    await until("the other host has run it", () => lines(site, "end job").length === 2);
    for (const proxy of proxies) proxy.heal();
    await one.said("job lost its lease while it ran");
    two.kill("SIGTERM");
    expect((await two.ended).code).toBe(0);
    await one.end();
    await atRest(sql);
    expect(await ledger(sql, "job")).toEqual([
      { host: "one", attempt: 1, outcome: "lost", late_outcome: "succeeded" },
      { host: "two", attempt: 2, outcome: "succeeded", late_outcome: null },
    ]);
  });
});
