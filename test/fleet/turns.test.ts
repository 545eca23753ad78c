/** Locks as hosts meet them: jobs of one pass take turns, daemons wait for each other's, and explain says who has it. */
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeSite, type Process, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { until } from "../helpers/processes.ts";

let database: TestDatabase;
let site: Site;
let sql: pg.Client;

/** Each says when it comes and goes; two at once would show. */
const BODY = `echo in $CRONTABBER_JOB >> ran; sleep 0.2; echo out $CRONTABBER_JOB >> ran`;
const INI = (url: string) => `[crontabber]
    database_url = ${url}
    timezone = UTC
[job:a]
    command = ${BODY}
    schedule = 1d
    locks = db-heavy
[job:b]
    command = ${BODY}
    schedule = 1d
    locks = net, db-heavy
[job:c]
    command = ${BODY}
    schedule = 1d
    locks = db-heavy
    depends_on = a
[job:free]
    command = ${BODY}
    schedule = 1d
[job:slow]
    command = echo in slow >> ran; while test ! -e go; do sleep 0.05; done; echo out slow >> ran
    schedule = manual
    locks = db-heavy
`;

beforeEach(async () => {
  database = await freshDatabase();
  site = makeSite(INI(database.url));
  sql = await database.client();
});
afterEach(async () => {
  await site.close();
  await database.drop();
});

/** The jobs in the order in which they had the lock. Throws where two had it at once. */
function turns(): string[] {
  const held = site.lines("ran").filter((line) => !line.endsWith(" free"));
  return held.flatMap((line, i) => {
    const [what, job] = line.split(" ");
    if (what !== (i % 2 === 0 ? "in" : "out")) throw new Error(`two at once: ${held.join(", ")}`);
    return what === "in" ? [job ?? ""] : [];
  });
}
const slowRuns = async (host: string): Promise<Process> => {
  const process = site.start(host, ["run", "slow", "--force"]);
  await until("slow runs", () => site.lines("ran").includes("in slow"));
  return process;
};

describe("in one pass", () => {
  it("jobs with the same lock take turns, and all of them run", async () => {
    const { code, stderr } = await site.run("one");
    expect([code, stderr]).toEqual([0, ""]);
    expect(turns().sort()).toEqual(["a", "b", "c"]);
    expect(site.lines("ran")).toContain("out free");
  });

  it("a lock that another host holds is a reason not to run, and no failure", async () => {
    const slow = await slowRuns("one");
    const pass = await site.run("two", ["--verbose"]);
    expect(pass.code).toBe(0);
    expect(pass.stderr).toMatch(/a does not run: limit, the lock 'db-heavy' is held by 'slow' on one since /);
    expect((await site.run("two", ["run", "b"])).code).toBe(4);
    const explained = await site.run("two", ["explain", "b"]);
    expect(explained.code).toBe(4);
    expect(explained.stdout).toMatch(/✖ locks +the lock 'db-heavy' is held by 'slow' on one since .* UTC/);
    expect(explained.stdout).toContain("runs as soon as the lock is free");
    expect(JSON.parse((await site.run("two", ["explain", "b", "--json"])).stdout)).toMatchObject({ verdict: { why: "limit" } });
    site.write("go", "");
    expect((await slow.ended).code).toBe(0);
    expect((await site.run("two", ["explain", "b"])).stdout).toMatch(/✔ locks +net, db-heavy: free/);
    expect((await site.run("two")).code).toBe(0);
    expect(turns()[0]).toBe("slow");
    expect(turns().sort()).toEqual(["a", "b", "c", "slow"]);
  });
});

describe("between daemons", () => {
  const stop = async (daemons: readonly Process[]) => {
    for (const daemon of daemons) daemon.kill("SIGTERM");
    expect(await Promise.all(daemons.map(async ({ ended }) => (await ended).code))).toEqual(daemons.map(() => 0));
  };

  it("one holds it at a time, and every job runs once", async () => {
    const daemons = ["one", "two", "three"].map((host) => site.start(host, ["daemon"]));
    await until(
      "all ran",
      async () =>
        (await sql.query("SELECT 1 FROM crontabber_run WHERE outcome = 'succeeded'").catch(() => ({ rowCount: 0 }))).rowCount === 4,
    );
    await stop(daemons);
    expect(turns().sort()).toEqual(["a", "b", "c"]);
    expect((await sql.query("SELECT * FROM crontabber_lock")).rows).toEqual([]);
  });

  it("a freed lock wakes whoever waits, long before it would ask again", async () => {
    site.write("crontabber.ini", INI(database.session("listen")));
    const slow = await slowRuns("one");
    const daemon = site.start("two", ["daemon", "--verbose"]);
    let said = "";
    daemon.child.stderr?.on("data", (text: string) => {
      said += text;
    });
    // The fifth answer: by itself it would not ask again for four seconds and more.
    await until("a waits", () => said.split("a does not run: limit").length - 1 >= 5, 40);
    site.write("go", "");
    await slow.ended;
    await until("those that waited had their turn", () => turns().length === 4);
    const { rows } = await sql.query(`SELECT extract(epoch FROM a.claimed_at - s.ended_at)::float8 AS waited
      FROM crontabber_run a, crontabber_run s WHERE a.app_name = 'a' AND s.app_name = 'slow'`);
    expect(rows[0].waited).toBeLessThan(4);
    await stop([daemon]);
  });
});
