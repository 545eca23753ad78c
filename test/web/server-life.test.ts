/** The page beside a daemon and alone: coming up, staying up, going down, and never in the way of what matters more. */
import { createServer, type Server } from "node:net";
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { ask, listenTo } from "../helpers/http.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { until } from "../helpers/processes.ts";
import { serving } from "./page.ts";

let database: TestDatabase;
let site: Site;
let sql: pg.Client;

beforeEach(async () => {
  database = await freshDatabase();
  sql = await database.client();
});
afterEach(async () => {
  await site.close();
  await database.drop();
});

const ini = (jobs: string, more = "    http = 127.0.0.1:0\n") => `[crontabber]
    database_url = ${database.url}
    drain_timeout = 20
${more}${jobs}`;
const TICK = "[job:tick]\n    command = echo tick >> ran\n    schedule = 1s\n";
const LONG = "[job:long]\n    command = echo up >> ran; while test ! -e go; do sleep 0.05; done; echo down >> ran\n    schedule = 1d\n";

async function occupied(): Promise<{ port: number; server: Server }> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { port: (server.address() as { port: number }).port, server };
}

describe("beside a daemon", () => {
  it("shows what happens as it happens, and while it drains stays up to the end", async () => {
    site = makeSite(ini(LONG));
    const host = await serving(site, "web-1", ["daemon", "--verbose"]);
    const ear = await listenTo(host.url);
    await ear.hears("that it runs", ({ data }) => JSON.stringify(data).includes("running"));
    expect((await ask(host.url, "/readyz")).json()).toMatchObject({ ready: true, reasons: [] });
    host.kill("SIGTERM");
    await host.said("nothing more is started");
    const ready = await ask(host.url, "/readyz");
    expect([ready.status, ready.json().reasons]).toEqual([503, ["draining: nothing more is started here"]]);
    expect((await ask(host.url, "/healthz")).status).toBe(200);
    expect((await ask(host.url, "/jobs/long")).text).toContain("running");
    site.write("go", "");
    const { code, stderr } = await host.ended;
    expect([code, site.lines("ran")]).toEqual([0, ["up", "down"]]);
    await ear.ended;
    expect(stderr).not.toContain("bug");
    await expect(ask(host.url, "/")).rejects.toThrow();
  });

  it("hears of what other hosts and people do", async () => {
    site = makeSite(ini("[job:other]\n    command = true\n    schedule = manual\n"));
    const host = await serving(site, "web-1", ["daemon"]);
    const ear = await listenTo(host.url);
    await ear.hears("everything", ({ event }) => event === "full");
    expect((await site.run("web-2", ["pause", "other", "--note", "from elsewhere"])).code).toBe(0);
    await ear.hears("the pause", ({ event, data }) => event === "change" && JSON.stringify(data).includes("from elsewhere"));
    ear.close();
    expect(await host.end()).toBe(0);
  });

  it("whose address is taken runs its jobs all the same, says so once, and comes up when it is free", async () => {
    const { port, server } = await occupied();
    site = makeSite(ini(TICK, `    http = 127.0.0.1:${port}\n`));
    const host = site.start("web-1", ["daemon"]);
    let stderr = "";
    host.child.stderr?.on("data", (text) => {
      stderr += text;
    });
    await until("its jobs run", () => site.lines("ran").length >= 2);
    expect(stderr).toContain(`there is no page at 127.0.0.1:${port}, and it is tried again`);
    expect(stderr).toContain("another program listens there");
    await new Promise((done) => server.close(done));
    await until("the page is up", () => stderr.includes(`page at http://127.0.0.1:${port}/`));
    expect((await ask(`http://127.0.0.1:${port}/`, "/healthz")).status).toBe(200);
    host.kill("SIGTERM");
    expect((await host.ended).code).toBe(0);
    expect(stderr.split("there is no page").length).toBe(2);
  });

  it("holds no connection of its own: two, when nothing runs and nobody looks", async () => {
    site = makeSite(ini("[job:idle]\n    command = true\n    schedule = manual\n"));
    const host = await serving(site, "web-1", ["daemon"]);
    for (const path of ["/", "/jobs/idle", "/api/runs"]) expect((await ask(host.url, path)).status).toBe(200);
    const ear = await listenTo(host.url);
    await ear.hears("everything", ({ event }) => event === "full");
    ear.close();
    const held = async () =>
      (await sql.query("SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'crontabber web-1'")).rows[0].n;
    await until("two are left", async () => (await held()) <= 2);
    expect(await host.end()).toBe(0);
  });

  it("a hundred readers at once keep its jobs from nothing, and its connections within their bounds", async () => {
    site = makeSite(ini(TICK, "    http = 127.0.0.1:0\n    concurrency = 1\n"));
    const host = await serving(site, "web-1", ["daemon"]);
    await until("its jobs run", () => site.lines("ran").length >= 1);
    const before = site.lines("ran").length;
    const answers = await Promise.all(Array.from({ length: 90 }, (_, i) => ask(host.url, i % 2 ? "/" : `/api/runs?limit=${i + 1}`)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await until("its jobs go on", () => site.lines("ran").length > before + 1);
    // A backend that was left lingers for a moment beside the one that follows it.
    const held = async () =>
      (await sql.query("SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'crontabber web-1'")).rows[0].n;
    await until("it holds three at most", async () => (await held()) <= 3, 5);
    expect(await host.end()).toBe(0);
  });

  it("readers take turns on one of its connections", async () => {
    site = makeSite(ini("[job:idle]\n    command = true\n    schedule = manual\n"));
    const host = await serving(site, "web-1", ["daemon"]);
    const answers = await Promise.all(Array.from({ length: 90 }, (_, i) => ask(host.url, `/api/runs?limit=${i + 1}`)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    // One for them, one or two for the daemon's own looks, one that listens.
    const { rows } = await sql.query("SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'crontabber web-1'");
    expect(rows[0].n).toBeLessThanOrEqual(4);
    expect(await host.end()).toBe(0);
  });
});

describe("alone", () => {
  it("serves what others do, and starts nothing", async () => {
    site = makeSite(ini("[job:due]\n    command = echo due >> ran\n    schedule = 1h\n"));
    const page = await serving(site, "web-1");
    expect((await ask(page.url, "/api/jobs")).json().jobs[0].state).toBe("new");
    expect(site.lines("ran")).toEqual([]);
    await site.run("web-2");
    await until("the page has it", async () => (await ask(page.url, "/api/jobs")).json().jobs[0].state === "ok");
    expect(site.lines("ran")).toEqual(["due"]);
    expect(await page.end()).toBe(0);
  });

  it("follows the configuration, and says that a wrong one was refused", async () => {
    site = makeSite(ini(TICK));
    const page = await serving(site, "web-1");
    const ear = await listenTo(page.url);
    await ear.hears("everything", ({ event }) => event === "full");
    site.write("crontabber.ini", ini(`${TICK}[job:fresh]\n    command = true\n    schedule = 1h\n`));
    await ear.hears("the new job", ({ event, data }) => event === "change" && JSON.stringify(data).includes("fresh"));
    expect((await ask(page.url, "/jobs/fresh")).status).toBe(200);
    site.write("crontabber.ini", ini("[job:broken]\n    command = true\n    schedule = never\n"));
    await page.said("is wrong, the old one holds on");
    expect((await ask(page.url, "/readyz")).json()).toMatchObject({
      ready: true,
      notes: ["the configuration has changed and is wrong: the old one holds on"],
    });
    expect((await ask(page.url, "/jobs/fresh")).status).toBe(200);
    site.write("crontabber.ini", ini(TICK));
    await ear.hears(
      "that the job is gone",
      ({ event, data }) => event === "change" && Object.entries(data).some(([key, value]) => key.includes("fresh") && value === null),
    );
    expect((await ask(page.url, "/readyz")).json().notes).toEqual([]);
    expect((await ask(page.url, "/jobs/fresh")).status).toBe(404);
    ear.close();
    expect(await page.end()).toBe(0);
  });

  it("says what is wrong with its address, and ends", async () => {
    const { port, server } = await occupied();
    site = makeSite(ini(TICK, `    http = 127.0.0.1:${port}\n`));
    const taken = await site.run("web-1", ["serve"]);
    expect([taken.code, taken.stderr]).toEqual([78, expect.stringMatching(/crontabber\.ini:4.*another program listens there/s)]);
    const typed = await site.run("web-1", ["serve", "--http", "198.51.100.7:1", "--crontabber.http_token=x"]);
    expect([typed.code, typed.stderr]).toEqual([78, expect.stringMatching(/--http.*that is no address of this host/s)]);
    const nonsense = await site.run("web-1", ["serve", "--http", "here"]);
    expect([nonsense.code, nonsense.stderr]).toEqual([64, expect.stringContaining('"here" is not an address')]);
    await new Promise((done) => server.close(done));
    site.write("crontabber.ini", ini(TICK, ""));
    const none = await site.run("web-1", ["serve"]);
    expect([none.code, none.stderr]).toEqual([78, expect.stringContaining("write http = 127.0.0.1:8484")]);
    const said = await serving(site, "web-1", ["serve", "--http", "127.0.0.1:0"]);
    expect(await said.end()).toBe(0);
  });

  it("says that tables are missing where it must not make them", async () => {
    site = makeSite(ini(TICK, "    http = 127.0.0.1:0\n    auto_migrate = no\n"));
    const page = await serving(site, "web-1");
    const answer = await ask(page.url, "/");
    expect([answer.status, answer.text]).toEqual([503, expect.stringContaining("crontabber migrate")]);
    expect((await ask(page.url, "/readyz")).status).toBe(503);
    expect((await site.run("web-1", ["migrate"])).code).toBe(0);
    await until("it is ready", async () => (await ask(page.url, "/readyz")).status === 200);
    expect((await ask(page.url, "/")).status).toBe(200);
    expect(await page.end()).toBe(0);
  });
});
