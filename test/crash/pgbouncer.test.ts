/** Behind pgbouncer in transaction mode nothing of a session is ours: not its settings, not its prepared statements, not its locks. */
import { mkdirSync } from "node:fs";
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { type Bouncer, hasPgbouncer, startPgbouncer } from "../helpers/pgbouncer.ts";
import { until } from "../helpers/processes.ts";

describe.runIf(hasPgbouncer)("behind pgbouncer in transaction mode", () => {
  let database: TestDatabase;
  let bouncer: Bouncer;
  let site: Site;
  let sql: pg.Client;

  beforeAll(async () => {
    database = await freshDatabase();
    bouncer = await startPgbouncer(database.url);
    sql = await database.client();
    await sql.query("SET datestyle TO 'ISO'");
    await sql.query("CREATE TABLE work (what text, slot text)");
    site = makeSite(`[crontabber]
    database_url = ${bouncer.url(database.url)}
    lease = 3
    jobs = jobs.many.Module|1d, jobs.many.Together|1d
[job:command]
    command = echo "$CRONTABBER_HOST" >> ran
    schedule = 1d
[job:statement]
    sql = INSERT INTO work VALUES ('statement', current_setting('crontabber.slot'))
    schedule = 1d
[job:outside]
    sql = VACUUM work
    transaction = no
    schedule = 1d
`);
    mkdirSync(`${site.folder}/jobs`);
    site.write(
      "jobs/many.ts",
      `import { defineJob } from "crontabber";
export const Module = defineJob({ run: async (ctx) => { await ctx.db.query("INSERT INTO work VALUES ($1, $2)", ["module", ctx.slot.toISOString()]); } });
export const Together = defineJob({ transaction: true, run: async (ctx) => { await ctx.tx.query("INSERT INTO work VALUES ('together', $1)", [String(ctx.slot)]); } });
`,
    );
  });
  afterAll(async () => {
    await site?.close();
    await bouncer?.close();
    await database?.drop();
  });
  beforeEach(async () => {
    site.write("ran", "");
  });

  it("every kind of job runs and is recorded", async () => {
    const { code, stderr } = await site.run("a");
    expect([code, stderr]).toEqual([0, ""]);
    const { rows } = await sql.query("SELECT app_name, outcome FROM crontabber_run ORDER BY app_name");
    expect(rows.map((row) => `${row.app_name} ${row.outcome}`)).toEqual([
      ...["command succeeded", "module succeeded", "outside succeeded", "statement succeeded", "together succeeded"],
    ]);
    expect((await sql.query("SELECT what FROM work ORDER BY what")).rows.map((row) => row.what)).toEqual([
      "module",
      "statement",
      "together",
    ]);
  });

  it("eight processes at once run a due job once", async () => {
    const hosts = await Promise.all(Array.from({ length: 8 }, (_, i) => site.loop(`h${i}`)));
    for (let round = 1; round <= 10; round++) {
      await sql.query(
        "UPDATE crontabber SET next_run = date_trunc('milliseconds', now()) - interval '1 second' WHERE app_name = 'command'",
      );
      const answers = await Promise.all(hosts.map((host) => host.pass()));
      expect(answers.flatMap((answer) => answer.ran ?? answer.error)).toEqual(["command"]);
      expect(site.lines("ran")).toHaveLength(round);
    }
  });

  it("leases are renewed, and a dead runner's statement ends", async () => {
    site.write(
      "crontabber.ini",
      `[crontabber]\n    database_url = ${bouncer.url(database.url)}\n    lease = 3\n[job:sleeper]\n    sql = INSERT INTO work SELECT 'sleeper', pg_sleep(60)::text\n    schedule = 1d\n`,
    );
    const host = site.start("a");
    await until(
      "the lease was renewed",
      async () => (await sql.query("SELECT 1 FROM crontabber WHERE app_name = 'sleeper' AND heartbeats > 1")).rowCount === 1,
    );
    host.kill("SIGKILL");
    const asleep = async () =>
      (
        await sql.query(
          "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%sleeper%pg_sleep%' AND state = 'active' AND pid <> pg_backend_pid()",
        )
      ).rowCount;
    await until("the statement has ended", async () => (await asleep()) === 0, 15);
    expect((await sql.query("SELECT count(*)::int AS n FROM work WHERE what = 'sleeper'")).rows).toEqual([{ n: 0 }]);
  });
});
