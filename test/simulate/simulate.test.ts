/** What a simulation says: texts, findings, daylight saving over zones, differences. That it is right, reality.test.ts proves. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { clockChanges } from "#lib/core/clock-changes.js";
import { difference } from "#lib/core/difference.js";
import { findings } from "#lib/core/findings.js";
import { blank } from "#lib/core/replan.js";
import { simulationText } from "#lib/report/simulation-text.js";
import { makeJob } from "../helpers/job.ts";
import { UTC } from "../report/fleet.ts";
import { FROM, simulated, simulateJobs, UNTIL } from "./made.ts";

const berlin = { ...UTC, zone: "Europe/Berlin" };
/** The last slot of an hour has time to start. */
const LONGER = { until: new Date(UNTIL.getTime() + 1_800_000) };
const short = (t: Date) => t.toISOString().slice(5, 16);

describe("for people", () => {
  it("a night with everything in it", async () => {
    await expect(simulationText(simulated({}), berlin, 200)).toMatchFileSnapshot("../goldens/simulate.txt");
    await expect(simulationText(simulated({}), { ...berlin, width: 60, ascii: true }, 3)).toMatchFileSnapshot(
      "../goldens/simulate-narrow.txt",
    );
  });
  it("what an edited file changes", async () => {
    await expect(simulationText(simulated({ changes: true }), berlin, 200)).toMatchFileSnapshot("../goldens/simulate-with.txt");
  });
});

describe("findings", () => {
  const question = (jobs: Parameters<typeof findings>[1]["jobs"]) => ({ jobs, from: FROM, until: UNTIL, overdueAfter: 600 });

  it("two jobs that share a lock take turns, and nothing else waits", () => {
    const jobs = [
      makeJob({ name: "a", schedule: "1h", locks: ["l"] }),
      makeJob({ name: "b", schedule: "1h", locks: ["l"] }),
      makeJob({ name: "c", schedule: "1h" }),
    ];
    const made = simulateJobs(jobs, LONGER);
    const [first] = findings(made, question(jobs)).collisions;
    expect(first).toEqual({ job: "b", lock: "l", holders: ["a"], times: 12, first: FROM, longest: 900 });
    const b = made.runs.filter(({ job }) => job === "b");
    expect(b.map(({ start, slot }) => start.getTime() - slot.getTime())).toEqual(Array(12).fill(900_000));
  });

  it("never more at once than concurrency allows, and whoever waits goes first in the order of the registry", () => {
    const jobs = Array.from({ length: 7 }, (_, i) => makeJob({ name: `j${i}`, schedule: "1h" }));
    const made = simulateJobs(jobs, { concurrency: 2, until: new Date(FROM.getTime() + 3_599_000) });
    expect(made.runs.map(({ job, start }) => `${job} ${(start.getTime() - FROM.getTime()) / 60_000}`)).toEqual([
      ...["j0 0", "j1 0", "j2 15", "j3 15", "j4 30", "j5 30", "j6 45"],
    ]);
    expect(findings(made, question(jobs)).busiest[0]).toMatchObject({ starts: 2, together: 2 });
  });

  it("a run that takes longer than its timeout is cut, and told", () => {
    const made = simulateJobs([makeJob({ name: "a", schedule: "1h", timeout: 60, maxAttempts: 2 })]);
    expect(made.runs.map(({ attempt, outcome, start, end }) => [attempt, outcome, end.getTime() - start.getTime()])).toEqual([
      [1, "timed-out", 60_000],
      [2, "timed-out", 60_000],
    ]);
    expect(findings(made, question([makeJob({ name: "a", schedule: "1h" })])).failed).toHaveLength(2);
    expect(made.last.get("a")).toMatchObject({ why: "held" });
  });

  it("jobs that never run, and why", () => {
    const paused = { ...blank("paused"), schedule: "1h", nextRun: FROM, slot: FROM, pausedAt: FROM, pausedBy: "kim" };
    const jobs = [
      makeJob({ name: "asked", schedule: "manual" }),
      makeJob({ name: "off", enabled: false }),
      makeJob({ name: "monthly", schedule: "@monthly" }),
      makeJob({ name: "paused", schedule: "1h" }),
      makeJob({ name: "child", schedule: "1h", dependsOn: ["paused"] }),
    ];
    const made = simulateJobs(jobs, { states: new Map([["paused", paused]]) });
    expect(findings(made, question(jobs)).never).toEqual([
      { job: "asked", why: "manual: only on request", meant: true },
      { job: "off", why: "disabled", meant: true },
      { job: "monthly", why: "not before 2026-04-01T00:00:00.000Z", meant: true },
      { job: "paused", why: `paused: paused by kim since ${FROM.toISOString()}`, meant: false },
      { job: "child", why: "dependency-never-ran: 'paused' has never succeeded", meant: false },
    ]);
  });

  it("a pause that ends, a run that is on and one whose owner is gone are where the simulation begins", () => {
    const until = new Date(FROM.getTime() + 3_600_000);
    const row = (name: string, over: object) =>
      [name, { ...blank(name), schedule: "1h", nextRun: FROM, slot: FROM, lastSlot: FROM, attempt: 1, ...over }] as const;
    const states = new Map([
      row("paused", { attempt: 0, pausedAt: FROM, pausedUntil: until }),
      row("on", { runId: "r", ongoing: new Date(FROM.getTime() - 300_000), host: "web-1" }),
      row("dead", { runId: "s", ongoing: new Date(FROM.getTime() - 300_000), leaseExpired: true }),
    ]);
    const jobs = ["paused", "on", "dead"].map((name) => makeJob({ name, schedule: "1h" }));
    const made = simulateJobs([...jobs, makeJob({ name: "child", schedule: "1h", dependsOn: ["on"] })], { states });
    const first = (name: string) => made.runs.find(({ job }) => job === name);
    expect(first("paused")?.start).toEqual(new Date(until.getTime() + 3_600_000));
    expect(first("on")?.start).toEqual(until);
    // Its success is what the child waited for: ten minutes of the fifteen were left.
    expect(first("child")).toMatchObject({ start: new Date(FROM.getTime() + 600_000), after: "on" });
    expect(first("dead")).toMatchObject({ start: FROM, attempt: 2, trigger: "retry" });
  });
});

describe("daylight saving, over the zones that must be right", () => {
  /** `effect job walls -> at` of each change between two instants. */
  const told = (zone: string, from: string, until: string, schedules: Readonly<Record<string, string>>) =>
    clockChanges(
      Object.entries(schedules).map(([name, schedule]) => makeJob({ name, schedule, zone })),
      { from: new Date(from), until: new Date(until), hasSlot: () => true },
    ).map(({ at, kind, from: low, to, slots }) => [
      `${short(at)} ${kind} ${low.slice(5, 16)}-${to.slice(5, 16)}`,
      ...slots.map(
        ({ job, effect, walls, at: lands }) =>
          `${job} ${effect} ${walls.map((wall) => wall.slice(11, 16)).join()}${lands ? ` ${short(lands)}` : ""}`,
      ),
    ]);

  it.each<[string, string, string, Record<string, string>, string[]]>([
    [
      ...(["Europe/Berlin", "2026-03-28", "2026-03-30"] as const),
      {
        day: "1d|02:30",
        two: "0,30 2 * * *",
        edge: "30 2,3 * * *",
        meets: "0,30 2,3 * * *",
        all: "*/10 * * * *",
        steps: "15 */2 * * *",
        other: "0 4 * * *",
      },
      [
        "03-29T01:00 gap 03-29 02:00-03-29 03:00",
        "day moved 02:30 03-29T01:00",
        "two merged 02:00,02:30 03-29T01:00",
        "edge moved 02:30 03-29T01:00",
        "meets merged 02:00,02:30 03-29T01:00",
        "steps left out 02:15",
      ],
    ],
    [
      ...(["Europe/Berlin", "2026-10-24", "2026-10-26"] as const),
      { day: "1d|02:30", all: "*/10 * * * *", steps: "15 */2 * * *", other: "0 4 * * *" },
      ["10-25T01:00 repeat 10-25 02:00-10-25 03:00", "day once 02:30", "steps twice 02:15"],
    ],
    [
      "America/New_York",
      "2026-03-07",
      "2026-03-09",
      { a: "1d|02:30" },
      ["03-08T07:00 gap 03-08 02:00-03-08 03:00", "a moved 02:30 03-08T07:00"],
    ],
    ["America/New_York", "2026-10-31", "2026-11-02", { a: "30 1 * * *" }, ["11-01T06:00 repeat 11-01 01:00-11-01 02:00", "a once 01:30"]],
    // Half an hour only.
    [
      "Australia/Lord_Howe",
      "2026-10-03",
      "2026-10-05",
      { a: "1d|02:15", b: "45 2 * * *" },
      ["10-03T15:30 gap 10-04 02:00-10-04 02:30", "a moved 02:15 10-03T15:30"],
    ],
    [
      "Australia/Lord_Howe",
      "2026-04-04",
      "2026-04-06",
      { a: "1d|01:45", b: "15 1 * * *" },
      ["04-04T15:00 repeat 04-05 01:30-04-05 02:00", "a once 01:45"],
    ],
    // The gap was at midnight.
    [
      "America/Sao_Paulo",
      "2018-11-03",
      "2018-11-05",
      { a: "1d|00:30", b: "1d|01:00" },
      ["11-04T03:00 gap 11-04 00:00-11-04 01:00", "a moved 00:30 11-04T03:00"],
    ],
    ["America/Sao_Paulo", "2018-02-17", "2018-02-19", { a: "1d|23:30" }, ["02-18T02:00 repeat 02-17 23:00-02-18 00:00", "a once 23:30"]],
    // A whole day went.
    [
      "Pacific/Apia",
      "2011-12-29",
      "2012-01-01",
      { a: "1d|12:00", b: "0 0 30 12 *" },
      ["12-30T10:00 gap 12-30 00:00-12-31 00:00", "a dropped 12:00", "b dropped 00:00"],
    ],
    // Two hours.
    [
      "Antarctica/Troll",
      "2026-03-28",
      "2026-03-30",
      { a: "30 1,2 * * *" },
      ["03-29T01:00 gap 03-29 01:00-03-29 03:00", "a merged 01:30,02:30 03-29T01:00"],
    ],
    [
      "Antarctica/Troll",
      "2026-10-24",
      "2026-10-26",
      { a: "30 1,2 * * *" },
      ["10-25T01:00 repeat 10-25 01:00-10-25 03:00", "a once 01:30,02:30"],
    ],
    ["UTC", "2026-03-28", "2026-03-30", { a: "1d|02:30" }, []],
  ])("%s from %s to %s", (zone, from, until, schedules, lines) => {
    expect(told(zone, from, until, schedules).flat()).toEqual(lines);
  });

  it("what is told to move does run there, and once", () => {
    const zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Antarctica/Troll"];
    const schedule = fc.constantFrom("1d|02:30", "15,45 1,2 * * *", "30 0 * * *", "1d|02:15", "*/20 1-3 * * *");
    fc.assert(
      fc.property(fc.constantFrom(...zones), schedule, fc.integer({ min: 0, max: 1500 }), (zone, text, days) => {
        const begin = new Date(Date.UTC(2015, 0, 1) + days * 86_400_000);
        const until = new Date(begin.getTime() + 60 * 86_400_000);
        const job = makeJob({ name: "a", schedule: text, zone });
        const { runs } = simulateJobs([job], { begin, until, seconds: () => 0 });
        const started = runs.map(({ slot }) => slot.getTime());
        const changes = clockChanges([job], { from: begin, until, hasSlot: (_, slot) => started.includes(slot.getTime()) });
        for (const { kind, slots, at } of changes) {
          for (const { effect, at: lands } of slots) {
            if (kind === "gap")
              expect([effect === "moved" || effect === "merged", started.filter((t) => t === lands?.getTime()).length]).toEqual([true, 1]);
            else expect(effect).toBe("once");
          }
          expect(at > begin).toBe(true);
        }
        expect(new Set(started).size).toBe(started.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe("two configurations", () => {
  const runs = (schedule: string) =>
    simulateJobs([makeJob({ name: "a", schedule })], {
      seconds: () => 1,
      begin: new Date("2026-03-01T00:00:00Z"),
      until: new Date("2026-03-03T23:00:00Z"),
    }).runs;
  const kinds = (before: string, after: string) => {
    const all = difference(runs(before), runs(after));
    return Object.fromEntries(
      ["added", "removed", "moved", "shifted"].map((kind) => [kind, all.filter((one) => one.kind === kind).length]),
    );
  };

  test.each([
    ["0 4 * * *", "0 4 * * *", { added: 0, removed: 0, moved: 0, shifted: 0 }],
    ["0 4 * * *", "0 5 * * *", { added: 0, removed: 0, moved: 3, shifted: 0 }],
    ["0 4 * * *", "0 4,5 * * *", { added: 3, removed: 0, moved: 0, shifted: 0 }],
    ["0 4,5 * * *", "0 4 * * *", { added: 0, removed: 3, moved: 0, shifted: 0 }],
    ["0 4 * * *", "0 4 2 * *", { added: 0, removed: 2, moved: 0, shifted: 0 }],
    ["0 4 * * *", "0 3 2 * *", { added: 0, removed: 2, moved: 1, shifted: 0 }],
  ])("%s and %s", (before, after, counts) => expect(kinds(before, after)).toEqual(counts));

  it("the same slot at another moment is told as that", () => {
    const locked = (locks: string[]) => [
      makeJob({ name: "a", schedule: "1h", locks: ["l"] }),
      makeJob({ name: "b", schedule: "1h", locks }),
    ];
    const all = difference(simulateJobs(locked([]), LONGER).runs, simulateJobs(locked(["l"]), LONGER).runs);
    expect(new Set(all.map(({ kind, job }) => `${kind} ${job}`))).toEqual(new Set(["shifted b"]));
  });

  it("whatever is compared: applied to the one, the differences make the other", () => {
    const anything = fc.constantFrom("0 4 * * *", "0 */5 * * *", "7h", "30 4,5,9 * * *", "0 0 2 * *", "1d|13:00");
    fc.assert(
      fc.property(anything, anything, (before, after) => {
        const [old, young] = [runs(before), runs(after)];
        const changes = difference(old, young);
        const key = (run: { slot: Date; start: Date }) => `${run.slot.toISOString()} ${run.start.toISOString()}`;
        const gone = new Set(changes.flatMap(({ was }) => (was ? [key(was)] : [])));
        const result = [...old.map(key).filter((one) => !gone.has(one)), ...changes.flatMap(({ is }) => (is ? [key(is)] : []))];
        expect(result.sort()).toEqual(young.map(key).sort());
      }),
    );
  });
});

it("the same premises make the same simulation, to the byte", () => {
  const text = () => simulationText(simulated({}), berlin, 1000);
  expect(text()).toBe(text());
});

it("stops where it is told that there are too many runs", () => {
  const made = simulateJobs([makeJob({ name: "a", schedule: "1m" })], { most: 10, seconds: () => 0 });
  expect(made.stopped).toEqual(made.runs.at(-1)?.start);
  expect(made.runs).toHaveLength(10);
});
