import { expect, test } from "vitest";
import type { JobState } from "#lib/core/state.js";
import { jobState } from "#lib/report/status.js";
import { makeJob, makeRegistry } from "../helpers/job.ts";
import { fleet, row, t, view, viewOf } from "./fleet.ts";

type Spelt = Partial<Parameters<typeof makeJob>[0]>;
const SLOT = {
  schedule: "1h",
  nextRun: t("04:00:00"),
  slot: t("04:00:00"),
  lastRun: t("03:00:00"),
  firstRun: t("03:00:00"),
  lastSuccess: t("03:00:00"),
};
const DUE = { nextRun: t("03:10:00"), slot: t("03:10:00") };
const FAILED = { errorCount: 2, attempt: 2, lastError: { type: "E", value: "v", traceback: "" } };
const LIVE = { ongoing: t("03:11:00"), runId: "r", host: "web-1", leaseUntil: t("03:14:00") };
const HELD = { heldAt: t("03:00:00"), heldReason: "lost" };

test.each<[string, Spelt, Partial<JobState>]>([
  ["ok", {}, {}],
  ["new", {}, { lastRun: null, firstRun: null, lastSuccess: null }],
  ["new and due", {}, { ...DUE, lastRun: null, firstRun: null, lastSuccess: null }],
  ["due", {}, DUE],
  ["late 12m", {}, { nextRun: t("03:00:00"), slot: t("03:00:00") }],
  ["running on web-1", {}, { ...DUE, ...LIVE }],
  ["running on web-1, failing ×2", {}, { ...DUE, ...LIVE, ...FAILED }],
  ["running on web-1", { enabled: false }, { ...DUE, ...LIVE, pausedAt: t("03:12:00") }],
  ["running on a host of the Python tool", {}, { ...DUE, ongoing: t("03:00:00"), ongoingAge: 700 }],
  ["due", {}, { ...DUE, ongoing: t("2026-11-19 03:00:00"), ongoingAge: 90_000 }],
  ["lost on web-1, to be taken over", {}, { ...DUE, ...LIVE, leaseExpired: true, leaseUntil: t("03:12:00") }],
  ["failing ×2, retry in 2m", {}, { ...FAILED, slot: t("03:00:00"), nextRun: t("03:15:00") }],
  ["failing ×2, next run in 47m", {}, { ...FAILED, attempt: 0 }],
  ["failing ×2, retry due", {}, { ...FAILED, slot: t("03:00:00"), nextRun: t("03:12:00") }],
  ["disabled", { enabled: false }, DUE],
  ["disabled failing ×2", { enabled: false }, { ...DUE, ...FAILED }],
  ["paused", {}, { ...DUE, pausedAt: t("03:00:00") }],
  ["paused over in 47m", {}, { ...DUE, pausedAt: t("03:00:00"), pausedUntil: t("04:00:00") }],
  [
    ...(['paused by ops, over in 47m: "SMTP move", failing ×2', {}] as const),
    { ...DUE, ...FAILED, pausedAt: t("03:00:00"), pausedBy: "ops", pausedUntil: t("04:00:00"), pauseNote: "SMTP move" },
  ],
  ["paused by ops, failing ×2", {}, { ...DUE, ...FAILED, pausedAt: t("03:00:00"), pausedBy: "ops" }],
  ["held: lost", {}, { ...DUE, ...HELD }],
  ["held: lost, failing ×2", {}, { ...DUE, ...FAILED, ...HELD }],
  ["cancelled", {}, { lastError: { type: "Cancelled", value: "by ops", traceback: "" } }],
])("%s", (words, job, state) => {
  const made = makeJob({ name: "a", ...job });
  const told = jobState(viewOf(makeRegistry(made), [row("a", { ...SLOT, ...state })]), made);
  expect(told.words).toBe(words);
  expect(words.replace(/\W.*/, "")).toBe(told.state);
});

test("a job without a row stands as its first plan would have it", () => {
  const job = makeJob({ name: "a", schedule: "1h" });
  const told = jobState(viewOf(makeRegistry(job), []), job);
  expect(told).toMatchObject({ state: "new", words: "new and due", nextRun: view.snapshot.now, lateSeconds: null });
});

test("what blocks a job is told by its parent and by the root of the trouble", () => {
  const jobs = [makeJob({ name: "a" }), makeJob({ name: "b", dependsOn: ["a"] }), makeJob({ name: "c", dependsOn: ["b"] })];
  const states = [
    row("a", { ...SLOT, ...FAILED, nextRun: t("03:15:00"), slot: t("03:00:00") }),
    row("b", { ...SLOT, ...DUE }),
    row("c", { ...SLOT, ...DUE }),
  ];
  const seen = viewOf(makeRegistry(...jobs), states);
  expect(jobs.map((job) => jobState(seen, job))).toMatchObject([
    { state: "failing", blockedBy: null, rootCause: null },
    { state: "blocked", words: "blocked by a", blockedBy: "a", rootCause: "a" },
    { state: "blocked", words: "blocked by a", blockedBy: "b", rootCause: "a" },
  ]);
});

test("a parent that nobody knows blocks by name", () => {
  const job = makeJob({ name: "a", dependsOn: ["gone"] });
  expect(jobState(viewOf(makeRegistry(job), [row("a", { ...SLOT, ...DUE })]), job)).toMatchObject({
    words: "blocked by gone",
    rootCause: "gone",
  });
});

test("a host without the tags says the same as one that has them", () => {
  const job = makeJob({ name: "a", tags: ["gpu"] });
  expect(jobState(viewOf(makeRegistry(job), [row("a", { ...SLOT, ...DUE })]), job).words).toBe("due");
});

test("every job of the fleet stands somewhere", () => {
  expect(fleet.jobs.map((job) => jobState(view, job).state)).toEqual([
    ...["failing", "blocked", "running", "new", "ok", "ok", "paused", "held", "disabled", "late", "lost", "new"],
  ]);
});
