/** What passes remember of jobs' code across releases that look alike, and a mistake that is mended somewhere else than it was told. */
import { linkSync, mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { until } from "../helpers/processes.ts";

let database: TestDatabase;
let site: Site;
beforeAll(async () => {
  database = await freshDatabase();
  site = makeSite("");
});
afterAll(async () => {
  await site?.close();
  await database?.drop();
});

const ini = (entries: string) => `[crontabber]\n    database_url = ${database.url}\n    jobs = ${entries}\n`;
const write = (path: string, text: string) => {
  writeFileSync(join(site.folder, path), text);
  utimesSync(join(site.folder, path), 499_162_500, 499_162_500);
};
const schedule = async (config: string) => {
  const { stdout, stderr } = await site.run("one", ["show", "job", "--json", "-c", join(site.folder, config)]);
  expect(stderr).toBe("");
  return JSON.parse(stdout).job.schedule as string;
};

it("passes see a definition that is another only in a file that the job imports, in the release a link leads to", async () => {
  const part = (text: string) => `export const schedule = "${text}";\n`;
  for (const number of [1, 2]) mkdirSync(join(site.folder, `release-${number}`));
  write("release-1/crontabber.ini", ini("job.Job"));
  write("release-1/job.ts", 'import { schedule } from "./part.ts";\nexport const Job = { schedule, run() {} };\n');
  // As rsync --link-dest makes the next one: what is the same is the same file.
  for (const name of ["crontabber.ini", "job.ts"]) linkSync(join(site.folder, "release-1", name), join(site.folder, "release-2", name));
  write("release-1/part.ts", part("1h"));
  write("release-2/part.ts", part("2h"));
  symlinkSync("release-1", join(site.folder, "current"));
  expect(await schedule("current/crontabber.ini")).toBe("1h");
  expect(await schedule("current/crontabber.ini")).toBe("1h");
  symlinkSync("release-2", join(site.folder, "next"));
  renameSync(join(site.folder, "next"), join(site.folder, "current"));
  expect(await schedule("current/crontabber.ini")).toBe("2h");
  write("release-2/part.ts", part("3h"));
  expect(await schedule("current/crontabber.ini")).toBe("3h");
});

it("a daemon takes over what was refused when the file at fault is mended, and tells what waits for a restart", async () => {
  site.write("crontabber.ini", ini("good.Good|1d"));
  site.write("good.ts", "export const Good = { run() {} };\n");
  const daemon = site.start("one", ["daemon"]);
  let said = "";
  daemon.child.stderr?.on("data", (text: string) => {
    said += text;
  });
  const says = (text: string) => until(`it says "${text}": ${said}`, () => said.includes(text));
  await until("it works", async () => (await site.run("two", ["show", "good", "--json"])).stdout.includes('"succeeded"'));
  site.write("other.ts", "export const Other = { schedule: 'never', run() {} };\n");
  site.write("crontabber.ini", ini("good.Good|1d, other.Other"));
  await says("the old one holds on");
  site.write("other.ts", "export const Other = { schedule: '1d', run() {} };\n");
  await says("the configuration was reloaded: 2 jobs");
  site.write("crontabber.ini", ini("good.Good|1d, other.Other\n    concurrency = 3\n    tags = gpu"));
  await says("the configuration was reloaded: 2 jobs; restart the daemon for concurrency, tags");
  daemon.kill("SIGTERM");
  expect((await daemon.ended).code).toBe(0);
});
