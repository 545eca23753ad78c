/** `simulate`, `graph` and their exit codes as a script sees them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { schemaOf, violations } from "../report/schema.ts";

const JOBS = `
[job:ingest]
    command = true
    schedule = 1h
[job:night]
    command = true
    schedule = 30 2 * * *
    depends_on = ingest
[job:asked]
    command = true
    schedule = manual
`;
const RANGE = ["--offline", "--from=2026-03-28", "--to=2026-03-30"];

let database: TestDatabase;
let site: Site;
beforeAll(async () => {
  database = await freshDatabase();
  site = makeSite(`[crontabber]\n    database_url = ${database.url}\n    timezone = Europe/Berlin\n${JOBS}`);
  site.write("nowhere.ini", `[crontabber]\n    database_url = postgres://127.0.0.1:1/x\n${JOBS}`);
  site.write("later.ini", `[crontabber]\n    timezone = Europe/Berlin\n${JOBS.replace("30 2", "30 4").replace("job:asked", "job:fresh")}`);
});
afterAll(async () => {
  await site?.close();
  await database?.drop();
});

async function run(...args: string[]) {
  const { code, stdout, stderr } = await site.run("one", args);
  return { code, stdout, stderr };
}
async function document(...args: string[]) {
  const { code, stdout } = await run(...args, "--json");
  const made = JSON.parse(stdout);
  expect(violations(schemaOf("simulate"), made)).toEqual([]);
  return { code, made };
}

describe("simulate --offline", () => {
  it("asks no database, and says the same each time", async () => {
    const [first, second] = [await run("simulate", "-c", "nowhere.ini", ...RANGE), await run("simulate", "-c", "nowhere.ini", ...RANGE)];
    expect(first).toEqual(second);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toMatch(/^START \(UTC\) +JOB/);
  });

  it("exit code 1 with what --fail-on names, 64 for what it cannot mean", async () => {
    expect((await run("simulate", ...RANGE, "--fail-on=clock")).code).toBe(1);
    expect((await run("simulate", ...RANGE, "--fail-on=collisions,late,never,skipped,failed")).code).toBe(0);
    const failing = await document("simulate", ...RANGE, "--fail=ingest@2026-03-28T12:00", "--fail-on=failed");
    expect(failing).toMatchObject({ code: 1, made: { failed_on: ["failed"] } });
    expect(failing.made.runs.filter(({ outcome }: { outcome: string }) => outcome === "failed")).toMatchObject([
      { job: "ingest", slot: "2026-03-28T11:00:00.000Z" },
    ]);
    expect(await run("simulate", ...RANGE, "--fail-on=colisions")).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('did you mean "collisions"?'),
    });
    expect(await run("simulate", ...RANGE, "--fail-on=changes")).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("--with FILE"),
    });
    expect(await run("simulate", ...RANGE, "--fail=ingst")).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('did you mean "ingest"?'),
    });
    expect(await run("simulate", ...RANGE, "--fail=ingest@noon")).toMatchObject({ code: 64 });
    expect(await run("simulate", ...RANGE, "--durations=long")).toMatchObject({ code: 64 });
    expect(await run("simulate", "--offline")).toMatchObject({ code: 64, stderr: expect.stringContaining("--from") });
    expect(await run("simulate", "--offline", "--from=2026-03-28", "--to=2026-03-27")).toMatchObject({ code: 64 });
    expect(await run("simulate", "nigt", ...RANGE)).toMatchObject({ code: 64, stderr: expect.stringContaining('did you mean "night"?') });
  });

  it("shows the jobs that are named, and runs them all", async () => {
    const { made } = await document("simulate", "night", ...RANGE, "--durations=5m");
    expect(made.runs).toMatchObject([
      { job: "night", start: "2026-03-28T01:30:00.000Z", after: null },
      { job: "night", start: "2026-03-29T01:05:00.000Z", after: "ingest" },
    ]);
  });

  it("--every is a pass of system cron", async () => {
    const { made } = await document("simulate", "night", ...RANGE, "--every=1h");
    expect(made.runs.map(({ start }: { start: string }) => start)).toEqual(["2026-03-28T02:00:01.000Z", "2026-03-29T01:00:01.000Z"]);
    expect(made.every).toBe(3600);
  });

  it("--with: what an edited file changes, and 1 if that matters", async () => {
    const { code, made } = await document("simulate", ...RANGE, "--with=later.ini", "--fail-on=changes");
    expect([code, made.changes.jobs_added, made.changes.jobs_removed]).toEqual([1, ["fresh"], ["asked"]]);
    const told = made.changes.runs.map(
      ({ job, kind, was, is }: Record<string, { slot: string }>) => `${job} ${kind} ${was?.slot} ${is?.slot}`,
    );
    expect(told).toEqual([
      "night moved 2026-03-28T01:30:00.000Z 2026-03-28T03:30:00.000Z",
      "night moved 2026-03-29T01:00:00.000Z 2026-03-29T02:30:00.000Z",
    ]);
    expect((await run("simulate", ...RANGE, "--with=crontabber.ini", "--fail-on=changes")).stdout).toMatch(
      /^crontabber.ini changes nothing/,
    );
  });
});

describe("simulate from the rows", () => {
  it("goes on from what is there, takes as long as runs took, and refuses the past", async () => {
    const sql = await database.client();
    expect((await run()).code).toBe(0);
    await sql.query("UPDATE crontabber_run SET claimed_at = ended_at - interval '90 seconds' WHERE app_name = 'ingest'");
    const { code, made } = await document("simulate", "ingest");
    expect([code, made.start]).toEqual([0, "rows"]);
    expect(made.runs).toHaveLength(24);
    expect(made.runs[0]).toMatchObject({ took: 90, attempt: 1 });
    const { rows } = await sql.query("SELECT extract(epoch FROM next_run) * 1000 AS at FROM crontabber WHERE app_name = 'ingest'");
    expect(Date.parse(made.runs[0].slot)).toBe(Math.floor(Number(rows[0]?.at)));
    expect(await run("simulate", "--from=2020-01-01")).toMatchObject({ code: 64, stderr: expect.stringContaining("--offline") });
  });

  it("a database that does not answer is told; with a beginning it goes on from nothing", async () => {
    expect((await run("simulate", "-c", "nowhere.ini")).code).toBe(69);
    const { code, stderr } = await run("simulate", "-c", "nowhere.ini", "--from=2026-03-28", "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^warning: as if no job had ever run: .*--offline/) });
  });
});

describe("graph", () => {
  it("with states; without a database without, and that is told", async () => {
    expect((await run("graph")).stdout).toMatch(/^✔ ingest ──▶ . night\n\nalone: ○ asked\n\n3 jobs, 1 dependency: /);
    const lost = await run("graph", "-c", "nowhere.ini");
    expect(lost).toMatchObject({ code: 0, stdout: "ingest ──▶ night\n\nalone: asked\n\n3 jobs, 1 dependency\n" });
    expect(lost.stderr).toMatch(/^warning: without states: .*--no-state/);
    expect(await run("graph", "-c", "nowhere.ini", "--no-state", "night")).toMatchObject({
      code: 0,
      stderr: "",
      stdout: "ingest ──▶ night\n\n2 jobs, 1 dependency\n",
    });
  });

  it("its forms, and what it cannot mean", async () => {
    expect((await run("graph", "--format=dot")).stdout).toMatch(/^digraph crontabber \{/);
    expect((await run("graph", "--format=mermaid", "--no-state")).stdout).toMatch(/^flowchart LR\n/);
    expect(JSON.parse((await run("graph", "--format=json")).stdout)).toMatchObject({ schema: "crontabber.graph/1" });
    expect(await run("graph", "--format=svg")).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("text or dot or mermaid or json"),
    });
    expect(await run("graph", "--json", "--format=dot")).toMatchObject({ code: 64 });
    expect(await run("graph", "nigt")).toMatchObject({ code: 64, stderr: expect.stringContaining('did you mean "night"?') });
  });
});
