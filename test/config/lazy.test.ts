// A pass runs every minute from cron: what it does not need must not be loaded.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { folder, withDatabase } from "./support.ts";

const LOAD = fileURLToPath(import.meta.resolve("#lib/config/load.js"));
const HOOKS = `import { appendFileSync } from "node:fs";
export async function resolve(name, context, next) {
  const found = await next(name, context);
  appendFileSync(process.env.LOADED, found.url + "\\n");
  return found;
}`;
const PROGRAM = `import { appendFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { register } from "node:module";
register(new URL("hooks.mjs", import.meta.url));
const { load } = await import(${JSON.stringify(LOAD)});
const learn = async (files) => new Map(files.map((path) => {
  const { size, mtimeMs, ctimeMs } = statSync(path);
  appendFileSync(process.env.LOADED, "learned " + path + "\\n");
  return [path, { ok: true, exports: { A: { hasRun: true } }, imports: [{ path, size, mtimeMs, ctimeMs }] }];
}));
const { registry } = await load({ cwd: import.meta.dirname, env: process.env, options: [] }, { mode: "pass", learn });
appendFileSync(process.env.LOADED, Object.keys(createRequire(import.meta.url).cache).join("\\n") + "\\n" + registry.jobs.length + " jobs\\n");`;

it("the second pass over a configuration learns nothing and loads no library", () => {
  const jobs =
    "jobs = '''\na.A|30 7 * * mon-fri|Europe/Stockholm\n'''\n[job:b]\ncommand = b\nschedule = H * * * *\ntimeout = 5m\n[job:c]\nsql = c\nschedule = @hourly";
  const cwd = folder({ "crontabber.ini": withDatabase(jobs), "a.ts": "", "hooks.mjs": HOOKS, "program.mjs": PROGRAM });
  const pass = (log: string): string => {
    const env = { PATH: process.env.PATH, HOME: cwd, LOADED: join(cwd, log) };
    execFileSync(process.execPath, ["program.mjs"], { cwd, env });
    return readFileSync(join(cwd, log), "utf8");
  };
  const libraries = /cron-parser|luxon|levenshtein|yargs|jiti|\/pg\/|pino/;
  expect(pass("first")).toMatch(/learned [\s\S]*3 jobs/);
  const second = pass("second");
  expect(second).toContain("3 jobs");
  expect(second).not.toContain("learned");
  expect(second.split("\n").filter((line) => libraries.test(line))).toEqual([]);
});
