/** Cron mails what a pass says: one mail when something turns bad, one when it is good again, silence between. */
import { chmodSync, existsSync, mkdirSync, utimesSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it } from "vitest";
import { Incidents } from "#lib/report/incident.js";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { freshDatabase } from "../helpers/pg.ts";
import { until } from "../helpers/processes.ts";

const database = await freshDatabase();
const good = `[crontabber]\n  database_url = ${database.url}\n[job:x]\n  command = true\n  schedule = 1h\n`;
const bad = good.replace("1h", "1r");
let site: Site;
const sites: Site[] = [];
beforeEach(() => {
  site = makeSite(good);
  sites.push(site);
});
afterAll(async () => {
  await Promise.all(sites.map((made) => made.close()));
  await database.drop();
});

/** One pass from cron: its code and what it would mail. */
async function pass(args: string[] = [], env: Record<string, string> = {}): Promise<[code: number | null, ...mail: string[]]> {
  const { code, stdout, stderr } = await site.run("web-1", args, env);
  expect(stdout).toBe("");
  return [
    code,
    ...stderr
      .split("\n")
      .filter(Boolean)
      .map((line) => String((JSON.parse(line) as { msg: unknown }).msg)),
  ];
}

it("a bad configuration", async () => {
  site.write("crontabber.ini", bad);
  const told = expect.stringMatching(/^crontabber\.ini:5:\d+: .*1r/);
  expect(await pass()).toEqual([78, told]);
  expect(await pass()).toEqual([78]);
  expect(await pass(["run", "-c", "crontabber.ini"])).toEqual([78]);
  expect(await pass(["--verbose"])).toEqual([78, told]);
  // Somebody tried to mend it, in vain.
  utimesSync(join(site.folder, "crontabber.ini"), 1e9, 1e9);
  expect(await pass()).toEqual([78, told]);
  expect(await pass()).toEqual([78]);
  site.write("crontabber.ini", bad.replace("1r", "1q"));
  expect(await pass()).toEqual([78, expect.stringContaining("1q")]);
  site.write("crontabber.ini", good);
  expect(await pass()).toEqual([0, expect.stringMatching(/^the configuration is good again; it was bad since \d{4}-/)]);
  expect(await pass()).toEqual([0]);
});

it("tables that are missing where nobody may make them", async () => {
  const strict = { "crontabber.auto_migrate": "no", "crontabber.schema": "not_there" };
  const told = expect.stringContaining("run: crontabber migrate");
  expect(await pass([], strict)).toEqual([78, told]);
  expect(await pass([], strict)).toEqual([78]);
  site.write("crontabber.ini", bad);
  expect(await pass([], strict)).toEqual([78, expect.stringContaining("1r")]);
  site.write("crontabber.ini", good);
  expect(await pass([], { ...strict, "crontabber.auto_migrate": "yes" })).toEqual([
    0,
    expect.stringMatching(/^the configuration is good again/),
  ]);
  expect(await pass([], strict)).toEqual([0]);
});

it("a database that is gone, in whatever words", async () => {
  const url = new URL(database.url);
  url.port = "1";
  const away = { "crontabber.database_url": url.href };
  url.hostname = "no-such-host.invalid";
  const elsewhere = { "crontabber.database_url": url.href };
  expect(await pass()).toEqual([0]);
  expect(await pass([], away)).toEqual([69, expect.stringContaining("ECONNREFUSED")]);
  expect(await pass([], away)).toEqual([69]);
  expect(await pass([], elsewhere)).toEqual([69]);
  expect(await pass()).toEqual([0, expect.stringMatching(/^the database is good again; it was bad since /)]);
  expect(await pass()).toEqual([0]);
  expect(await pass([], away)).toEqual([69, expect.stringContaining("ECONNREFUSED")]);
});

it("a refused password is another trouble than a server that is away", async () => {
  const url = new URL(database.session("words"));
  url.password = "wrong-one";
  const refused = { "crontabber.database_url": url.href };
  url.port = "1";
  expect(await pass([], { "crontabber.database_url": url.href })).toHaveLength(2);
  expect(await pass([], refused)).toEqual([69, expect.stringContaining("password authentication failed")]);
  expect(await pass([], refused)).toEqual([69]);
});

it("both at once, each by itself", async () => {
  const url = new URL(database.url);
  url.port = "1";
  const away = { "crontabber.database_url": url.href };
  expect(await pass([], away)).toHaveLength(2);
  site.write("crontabber.ini", bad);
  expect(await pass([], away)).toHaveLength(2);
  site.write("crontabber.ini", good);
  // The edit is news for the database, too.
  expect(await pass([], away)).toEqual([
    69,
    expect.stringContaining("configuration is good again"),
    expect.stringContaining("ECONNREFUSED"),
  ]);
  expect(await pass([], away)).toEqual([69]);
  expect(await pass()).toEqual([0, expect.stringContaining("database is good again")]);
});

it("a module that cannot be imported", async () => {
  site.write("broken.ts", "export const Job = {");
  site.write("crontabber.ini", good.replace("[job:x]", "  jobs = broken.Job|1h\n[job:x]"));
  expect(await pass()).toEqual([78, expect.stringMatching(/^crontabber\.ini:3.*broken/)]);
  expect(await pass()).toEqual([78]);
  site.write("broken.ts", "export const Job = { run() {} };");
  expect(await pass()).toEqual([0, expect.stringContaining("configuration is good again")]);
});

it("what is only odd is told once", async () => {
  site.write("crontabber.ini", `${good}[logging]\n  syslog_host = localhost\n`);
  expect(await pass()).toEqual([0, expect.stringContaining("[logging]")]);
  expect(await pass()).toEqual([0]);
});

it("two configurations do not share what was told", async () => {
  site.write("a.ini", bad);
  site.write("b.ini", bad);
  for (const name of ["a.ini", "b.ini"]) {
    expect(await pass(["-c", name])).toHaveLength(2);
    expect(await pass([], { CRONTABBER_CONF: name })).toHaveLength(1);
  }
});

it("who asks for a job by name is told every time", async () => {
  site.write("crontabber.ini", bad);
  for (const _ of [1, 2]) expect((await pass(["run", "x"])).length).toBe(2);
  expect(await pass()).toHaveLength(2);
});

it("where nothing can be remembered, everything is told every time", async () => {
  site.write("crontabber.ini", bad);
  const state = join(site.folder, "file");
  site.write("file", "");
  for (const _ of [1, 2]) expect(await pass([], { XDG_STATE_HOME: state })).toHaveLength(2);
  const readOnly = join(site.folder, "read-only");
  mkdirSync(readOnly);
  chmodSync(readOnly, 0o500);
  const asRoot = process.getuid?.() === 0;
  for (const again of [false, true]) expect(await pass([], { XDG_STATE_HOME: readOnly })).toHaveLength(asRoot && again ? 1 : 2);
});

it("passes that overlap tell it once between them", async () => {
  const mails = async () => (await Promise.all(Array.from({ length: 8 }, () => pass()))).flatMap(([, ...mail]) => mail);
  site.write("crontabber.ini", bad);
  expect(await mails()).toHaveLength(1);
  site.write("crontabber.ini", good);
  expect(await mails()).toEqual([expect.stringContaining("the configuration is good again")]);
});

it("two that have both seen it: one tells", () => {
  const file = join(site.folder, "told", "incident.json");
  const both = [new Incidents(file), new Incidents(file)];
  const now = new Date("2026-01-05T03:00:00Z");
  expect(both.map((one) => one.bad("database", "gone", now))).toEqual([true, false]);
  const again = [new Incidents(file), new Incidents(file)];
  expect(again.map((one) => one.good("database"))).toEqual([now.toISOString(), null]);
});

it("a long pass says nothing of a configuration that was spoilt after it began", async () => {
  const file = join(site.folder, "told", "incident.json");
  const [before, after] = [new Date("2026-01-05T02:00:00Z"), new Date("2026-01-05T04:00:00Z")];
  expect(new Incidents(file).bad("configuration", "1r", new Date("2026-01-05T03:00:00Z"))).toBe(true);
  expect(new Incidents(file).good("configuration", before)).toBeNull();
  expect(new Incidents(file).good("configuration", after)).toBe("2026-01-05T03:00:00.000Z");
  site.write("crontabber.ini", `${good}[job:long]\n  command = touch began; while [ ! -e go ]; do sleep 0.05; done\n  schedule = 1h\n`);
  const long = pass();
  await until("it runs", () => existsSync(join(site.folder, "began")));
  site.write("crontabber.ini", bad);
  expect(await pass()).toHaveLength(2);
  site.write("go", "");
  expect(await long).toEqual([0]);
  expect(await pass()).toEqual([78]);
});

it("a mistyped option in the crontab is told every time: it is nobody's incident", async () => {
  for (const _ of [1, 2]) {
    const { code, stderr } = await site.run("web-1", ["--crontabber.leese=3"]);
    expect([code, stderr]).toEqual([64, expect.stringContaining('did you mean "lease"?')]);
  }
});

it("a server that accepts and never answers is given up in time", async () => {
  const silent: Server = createServer();
  await new Promise<void>((done) => silent.listen(0, "127.0.0.1", done));
  const url = new URL(database.url);
  url.port = String((silent.address() as { port: number }).port);
  url.hostname = "127.0.0.1";
  try {
    expect(await pass([], { "crontabber.database_url": url.href })).toEqual([69, expect.stringContaining("cannot use the database")]);
  } finally {
    silent.close();
  }
});
