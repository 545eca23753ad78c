/** The checker itself: silent about a campaign where all went well, and loud about each defect planted in it. */
import { describe, expect, it } from "vitest";
import { check, figures } from "./checker.ts";
import { readLines } from "./evidence.ts";
import { FLEET, files } from "./fleet.ts";
import { at, bodyOf, change, evidence, line, type Planted, run, T0 } from "./plant.ts";
import { slotAfter, slotsBetween } from "./slots.ts";

const first = (planted: Planted, job: string) => planted.runs.find((r) => r.job === job) as Planted["runs"][number];
const drop = (planted: Planted, job: string, s: number) => {
  planted.runs = planted.runs.filter((r) => r.job !== job || r.slot !== at(s));
  planted.lines = planted.lines.filter((l) => l.what === "nemesis" || l.job !== job || l.slot !== at(s));
};
/** Its slot is dropped with a word. */
const skip = (planted: Planted, job: string, s: number) => {
  drop(planted, job, s);
  planted.runs.push(run(job, s, { outcome: "skipped", attempt: 0, pid: null }));
};
/** The child's last slot after the one before it. */
const later = (planted: Planted) => change(planted.runs, "c", 20, { claimedAt: at(22), endedAt: at(22.2) });
/** A second run of `j` for its first slot, beside what is there. */
const again = (planted: Planted, over: Parameters<typeof run>[2] = {}) => {
  const extra = run("j", 0, { attempt: 2, trigger: "retry", claimedAt: at(2), endedAt: at(3), ...over });
  planted.runs.push(extra);
  planted.lines.push(...bodyOf(extra));
  return extra;
};

describe("the checker", () => {
  it("finds nothing where all went well", () => {
    expect(check(evidence())).toEqual([]);
    expect(figures(evidence())).toMatchObject({ occurrences: 15, runs: 15, lost: 0, duplicates: 0, overlaps: 0, kills: 0, recovery: null });
  });

  const DEFECTS: [string, string, (planted: Planted) => unknown][] = [
    ["a slot nobody ran", "lost", (p) => drop(p, "j", 10)],
    ["a last slot nobody ran", "lost", (p) => drop(p, "k", 25)],
    ["a job that never ran", "lost", (p) => [0, 10, 20].map((s) => drop(p, "j", s))],
    ["a run without an outcome", "lost", (p) => change(p.runs, "j", 10, { outcome: null, endedAt: null })],
    [
      "a backfill slot covered by a later run",
      "lost",
      (p) => [drop(p, "b", 10), change(p.runs, "b", 20, { missed: 1, missedFrom: at(10) })],
    ],
    ["a slot that failed and was forgotten", "lost", (p) => change(p.runs, "j", 10, { outcome: "failed" })],
    ["a slot that was lost and forgotten", "lost", (p) => change(p.runs, "j", 10, { outcome: "lost" })],
    ["a backfill slot that only failed", "lost", (p) => change(p.runs, "b", 10, { outcome: "failed" })],
    ["a slot the schedule does not have", "off-grid", (p) => change(p.runs, "j", 10, { slot: at(11) })],
    ["a cron slot the schedule does not have", "off-grid", (p) => change(p.runs, "k", 15, { slot: at(16) })],
    ["a wrong number of missed slots", "miscount", (p) => [drop(p, "j", 10), change(p.runs, "j", 20, { missed: 2, missedFrom: at(10) })]],
    ["missed slots without the oldest", "miscount", (p) => change(p.runs, "j", 20, { missed: 1 })],
    [
      "a body that works on beside the next",
      "overlap",
      (p) => {
        const next = again(p);
        p.lines.push(line(first(p, "j"), "beat", 2.4), line(next, "end", 2.9));
      },
    ],
    [
      "one that works on long after its host woke up",
      "overlap",
      (p) => {
        again(p);
        p.lines.push({ what: "nemesis", fault: "thaw", host: "h1", uptime: 2.2 }, line(first(p, "j"), "beat", 3.6));
      },
    ],
    [
      "one that works on because another host woke up",
      "overlap",
      (p) => {
        again(p);
        p.lines.push({ what: "nemesis", fault: "thaw", host: "h2", uptime: 2.2 }, line(first(p, "j"), "beat", 2.4));
      },
    ],
    ["an attempt that started twice", "started-twice", (p) => again(p, { attempt: 1 })],
    ["a run that started two bodies", "started-twice", (p) => p.lines.push(line(first(p, "j"), "start", 4, { pid: 71 }))],
    ["a run by hand that started two bodies", "started-twice", (p) => p.lines.push(line(again(p, { trigger: "manual" }), "start", 4))],
    ["a body no claim knows", "unclaimed", (p) => p.lines.push(line(first(p, "j"), "start", 4, { runId: "nobody" }))],
    ["a body of another slot than its claim's", "unclaimed", (p) => p.lines.push(line(again(p), "start", 4, { slot: at(30) }))],
    ["a body on another host than its claim's", "unclaimed", (p) => p.lines.push(line(again(p), "start", 4, { host: "h9" }))],
    ["a success whose body never ended", "hollow", (p) => (p.lines = p.lines.filter((l) => l.what !== "end" || l.job !== "j"))],
    ["two successes of a slot", "two-successes", (p) => again(p)],
    ["two claims alive at once", "two-live", (p) => again(p, { claimedAt: at(0.3) })],
    ["a claim beside one that never ended", "two-live", (p) => change(p.runs, "j", 0, { outcome: null, endedAt: null })],
    ["effects of a success missing", "effects", (p) => p.effects.pop()],
    ["effects of a success twice", "effects", (p) => p.effects.push({ ...(p.effects[0] as Planted["effects"][number]) })],
    ["effects of a lost run", "effects", (p) => change(p.runs, "t", 10, { outcome: "lost" })],
    ["effects of nobody", "effects", (p) => p.effects.push({ job: "t", slot: at(0), runId: "nobody" })],
    ["a live run at the end", "stuck", (p) => p.runs.push(run("j", 27, { outcome: null, endedAt: null }))],
    ["a row that is still owned", "stuck", (p) => p.rows.splice(0, 1, { job: "j", nextRun: at(30), isOwned: true, held: null })],
    ["a row that is held", "stuck", (p) => p.rows.splice(0, 1, { job: "j", nextRun: at(30), isOwned: false, held: "lost" })],
    ["a row that is due", "stuck", (p) => p.rows.splice(0, 1, { job: "j", nextRun: at(20), isOwned: false, held: null })],
    ["a row without a next run", "stuck", (p) => p.rows.splice(0, 1, { job: "j", nextRun: null, isOwned: false, held: null })],
    ["a job without a row", "stuck", (p) => p.rows.splice(0, 1)],
    ["a child beside its running parent", "dependency", (p) => change(p.runs, "j", 10, { endedAt: at(16) })],
    ["a child of a failed parent", "dependency", (p) => change(p.runs, "j", 10, { outcome: "failed" })],
    ["a child of a lost parent", "dependency", (p) => change(p.runs, "j", 10, { outcome: "lost" })],
    ["a child of a parent that never ran", "dependency", (p) => change(p.runs, "j", 0, { claimedAt: at(7), endedAt: at(8) })],
    ["a child of a parent that is long due", "dependency", (p) => [drop(p, "j", 10), drop(p, "j", 20)]],
    ["a backfill child before its parent's slot", "dependency", (p) => change(p.runs, "b", 10, { claimedAt: at(12), endedAt: at(13) })],
    [
      "a backfill child of a cancelled slot, before its parent's next success",
      "dependency",
      (p) => change(p.runs, "b", 10, { outcome: "cancelled" }),
    ],
    ["a backfill child of a failed slot", "dependency", (p) => change(p.runs, "b", 10, { outcome: "failed" })],
  ];
  it.each(DEFECTS)("sees %s: %s", (_, name, spoil) => {
    expect(check(evidence((p) => void spoil(p))).map((finding) => finding.check)).toContain(name);
  });

  const FINE: [string, (planted: Planted) => unknown][] = [
    [
      "a first slot that somebody marked as succeeded",
      (p) => [drop(p, "j", 0), p.runs.push(run("j", 0, { trigger: "manual", host: null, pid: null }))],
    ],
    [
      "an older slot a later run stands in for",
      (p) => [
        drop(p, "j", 10),
        change(p.runs, "j", 20, { missed: 1, missedFrom: at(10) }),
        drop(p, "k", 15),
        change(p.runs, "k", 25, { missed: 1, missedFrom: at(15) }),
      ],
    ],
    ["slots that were dropped with a word", (p) => [skip(p, "b", 20), skip(p, "c", 20)]],
    ["a last slot that failed and is still to be retried", (p) => change(p.runs, "k", 25, { outcome: "failed" })],
    [
      "a backfill child of a cancelled slot, after its parent's next success",
      (p) => [
        change(p.runs, "b", 10, { outcome: "cancelled" }),
        change(p.runs, "c", 10, { claimedAt: at(21), endedAt: at(21.2) }),
        later(p),
      ],
    ],
    ["a retry after a failure", (p) => [change(p.runs, "j", 0, { outcome: "failed" }), again(p)]],
    ["work done twice by a job without a transaction", (p) => [change(p.runs, "j", 0, { outcome: "lost" }), again(p)]],
    [
      "a moment of a whole host that wakes up",
      (p) => {
        change(p.runs, "j", 0, { outcome: "lost" });
        again(p);
        p.lines.push({ what: "nemesis", fault: "thaw", host: "h1", uptime: 2.2 }, line(first(p, "j"), "beat", 2.4));
      },
    ],
  ];
  it.each(FINE)("does not mind %s", (_, allow) => {
    expect(check(evidence((p) => void allow(p)))).toEqual([]);
  });

  it("measures recovery and doubled work", () => {
    const spoilt = evidence((p) => {
      change(p.runs, "j", 0, { outcome: "lost", endedAt: at(3.5) });
      const retry = run("j", 0, { attempt: 2, claimedAt: at(4), endedAt: at(5) });
      p.runs.push(retry);
      p.lines.unshift(line(first(p, "j"), "start", 0.2), { what: "nemesis", fault: "kill", host: "h1", uptime: 1 }, ...bodyOf(retry));
    });
    const { kills, duplicates, takeover, recovery } = figures(spoilt);
    expect({ kills, duplicates, takeover, recovery }).toEqual({
      kills: 1,
      duplicates: 1,
      takeover: { p50: 2.5, p95: 2.5, max: 2.5 },
      recovery: { p50: 3.05, p95: 3.05, max: 3.05 },
    });
  });
});

describe("the slots of a schedule", () => {
  it.each([
    ["10s", [0, 10, 20, 30]],
    ["7s", [0, 7, 14, 21, 28]],
    ["*/15 * * * * *", [0, 15, 30]],
    ["5-59/10 * * * * *", [5, 15, 25]],
    ["3,7,29 * * * * *", [3, 7, 29]],
    ["7 * * * * *", [7]],
  ])("%s", (schedule, seconds) => {
    expect(slotsBetween(schedule, T0, at(30))).toEqual(seconds.map(at));
  });

  it("go on into the next minute", () => {
    expect(slotAfter("3,7 * * * * *", at(7))).toBe(at(63));
    expect(slotAfter("7s", at(7) + 123)).toBe(at(14) + 123);
  });

  it.each(["0 3 * * *", "1d|03:00", "@hourly", "x * * * * *"])("refuses what it cannot judge: %s", (schedule) => {
    expect(() => slotsBetween(schedule, T0, at(30))).toThrow("not a form");
  });
});

describe("the bodies' file", () => {
  it("is read line by line; what a kill cut off is dropped", () => {
    const text = "S j 2026-01-05T10:00:00.000Z 1 run-1 h1 70 12.34\nN thaw h1 12.50\nE j 2026-01-05T10:0";
    expect(readLines(text)).toEqual([
      { what: "start", job: "j", slot: T0, attempt: 1, runId: "run-1", host: "h1", pid: 70, uptime: 12.34 },
      { what: "nemesis", fault: "thaw", host: "h1", uptime: 12.5 },
    ]);
  });

  it("is refused when a line is not whole", () => {
    expect(() => readLines("S j 2026\n")).toThrow("not a line");
  });
});

it("the fleet is forty jobs, and their configuration names each of them", () => {
  const { "crontabber.ini": ini = "" } = files(FLEET);
  expect(FLEET).toHaveLength(40);
  for (const { name, kind } of FLEET) expect(ini).toContain(kind === "module" ? `#${name.toUpperCase()}|` : `[job:${name}]`);
});
