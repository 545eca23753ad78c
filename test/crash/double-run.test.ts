/** The original ran 17.5 % of simultaneous starts twice or more. Here: eight real processes at the same instant, a hundred rounds. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";

const HOSTS = 8;
const ROUNDS = 50;

let database: TestDatabase;
let site: Site;
let sql: pg.Client;

beforeAll(async () => {
  database = await freshDatabase();
  sql = await database.client();
  site = makeSite(`[crontabber]
    database_url = ${database.url}
[job:once]
    command = echo "$CRONTABBER_HOST $CRONTABBER_SLOT $CRONTABBER_ATTEMPT" >> ran
    schedule = 1d
`);
});
afterAll(async () => {
  await site?.close();
  await database?.drop();
});

describe("eight processes at the same instant on one due job", () => {
  it.each([
    ["that nobody has ever seen", "TRUNCATE crontabber, crontabber_run, crontabber_log"],
    ["that is due again", "UPDATE crontabber SET next_run = date_trunc('milliseconds', now()) - interval '1 second'"],
  ])(
    `run it exactly once in each of ${ROUNDS} rounds: a job %s`,
    async (_state, before) => {
      const hosts = await Promise.all(Array.from({ length: HOSTS }, (_, i) => site.loop(`h${i}`)));
      await hosts[0]?.pass();
      site.write("ran", "");
      for (let round = 1; round <= ROUNDS; round++) {
        await sql.query(before);
        const answers = await Promise.all(hosts.map((host) => host.pass()));
        expect(answers.filter((a) => a.error)).toEqual([]);
        expect([round, site.lines("ran").length]).toEqual([round, round]);
        expect(answers.flatMap((a) => a.ran)).toEqual(["once"]);
      }
      const { rows } = await sql.query("SELECT count(*) FILTER (WHERE outcome IS NULL)::int AS live FROM crontabber_run");
      expect(rows).toEqual([{ live: 0 }]);
      for (const host of hosts) host.process.child.stdin?.end();
      await Promise.all(hosts.map((host) => host.process.ended));
    },
    240_000,
  );
});
