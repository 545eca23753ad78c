/** Requests over real processes: asked for on one host, served by another, never twice, whoever dies. */
import { rmSync } from "node:fs";
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { carrying, until } from "../helpers/processes.ts";

let database: TestDatabase;
let site: Site;
let sql: pg.Client;

beforeEach(async () => {
  database = await freshDatabase();
  sql = await database.client();
  await sql.query("SET datestyle TO 'ISO'");
});
afterEach(async () => {
  await site?.close();
  await database?.drop();
});

function fleet(jobs: string, lease = 2): Site {
  site = makeSite(`[crontabber]
    database_url = ${database.url}
    lease = ${lease}
    error_retry_time = 0
${jobs}`);
  return site;
}
const ledger = async () =>
  (await sql.query("SELECT host, trigger, outcome FROM crontabber_run ORDER BY id")).rows.map((r) => `${r.host} ${r.trigger} ${r.outcome}`);
const requests = async () => (await sql.query("SELECT kind, done, outcome FROM crontabber_request ORDER BY id")).rows;
const over = (id: number) =>
  until(
    `request ${id} is over`,
    async () => (await sql.query("SELECT 1 FROM crontabber_request WHERE id = $1 AND outcome IS NOT NULL", [id])).rowCount === 1,
    20,
  );

const MANUAL = `[job:tidy]
    command = echo "$CRONTABBER_HOST $CRONTABBER_PAYLOAD" >> ran
    schedule = manual
`;

describe("run --force --detach", () => {
  it("starts nothing here, and is served by another host's next pass", async () => {
    const { run, lines } = fleet(MANUAL);
    const asked = await run("a", ["run", "tidy", "--force", "--detach", "--note", "spring"]);
    expect([asked.code, asked.stdout]).toEqual([0, "tidy is asked for as request #1: the next free host runs it\n"]);
    expect(lines("ran")).toEqual([]);
    expect((await run("b")).code).toBe(0);
    expect(lines("ran")).toEqual(["b "]);
    expect(await ledger()).toEqual(["b manual succeeded"]);
    const { rows } = await sql.query("SELECT what, app_name, note, who FROM crontabber_event");
    expect(rows).toEqual([{ what: "run", app_name: "tidy", note: "spring", who: expect.stringContaining("@a") }]);
  });

  it("is served by a daemon that listens, long before its next look", async () => {
    const { start, run, lines } = fleet(MANUAL);
    const daemon = start("d", ["daemon", `--crontabber.database_url=${database.session("listen")}`]);
    await until(
      "the daemon has looked",
      async () =>
        (
          await sql.query(
            "SELECT to_regclass('crontabber') IS NOT NULL AND EXISTS (SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_notify%' AND datname = current_database()) AS up",
          )
        ).rows[0].up,
      20,
    );
    expect((await run("a", ["run", "tidy", "--force", "--detach"])).code).toBe(0);
    await over(1);
    expect(lines("ran")).toEqual(["d "]);
    expect((await run("a", ["trigger", "tidy", "--payload", '{"page": 7}', "--debounce", "1s"])).code).toBe(0);
    await over(2);
    expect(lines("ran")).toEqual(["d ", 'd {"page": 7}']);
    daemon.kill("SIGTERM");
    expect((await daemon.ended).code).toBe(0);
  });

  it("reports a run that fails once, and does not try again", async () => {
    const { run } = fleet("[job:tidy]\n    command = false\n    schedule = manual\n");
    await run("a", ["run", "tidy", "--force", "--detach"]);
    await run("b");
    await run("b");
    expect(await ledger()).toEqual(["b manual failed"]);
    expect(await requests()).toMatchObject([{ outcome: "failed" }]);
  });
});

describe("a payload", () => {
  it("reaches modules, commands and sql", async () => {
    const { run, write, lines } = fleet(`    jobs = '''
        jobs.Tell|manual
    '''
${MANUAL}[job:keep]
    sql = INSERT INTO kept SELECT nullif(current_setting('crontabber.payload'), '')::json
    schedule = manual
`);
    write(
      "jobs.mjs",
      'import { appendFileSync } from "node:fs";\nexport const Tell = { name: "tell", run: ({ payload }) => appendFileSync("ran", ["module", payload.page, "\\n"].join(" ")) };\n',
    );
    await sql.query("CREATE TABLE kept (payload json)");
    for (const name of ["tell", "tidy", "keep"]) expect((await run("a", ["trigger", name, "--payload", '{"page": 7}'])).stderr).toBe("");
    expect((await run("b")).code).toBe(0);
    expect(lines("ran").sort()).toEqual(['b {"page": 7}', "module 7 "]);
    expect((await sql.query("SELECT payload FROM kept")).rows).toEqual([{ payload: { page: 7 } }]);
  });

  it("may be a text, with its quotes", async () => {
    const { run, lines } = fleet(MANUAL);
    expect((await run("a", ["trigger", "tidy", "--payload", '"a page"'])).stderr).toBe("");
    expect((await run("b")).code).toBe(0);
    expect(lines("ran")).toEqual(['b "a page"']);
  });
});

describe("a backfill", () => {
  const DATED = `[job:report]
    command = echo "$CRONTABBER_SLOT" >> ran; while test -e stop && test $(wc -l < ran) -ge 4; do sleep 0.05; done
    schedule = 1d
`;
  /** In the time of a row whose slot we set: noon of today and the days before it. */
  const since = (days: number) => new Date(Math.floor(Date.now() / 86_400_000 - days) * 86_400_000).toISOString().slice(0, 10);

  it("goes on with its third date on another host, when the first is killed in it", async () => {
    const { start, run, write, lines } = fleet(DATED);
    await run("a");
    write("stop", "");
    const asked = await run("a", ["backfill", "report", "--from", since(7), "--to", since(0)]);
    expect([asked.code, asked.stdout]).toEqual([
      0,
      "the backfill of report is request #1: crontabber backfill report shows how far it is\n",
    ]);
    const first = start("a");
    await until("the third date runs", () => lines("ran").length === 4, 20);
    const { rows } = await sql.query("SELECT run_id FROM crontabber");
    first.kill("SIGKILL");
    await until("the job's processes are gone", () => carrying(rows[0].run_id).length === 0, 10);
    rmSync(`${site.folder}/stop`);
    await until(
      "the lease has run out",
      async () => (await sql.query("SELECT 1 FROM crontabber WHERE lease_until > now()")).rowCount === 0,
      10,
    );
    expect((await run("b")).code).toBe(0);
    const slots = lines("ran").slice(1);
    expect(slots[2]).toBe(slots[3]);
    expect(new Set(slots).size).toBe(7);
    expect(slots).toEqual([...slots].sort());
    expect(await requests()).toEqual([{ kind: "backfill", done: 7, outcome: "succeeded" }]);
    expect((await run("a", ["backfill", "report"])).stdout).toContain("7/7");
  });

  it("is served by two daemons between the job's own slots, which stay where they are", async () => {
    const { start, run } = fleet("[job:report]\n    command = true\n    schedule = 5s\n");
    await run("a");
    const { rows } = await sql.query("SELECT slot FROM crontabber");
    const open: Date = rows[0].slot;
    const ago = (steps: number) => new Date(open.getTime() - steps * 5000).toISOString();
    const daemons = [start("d", ["daemon"]), start("e", ["daemon"])];
    expect((await run("a", ["backfill", "report", "--from", ago(13), "--to", ago(2)])).code).toBe(0);
    await over(1);
    await until(
      "its own slots go on",
      async () =>
        (
          await sql.query(
            "SELECT 1 FROM crontabber_run WHERE trigger = 'schedule' AND claimed_at > (SELECT ended_at FROM crontabber_request)",
          )
        ).rowCount !== 0,
      20,
    );
    for (const daemon of daemons) daemon.kill("SIGTERM");
    expect(await Promise.all(daemons.map(async ({ ended }) => (await ended).code))).toEqual([0, 0]);
    const { rows: runs } = await sql.query("SELECT slot, trigger, outcome FROM crontabber_run ORDER BY slot, id");
    const asked = runs.filter(({ trigger }) => trigger === "request");
    expect(asked.map(({ slot }) => slot.toISOString())).toEqual(Array.from({ length: 12 }, (_, i) => ago(13 - i)));
    expect(new Set(runs.map(({ outcome }) => outcome))).toEqual(new Set(["succeeded"]));
    expect(new Set(runs.map(({ slot }) => (slot.getTime() - open.getTime()) % 5000 === 0))).toEqual(new Set([true]));
  });

  it("loses no attempt and no date to a host that is told to end", async () => {
    const { start, run, write, lines } = fleet(DATED);
    await run("a");
    write("stop", "");
    await run("a", ["backfill", "report", "--from", since(7), "--to", since(0)]);
    const daemon = start("d", ["daemon", "--crontabber.drain_timeout=1"]);
    await until("the third date runs", () => lines("ran").length === 4, 20);
    daemon.kill("SIGTERM");
    expect((await daemon.ended).code).toBe(143);
    expect(await requests()).toEqual([{ kind: "backfill", done: 2, outcome: null }]);
    rmSync(`${site.folder}/stop`);
    expect((await run("b")).code).toBe(0);
    expect(await requests()).toEqual([{ kind: "backfill", done: 7, outcome: "succeeded" }]);
    const outcomes = (await ledger()).map((line) => line.split(" ").slice(1).join(" "));
    expect(outcomes.filter((one) => one === "request interrupted")).toHaveLength(1);
    expect(outcomes.filter((one) => one === "request succeeded")).toHaveLength(7);
  });

  it("takes a day without a time as all of it, at both ends", async () => {
    const { run } = fleet("[job:report]\n    command = true\n    schedule = 1d|13:00\n");
    const { stdout } = await run("a", ["backfill", "report", "--from", "2026-10-01", "--to", "2026-10-03", "--dry-run", "--tz", "UTC"]);
    expect(stdout).toBe("2026-10-01 13:00:00\n2026-10-02 13:00:00\n2026-10-03 13:00:00\n3 dates of report (UTC)\n");
  });

  it("shows its dates first, and can be cancelled", async () => {
    const { run } = fleet(DATED);
    await run("a");
    const range = ["--from", since(7), "--to", since(0)];
    const dry = await run("a", ["backfill", "report", ...range, "--dry-run"]);
    expect(dry.stdout).toMatch(/^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n){7}7 dates of report \(UTC\)\n$/);
    const asked = JSON.parse((await run("a", ["backfill", "report", ...range, "--dry-run", "--json"])).stdout);
    expect(asked).toMatchObject({ schema: "crontabber.backfill/1", job: "report", backfills: [], dates: expect.any(Array) });
    expect(await requests()).toEqual([]);
    await run("a", ["backfill", "report", ...range]);
    expect((await run("a", ["backfill", "report", "--cancel"])).stdout).toBe(
      "report: backfill #1 is cancelled; a date that runs ends by itself\n",
    );
    await run("b");
    expect((await ledger()).length).toBe(1);
    const shown = JSON.parse((await run("a", ["backfill", "report", "--json"])).stdout);
    expect(shown.backfills).toMatchObject([{ id: 1, done: 0, outcome: "cancelled", cancelled_by: expect.stringContaining("@a") }]);
    expect((await run("a", ["backfill", "report", "--cancel"])).stdout).toBe("report has no backfill to cancel\n");
  });
});

describe("what cannot be asked for", () => {
  it.each([
    [["trigger", "tidyy"], "did you mean"],
    [["trigger", "tidy", "--payload", "{page: 7}"], "--payload"],
    [["trigger", "tidy", "--debounce", "soon"], "--debounce"],
    [["run", "--detach"], "--detach"],
    [["backfill", "tidy", "--from", "2026-01-01", "--to", "2026-01-02"], "no schedule"],
    [["backfill", "tidy", "--from", "2026-01-01"], "--to"],
    [["backfill", "tidy", "--again"], "--from"],
    [["backfill", "tidy", "--cancel", "--again"], "--cancel"],
  ])("%j is exit code 64, and says why", async (args, why) => {
    const { run } = fleet(MANUAL);
    const { code, stderr } = await run("a", args);
    expect([code, stderr]).toEqual([64, expect.stringContaining(why)]);
  });
});

describe("eight processes at the same instant", () => {
  it("never serve a request twice, and lose none", async () => {
    // On a busy machine a short lease can be over before its body has begun: that is another attempt, and right.
    const { loop, lines } = fleet(MANUAL, 60);
    const hosts = await Promise.all(Array.from({ length: 8 }, (_, i) => loop(`h${i}`)));
    await hosts[0]?.pass();
    const ROUNDS = 25;
    for (let round = 1; round <= ROUNDS; round++) {
      await sql.query("SELECT crontabber_trigger('tidy', to_json($1::int))", [round]);
      const answers = await Promise.all(hosts.map(({ pass }) => pass()));
      expect(answers.filter((a) => a.error)).toEqual([]);
    }
    expect(lines("ran").map((line) => Number(line.split(" ")[1]))).toEqual(Array.from({ length: ROUNDS }, (_, i) => i + 1));
    expect((await sql.query("SELECT outcome, attempt, count(*)::int FROM crontabber_request GROUP BY 1, 2")).rows).toEqual([
      { outcome: "succeeded", attempt: 1, count: ROUNDS },
    ]);
    for (const host of hosts) host.process.child.stdin?.end();
    await Promise.all(hosts.map((host) => host.process.ended));
  }, 240_000);
});
