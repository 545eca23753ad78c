/** What a daemon tells systemd, over a real notification socket: when it works, reads again, stops, and that its loop is alive. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { type Ear, hasNotify, listenForNotices } from "../helpers/notify.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { until } from "../helpers/processes.ts";
import { startProxy } from "../helpers/proxy.ts";

let database: TestDatabase;
let site: Site;
let ear: Ear;

const job = (name: string, command = "true", schedule = "1d") => `[job:${name}]\n    command = ${command}\n    schedule = ${schedule}\n`;
const ini = (jobs: string, url = database.url) => `[crontabber]\n    database_url = ${url}\n    drain_timeout = 5\n${jobs}`;
const daemon = (env: Record<string, string> = {}) => site.start("one", ["daemon"], { NOTIFY_SOCKET: ear.socket, ...env });
const said = () => ear.heard.filter((words) => !words.includes("WATCHDOG=1"));

beforeEach(async () => {
  database = await freshDatabase();
  site = makeSite(ini(job("a")));
  ear = await listenForNotices(site.folder);
});
afterEach(async () => {
  await site?.close();
  await ear?.close();
  await database?.drop();
});

describe.runIf(hasNotify)("a daemon under systemd", () => {
  it("says when it is ready, reads its configuration again, and stops, in this order", async () => {
    const host = daemon();
    await until("it is ready", () => ear.count("READY=1") === 1);
    site.write("crontabber.ini", ini(job("a") + job("b")));
    await until("it is ready again", () => ear.count("READY=1") === 2);
    site.write("crontabber.ini", ini(job("a", "true", "never")));
    host.kill("SIGHUP");
    await until("it holds on to the old one", () => ear.count("READY=1") === 3);
    host.kill("SIGTERM");
    expect((await host.ended).code).toBe(0);
    await until("it says that it stops", () => ear.count("STOPPING=1") === 1);
    const reloading = ["RELOADING=1", expect.stringMatching(/^MONOTONIC_USEC=\d+$/)];
    expect(said()).toEqual([
      ...[["READY=1", "STATUS=1 jobs"], reloading, ["READY=1", "STATUS=2 jobs"], reloading],
      ["READY=1", expect.stringMatching(/^STATUS=the configuration is wrong, the old one holds on: crontabber.ini:6.*never/)],
      ["STOPPING=1", "STATUS=draining: nothing more is started"],
    ]);
  });

  it("gives systemd's own clock for a reload", async () => {
    const host = daemon();
    await until("it is ready", () => ear.count("READY=1") === 1);
    const before = process.hrtime.bigint() / 1000n;
    host.kill("SIGHUP");
    await until("it is ready again", () => ear.count("READY=1") === 2);
    const after = process.hrtime.bigint() / 1000n;
    const told = BigInt(said()[1]?.[1]?.split("=")[1] ?? 0);
    expect([told > before, told < after]).toEqual([true, true]);
    host.kill("SIGTERM");
    await host.ended;
  });

  it("is not ready before the database answered once", async () => {
    const proxy = await startProxy(database.url);
    proxy.cut();
    site.write("crontabber.ini", ini(job("a"), proxy.url(database.url)));
    const host = daemon();
    await until("it says so", () => ear.heard.length > 0);
    host.kill("SIGHUP");
    proxy.heal();
    await until("it is ready", () => ear.count("READY=1") === 1);
    expect(said()[0]).toEqual(["STATUS=the database cannot be used"]);
    expect(ear.count("RELOADING=1")).toBe(0);
    host.kill("SIGTERM");
    await host.ended;
    await proxy.close();
  });

  it("beats while its loop is alive, also while it drains, and not while it stands still", async () => {
    site.write("crontabber.ini", ini(job("a", "touch began; while [ ! -e go ]; do sleep 0.1; done")));
    const host = daemon({ WATCHDOG_USEC: "400000" });
    await until("it beats", () => ear.count("WATCHDOG=1") >= 3);
    process.kill(host.pid, "SIGSTOP");
    // What was under way may still arrive: systemd-notify runs beside it. Whoever asks after that hears the same twice.
    let [before, now] = [-1, ear.count("WATCHDOG=1")];
    await until("it is silent for five beats", async () => {
      before = now;
      await new Promise((done) => setTimeout(done, 1_000));
      now = ear.count("WATCHDOG=1");
      return before === now;
    });
    process.kill(host.pid, "SIGCONT");
    await until("it beats again", () => ear.count("WATCHDOG=1") > now);
    await until("the job runs", () => ear.count("READY=1") === 1 && site.lines("began") !== null);
    host.kill("SIGTERM");
    await until("it drains", () => ear.count("STOPPING=1") === 1);
    const draining = ear.count("WATCHDOG=1");
    await until("it beats while it drains", () => ear.count("WATCHDOG=1") >= draining + 2);
    site.write("go", "");
    expect((await host.ended).code).toBe(0);
  });

  it("does not beat for another process's watchdog, and jobs hear of neither", async () => {
    site.write("crontabber.ini", ini(job("a", "env >> seen", "1s")));
    const host = daemon({ WATCHDOG_USEC: "100000", WATCHDOG_PID: "1" });
    await until("the job ran", () => site.lines("seen").filter((line) => line.startsWith("CRONTABBER_JOB=")).length >= 2);
    host.kill("SIGTERM");
    await host.ended;
    expect(ear.count("WATCHDOG=1")).toBe(0);
    expect(site.lines("seen").filter((line) => /^(NOTIFY|WATCHDOG)/.test(line))).toEqual([]);
  });
});
