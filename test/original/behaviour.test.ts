/** What people who knew the Python tool count on: when jobs run, in which order, and how one is run by hand. */
import { describe, expect, it } from "vitest";
import { job, noonZone, TELLS_SLOT, useFleet } from "./fleet.ts";

const fleet = useFleet();
const DAY = 86_400_000;
const seconds = async (name: string): Promise<number> =>
  Number(
    (await fleet.sql("SELECT extract(epoch FROM next_run - last_run)::float8 AS s FROM crontabber WHERE app_name = $1", [name]))[0]?.s,
  );

describe("a job that has never run", () => {
  it("runs at once without a time, and today if its time has passed; else it waits, as cron expressions do", async () => {
    const zone = noonZone(await fleet.now());
    const schedules = { untimed: "7d", passed: "1d|03:00", weekly: "7d|11:59", ahead: "1d|23:00", cron: "0 3 * * *" };
    const site = fleet.site(
      Object.entries(schedules)
        .map(([name, schedule]) => job(name, { schedule }))
        .join(""),
      `    timezone = ${zone}`,
    );
    expect((await site.run("a")).code).toBe(0);
    expect(site.lines("ran").sort()).toEqual(["passed", "untimed", "weekly"]);
    const stamps = (await site.run("a", ["--list-jobs"])).stdout.match(/^Next run:.*(?= \(in)/gm)?.map((line) => line.slice(27, 32));
    expect(stamps?.slice(1)).toEqual(["03:00", "11:59"]);
    expect((await site.run("a")).code).toBe(0);
    expect(site.lines("ran")).toHaveLength(3);
  });
});

describe("a failure", () => {
  it("is tried again after error_retry_time, not at the next slot, and a success then goes on from the slot", async () => {
    const command = "echo try >> ran; [ $(wc -l < ran) -gt 2 ]";
    const site = fleet.site(job("flaky", { schedule: "1d|03:00", command }), `    timezone = ${noonZone(await fleet.now())}`);
    expect((await site.run("a")).code).toBe(0);
    const failedOnce = await fleet.row("flaky");
    const slot = failedOnce?.slot as Date;
    expect(await seconds("flaky")).toBeCloseTo(300, -1);
    expect((await site.run("a")).code).toBe(0);
    expect(site.lines("ran")).toHaveLength(1);
    await fleet.sql("UPDATE crontabber SET next_run = now(), planned_next = now()");
    expect((await site.run("b", ["--crontabber.error_retry_time=60"])).code).toBe(0);
    expect(await fleet.row("flaky")).toMatchObject({ error_count: 2, last_success: null, slot });
    expect(await seconds("flaky")).toBeCloseTo(60, -1);
    await fleet.sql("UPDATE crontabber SET next_run = now(), planned_next = now()");
    expect((await site.run("a")).code).toBe(0);
    expect(await fleet.row("flaky")).toMatchObject({ error_count: 0, last_error: {}, next_run: new Date(slot.getTime() + DAY) });
    expect((await fleet.runs()).map((run) => [run.attempt, run.trigger, run.outcome])).toEqual([
      [1, "schedule", "failed"],
      [2, "retry", "failed"],
      [3, "retry", "succeeded"],
    ]);
  });

  it("of a parent keeps its children waiting, and its success lets them run in the same pass", async () => {
    const site = fleet.site(
      job("parent", { schedule: "1d", command: "echo parent >> ran; [ -e go ]" }) +
        job("child", { schedule: "1d", depends_on: "parent" }) +
        job("grandchild", { schedule: "1d", depends_on: "child" }),
    );
    expect((await site.run("a")).code).toBe(0);
    expect(site.lines("ran")).toEqual(["parent"]);
    site.write("go", "");
    await fleet.sql("UPDATE crontabber SET next_run = now(), planned_next = now() WHERE app_name = 'parent'");
    expect((await site.run("a")).code).toBe(0);
    expect(site.lines("ran")).toEqual(["parent", "parent", "child", "grandchild"]);
  });
});

describe("a backfill", () => {
  it("has one run for each missed date, oldest first; a failure midway keeps what is done, and the retry goes on there", async () => {
    const command = `${TELLS_SLOT}; [ $(wc -l < ran) != 3 ]`;
    const site = fleet.site(job("dates", { schedule: "1d", backfill: "yes", command }));
    await fleet.pythonRow("dates", { next_run: "now() - interval '4 days 1 hour'", last_success: "now() - interval '5 days 1 hour'" });
    const { next_run: from } = (await fleet.row("dates")) as { next_run: Date };
    const date = (n: number) => new Date(from.getTime() + n * DAY);
    const dates = (...n: number[]) => n.map((i) => date(i).toISOString());
    expect((await site.run("a")).code).toBe(0);
    expect(site.lines("ran")).toEqual(dates(0, 1, 2));
    expect(await fleet.row("dates")).toMatchObject({ last_success: date(1), error_count: 1 });
    expect(await seconds("dates")).toBeCloseTo(300, -1);
    await fleet.sql("UPDATE crontabber SET next_run = now(), planned_next = now()");
    expect((await site.run("b")).code).toBe(0);
    expect(site.lines("ran")).toEqual(dates(0, 1, 2, 2, 3, 4));
    expect(await fleet.row("dates")).toMatchObject({ last_success: date(4), next_run: date(5), error_count: 0, last_error: {} });
  });

  it("is no matter of jobs without it: they have one run for all the dates", async () => {
    const site = fleet.site(job("plain", { schedule: "1d", command: TELLS_SLOT }));
    await fleet.pythonRow("plain", { next_run: "now() - interval '4 days 1 hour'" });
    const { next_run: from } = (await fleet.row("plain")) as { next_run: Date };
    expect((await site.run("a")).code).toBe(0);
    expect(site.lines("ran")).toEqual([new Date(from.getTime() + 4 * DAY).toISOString()]);
    expect((await fleet.runs()).map((run) => [run.missed, run.missed_from])).toEqual([[4, from]]);
  });
});

describe("order", () => {
  const jobs = ["zeta", "beta child-of:zeta", "alpha child-of:beta", "gamma", "aaa child-of:gamma"].map((text) => {
    const [name = "", parent] = text.split(" child-of:");
    return job(name, { schedule: "1d", ...(parent && { depends_on: parent }) });
  });

  it("of runs is by level, alphabetical inside a level; that of the listing is the file's", async () => {
    const site = fleet.site(jobs.join(""), "    concurrency = 1");
    expect((await site.run("a")).code).toBe(0);
    const order = (await fleet.runs()).map((run) => run.app_name);
    expect([order, site.lines("ran")]).toEqual([order, order]);
    expect(order.filter((name) => name === "gamma" || name === "zeta")).toEqual(["gamma", "zeta"]);
    expect(order.filter((name) => name !== "gamma" && name !== "aaa")).toEqual(["zeta", "beta", "alpha"]);
    expect(order.indexOf("aaa")).toBeGreaterThan(order.indexOf("gamma"));
    const { stdout } = await site.run("a", ["-l"]);
    expect(stdout.match(/^App name:.*$/gm)?.map((line) => line.slice(16))).toEqual(["zeta", "beta", "alpha", "gamma", "aaa"]);
  });
});

describe("--job", () => {
  const MODULE = `import { appendFileSync } from "node:fs";
    export const NightlyReport = { dependsOn: "ingest", run: () => appendFileSync("ran", "nightly\\n") };`;

  it("takes a name or module.path.Export; 0 ran, 1 failed, 4 not run, 64 no such job; --force asks for neither time nor parents", async () => {
    const site = fleet.site(job("ingest", { schedule: "1d", command: "exit 9" }), "    jobs = reports.NightlyReport|1d");
    site.write("reports.ts", MODULE);
    const code = async (...args: string[]) => (await site.run("a", args)).code;
    expect(await code("--job=ingest")).toBe(1);
    expect(await code("--job=ingest")).toBe(4);
    expect(await code("-j", "nightly-report")).toBe(4);
    expect(site.lines("ran")).toEqual([]);
    expect(await code("--job=reports.NightlyReport", "--force")).toBe(0);
    expect(await code("-fj", "nightly-report")).toBe(0);
    expect(site.lines("ran")).toEqual(["nightly", "nightly"]);
    expect(await code("--job=reports.Nightly")).toBe(64);
    expect(await code("--job=ingest", "--force")).toBe(1);
  });

  it("forced ends an error: success clears it, and leaves next_run where it was", async () => {
    const site = fleet.site(job("mended", { schedule: "1d" }));
    const ahead = "date_trunc('milliseconds', now()) + interval '3 hours'";
    await fleet.pythonRow("mended", { next_run: ahead, error_count: "4", last_error: `'{"type": "E", "value": "v", "traceback": ""}'` });
    const before = await fleet.row("mended");
    expect((await site.run("a", ["--job=mended", "--force"])).code).toBe(0);
    expect(await fleet.row("mended")).toMatchObject({ next_run: before?.next_run, error_count: 0, last_error: {} });
    expect((await fleet.row("mended"))?.last_success).toBeInstanceOf(Date);
  });
});
