/** What cron pays for every minute: a pass with nothing to do loads the scheduler, the driver, and nothing else. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { makeSite } from "../helpers/hosts.ts";
import { freshDatabase } from "../helpers/pg.ts";

const HOOK = fileURLToPath(new URL("../fixtures/loaded.mjs", import.meta.url));

const database = await freshDatabase();
const site = makeSite(`
[crontabber]
    database_url = ${database.url}
[job:hourly]
    command = true
    schedule = 1h
[job:nightly]
    command = true
    schedule = 30 3 * * mon-fri|Europe/Berlin
`);
afterAll(async () => {
  await site.close();
  await database.drop();
});

let runs = 0;
/** Addresses of the modules that a command loads. */
async function loadedBy(...args: string[]): Promise<string[]> {
  const file = join(site.folder, `loaded-${++runs}`);
  const { code, stderr } = await site.run("web-1", args, { NODE_OPTIONS: `--import=${HOOK}`, LOADED: file });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return [...new Set(readFileSync(file, "utf8").split("\n"))].filter((url) => url.startsWith("file:"));
}

const packages = (urls: readonly string[]): string[] =>
  [...new Set(urls.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []))].sort();
const own = (urls: readonly string[]): string[] => urls.flatMap((url) => /\/dist\/(.+)\.js$/.exec(url)?.[1] ?? []);

const PG = /^pg|^postgres-|^pgpass$|^split2$|^xtend$/;

it("a pass over what is not due loads no library but the driver, and no report", async () => {
  await loadedBy();
  for (const args of [[], ["run"], ["-c", "crontabber.ini", "run"], ["--admin.conf=crontabber.ini"], ["--crontabber.lease=90"]]) {
    const urls = await loadedBy(...args);
    expect(own(urls)).toContain("engine/pass");
    expect(packages(urls).filter((name) => !PG.test(name))).toEqual([]);
    expect(own(urls).filter((path) => /^report\/|^cli\/(parse|load|verbs|help|talk|speakers)/.test(path))).toEqual([]);
  }
});

it("the hook sees what is loaded late, too", async () => {
  const urls = await loadedBy("list", "--json");
  expect(packages(urls)).toContain("yargs");
  expect(own(urls)).toContain("report/list");
});

it("pino comes with the first line", async () => {
  const file = join(site.folder, "loaded-line");
  const { stderr } = await site.run("web-1", ["run", "hourly"], { NODE_OPTIONS: `--import=${HOOK}`, LOADED: file });
  expect(JSON.parse(stderr)).toMatchObject({ level: 30, job: "hourly", why: "not-yet" });
  expect(packages(readFileSync(file, "utf8").split("\n"))).toContain("pino");
});
