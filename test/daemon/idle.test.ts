/** What a daemon with nothing to do costs its database: two connections, and one statement for each look at all rows. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { countingProxy } from "../../bench/proxy.mjs";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { until } from "../helpers/processes.ts";

let database: TestDatabase;
let proxy: Awaited<ReturnType<typeof countingProxy>>;
let site: Site;

beforeEach(async () => {
  database = await freshDatabase();
  proxy = await countingProxy(Number(new URL(database.url).port));
});
afterEach(async () => {
  await site?.close();
  proxy?.close();
  await database?.drop();
});

const DUE = 12;
const CONCURRENCY = 4;
const SLEEPING = 1000;

it("never holds more than concurrency + 2 connections, 2 when it has been idle for a while, and looks with one statement", async () => {
  const through = new URL(database.url);
  through.port = String(proxy.port);
  const sleeping = Array.from({ length: SLEEPING }, (_, n) => `[job:sleeping-${n}]\n    command = true\n    schedule = 30 3 29 2 *\n`);
  const due = Array.from({ length: DUE }, (_, n) => `[job:due-${n}]\n    command = echo ${n} >> ran\n    schedule = 1d\n`);
  site = makeSite(`[crontabber]\n    database_url = ${through.href}\n    concurrency = ${CONCURRENCY}\n${[...sleeping, ...due].join("")}`);
  const host = site.start("one", ["daemon", "--verbose"]);
  let said = "";
  host.child.stderr?.on("data", (text) => {
    said += text;
  });
  const looks = () => said.split(`pass over ${SLEEPING + DUE} jobs`).length - 1;

  await until("everything due has run", () => site.lines("ran").length === DUE);
  expect(proxy.seen().open).toBeGreaterThan(2);
  await until("it holds two connections", () => proxy.seen().open === 2);
  expect(proxy.seen().peak).toBeLessThanOrEqual(CONCURRENCY + 2);

  proxy.reset();
  const before = looks();
  host.kill("SIGHUP");
  await until("it looked again", () => looks() > before);
  const { statements, connections } = proxy.seen();
  // Its own clock may have made it look, too.
  expect(statements).toBe(looks() - before);
  expect(connections).toBe(0);

  site.write(
    "crontabber.ini",
    `[crontabber]\n    database_url = ${through.href}\n[job:woken]\n    command = echo woken >> ran\n    schedule = 1d\n`,
  );
  await until("it starts what comes after its rest", () => site.lines("ran").includes("woken"));
  host.kill("SIGTERM");
  expect((await host.ended).code).toBe(0);
});
