/** What the original got wrong about reports and operations, by the numbers of faults.md; and what must hold instead. */
import { describe, expect, it } from "vitest";
import { carrying, until } from "../helpers/processes.ts";
import { atWork, go, job, useFleet, WAITS } from "./fleet.ts";

const fleet = useFleet();
const failed = (value: string): string => `'${JSON.stringify({ type: "E", value, traceback: "" })}'`;

describe("what is told", () => {
  it("38: how long a job has been running is how long it has", async () => {
    const site = fleet.site(job("old", { schedule: "1d" }));
    await fleet.pythonRow("old", { next_run: "now()", first_run: "now()", ongoing: "now() - interval '2 hours 30 minutes 20 seconds'" });
    expect((await site.run("a", ["--list-jobs"])).stdout).toContain("Ongoing now!    Started 2 hours, 30 minutes ago\n");
  });

  it("39: a monitor reads one line with no bar inside a value, hears of jobs nobody runs, and 3 is that nobody can tell", async () => {
    const site = fleet.site(job("broken", { schedule: "1d" }) + job("late", { schedule: "1d" }));
    await fleet.pythonRow("broken", { next_run: "now() + interval '1 hour'", error_count: "1", last_error: failed("a|b\nc") });
    await fleet.pythonRow("late", { next_run: "now() - interval '1 hour'" });
    const { code, stdout } = await site.run("a", ["check"]);
    expect([code, stdout]).toEqual([
      2,
      expect.stringMatching(/^CRITICAL - broken \(command\) - E - a b c; late \(command\) - Overdue - due since .*, and nobody runs it\n$/),
    ]);
    const blind = await site.run("a", ["--nagios", "--crontabber.dbname=nowhere"]);
    expect([blind.code, blind.stdout]).toEqual([3, expect.stringMatching(/^UNKNOWN - .*"nowhere" does not exist\n$/)]);
  });

  it("40: a module that cannot be imported fails the configtest, with its place, and a good one does not", async () => {
    const site = fleet.site("", "    jobs = good.Job|1d, bad.Job|1d, gone.Job|1d");
    site.write("good.ts", "export const Job = { name: 'good', run() {} };");
    site.write("bad.ts", "throw new Error('cannot be had');");
    const { code, stderr } = await site.run("a", ["--configtest"]);
    expect([code, stderr.trim().split("\n")]).toEqual([
      1,
      [
        expect.stringMatching(/^crontabber\.ini:3: bad\.Job cannot be imported: Error: cannot be had/),
        expect.stringMatching(/^crontabber\.ini:3: .*gone/),
      ],
    ]);
    expect((await site.run("a", ["--configtest", "--crontabber.jobs=good.Job|1d"])).code).toBe(0);
  });

  it("41: a reset clears ghosts, which the audit lists", async () => {
    const site = fleet.site(job("here", { schedule: "1d" }));
    await fleet.pythonRow("retired-job", { next_run: "now()" });
    await fleet.pythonRow("another", { next_run: "now()" });
    const header = "Found the following in the state database but not available as a configured job:\n";
    expect(await site.run("a", ["--audit-ghosts"])).toMatchObject({ code: 0, stdout: `${header}\tanother\n\tretired-job\n` });
    expect(await site.run("a", ["--reset-job=retired-job"])).toMatchObject({ code: 0, stdout: "App reset\n" });
    expect(await site.run("a", ["--reset-job=another"])).toMatchObject({ code: 0, stdout: "App reset\n" });
    expect(await site.run("a", ["--audit-ghosts"])).toMatchObject({ code: 0, stdout: "" });
  });

  it("42: to cron is nothing, unless something turns bad: not of passes, successes, waits or lost claims", async () => {
    const site = fleet.site(job("a-slow", { schedule: "1d", command: WAITS }) + job("bad", { schedule: "1d", command: "exit 3" }));
    const quiet = { code: 0, stdout: "", stderr: "" };
    const owner = site.start("a", ["run", "a-slow", "--quiet"]);
    await atWork(site, owner);
    const turned = await site.run("b");
    expect([turned.code, turned.stdout, turned.stderr.trim().split("\n").length]).toEqual([0, "", 1]);
    expect(turned.stderr).toContain("bad failed: ExitCode: exit code 3");
    await fleet.sql("UPDATE crontabber SET next_run = now() WHERE app_name = 'bad'");
    expect(await site.run("c")).toMatchObject(quiet);
    expect(await site.run("b")).toMatchObject({ ...quiet, code: 3 });
    go(site);
    expect(await owner.ended).toMatchObject(quiet);
    expect(await site.run("b")).toMatchObject(quiet);
  });
});

describe("43: the tables", () => {
  it("are made once by hosts that all start at once on an empty database, which run each job once", async () => {
    await fleet.sql("CREATE SCHEMA decoy CREATE TABLE crontabber (app_name text) CREATE TABLE crontabber_log (id int)");
    const site = fleet.site(job("once", { schedule: "1d" }), "    schema = fresh");
    try {
      const hosts = Array.from({ length: 6 }, (_, i) => site.run(`h${i}`));
      const codes = (await Promise.all(hosts)).map(({ code }) => code);
      expect(codes.filter((code) => code !== 0 && code !== 2 && code !== 3)).toEqual([]);
      expect(site.lines("ran")).toEqual(["once"]);
      const [counts] = await fleet.sql(
        "SELECT count(*)::int AS all, count(DISTINCT version)::int AS versions FROM fresh.crontabber_migration",
      );
      expect(counts?.all).toBe(counts?.versions);
      const indexes = await fleet.sql("SELECT indexname FROM pg_indexes WHERE schemaname = 'fresh' AND tablename = 'crontabber'");
      expect(indexes).toContainEqual({ indexname: "crontabber_unique_app_name_idx" });
      expect(await fleet.sql("SELECT * FROM decoy.crontabber")).toEqual([]);
    } finally {
      await fleet.sql("DROP SCHEMA fresh CASCADE");
      await fleet.sql("DROP SCHEMA decoy CASCADE");
    }
  });

  it("say who runs what since when while it runs, and forget ended runs after history_days, but no log row", async () => {
    const site = fleet.site(job("a-slow", { schedule: "1d", command: WAITS }), "    history_days = 7");
    const owner = site.start("web-1");
    await atWork(site, owner);
    const [live] = await fleet.runs();
    expect(live).toMatchObject({ host: "web-1", pid: owner.pid, outcome: null, ended_at: null, claimed_at: expect.any(Date) });
    go(site);
    await owner.ended;
    await fleet.sql("UPDATE crontabber_run SET ended_at = now() - interval '8 days'");
    await fleet.sql("UPDATE crontabber_upkeep SET pruned_at = now() - interval '2 hours'");
    expect((await site.run("web-1")).code).toBe(0);
    expect([(await fleet.runs()).length, (await fleet.log()).length]).toEqual([0, 1]);
  });
});

describe("44: a program a job runs", () => {
  it("is called with its words as they are, gets its input, and fails with its code", async () => {
    const site = fleet.site("", "    jobs = exec.Words|1d, exec.Fails|1d");
    site.write(
      "exec.ts",
      `import { appendFileSync } from "node:fs";
       export const Words = { async run(ctx) {
         const { stdout } = await ctx.exec("printf", ["%s\\n", 'a "b" $(touch pwned) ; touch pwned']);
         const cat = await ctx.exec("cat", [], { input: "from the job" });
         appendFileSync("ran", stdout + cat.stdout + "\\n");
       } };
       export const Fails = { run: (ctx) => ctx.exec("sh", ["-c", "echo why >&2; exit 7"]) };`,
    );
    expect((await site.run("a")).code).toBe(0);
    expect(site.lines("ran")).toEqual(['a "b" $(touch pwned) ; touch pwned', "from the job"]);
    expect((await fleet.row("fails"))?.last_error).toMatchObject({ type: "ExecError", value: "sh: exit code 7\nwhy" });
  });
});

describe("45: SIGHUP", () => {
  it("ends a pass and its jobs, as any other death of the runner", async () => {
    const site = fleet.site(job("a-slow", { schedule: "1d", command: WAITS }), "    lease = 2");
    const pass = site.start("a");
    await atWork(site, pass);
    const [live] = await fleet.runs();
    pass.kill("SIGHUP");
    expect((await pass.ended).signal).toBe("SIGHUP");
    await until("nothing of its job is at work", () => carrying(String(live?.run_id)).length === 0, 10);
    await until("its lease has run out", async () => (await fleet.sql("SELECT 1 FROM crontabber WHERE lease_until < now()")).length > 0);
    go(site);
    expect((await site.run("b")).code).toBe(0);
    expect((await fleet.runs()).map((run) => [run.host, run.outcome])).toEqual([
      ["a", "lost"],
      ["b", "succeeded"],
    ]);
  });
});
