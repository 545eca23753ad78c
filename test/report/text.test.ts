import { expect, test } from "vitest";
import { listText } from "#lib/report/text.js";
import { makeJob, makeRegistry } from "../helpers/job.ts";
import { row, t, view, viewOf } from "./fleet.ts";

const job = makeJob({ name: "a", schedule: "7d|03:00" });
const RAN = { firstRun: t("02:00:00"), lastRun: t("02:00:00"), lastSuccess: t("02:00:00"), nextRun: t("04:00:00"), slot: t("04:00:00") };
const HEAD = [`=== JOB ${"=".repeat(72)}`, "Class:          command", "App name:       a", "Frequency:      7d @ 03:00"];

/** The text of one job after its head. */
function body(over: Parameters<typeof row>[1] | null, zone = "UTC"): string[] {
  const states = over ? [row("a", { schedule: job.schedule.text, ...over })] : [];
  const lines = listText(viewOf(makeRegistry(job), states), zone).split("\n");
  expect(lines.slice(0, 4)).toEqual(HEAD);
  return lines.slice(4);
}

test("the text a script parses, in the order of the file", async () => {
  await expect(listText(view, "UTC")).toMatchFileSnapshot("../goldens/list-jobs.txt");
});

test("its times are on the wall of the configured zone, whatever this process's is", async () => {
  expect(process.env.TZ).toBe("Asia/Kathmandu");
  await expect(listText(view, "Europe/Berlin")).toMatchFileSnapshot("../goldens/list-jobs-berlin.txt");
});

test("no jobs, no text", () => {
  expect(listText(viewOf(makeRegistry(), [row("ghost")]), "UTC")).toBe("");
});

test.each([
  ["without a row", null],
  ["with a row that no run has touched", { nextRun: t("04:00:00"), slot: t("04:00:00") }],
])("a job that has never run %s says so, and nothing follows, not even a blank line", (_, state) => {
  expect(body(state)).toEqual(["*NO PREVIOUS RUN INFO*", ""]);
});

test("a first run that is still on", () => {
  expect(body({ ongoing: t("03:00:00"), runId: "x", nextRun: t("03:00:00") })).toEqual([
    "Ongoing now!    Started 12 minutes, 8 seconds ago",
    "Last run:       none",
    "Last success:   no previous successful run",
    "Next run:       2026-11-20 03:00:00  (was 12 minutes, 8 seconds ago)",
    "",
    "",
  ]);
});

test("a claim of the Python tool shows as ongoing too", () => {
  expect(body({ ...RAN, ongoing: t("2026-11-19 02:12:08"), ongoingAge: 90_000 })[0]).toBe("Ongoing now!    Started 1 day, 1 hour ago");
});

test("a first run that failed, once", () => {
  const lastError = { type: "Error", value: "no", traceback: "    at x\n" };
  expect(body({ firstRun: t("03:00:00"), lastRun: t("03:00:00"), nextRun: t("03:12:09"), errorCount: 1, lastError })).toEqual([
    "Last run:       2026-11-20 03:00:00  (12 minutes, 8 seconds ago)",
    "Last success:   no previous successful run",
    "Next run:       2026-11-20 03:12:09  (in 0 seconds)",
    "Error!!         (1 times)",
    "Traceback (most recent call last):",
    "    at x",
    "Error: no",
    "",
    "",
  ]);
});

test.each(["", "\n"])("an error without frames leaves no gap (%j)", (traceback) => {
  const error = body({ ...RAN, errorCount: 2, lastError: { type: "<type 'exceptions.NameError'>", value: "x", traceback } }).slice(3);
  expect(error).toEqual(["Error!!         (2 times)", "Traceback (most recent call last):", "<type 'exceptions.NameError'>: x", "", ""]);
});

test("a traceback without a line end gets one, a value keeps its lines", () => {
  const error = body({ ...RAN, errorCount: 2, lastError: { type: "E", value: "one\ntwo", traceback: "  f\n  g" } }).slice(5);
  expect(error).toEqual(["  f", "  g", "E: one", "two", "", ""]);
});

test("a row cleared by hand still has a next run: what it is going to be planned for", () => {
  expect(body({ ...RAN, nextRun: null, slot: null })[2]).toMatch(/^Next run: {7}2026-11-2\d 03:00:00 {2}\((in|was) /);
});

test("a job on request has none", () => {
  const asked = makeJob({ name: "a", schedule: "manual" });
  const text = listText(viewOf(makeRegistry(asked), [row("a", { ...RAN, nextRun: null, slot: null, schedule: "manual" })]), "UTC");
  expect(text).toContain("Frequency:      manual\n");
  expect(text).toContain("Next run:       none\n");
});

test("nothing a job says reaches the terminal as a command", () => {
  const evil = "\u001b[31mred\u001b[0m \u0000 \u009b2J \u202e <b>&\r\nnext";
  const jobs = makeRegistry(makeJob({ name: "a\u001b]0;t\u0007\nb", label: "x.\u001b[2JY" }));
  const lastError = { type: "T\nU", value: evil, traceback: evil };
  const text = listText(viewOf(jobs, [row("a\u001b]0;t\u0007\nb", { ...RAN, errorCount: 1, lastError })]), "UTC");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(text).toContain("App name:       a\\x1b]0;t\\x07\\x0ab\n");
  expect(text).toContain("Class:          x.Y\n");
  expect(text).toContain("T U: red \\x00  \\u202e <b>&\nnext\n");
});
