/** What the original got wrong about schedules and parents, by the numbers of faults.md; and what must hold instead. */
import { describe, expect, it } from "vitest";
import { atWork, go, job, TELLS_SLOT, useFleet, WAITS } from "./fleet.ts";

const fleet = useFleet();
const DAY = 86_400_000;
const clockTime = (t: Date): string => t.toISOString().slice(11, 16);

/** An instant some whole minutes ago or ahead, at second 0: a slot of the daily schedule that names its time. */
async function minutesFromNow(minutes: number): Promise<Date> {
  return new Date(Math.floor((await fleet.now()).getTime() / 60_000 + minutes) * 60_000);
}

describe("the next slot", () => {
  it("24: of a daily or weekly job that ran a day late, past midnight, is the next one of its grid: none is left out, no weekday moves", async () => {
    const late = await minutesFromNow(-23 * 60);
    const old = await minutesFromNow(-6 * 24 * 60 - 60);
    const site = fleet.site(job("daily", { schedule: `1d|${clockTime(late)}` }) + job("weekly", { schedule: `7d|${clockTime(old)}` }));
    await fleet.pythonRow("daily", { next_run: `'${late.toISOString()}'`, error_count: "1", last_error: `'{"type": "E"}'` });
    await fleet.pythonRow("weekly", { next_run: `'${old.toISOString()}'` });
    expect((await site.run("a")).code).toBe(0);
    expect((await fleet.row("daily"))?.next_run).toEqual(new Date(late.getTime() + DAY));
    expect((await fleet.row("weekly"))?.next_run).toEqual(new Date(old.getTime() + 7 * DAY));
  });

  it("25: of a job without a time does not drift with late passes", async () => {
    const site = fleet.site(job("hourly", { schedule: "1h" }));
    await fleet.pythonRow("hourly", { next_run: "date_trunc('milliseconds', now()) - interval '25 minutes'" });
    const { next_run: slot } = (await fleet.row("hourly")) as { next_run: Date };
    expect((await site.run("a")).code).toBe(0);
    expect((await fleet.row("hourly"))?.next_run).toEqual(new Date(slot.getTime() + DAY / 24));
  });

  it("26: has its time of day in the zone of its schedule, dates of a backfill too, whatever the zone of session or host", async () => {
    const slot = await minutesFromNow(-2 * 24 * 60 - 60);
    const site = fleet.site(
      job("dates", { schedule: `1d|${clockTime(slot)}`, backfill: "yes", command: TELLS_SLOT }) +
        job("kathmandu", { schedule: "1d|03:00", timezone: "Asia/Kathmandu", command: "true" }),
    );
    expect(await fleet.sql("SHOW timezone")).toEqual([{ TimeZone: "America/Los_Angeles" }]);
    await fleet.pythonRow("dates", { next_run: `'${slot.toISOString()}'` });
    expect((await site.run("a", [], { TZ: "Pacific/Apia" })).code).toBe(0);
    expect(site.lines("ran")).toEqual([0, 1, 2].map((n) => new Date(slot.getTime() + n * DAY).toISOString()));
    expect(clockTime((await fleet.row("kathmandu"))?.next_run as Date)).toBe("21:15");
  });

  it("27, 28: is never guessed: schedules the original misread are refused, all at once, and nothing runs", async () => {
    const wrong = ["5m|03:00", "12h|3:00", "1d2h", "d1", "10", "0m", "0d", "x", "1d|24:00", "-1d"];
    const site = fleet.site(`${wrong.map((text, i) => job(`j${i}`, { schedule: text })).join("")}${job("good", { schedule: "1d" })}`);
    const test = await site.run("a", ["--configtest"]);
    const lines = test.stderr.trim().split("\n");
    expect([test.code, lines.length]).toEqual([1, wrong.length]);
    for (const [i, text] of wrong.entries()) {
      const value = text.split("|").find((part) => lines[i]?.includes(`'${part}'`)) ?? text;
      expect(lines[i]).toContain(`crontabber.ini:${6 + 3 * i}:5: '${value}'`);
    }
    expect((await site.run("a")).code).toBe(78);
    expect(site.lines("ran")).toEqual([]);
  });
});

describe("29: a parent", () => {
  it("that is running blocks its child, whenever it was last well", async () => {
    const site = fleet.site(job("parent", { schedule: "1h", command: WAITS }) + job("child", { schedule: "1h", depends_on: "parent" }));
    await fleet.pythonRow("parent", { next_run: "now() - interval '1 minute'", last_success: "now() - interval '61 minutes'" });
    await fleet.pythonRow("child", { next_run: "now() - interval '1 minute'" });
    const owner = site.start("a", ["--job=parent"]);
    await atWork(site, owner);
    expect((await site.run("b", ["--job=child"])).code).toBe(4);
    go(site);
    await owner.ended;
    expect((await site.run("b", ["--job=child"])).code).toBe(0);
    expect(site.lines("ran")).toEqual(["start", "end", "child"]);
  });

  it("that is due itself in a late pass runs first, and its child in the same pass", async () => {
    const site = fleet.site(job("a-child", { schedule: "1h", depends_on: "parent" }) + job("parent", { schedule: "1h" }));
    await fleet.pythonRow("parent", { next_run: "now() - interval '5 hours'", last_success: "now() - interval '6 hours'" });
    await fleet.pythonRow("a-child", { next_run: "now() - interval '5 hours'" });
    expect((await site.run("a")).code).toBe(0);
    expect(site.lines("ran")).toEqual(["parent", "a-child"]);
  });
});

describe("30: a registry", () => {
  it("may be empty, and may have none but jobs with parents in one of its files", async () => {
    const empty = fleet.site("", "    jobs = '''\n    # reports.Old|1d\n    '''");
    expect((await empty.run("a")).code).toBe(0);
    expect((await empty.run("a", ["configtest"])).code).toBe(0);
    const split = fleet.site(`${job("child", { schedule: "1d", depends_on: "parent" })}+include ./parents.ini`);
    split.write("parents.ini", job("parent", { schedule: "1d" }));
    expect((await split.run("a")).code).toBe(0);
    expect(split.lines("ran")).toEqual(["parent", "child"]);
  });

  it("with unknown parents, self-dependencies, cycles or double names is refused, each by name and line", async () => {
    const depends = (name: string, parent: string) => job(name, { schedule: "1d", depends_on: parent });
    const site = fleet.site(
      `${depends("typo", "nightly-reprot")}${depends("self", "self")}${depends("x", "y")}${depends("y", "x")}` +
        job("nightly-report", { schedule: "1d" }),
      "    jobs = twins.First|1d, twins.Second|1d",
    );
    site.write("twins.ts", 'export const First = { name: "twin", run() {} }; export const Second = { name: "twin", run() {} };');
    const { code, stderr } = await site.run("a", ["configtest"]);
    expect(code).toBe(1);
    expect(stderr.replace(/^.*?crontabber\.ini:/gm, "").split("\n")).toEqual([
      expect.stringMatching(/^3: duplicate job "twin"/),
      expect.stringMatching(/^7:5: job "typo" depends on "nightly-reprot", which is not a job \(did you mean "nightly-report"\?\)$/),
      expect.stringMatching(/^11:5: job "self" depends on itself/),
      expect.stringMatching(/^15:5: dependency cycle: x -> y -> x/),
      "",
    ]);
    expect((await site.run("a")).code).toBe(78);
    expect(site.lines("ran")).toEqual([]);
  });
});
