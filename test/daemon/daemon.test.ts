/** The same passes, without system cron: due at the instant, children at once, reloaded in place, drained on a signal. */
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeSite, type Process, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { type Bouncer, hasPgbouncer, startPgbouncer } from "../helpers/pgbouncer.ts";
import { carrying, until } from "../helpers/processes.ts";
import { type NetworkProxy, startProxy } from "../helpers/proxy.ts";

let database: TestDatabase;
let site: Site;
let sql: pg.Client;

beforeEach(async () => {
  database = await freshDatabase();
  sql = await database.client();
  await sql.query("SET datestyle TO 'ISO'");
});
afterEach(async () => {
  await site?.close();
  await database?.drop();
});

const ini = (jobs: string, url = database.url) => `[crontabber]
    database_url = ${url}
    lease = 3
    drain_timeout = 5
    error_retry_time = 1
${jobs}`;

const job = (name: string, schedule: string, more = "") =>
  `[job:${name}]\n    command = echo "${name} $CRONTABBER_HOST $CRONTABBER_SLOT" >> ran\n    schedule = ${schedule}\n${more}`;

const ran = (name: string): string[] => site.lines("ran").filter((line) => line.startsWith(`${name} `));

async function daemon(host: string): Promise<Process & { said(text: string): Promise<void> }> {
  const started = site.start(host, ["daemon", "--verbose"]);
  let stderr = "";
  started.child.stderr?.on("data", (text) => {
    stderr += text;
  });
  const said = (text: string) => until(`${host} says "${text}": ${stderr.slice(-2000)}`, () => stderr.includes(text));
  return { ...started, said };
}

describe("daemons and passes on the same rows", () => {
  it("run each slot once, whoever is first", async () => {
    site = makeSite(ini([job("a", "1s"), job("b", "1s"), job("c", "2s", "    depends_on = a, b\n")].join("")));
    const hosts = [await daemon("one"), await daemon("two"), await daemon("three")];
    await until("there was something to do", () => ran("a").length >= 5 && ran("c").length >= 2);
    await Promise.all([site.run("pass"), site.run("pass2")]);
    for (const host of hosts) host.kill("SIGTERM");
    expect((await Promise.all(hosts.map((host) => host.ended))).map((end) => end.code)).toEqual([0, 0, 0]);
    for (const name of ["a", "b", "c"]) {
      const slots = ran(name).map((line) => line.split(" ")[2]);
      expect(new Set(slots).size).toBe(slots.length);
    }
    expect((await sql.query("SELECT count(*)::int AS n FROM crontabber_run WHERE outcome IS DISTINCT FROM 'succeeded'")).rows).toEqual([
      { n: 0 },
    ]);
  });

  it("start a child on one host the moment its parent has ended on another", async () => {
    site = makeSite(ini(job("parent", "manual") + job("child", "1d", "    depends_on = parent\n"), database.session("listen")));
    const host = await daemon("one");
    await host.said("pass over 2 jobs");
    expect((await site.run("two", ["run", "parent", "--force"])).code).toBe(0);
    await until("the child ran, long before the next poll", () => ran("child").length === 1, 8);
    host.kill("SIGTERM");
    await host.ended;
  });

  it("start a job that was reset at once, without asking for its missing row in a circle", async () => {
    site = makeSite(ini(job("once", "1d"), database.session("listen")));
    const hosts = [await daemon("one"), await daemon("two")];
    await until("it has run, and all know it", () => ran("once").length === 1);
    await Promise.all(hosts.map((host) => host.said("pass over 1 jobs")));
    expect((await site.run("ops", ["reset", "once"])).code).toBe(0);
    await until("it ran again, long before the next poll", () => ran("once").length === 2, 8);
    for (const host of hosts) host.kill("SIGTERM");
    const ended = await Promise.all(hosts.map((host) => host.ended));
    expect(ended.map((end) => end.stderr).join("")).not.toContain("has just been reset");
  });

  it("take over the job of a daemon that was killed, and nothing of it stays at work", async () => {
    site = makeSite(
      ini(
        '[job:long]\n    command = echo "long $CRONTABBER_HOST $CRONTABBER_ATTEMPT" >> ran; [ "$CRONTABBER_ATTEMPT" = 2 ] || sleep 60\n    schedule = 1d\n',
      ),
    );
    const first = await daemon("one");
    await until("it runs", () => ran("long").length === 1);
    const second = await daemon("two");
    await second.said("pass over 1 jobs");
    const { rows } = await sql.query("SELECT run_id FROM crontabber");
    first.kill("SIGKILL");
    await first.ended;
    const lease = await sql.query("SELECT lease_until FROM crontabber");
    await until("it ran again", () => ran("long").length === 2, 30);
    // The second look is one and a half renewals (of half a second) after the first, which is after the end of the lease.
    const { rows: retried } = await sql.query(
      "SELECT claimed_at > $1::timestamptz + interval '750 milliseconds' AS patient FROM crontabber_run WHERE attempt = 2",
      [lease.rows[0].lease_until],
    );
    expect(retried).toEqual([{ patient: true }]);
    expect(ran("long")).toEqual(["long one 1", "long two 2"]);
    expect(carrying(rows[0].run_id)).toEqual([]);
    second.kill("SIGTERM");
    expect((await second.ended).code).toBe(0);
  });
});

describe("a daemon", () => {
  it("does not wait behind a long job, nor behind one that is locked", async () => {
    site = makeSite(ini(`[job:a-long]\n    command = sleep 30\n    schedule = 1d\n${job("b-locked", "1d")}${job("c-quick", "1s")}`));
    expect((await site.run("setup", ["migrate"])).code).toBe(0);
    const other = await database.client();
    await sql.query("INSERT INTO crontabber (app_name, next_run) VALUES ('b-locked', now())");
    await other.query("BEGIN");
    await other.query("SELECT 1 FROM crontabber WHERE app_name = 'b-locked' FOR UPDATE");
    const host = await daemon("one");
    await until("the quick one ran", () => ran("c-quick").length >= 3);
    expect(ran("b-locked")).toEqual([]);
    await other.query("ROLLBACK");
    await until("the locked one ran", () => ran("b-locked").length === 1);
    host.kill("SIGTERM");
    host.kill("SIGTERM");
    await until("it drains", () => ran("c-quick").length > 0);
    host.kill("SIGTERM");
    await host.ended;
  });

  it("keeps renewing a long run while short ones come and go", async () => {
    site = makeSite(ini(`[job:long]\n    command = sleep 5\n    schedule = 1d\n${job("short", "1s")}`));
    const host = await daemon("one");
    await until(
      "the long one has ended",
      async () =>
        (await sql.query("SELECT 1 FROM crontabber_run WHERE app_name = 'long' AND outcome IS NOT NULL").catch(() => ({ rowCount: 0 })))
          .rowCount === 1,
    );
    host.kill("SIGTERM");
    await host.ended;
    expect((await sql.query("SELECT outcome FROM crontabber_run WHERE app_name = 'long'")).rows).toEqual([{ outcome: "succeeded" }]);
  });

  it("runs a backfill slot by slot, and others beside it", async () => {
    site = makeSite(ini(job("dates", "1d|03:00", "    backfill = yes\n") + job("other", "1s")));
    await site.run("setup");
    await sql.query(
      "UPDATE crontabber SET next_run = date_trunc('day', now()) - interval '6 days' + interval '3 hours' WHERE app_name = 'dates'",
    );
    const before = ran("dates").length;
    const host = await daemon("one");
    await until("all dates ran", () => ran("dates").length - before >= 6);
    host.kill("SIGTERM");
    await host.ended;
    const slots = ran("dates")
      .slice(before)
      .map((line) => line.split(" ")[2]);
    expect(slots).toEqual([...slots].sort());
  });

  it("drains on the first signal and gives leases back, aborts on the second", async () => {
    site = makeSite(ini("[job:long]\n    command = echo long >> ran; sleep 60\n    schedule = 1d\n"));
    const host = await daemon("one");
    await until("it runs", () => site.lines("ran").length === 1);
    host.kill("SIGTERM");
    await host.said("nothing more is started");
    host.kill("SIGTERM");
    expect((await host.ended).code).toBe(143);
    expect((await sql.query("SELECT run_id FROM crontabber")).rows).toEqual([{ run_id: null }]);
  });

  it("goes on after the database was gone, tells it once, and delivers what ended meanwhile", async () => {
    const proxy: NetworkProxy = await startProxy(database.url);
    site = makeSite(
      ini(`${job("tick", "1s")}[job:slow]\n    command = sleep 1; echo slow >> ran\n    schedule = 1d\n`, proxy.url(database.url)),
    );
    const host = await daemon("one");
    await until("it ticks", () => ran("tick").length >= 2);
    proxy.cut();
    await host.said("the database cannot be used");
    await until("the slow one has ended meanwhile", () => site.lines("ran").includes("slow"));
    const before = ran("tick").length;
    proxy.heal();
    await host.said("the database is good again");
    await until("it ticks again", () => ran("tick").length >= before + 2);
    host.kill("SIGTERM");
    const { code, stderr } = await host.ended;
    expect(code).toBe(0);
    expect(stderr.split("the database cannot be used").length - 1).toBe(1);
    expect((await sql.query("SELECT outcome FROM crontabber_run WHERE app_name = 'slow'")).rows).toEqual([{ outcome: "succeeded" }]);
    await proxy.close();
  });
});

describe("a changed configuration", () => {
  it("is taken over in place, by its change alone; an invalid one is refused and the old one kept", async () => {
    site = makeSite(ini(job("first", "1s")));
    const host = await daemon("one");
    await until("it runs", () => ran("first").length >= 1);
    site.write("crontabber.ini", ini(job("first", "1s") + job("second", "1s")));
    await until("the new job runs", () => ran("second").length >= 1);
    site.write("crontabber.ini", ini(`${job("first", "1s")}[job:broken]\n    command = true\n    schedule = never\n`));
    await host.said("is wrong, the old one holds on");
    const before = ran("second").length;
    await until("the old one holds on", () => ran("second").length > before);
    site.write("crontabber.ini", ini(job("first", "1s")));
    await host.said("the configuration was reloaded: 1 jobs");
    const [first, second] = [ran("first").length, ran("second").length];
    await until("the job that stayed goes on", () => ran("first").length >= first + 3);
    // One run may have been on its way when the registry changed.
    expect(ran("second").length).toBeLessThanOrEqual(second + 1);
    host.kill("SIGTERM");
    expect((await host.ended).code).toBe(0);
  });

  it("is looked at on SIGHUP, and a running job keeps what it started with", async () => {
    site = makeSite(ini("[job:long]\n    command = echo old >> ran; sleep 3; echo old-end >> ran\n    schedule = 1d\n"));
    const host = await daemon("one");
    await until("it runs", () => site.lines("ran").includes("old"));
    site.write("crontabber.ini", ini("[job:long]\n    command = echo new >> ran\n    schedule = 1d\n"));
    host.kill("SIGHUP");
    await host.said("the configuration was reloaded");
    await until("the old run ended by itself", () => site.lines("ran").includes("old-end"));
    expect((await site.run("two", ["run", "long", "--force"])).code).toBe(0);
    expect(site.lines("ran")).toEqual(["old", "old-end", "new"]);
    host.kill("SIGTERM");
    await host.ended;
  });
});

describe.runIf(hasPgbouncer)("behind pgbouncer in transaction mode", () => {
  let bouncer: Bouncer;
  it("LISTEN is found out not to work, and polling does", async () => {
    bouncer = await startPgbouncer(database.url);
    site = makeSite(ini(job("tick", "1s"), bouncer.url(database.url)));
    const host = await daemon("one");
    await until("it ticks", () => ran("tick").length >= 3);
    host.kill("SIGTERM");
    expect((await host.ended).code).toBe(0);
    await bouncer.close();
  });
});
