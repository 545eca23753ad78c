/** What the original got wrong about who may run a job, by the numbers of faults.md; and what must hold instead. */
import { describe, expect, it } from "vitest";
import { until } from "../helpers/processes.ts";
import { atWork, go, job, TELLS_SLOT, useFleet, WAITS } from "./fleet.ts";

const fleet = useFleet();
const OTHER = job("other", { schedule: "1d" });
const SLOW = job("a-slow", { schedule: "1d", command: WAITS });

describe("claims", () => {
  it("2: two hosts at once over seven missed dates run each date once", async () => {
    const site = fleet.site(job("dates", { schedule: "1d", backfill: "yes", command: TELLS_SLOT }));
    await fleet.pythonRow("dates", { next_run: "now() - interval '6 days 1 hour'", last_success: "now() - interval '7 days 1 hour'" });
    const codes = await Promise.all(["a", "b"].map(async (host) => (await site.run(host)).code));
    expect(codes).toContain(0);
    expect(site.lines("ran")).toEqual([...new Set(site.lines("ran"))].sort());
    expect(site.lines("ran")).toHaveLength(7);
  });

  it("3: a claim of the Python tool counts by its whole age, days included, and loses its force once only", async () => {
    const hours = [11, 13, 23, 25, 30, 37, 49, 61];
    const site = fleet.site(hours.map((age) => job(`h${age}`, { schedule: "1d" })).join(""));
    const claim = async () => {
      for (const age of hours) {
        await fleet.pythonRow(`h${age}`, { next_run: "now() - interval '1 minute'", ongoing: `now() - interval '${age} hours'` });
      }
    };
    await claim();
    expect((await site.run("a")).code).toBe(0);
    expect(site.lines("ran").sort()).toEqual(["h13", "h23", "h25", "h30", "h37", "h49", "h61"]);
    site.write("ran", "");
    await claim();
    expect((await site.run("a", ["--crontabber.max_ongoing_age_hours=24"])).code).toBe(0);
    expect(site.lines("ran").sort()).toEqual(["h25", "h30", "h37", "h49", "h61"]);
  });

  it("4: a claim from a host whose clock is ahead is not stolen", async () => {
    const site = fleet.site(job("ahead", { schedule: "1d" }));
    await fleet.pythonRow("ahead", { next_run: "now() - interval '1 minute'", ongoing: "now() + interval '5 seconds'" });
    const before = await fleet.row("ahead");
    expect((await site.run("b")).code).toBe(3);
    expect([site.lines("ran"), await fleet.row("ahead")]).toEqual([[], before]);
  });

  it("5: a job that takes longer than its lease and max_ongoing_age_hours stays its owner's", async () => {
    const site = fleet.site(SLOW, "    lease = 3\n    max_ongoing_age_hours = 0.0001");
    const owner = site.start("a");
    await atWork(site, owner);
    await until("it has outlived its first lease", async () => Number((await fleet.row("a-slow"))?.heartbeats) > 7);
    expect((await site.run("b")).code).toBe(3);
    go(site);
    expect((await owner.ended).code).toBe(0);
    expect(site.lines("ran")).toEqual(["start", "end"]);
    expect((await fleet.runs()).map((run) => [run.host, run.outcome])).toEqual([["a", "succeeded"]]);
  });

  it("7: a host on which the job's code is broken claims nothing, and touches no living claim", async () => {
    const good = fleet.site("", "    jobs = slow.Slow|1d");
    good.write(
      "slow.ts",
      `import { appendFileSync, existsSync } from "node:fs";
       export const Slow = { async run() {
         appendFileSync("ran", "start\\n");
         while (!existsSync("go")) await new Promise((resolve) => setTimeout(resolve, 20));
       } };`,
    );
    const broken = fleet.site("", "    jobs = slow.Slow|1d");
    broken.write("slow.ts", 'throw new Error("only on this host"); export const Slow = { run() {} };');
    const owner = good.start("a");
    await atWork(good, owner);
    const claim = async () => {
      const { run_id, ongoing } = (await fleet.row("slow")) ?? {};
      return [run_id, ongoing];
    };
    const before = await claim();
    for (const args of [[], ["--job=slow", "--force"]]) expect((await broken.run("b", args)).code).toBe(78);
    expect(await claim()).toEqual(before);
    go(good);
    expect((await owner.ended).code).toBe(0);
    expect((await fleet.runs()).map((run) => [run.host, run.outcome])).toEqual([["a", "succeeded"]]);
  });
});

describe("a job that runs elsewhere", () => {
  it("8: does not stop the others, nor is its pass an error", async () => {
    const site = fleet.site(SLOW + OTHER + job("z-child", { schedule: "1d", depends_on: "other" }));
    const owner = site.start("a", ["--job=a-slow"]);
    await atWork(site, owner);
    expect(await site.run("b")).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(site.lines("ran")).toEqual(["start", "other", "z-child"]);
    go(site);
    expect((await owner.ended).code).toBe(0);
  });

  it("9: asked for by name is one line and 3, one whose row is locked is one line and 2", async () => {
    const site = fleet.site(SLOW);
    const owner = site.start("a");
    await atWork(site, owner);
    const running = await site.run("b", ["--job=a-slow", "--force"]);
    expect([running.code, running.stderr.trim().split("\n").length]).toEqual([3, 1]);
    expect(running.stderr).toContain("running on a since");
    go(site);
    await owner.ended;
    const neighbour = await fleet.client();
    await neighbour.query("BEGIN; SELECT 1 FROM crontabber FOR UPDATE");
    const locked = await site.run("b", ["--job=a-slow", "--force"]);
    expect([locked.code, locked.stderr.trim().split("\n").length]).toEqual([2, 1]);
    await neighbour.query("ROLLBACK");
    expect(site.lines("ran")).toEqual(["start", "end"]);
  });
});

describe("rows", () => {
  it("10: with next_run and ongoing both null runs again", async () => {
    const site = fleet.site(job("cleared", { schedule: "1h" }));
    await fleet.pythonRow("cleared", { first_run: "now() - interval '1 day'" });
    expect((await site.run("a")).code).toBe(0);
    expect(site.lines("ran")).toEqual(["cleared"]);
    expect((await fleet.row("cleared"))?.next_run).toBeInstanceOf(Date);
  });

  it("11: of a parent in its first run on a Python host block its child, and nothing else", async () => {
    const site = fleet.site(
      job("parent", { schedule: "1d" }) + job("child", { schedule: "1d", depends_on: "parent" }) + job("bystander", { schedule: "1d" }),
    );
    await fleet.pythonRow("parent", { ongoing: "now()", first_run: "now()" });
    expect(await site.run("a")).toMatchObject({ code: 0, stderr: "" });
    expect(site.lines("ran")).toEqual(["bystander"]);
    expect((await site.run("a", ["explain", "child"])).stdout).toContain("'parent' has never succeeded, its first run is on");
  });

  it("12: locked by a neighbour are left to him, and run by the next pass", async () => {
    const site = fleet.site(OTHER);
    await fleet.pythonRow("other", { next_run: "now() - interval '1 minute'" });
    const neighbour = await fleet.client();
    await neighbour.query("BEGIN; SELECT 1 FROM crontabber FOR UPDATE");
    const before = await fleet.row("other");
    expect(await site.run("a")).toMatchObject({ code: 2, stdout: "", stderr: "" });
    expect([site.lines("ran"), await fleet.row("other")]).toEqual([[], before]);
    await neighbour.query("ROLLBACK");
    expect((await site.run("a")).code).toBe(0);
    expect(site.lines("ran")).toEqual(["other"]);
  });

  it("V6: locked when a run ends are waited for, and the end is recorded", async () => {
    const site = fleet.site(SLOW);
    const owner = site.start("a");
    await atWork(site, owner);
    const neighbour = await fleet.client();
    await neighbour.query("BEGIN; SELECT 1 FROM crontabber FOR UPDATE");
    go(site);
    const waits = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    await until("the record waits for the row", async () => (await fleet.sql(waits)).length > 0);
    await neighbour.query("COMMIT");
    expect(await owner.ended).toMatchObject({ code: 0, stderr: "" });
    expect(await fleet.row("a-slow")).toMatchObject({ run_id: null, ongoing: null, error_count: 0, last_error: {} });
    expect(await fleet.log()).toHaveLength(1);
  });
});

describe("13: a reset", () => {
  it("is refused beside a running job", async () => {
    const site = fleet.site(SLOW);
    const owner = site.start("a");
    await atWork(site, owner);
    expect(await site.run("b", ["--reset-job=a-slow"])).toMatchObject({ code: 3, stdout: "" });
    go(site);
    expect((await owner.ended).code).toBe(0);
    expect(await fleet.row("a-slow")).toMatchObject({ error_count: 0 });
  });

  it("that is forced ends the run, which does not bring the row back", async () => {
    const site = fleet.site(SLOW, "    lease = 3");
    const owner = site.start("a");
    await atWork(site, owner);
    expect(await site.run("b", ["reset", "a-slow", "--force"])).toMatchObject({ code: 0, stdout: "App reset\n" });
    await owner.ended;
    expect(await fleet.row("a-slow")).toBeUndefined();
    expect(site.lines("ran")).toEqual(["start"]);
    expect((await fleet.runs()).map((run) => [run.outcome, run.late_outcome, run.reset_at instanceof Date])).toEqual([
      ["cancelled", "lost", true],
    ]);
  });
});
