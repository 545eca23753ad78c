/** Two passes that start at the same instant over a hundred due jobs share them: each job is run once, and both hosts run some. */
import { afterAll, expect, it } from "vitest";
import { makeSite } from "../helpers/hosts.ts";
import { freshDatabase } from "../helpers/pg.ts";

const JOBS = 100;
const names = Array.from({ length: JOBS }, (_, i) => `job-${String(i).padStart(3, "0")}`);
/** However far apart two processes start: the first jobs of one wait until the other has begun. */
const BOTH = `touch "here-$CRONTABBER_HOST"; while [ ! -e here-a ] || [ ! -e here-b ]; do sleep 0.02; done`;
const database = await freshDatabase();
const site = makeSite(
  `[crontabber]\n    database_url = ${database.url}\n    concurrency = 3\n${names
    .map((name) => `[job:${name}]\n    command = echo "$CRONTABBER_JOB" >> ran; ${BOTH}\n    schedule = 1h\n`)
    .join("")}`,
);
afterAll(async () => {
  await site.close();
  await database.drop();
});

it("two passes over 100 due jobs share them", async () => {
  expect((await site.run("setup", ["migrate"])).code).toBe(0);
  const codes = await Promise.all(["a", "b"].map(async (host) => (await site.run(host)).code));
  expect(codes).toEqual([0, 0]);
  expect(site.lines("ran").sort()).toEqual(names);
  const sql = await database.client();
  const { rows } = await sql.query(
    "SELECT host, count(*)::int AS runs FROM crontabber_run WHERE outcome = 'succeeded' GROUP BY host ORDER BY host",
  );
  expect(rows.map(({ host }) => host)).toEqual(["a", "b"]);
  expect(rows.reduce((sum, { runs }) => sum + runs, 0)).toBe(JOBS);
  expect((await sql.query("SELECT 1 FROM crontabber WHERE run_id IS NOT NULL OR error_count > 0")).rows).toEqual([]);
});
