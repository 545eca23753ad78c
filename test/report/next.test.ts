import { expect, test } from "vitest";
import type { JobState } from "#lib/core/state.js";
import { next, nextText } from "#lib/report/next.js";
import { upcoming } from "#lib/report/upcoming.js";
import { makeJob, makeRegistry } from "../helpers/job.ts";
import { fleet, row, t, UTC, view, viewOf } from "./fleet.ts";

type Spelt = Partial<Parameters<typeof makeJob>[0]>;
const RAN = { lastRun: t("02:00:00"), firstRun: t("02:00:00"), lastSuccess: t("02:00:00") };

/** `HH:MM:SS why (slot)` of the next runs of one job. */
function told(job: Spelt, state: Partial<JobState> | null, count = 3): string[] {
  const made = makeJob({ name: "a", ...job });
  const states = state ? [row("a", { ...RAN, schedule: made.schedule.text, ...state })] : [];
  return upcoming(viewOf(makeRegistry(made), states), made, count).map(({ at, why, slot, missed }) => {
    const clock = (date: Date | null) => date?.toISOString().slice(8, 19).replace("T", " ") ?? "?";
    return `${clock(at)} ${why} (${clock(slot)})${missed ? ` +${missed}` : ""}`;
  });
}

test("the next run of every job, the earliest first", async () => {
  await expect(nextText(next(view, fleet.jobs, 1), UTC)).toMatchFileSnapshot("../goldens/next.txt");
});

test("several runs of some, in another zone", async () => {
  const jobs = fleet.jobs.filter(({ name }) => ["spot-check", "build-report", "sync"].includes(name));
  await expect(nextText(next(view, jobs, 3), { ...UTC, zone: "Europe/Berlin" })).toMatchFileSnapshot("../goldens/next-berlin.txt");
});

test.each<[string, Spelt, Partial<JobState> | null, string[]]>([
  [
    "not yet",
    {},
    { slot: t("04:00:00"), nextRun: t("04:00:00") },
    ["20 04:00:00 slot (20 04:00:00)", "20 05:00:00 slot (20 05:00:00)", "20 06:00:00 slot (20 06:00:00)"],
  ],
  [
    "never seen",
    { schedule: "1h" },
    null,
    ["20 03:12:08 due (20 03:12:08)", "20 04:12:08 slot (20 04:12:08)", "20 05:12:08 slot (20 05:12:08)"],
  ],
  [
    "due, older ones missed",
    {},
    { slot: t("00:30:00"), nextRun: t("00:30:00") },
    ["20 03:12:08 due (20 02:30:00) +2", "20 03:30:00 slot (20 03:30:00)", "20 04:30:00 slot (20 04:30:00)"],
  ],
  [
    "backfill",
    { backfill: true },
    { slot: t("01:30:00"), nextRun: t("01:30:00") },
    ["20 03:12:08 backfill (20 01:30:00)", "20 03:12:08 backfill (20 02:30:00)", "20 03:30:00 slot (20 03:30:00)"],
  ],
  [
    "a retry to come",
    {},
    { slot: t("03:00:00"), nextRun: t("03:15:00"), attempt: 1 },
    ["20 03:15:00 retry (20 03:00:00)", "20 04:00:00 slot (20 04:00:00)", "20 05:00:00 slot (20 05:00:00)"],
  ],
  [
    "a retry put off to the next slot",
    { schedule: "5m" },
    { slot: t("03:10:00"), nextRun: t("03:15:00"), attempt: 1 },
    ["20 03:15:00 slot (20 03:15:00) +1", "20 03:20:00 slot (20 03:20:00)", "20 03:25:00 slot (20 03:25:00)"],
  ],
  [
    "a retry that is due",
    {},
    { slot: t("03:00:00"), nextRun: t("03:05:00"), attempt: 1 },
    ["20 03:12:08 retry (20 03:00:00)", "20 04:00:00 slot (20 04:00:00)", "20 05:00:00 slot (20 05:00:00)"],
  ],
  [
    "running",
    {},
    { slot: t("03:00:00"), nextRun: t("03:00:00"), ongoing: t("03:00:01"), runId: "r", attempt: 1 },
    ["20 04:00:00 slot (20 04:00:00)", "20 05:00:00 slot (20 05:00:00)", "20 06:00:00 slot (20 06:00:00)"],
  ],
  [
    "running over its next slots",
    { schedule: "5m" },
    { slot: t("03:00:00"), nextRun: t("03:00:00"), ongoing: t("03:00:01"), runId: "r" },
    ["20 03:12:08 after-run (20 03:10:00) +1", "20 03:15:00 slot (20 03:15:00)", "20 03:20:00 slot (20 03:20:00)"],
  ],
  [
    "its owner is dead",
    {},
    { slot: t("03:00:00"), nextRun: t("03:00:00"), ongoing: t("03:00:01"), runId: "r", leaseExpired: true },
    ["20 03:12:08 takeover (20 03:00:00)", "20 04:00:00 slot (20 04:00:00)", "20 05:00:00 slot (20 05:00:00)"],
  ],
  ["paused", {}, { slot: t("03:00:00"), nextRun: t("03:00:00"), pausedAt: t("03:01:00") }, []],
  ["paused until later", {}, { slot: t("03:00:00"), nextRun: t("03:00:00"), pausedAt: t("03:01:00"), pausedUntil: t("04:00:00") }, []],
  ["on request", { schedule: "manual" }, { slot: null, nextRun: null }, []],
])("%s", (_, job, state, runs) => {
  expect(told(job, state)).toEqual(runs);
});

test("two years of missed half minutes cost nothing", () => {
  expect(told({ schedule: "30s" }, { slot: t("2024-11-20 03:12:00"), nextRun: t("2024-11-20 03:12:00") }, 2)).toEqual([
    `20 03:12:08 due (20 03:12:00) +${730 * 2880}`,
    "20 03:12:30 slot (20 03:12:30)",
  ]);
});

test("a child waits for the parent that stands in its way; nobody knows when a running or paused one is done", () => {
  const jobs = makeRegistry(makeJob({ name: "p" }), makeJob({ name: "c", dependsOn: ["p"] }));
  const [due, child] = [{ schedule: "1h", ...RAN, slot: t("03:00:00"), nextRun: t("03:00:00") }, jobs.byName.get("c")];
  const first = (over: Partial<JobState>) => child && upcoming(viewOf(jobs, [row("p", { ...due, ...over }), row("c", due)]), child, 1)[0];
  const failed = { errorCount: 1, attempt: 1, lastError: { type: "E", value: "", traceback: "" } };
  expect(first({ ...failed, nextRun: t("03:20:00") })).toMatchObject({
    at: t("03:20:00"),
    why: "after-parent",
    after: "p",
    approximate: true,
  });
  expect(first({ ongoing: t("03:01:00"), runId: "r" })).toMatchObject({ at: null, after: "p" });
  expect(first({ pausedAt: t("03:01:00") })).toMatchObject({ at: null, after: "p" });
});

test("nothing planned", () => {
  const job = makeJob({ name: "a", schedule: "manual" });
  expect(nextText(next(viewOf(makeRegistry(job), []), [job], 1), UTC)).toBe("No run is planned.\n\nNot planned: a (manual)\n");
});
