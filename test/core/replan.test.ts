import { describe, expect, it } from "vitest";
import { dropOwed, planned, replan } from "#lib/core/replan.js";
import type { JobState } from "#lib/core/state.js";
import { makeJob } from "../helpers/job.ts";
import { at, makeState } from "../helpers/state.ts";

const NOW = at("10:30:00");
const plan = (...args: Parameters<typeof replan>) => {
  const made = replan(...args);
  return made && { why: made.why, nextRun: made.state.nextRun, slot: made.state.slot, skipped: made.skipped };
};

describe("a job that never ran", () => {
  it.each([
    ["1h", NOW, "an interval is due at once"],
    ["1d|03:00", at("03:00:00"), "a daily job is due if its time has passed today"],
    ["1d|23:50", at("23:50:00"), "a daily job waits if its time is still to come"],
    ["*/5 * * * *", at("10:35:00"), "a cron job waits for its next slot"],
    ["manual", null, "a manual job waits for ever"],
  ])("%s: %s (%s)", (schedule, nextRun, _why) => {
    expect(plan(makeJob({ name: "j", schedule }), null, NOW)).toEqual({ why: "new", nextRun, slot: nextRun, skipped: [] });
  });
});

describe("a row of the Python tool", () => {
  it("goes on from its next_run", () => {
    const row = makeState({ name: "j", schedule: null, nextRun: at("09:15:00"), slot: null, moved: true, lastRun: at("08:15:00") });
    expect(plan(makeJob({ name: "j" }), row, NOW)).toEqual({
      why: "adopted",
      nextRun: at("09:15:00"),
      slot: at("09:15:00"),
      skipped: [],
    });
  });
  describe("of a backfill that failed midway, whose next_run is that of the retry,", () => {
    const job = makeJob({ name: "j", schedule: "1d|03:00", backfill: true });
    const day = (n: number) => at(`2026-01-0${n}T03:00:00Z`);
    const failed = { name: "j", schedule: null, nextRun: NOW, moved: true, errorCount: 1 };
    it.each<[string, Partial<JobState>, Date]>([
      ["owes the dates after its last success", { lastSuccess: day(2) }, day(3)],
      ["owes what we opened, if that is later", { schedule: "1d|03:00|UTC", slot: day(4), attempt: 1, lastSuccess: day(2) }, day(4)],
      ["owes what the Python tool did not do of what we opened", { schedule: "1d|03:00|UTC", slot: day(2), lastSuccess: day(3) }, day(4)],
      ["begins with next_run, if nothing before it is open", { lastSuccess: day(5) }, NOW],
      ["begins with next_run, if it never succeeded", { lastSuccess: null }, NOW],
      ["begins with next_run, if it did not fail", { lastSuccess: day(2), errorCount: 0 }, NOW],
    ])("%s", (_name, over, slot) => {
      expect(planned(job, makeState({ ...failed, slot: null, ...over }), NOW)).toMatchObject({ slot, nextRun: NOW });
    });
    it("keeps the attempts of the slot that stays open", () => {
      const row = makeState({ ...failed, schedule: "1d|03:00|UTC", slot: day(3), lastSuccess: day(2), attempt: 2, slotErrors: 2 });
      expect(planned(job, row, NOW)).toMatchObject({ slot: day(3), attempt: 2, slotErrors: 2 });
    });
  });
  it("with next_run and ongoing both null becomes due again", () => {
    expect(plan(makeJob({ name: "j" }), makeState({ name: "j", schedule: null }), NOW)).toMatchObject({ why: "new", nextRun: NOW });
  });
  it("that is ongoing is left alone", () => {
    expect(plan(makeJob({ name: "j" }), makeState({ name: "j", schedule: null, ongoing: NOW }), NOW)).toBeNull();
  });
});

describe("an edited schedule", () => {
  const edited = (over: object, schedule: string) => plan(makeJob({ name: "j", schedule }), makeState({ name: "j", ...over }), NOW);
  it("goes on with the new schedule's first slot after the last started one", () => {
    expect(edited({ nextRun: at("11:00:00"), lastSlot: at("10:00:00") }, "15m")).toEqual({
      ...{ why: "edited", nextRun: at("10:15:00"), slot: at("10:15:00"), skipped: [] },
    });
    expect(edited({ nextRun: at("11:00:00"), lastSlot: at("10:00:00") }, "1d|10:20")).toMatchObject({ nextRun: at("10:20:00") });
  });
  it("of a job that never ran is planned afresh", () => {
    expect(edited({ nextRun: at("10:00:00") }, "0 12 * * *")).toMatchObject({ why: "edited", nextRun: at("12:00:00") });
  });
  it("keeps a next_run that another tool moved", () => {
    expect(edited({ nextRun: at("10:17:00"), moved: true, lastSlot: at("09:00:00") }, "2h")).toMatchObject({ nextRun: at("10:17:00") });
  });
  it("to manual plans nothing, and back plans again", () => {
    expect(edited({ nextRun: at("11:00:00"), lastSlot: at("10:00:00") }, "manual")).toMatchObject({ why: "edited", nextRun: null });
    expect(edited({ schedule: "manual", nextRun: null, lastSlot: at("10:00:00") }, "1h")).toMatchObject({ nextRun: at("11:00:00") });
  });
  it("that says the same is none", () => {
    expect(edited({ nextRun: at("11:00:00"), lastSlot: at("10:00:00") }, "1h")).toBeNull();
  });
  it("waits while the job runs", () => {
    expect(edited({ nextRun: at("10:00:00"), runId: "r", ongoing: NOW }, "2h")).toBeNull();
  });
});

describe("a disabled job", () => {
  const off = makeJob({ name: "j", enabled: false });
  const row = makeState({ name: "j", nextRun: at("07:00:00") });
  it("is marked once", () => {
    expect(replan(off, row, NOW)?.state.disabledAt).toEqual(NOW);
    expect(replan(off, { ...row, disabledAt: NOW }, NOW)).toBeNull();
  });
  it("owes nothing older when it is enabled again, and says what was dropped", () => {
    expect(plan(makeJob({ name: "j" }), { ...row, disabledAt: at("06:30:00") }, NOW)).toEqual({
      ...{ why: "enabled", nextRun: at("11:00:00"), slot: at("11:00:00") },
      skipped: [{ from: at("07:00:00"), to: at("10:00:00"), count: 4, reason: "disabled" }],
    });
  });
  it("fills its dates, if it is a backfill job", () => {
    expect(plan(makeJob({ name: "j", backfill: true }), { ...row, disabledAt: at("06:30:00") }, NOW)).toMatchObject({
      ...{ nextRun: at("07:00:00"), skipped: [] },
    });
  });
});

describe("start_deadline", () => {
  const late = (over: object, state: object) =>
    plan(makeJob({ name: "j", startDeadline: 900, ...over }), makeState({ name: "j", ...state }), NOW);
  it("drops a slot that would start too late", () => {
    expect(late({}, { nextRun: at("09:00:00") })).toEqual({
      ...{ why: "deadline", nextRun: at("11:00:00"), slot: at("11:00:00") },
      skipped: [{ from: at("09:00:00"), to: at("10:00:00"), count: 2, reason: "start-deadline" }],
    });
  });
  it("keeps a plain job's newest slot that is in time, whatever it stands in for", () => {
    expect(late({ startDeadline: 1800 }, { nextRun: at("07:00:00") })).toBeNull();
  });
  it("drops only what is too late of a backfill", () => {
    expect(late({ backfill: true, startDeadline: 7200 }, { nextRun: at("06:00:00") })).toEqual({
      ...{ why: "deadline", nextRun: at("09:00:00"), slot: at("09:00:00") },
      skipped: [{ from: at("06:00:00"), to: at("08:00:00"), count: 3, reason: "start-deadline" }],
    });
  });
  it("lets the attempts of a slot go on that was started in time", () => {
    expect(late({}, { nextRun: at("10:20:00"), slot: at("10:00:00"), attempt: 1 })).toBeNull();
  });
  it("exactly at the deadline is in time", () => {
    expect(late({ startDeadline: 1800 }, { nextRun: at("10:00:00") })).toBeNull();
    expect(late({ startDeadline: 1799 }, { nextRun: at("10:00:00") })).toMatchObject({ why: "deadline" });
  });
});

describe("dropping what is owed", () => {
  it("counts slots that were already stood in for", () => {
    const row = makeState({ name: "j", nextRun: at("09:00:00"), missed: 2, missedFrom: at("07:00:00") });
    expect(dropOwed(makeJob({ name: "j" }), row, { now: NOW, reason: "paused" }).skipped).toEqual([
      { from: at("07:00:00"), to: at("10:00:00"), count: 4, reason: "paused" },
    ]);
  });
});

describe("a pause that ended", () => {
  const paused = { nextRun: at("07:00:00"), pausedAt: at("06:30:00"), pausedBy: "kim", pauseNote: "why" };
  const over = { ...paused, pausedUntil: at("10:20:00") };
  const seen = (backfill: boolean, over: object, now = NOW) =>
    plan(makeJob({ name: "j", backfill }), makeState({ name: "j", ...over }), now);
  const dropped = (to: string, count: number) => ({ from: at("07:00:00"), to: at(to), count, reason: "paused" as const });
  it.each<[string, boolean, object, ReturnType<typeof seen>]>([
    ["goes on while nobody resumes", false, paused, null],
    ["goes on until its end", false, { ...paused, pausedUntil: at("10:30:01") }, null],
    [
      ...(["by itself: a plain job owes nothing older than its end", false, over] as const),
      { why: "resumed", nextRun: at("11:00:00"), slot: at("11:00:00"), skipped: [dropped("10:00:00", 4)] },
    ],
    [
      ...(["by itself long ago: what came due since is owed", false, { ...over, pausedUntil: at("08:30:00") }] as const),
      { why: "resumed", nextRun: at("09:00:00"), slot: at("09:00:00"), skipped: [dropped("08:00:00", 2)] },
    ],
    [
      ...(["by itself: a backfill job makes up its dates", true, over] as const),
      { why: "resumed", nextRun: at("07:00:00"), slot: at("07:00:00"), skipped: [] },
    ],
    [
      ...([
        "with skip: a backfill job drops what came due before",
        true,
        { nextRun: at("07:00:00"), resumedAt: at("09:10:00"), resumeSkip: true },
      ] as const),
      { why: "resumed", nextRun: at("10:00:00"), slot: at("10:00:00"), skipped: [dropped("09:00:00", 3)] },
    ],
    [
      ...([
        "and was followed by one that is over, too: the later end counts for a plain job",
        false,
        { ...over, resumedAt: at("06:20:00") },
      ] as const),
      { why: "resumed", nextRun: at("11:00:00"), slot: at("11:00:00"), skipped: [dropped("10:00:00", 4)] },
    ],
    [
      ...([
        "and was followed by one: only what was to be skipped is dropped",
        true,
        { ...over, resumedAt: at("08:20:00"), resumeSkip: true },
      ] as const),
      { why: "resumed", nextRun: at("09:00:00"), slot: at("09:00:00"), skipped: [dropped("08:00:00", 2)] },
    ],
  ])("%s", (_name, backfill, row, expected) => {
    expect(seen(backfill, row)).toEqual(expected);
  });
  it("leaves nothing of it in the row; one that is settled while another goes on leaves that one", () => {
    const gone = { pausedAt: null, pausedBy: null, pauseNote: null, pausedUntil: null, resumedAt: null, resumeSkip: false };
    expect(replan(makeJob({ name: "j" }), makeState({ name: "j", ...over }), NOW)?.state).toMatchObject(gone);
    const again = replan(makeJob({ name: "j" }), makeState({ name: "j", ...paused, resumedAt: at("09:10:00") }), NOW)?.state;
    expect(again).toMatchObject({ ...gone, pausedAt: paused.pausedAt, pausedBy: "kim", pauseNote: "why" });
  });
});

describe("a slot marked as succeeded", () => {
  const row = { nextRun: at("08:05:00"), slot: at("08:00:00"), attempt: 2, slotErrors: 2, markedAt: at("10:20:00") };
  const marked = (backfill: boolean, over: object) =>
    plan(makeJob({ name: "j", backfill }), makeState({ name: "j", ...row, ...over }), NOW);
  it("is closed; a plain job's mark covers what came due until then, and says so", () => {
    expect(marked(false, {})).toEqual({
      ...{ why: "marked", nextRun: at("11:00:00"), slot: at("11:00:00") },
      skipped: [{ from: at("09:00:00"), to: at("10:00:00"), count: 2, reason: "marked" }],
    });
    expect(replan(makeJob({ name: "j" }), makeState({ name: "j", ...row }), NOW)?.state).toMatchObject({
      attempt: 0,
      slotErrors: 0,
      markedAt: null,
    });
  });
  it("of a backfill job is the only one closed", () => {
    expect(marked(true, {})).toEqual({ why: "marked", nextRun: at("09:00:00"), slot: at("09:00:00"), skipped: [] });
  });
  it("after a pause that ended: each range is told with its own reason", () => {
    const pause = { nextRun: at("07:00:00"), slot: at("07:00:00"), attempt: 0, pausedAt: at("06:30:00"), pausedUntil: at("08:30:00") };
    expect(marked(false, pause)?.skipped).toEqual([
      { from: at("07:00:00"), to: at("08:00:00"), count: 2, reason: "paused" },
      { from: at("10:00:00"), to: at("10:00:00"), count: 1, reason: "marked" },
    ]);
  });
  it("that has not come yet stays open", () => {
    const to = at("11:00:00");
    expect(marked(false, { nextRun: to, slot: to })).toEqual({ why: "marked", nextRun: to, slot: to, skipped: [] });
  });
});
