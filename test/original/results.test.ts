/** What the original got wrong about states and results, by the numbers of faults.md; and what must hold instead. */
import { describe, expect, it } from "vitest";
import { until } from "../helpers/processes.ts";
import { atWork, job, TELLS_SLOT, useFleet, WAITS } from "./fleet.ts";

const fleet = useFleet();

/** The n-th instant of a daily grid that began with `next_run`. */
const days = async (name: string, n: number): Promise<string[]> => {
  const { next_run: from } = (await fleet.row(name)) as { next_run: Date };
  return Array.from({ length: n }, (_, i) => new Date(from.getTime() + i * 86_400_000).toISOString());
};

describe("a backfill", () => {
  it("14: killed while the fourth of seven dates runs repeats none of the first three", async () => {
    const command = `[ -e once ] || [ ! -e ran ] || [ "$(wc -l < ran)" -lt 3 ] || { touch once; hang=yes; }; ${TELLS_SLOT}; [ -z "$hang" ] || sleep 60`;
    const site = fleet.site(job("dates", { schedule: "1d", backfill: "yes", command }), "    lease = 2");
    await fleet.pythonRow("dates", { next_run: "now() - interval '6 days 1 hour'", last_success: "now() - interval '7 days 1 hour'" });
    const dates = await days("dates", 8);
    const [first, second, third, fourth, fifth, sixth, seventh, ahead] = dates;
    const victim = site.start("a");
    await until("the fourth date is at work", () => site.lines("ran").length === 4);
    victim.kill("SIGKILL");
    await victim.ended;
    expect((await fleet.row("dates"))?.last_success).toEqual(new Date(third as string));
    await until("its lease has run out", async () => (await fleet.sql("SELECT 1 FROM crontabber WHERE lease_until < now()")).length > 0);
    expect((await site.run("b")).code).toBe(0);
    expect(site.lines("ran")).toEqual([first, second, third, fourth, fourth, fifth, sixth, seventh]);
    const ends = (await fleet.runs()).map((run) => [run.host, run.attempt, run.outcome, run.trigger]);
    expect(ends.slice(2, 5)).toEqual([
      ["a", 1, "succeeded", "backfill"],
      ["a", 1, "lost", "backfill"],
      ["b", 2, "succeeded", "retry"],
    ]);
    expect(await fleet.row("dates")).toMatchObject({ next_run: new Date(ahead as string), last_success: new Date(seventh as string) });
  });

  it("15, 17: has no run without a date: asked for too early, forced or not, it is not run, and nothing of its row changes", async () => {
    const site = fleet.site(job("dates", { schedule: "1d", backfill: "yes", command: TELLS_SLOT }));
    const error = `'{"type": "E", "value": "v", "traceback": ""}'`;
    await fleet.pythonRow("dates", {
      ...{ next_run: "now() + interval '2 hours'", last_run: "now() - interval '22 hours'", last_success: "now() - interval '22 hours'" },
      ...{ error_count: "2", last_error: error },
    });
    const before = await fleet.pythonColumns("dates");
    for (const args of [["--job=dates"], ["--job=dates", "--force"]]) expect((await site.run("a", args)).code).toBe(4);
    expect([site.lines("ran"), await fleet.pythonColumns("dates"), await fleet.runs(), await fleet.log()]).toEqual([[], before, [], []]);
  });

  it("17: forced runs the oldest date it owes, or the one that is named", async () => {
    const site = fleet.site(job("dates", { schedule: "1d", backfill: "yes", command: TELLS_SLOT }));
    await fleet.pythonRow("dates", { next_run: "now() - interval '2 days 1 hour'", last_success: "now() - interval '3 days 1 hour'" });
    const [oldest, second] = await days("dates", 2);
    expect((await site.run("a", ["--job=dates", "--force"])).code).toBe(0);
    expect((await fleet.row("dates"))?.next_run).toEqual(new Date(second as string));
    expect((await site.run("a", ["run", "dates", "--force", "--slot=2026-01-05T03:00Z"])).code).toBe(0);
    expect(site.lines("ran")).toEqual([oldest, "2026-01-05T03:00:00.000Z"]);
    expect((await fleet.row("dates"))?.next_run).toEqual(new Date(second as string));
  });

  it("16: runs a date that has come due this very instant, by one clock", async () => {
    const site = fleet.site(job("dates", { schedule: "1d", backfill: "yes", command: TELLS_SLOT }));
    await fleet.pythonRow("dates", { next_run: "date_trunc('milliseconds', now())", last_success: "now() - interval '1 day'" });
    const [today, tomorrow] = await days("dates", 2);
    expect((await site.run("a")).code).toBe(0);
    expect(site.lines("ran")).toEqual([today]);
    expect((await fleet.row("dates"))?.next_run).toEqual(new Date(tomorrow as string));
  });

  it("18: owes the dates before its first success", async () => {
    const site = fleet.site(job("dates", { schedule: "1d", backfill: "yes", command: TELLS_SLOT }));
    const began = "now() - interval '3 days 1 hour'";
    await fleet.pythonRow("dates", {
      ...{ next_run: began, first_run: began, last_run: "now() - interval '1 day'", error_count: "3" },
      last_error: `'{"type": "E", "value": "v", "traceback": ""}'`,
    });
    const dates = await days("dates", 4);
    expect((await site.run("a")).code).toBe(0);
    expect(site.lines("ran")).toEqual(dates);
  });
});

describe("an end that cannot be written", () => {
  it("19, 20: is no failure, is not run again, does not stop the others, and is delivered by the next pass", async () => {
    const site = fleet.site(job("first", { schedule: "1d" }) + job("second", { schedule: "1d" }));
    await fleet.sql(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no log today'; END $$`);
    await fleet.sql("CREATE TRIGGER refuse BEFORE INSERT ON crontabber_log FOR EACH ROW EXECUTE FUNCTION refuse()");
    const cut = await site.run("a").finally(() => fleet.sql("DROP FUNCTION refuse CASCADE"));
    expect(cut.code).toBe(69);
    expect(site.lines("ran").sort()).toEqual(["first", "second"]);
    expect((await fleet.runs()).map((run) => run.outcome)).toEqual([null, null]);
    expect((await site.run("a")).code).toBe(0);
    expect(site.lines("ran")).toHaveLength(2);
    for (const name of ["first", "second"]) {
      expect(await fleet.row(name)).toMatchObject({ run_id: null, ongoing: null, error_count: 0, last_error: {} });
      expect((await fleet.log(name)).map((row) => row.exc_type)).toEqual([null]);
    }
  });
});

describe("21: whatever a job throws", () => {
  it("is saved, and the job comes back", async () => {
    const site = fleet.site("", "    jobs = awkward.Bytes|1d, awkward.Thrower|1d, awkward.Nothing|1d");
    site.write(
      "awkward.ts",
      `export const Bytes = { run() { throw new Error("naïve \\u0000 日本 \\ud800 \\x1b[31m"); } };
       export const Thrower = { run() { throw { toString() { throw new Error("not even that"); } }; } };
       export const Nothing = { run() { throw null; } };`,
    );
    expect((await site.run("a")).code).toBe(0);
    for (const name of ["bytes", "thrower", "nothing"]) {
      const row = await fleet.row(name);
      expect(row).toMatchObject({ run_id: null, ongoing: null, error_count: 1 });
      expect(Object.keys(row?.last_error as object).slice(0, 3)).toEqual(["type", "value", "traceback"]);
    }
    expect((await fleet.row("bytes"))?.last_error).toMatchObject({ type: "Error", value: expect.stringMatching(/^naïve .* 日本 /) });
    expect((await site.run("a", ["--list-jobs"])).code).toBe(0);
  });
});

describe("22: Ctrl-C", () => {
  it("ends the pass and its job; that is no failure of the job, and the next jobs are not begun", async () => {
    const jobs = job("a-slow", { schedule: "1d", command: WAITS }) + job("later", { schedule: "1d" });
    const site = fleet.site(jobs, "    concurrency = 1\n    drain_timeout = 0.1");
    const pass = site.start("a");
    await atWork(site, pass);
    pass.kill("SIGINT");
    expect((await pass.ended).code).toBe(130);
    expect(site.lines("ran")).toEqual(["start"]);
    expect(await fleet.row("a-slow")).toMatchObject({ run_id: null, ongoing: null, error_count: 0, last_error: {} });
    expect((await fleet.runs()).map((run) => [run.app_name, run.outcome])).toEqual([["a-slow", "interrupted"]]);
  });
});
