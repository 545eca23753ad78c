/** What only one host knows, and what daemons tell beside their work. */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { until } from "../helpers/processes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { aroundEach, BAD, CHILD } from "./site.ts";

const around = aroundEach();

describe("what only this host knows", () => {
  /** As if it had lasted so much longer. */
  const old = (kind: string, seconds: number) => {
    const { site } = around();
    const folder = join("state-one", "crontabber");
    const name = readdirSync(join(site.folder, folder)).find((file) => /^alerts-.*\.json$/.test(file)) ?? "";
    const memory = JSON.parse(readFileSync(join(site.folder, folder, name), "utf8"));
    memory[kind].up -= seconds;
    site.write(join(folder, name), JSON.stringify(memory));
  };

  it("a configuration it refuses is told once after a while, and when it is good again", async () => {
    const { configure, hook, receiver, site, texts } = around();
    configure(hook(), CHILD);
    for (let i = 0; i < 2; i++) expect((await site.run("one")).code).toBe(78);
    expect(texts()).toEqual([]);
    old("refused", 40);
    for (let i = 0; i < 2; i++) expect((await site.run("one")).code).toBe(78);
    expect(texts()).toEqual([expect.stringMatching(/^crontabber: the configuration of one is refused: .*"bad"/)]);
    configure(hook(), BAD.replace("test -e mended", "true"));
    for (let i = 0; i < 2; i++) expect((await site.run("one")).code).toBe(0);
    expect(texts().slice(1)).toEqual(["crontabber: the configuration of one is ok again, it was refused"]);
    expect(new Set(receiver.alerts.map(({ id }) => id)).size).toBe(2);
  });

  it("a database it cannot use is told once after overdue_after, and when it is good again", async () => {
    const { configure, hook, site, texts } = around();
    configure(hook(), BAD.replace("test -e mended", "true"));
    const away = ["--crontabber.database_url=postgres://127.0.0.1:1/x"];
    for (let i = 0; i < 2; i++) expect((await site.run("one", away)).code).toBe(69);
    expect(texts()).toEqual([]);
    old("unreachable", 700);
    for (let i = 0; i < 2; i++) expect((await site.run("one", away)).code).toBe(69);
    expect(texts()).toEqual([expect.stringMatching(/^crontabber: the database, seen from one, is unreachable: /)]);
    for (let i = 0; i < 2; i++) expect((await site.run("one")).code).toBe(0);
    expect(texts().slice(1)).toEqual([expect.stringMatching(/is ok again, it was unreachable$/)]);
  });

  it("a module that cannot be imported is told, and the other jobs run", async () => {
    const { configure, hook, site, texts } = around();
    configure(hook(), "[job:good]\n    command = echo good >> ran\n    schedule = 1h\n", "    jobs = jobs.broken.Broken|1h\n");
    mkdirSync(join(site.folder, "jobs"));
    site.write("jobs/broken.mjs", "throw new Error('not today');\n");
    expect((await site.run("one")).code).toBe(78);
    old("refused", 40);
    expect((await site.run("one")).code).toBe(78);
    expect(site.lines("ran")).toEqual(["good"]);
    expect(texts()).toEqual([expect.stringContaining("not today")]);
  });
});

describe("daemons", () => {
  it("tell of each other's jobs once, while they work, and end at once beside a webhook that hangs", async () => {
    const { configure, hook, receiver, site, sql } = around();
    configure(hook(), `${BAD}[job:tick]\n    command = echo tick >> ticks\n    schedule = 1s\n`);
    const hosts = ["one", "two"].map((host) => site.start(host, ["daemon"]));
    const ticked = (n: number) => until("jobs go on", () => site.lines("ticks").length >= n);
    /** A new configuration is a new look: nobody has to wait for the next one. */
    const look = async () => {
      await ticked(site.lines("ticks").length + 2);
      for (const host of hosts) host.kill("SIGHUP");
    };
    const soon = (what: string, holds: () => boolean) =>
      until(what, async () => {
        if (!holds()) await look();
        return holds();
      });
    await soon("it is told", () => receiver.alerts.length > 0);
    site.write("mended", "");
    await until("it is told to be over", () => receiver.alerts.length > 1);
    expect(receiver.alerts.map(({ condition }) => condition)).toEqual(["failing", "ok"]);
    receiver.answer("hang");
    const error = { type: "E", value: "v", traceback: "" };
    await sql.query("UPDATE crontabber SET error_count = 5, last_error = $1, next_run = next_run + interval '1 h' WHERE app_name = 'bad'", [
      error,
    ]);
    await soon("it hangs", () => receiver.asked.length > 2);
    await ticked(site.lines("ticks").length + 2);
    for (const host of hosts) host.kill("SIGTERM");
    expect((await Promise.all(hosts.map((host) => host.ended))).map(({ code }) => code)).toEqual([0, 0]);
  });

  it("tell that their database is away, and that it is back", async () => {
    const { configure, database, hook, receiver, site } = around();
    const proxy = await startProxy(database.url);
    const url = proxy.url(database.url);
    configure(hook(), BAD.replace("test -e mended", "true"), `    overdue_after = 0\n`);
    const host = site.start("one", ["daemon", `--crontabber.database_url=${url}`]);
    await until("it works", () => site.lines("ran").length > 0);
    proxy.cut();
    await until("it is told", () => receiver.alerts.length > 0);
    proxy.heal();
    await until("it is told to be over", () => receiver.alerts.length > 1, 60);
    expect(receiver.alerts.map(({ subject, condition }) => [subject.kind, condition])).toEqual([
      ["database", "unreachable"],
      ["database", "ok"],
    ]);
    host.kill("SIGTERM");
    expect((await host.ended).code).toBe(0);
    await proxy.close();
  });
});
