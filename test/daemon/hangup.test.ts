/** SIGHUP while a daemon only starts: a deploy that reloads what it has just started must not end it. */
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { until } from "../helpers/processes.ts";

let site: Site;

beforeEach(() => {
  site = makeSite(`[crontabber]
    database_url = postgres://nobody@127.0.0.1:1/none
    jobs = '''
        jobs.Tidy|1h
    '''
`);
  // Whoever starts waits for its import.
  site.write(
    "jobs.mjs",
    `import { appendFileSync } from "node:fs";
appendFileSync(${JSON.stringify(join(site.folder, "reading"))}, "jobs\\n");
await new Promise((done) => setTimeout(done, 8000));
export const Tidy = { run() {} };
`,
  );
});
afterEach(() => site.close());

it.each([["daemon"], ["serve"]])("ends no %s, as SIGTERM does", async (verb) => {
  const started = site.start("a", [verb, "--http", "127.0.0.1:0"]);
  await until("its jobs are being imported", () => site.lines("reading").length > 0);
  started.kill("SIGHUP");
  started.kill("SIGTERM");
  expect(await started.ended).toMatchObject({ code: 143, signal: null });
});
