/** Two releases on one database, forward and back, while jobs run: the newer schema is one migration ahead. */
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeSite, type Process, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { until } from "../helpers/processes.ts";
import { type Build, nextBuild } from "./builds.ts";

const ADDS = `ALTER TABLE crontabber ADD COLUMN next_thing text;
ALTER TABLE crontabber_run ADD COLUMN next_thing text NOT NULL DEFAULT 'new';
CREATE TABLE crontabber_next (id int);`;

let database: TestDatabase;
let site: Site;
let sql: pg.Client;
let newer: Build;

const INI = (url: string) => `[crontabber]
    database_url = ${url}
    lease = 3
[job:slow]
    command = echo start $CRONTABBER_HOST >> ran; while test ! -e go; do sleep 0.05; done; echo end $CRONTABBER_HOST >> ran
    schedule = manual
[job:quick]
    command = echo quick $CRONTABBER_HOST >> ran
    schedule = 1h
    locks = shared
[job:also]
    command = echo also $CRONTABBER_HOST >> ran
    schedule = 1h
    locks = shared
`;

beforeAll(() => {
  newer = nextBuild(ADDS);
});
afterAll(() => newer?.close());
beforeEach(async () => {
  database = await freshDatabase();
  site = makeSite(INI(database.url));
  sql = await database.client();
});
afterEach(async () => {
  await site.close();
  await database.drop();
});

type Start = (host: string, args?: readonly string[]) => Process;
const old: Start = (host, args) => site.start(host, args);
const next: Start = (host, args) => newer.start(site, host, args);
const applied = async () => (await sql.query("SELECT max(version) AS v FROM crontabber_migration")).rows[0].v as number;
const outcomes = async () =>
  (await sql.query("SELECT app_name, outcome, host FROM crontabber_run ORDER BY app_name, id")).rows.map(
    (r) => `${r.app_name} ${r.outcome} ${r.host}`,
  );
const started = (host: string) => until(`slow runs on ${host}`, () => site.lines("ran").includes(`start ${host}`));
/** Code and what was said on stderr. */
const end = async ({ ended }: Process) => {
  const { code, stderr } = await ended;
  return [code, stderr];
};
const dueAgain = () => sql.query("UPDATE crontabber SET next_run = now() - interval '1 minute' WHERE next_run IS NOT NULL");

describe.each([
  ["forward: what the old release runs, the new one leaves alone", old, next],
  ["back: what the new release runs, the old one leaves alone", next, old],
])("%s", (_, first, second) => {
  it("runs on, is recorded by its owner, and nothing runs twice", async () => {
    expect(await end(first("one"))).toEqual([0, ""]);
    const running = first("one", ["run", "slow", "--force"]);
    await started("one");
    await dueAgain();
    expect(await end(second("two"))).toEqual([0, ""]);
    expect(await applied()).toBe(newer.version);
    expect((await second("two", ["run", "slow", "--force"]).ended).code).toBe(3);
    // Longer than its lease: renewals go on over the migration.
    await until(
      "it was renewed after the migration",
      async () => (await sql.query("SELECT heartbeats FROM crontabber WHERE app_name = 'slow'")).rows[0].heartbeats > 6,
    );
    site.write("go", "");
    expect((await running.ended).code).toBe(0);
    await dueAgain();
    expect(await end(first("one"))).toEqual([0, ""]);
    for (const start of [first, second]) expect(await end(start("one", ["history"]))).toEqual([0, ""]);
    expect(await outcomes()).toEqual([
      ...[
        "also succeeded one",
        "also succeeded two",
        "also succeeded one",
        "quick succeeded one",
        "quick succeeded two",
        "quick succeeded one",
      ],
      "slow succeeded one",
    ]);
    expect(site.lines("ran").filter((line) => line.startsWith("start"))).toEqual(["start one"]);
    expect((await sql.query("SELECT * FROM crontabber_lock")).rows).toEqual([]);
  });

  it("takes over what the other release lost, and records what it ran", async () => {
    expect(await end(first("one"))).toEqual([0, ""]);
    await end(second("two"));
    const running = first("one", ["run", "slow", "--force"]);
    await started("one");
    running.kill("SIGKILL");
    await running.ended;
    await until(
      "the lease has run out",
      async () => (await sql.query("SELECT lease_until < now() AS dead FROM crontabber WHERE app_name = 'slow'")).rows[0].dead,
    );
    site.write("go", "");
    await second("two").ended;
    expect(await outcomes()).toContain("slow lost one");
  });
});

it("daemons of both releases share a database, each job runs once", async () => {
  expect((await old("zero", ["migrate"]).ended).code).toBe(0);
  const daemons = [old("one", ["daemon"]), next("two", ["daemon"]), old("three", ["daemon"])];
  await until("both jobs ran", () => site.lines("ran").length === 2);
  await until("they are recorded", async () => (await outcomes()).filter((line) => line.includes("succeeded")).length === 2);
  for (const daemon of daemons) daemon.kill("SIGTERM");
  expect(await Promise.all(daemons.map(async ({ ended }) => (await ended).code))).toEqual([0, 0, 0]);
  expect(
    site
      .lines("ran")
      .map((line) => line.split(" ")[0])
      .sort(),
  ).toEqual(["also", "quick"]);
});

describe("a schema that demands a newer program", () => {
  it("refuses only the older one, which says what to do", async () => {
    const breaking = nextBuild(`-- oldest-program: 2\n${ADDS}`, { program: 2 });
    try {
      const running = old("one", ["run", "slow", "--force"]);
      await started("one");
      expect((await breaking.start(site, "two").ended).code).toBe(0);
      const refused = await old("one").ended;
      expect(refused.code).toBe(78);
      expect(refused.stderr).toMatch(/schema needs a newer crontabber \(level 2, this one is level 1\).*upgrade crontabber on this host/);
      const doctor = await old("one", ["doctor"]).ended;
      expect([doctor.code, doctor.stdout]).toEqual([1, expect.stringContaining("the tables need a newer crontabber (level 2)")]);
      // What runs is not torn down: it ends, and its record is taken.
      site.write("go", "");
      expect((await running.ended).code).toBe(0);
      expect((await breaking.start(site, "two").ended).code).toBe(0);
      expect(await outcomes()).toContain("slow succeeded one");
    } finally {
      breaking.close();
    }
  });
});
