// The example is the reference of all options: each stands in it, and it is a configuration that works.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { loadConfig } from "#lib/config/config.js";
import { JOB_OPTION_NAMES } from "#lib/config/job-options.js";
import { buildRegistry } from "#lib/config/registry.js";
import { SETTING_NAMES } from "#lib/config/settings.js";
import { learn } from "#lib/run/learn.js";
import { folder, lines, read } from "./support.ts";

const file = fileURLToPath(new URL("../../config.example.ini", import.meta.url));
const text = readFileSync(file, "utf8");
const keys = (source: string): string[] => [...source.matchAll(/^\s*(?:#\s?)?([a-z_]+) = /gm)].map(([, key = ""]) => key);
const [head, jobs] = [text.slice(0, text.indexOf("\n[job:")), text.slice(text.indexOf("\n[job:"))];

it("the example, with the jobs it names, has no mistake", async () => {
  const { config, problems, warnings } = loadConfig({ file, cwd: "/", env: {}, options: [] });
  const built = await buildRegistry(config, { mode: "configtest", learn, cache: null });
  expect(lines([...problems, ...warnings, ...built.problems, ...built.warnings])).toEqual([]);
  expect(built.registry.jobs.length).toBeGreaterThan(3);
});

it.each([...SETTING_NAMES, "database_url", "host", "port", "dbname", "user", "password", "jobs", "dsn"])("documents %s", (name) =>
  expect(keys(head)).toContain(name),
);

it.each([...JOB_OPTION_NAMES])("documents %s of a job", (name) => expect(keys(jobs)).toContain(name));

it("documents no key that does not exist, and shows defaults as they are", () => {
  const commentless = head.replace(/^(\s*)# (?=[a-z_]+ = )/gm, "$1").replace(/^\s*database_url = embedded.*$/m, "");
  const env = { DB_PASSWORD: "x", CRONTABBER_TOKEN: "x" };
  const { config, problems } = read(folder({ "crontabber.ini": commentless }), { env });
  expect(lines(problems)).toEqual([]);
  const { config: plain } = read(folder({ "crontabber.ini": "[crontabber]" }));
  for (const key of [
    "errorRetryTime",
    "lease",
    "concurrency",
    "drainTimeout",
    "overdueAfter",
    "historyDays",
    "schema",
    "autoMigrate",
    "httpActions",
    "maxOngoingAgeHours",
    "timezone",
  ] as const) {
    expect([key, config[key]]).toEqual([key, plain[key]]);
  }
});
