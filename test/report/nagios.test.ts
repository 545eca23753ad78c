import { expect, test } from "vitest";
import type { JobState } from "#lib/core/state.js";
import { check, unknown } from "#lib/report/nagios.js";
import { makeJob, makeRegistry } from "../helpers/job.ts";
import { row, t, view, viewOf } from "./fleet.ts";

type Spelt = Partial<Parameters<typeof makeJob>[0]>;
const SLOT = {
  schedule: "1h|UTC",
  nextRun: t("04:00:00"),
  slot: t("04:00:00"),
  lastRun: t("02:00:00"),
  firstRun: t("02:00:00"),
  lastSuccess: t("02:00:00"),
};
const error = (value: string) => ({ errorCount: 1, lastError: { type: "Error", value, traceback: "" } });
const ok = "OK - All systems nominal";

function told(job: Spelt, state: Partial<JobState> | null, separator: " | " | " - " = " | ") {
  const made = makeJob({ name: "a", ...job });
  const states = state ? [row("a", { ...SLOT, schedule: made.schedule.text, ...state })] : [];
  const { line, code } = check(viewOf(makeRegistry(made), states), separator);
  return [code, line];
}

test("the fleet", async () => {
  await expect(`${check(view, " | ").line}\n`).toMatchFileSnapshot("../goldens/nagios.txt");
  await expect(`${check(view, " - ").line}\n`).toMatchFileSnapshot("../goldens/check.txt");
});

test.each<[string, Spelt, Partial<JobState> | null, number, string]>([
  ["a job that is well", {}, {}, 0, ok],
  ["no row: nobody knows", {}, null, 0, ok],
  ["an error", {}, error("x"), 2, "CRITICAL - a (command) | Error | x"],
  ["a backfill job's first error", { backfill: true }, error("x"), 1, "WARNING - a (command) | Error | x"],
  ["a backfill job's second error", { backfill: true }, { ...error("x"), errorCount: 2 }, 2, "CRITICAL - a (command) | Error | x"],
  ["an sql job", { kind: "sql", sql: "SELECT" }, error("x"), 2, "CRITICAL - a (sql) | Error | x"],
  ["a module's export", { kind: "module", module: { file: "m.ts", export: "Job" } }, error("x"), 2, "CRITICAL - a (Job) | Error | x"],
  [
    "the default export",
    { kind: "module", module: { file: "m.ts", export: "default" } },
    error("x"),
    2,
    "CRITICAL - a (default) | Error | x",
  ],
  [
    "an error that is on its way to be good",
    {},
    { ...error("x"), ongoing: t("03:12:00"), runId: "r" },
    2,
    "CRITICAL - a (command) | Error | x",
  ],
  ["a job held", {}, { heldAt: t("03:00:00"), heldReason: "on_lost is hold" }, 2, "CRITICAL - a (command) | Held | held: on_lost is hold"],
  [
    "held after an error",
    {},
    { ...error("x"), heldAt: t("03:00:00"), heldReason: "1 of 1" },
    2,
    "CRITICAL - a (command) | Error | held: 1 of 1; x",
  ],
  [
    "a backfill job held after one error",
    { backfill: true },
    { ...error("x"), heldAt: t("03:00:00"), heldReason: "lost" },
    2,
    "CRITICAL - a (command) | Error | held: lost; x",
  ],
  ["cancelled by a human", {}, { lastError: { type: "Cancelled", value: "by ops", traceback: "" } }, 0, ok],
  ["a job switched off", { enabled: false }, error("x"), 0, ok],
  ["an error of a job that is paused", {}, { ...error("x"), pausedAt: t("03:00:00") }, 2, "CRITICAL - a (command) | Error | x"],
  [
    "an error of a job that somebody has paused: by whom, until when and why come first",
    {},
    { ...error("x"), pausedAt: t("03:00:00"), pausedBy: "ops", pausedUntil: t("04:00:00"), pauseNote: "SMTP" },
    2,
    "CRITICAL - a (command) | Error | paused by ops until 2026-11-20 04:00:00 UTC (SMTP); x",
  ],
  ["an error without its record", {}, { errorCount: 2 }, 2, "CRITICAL - a (command) | Error | failed 2 times"],
])("%s", (_, job, state, code, line) => {
  expect(told(job, state)).toEqual([code, line]);
});

const DUE = { nextRun: t("03:02:00"), slot: t("03:02:00") };
const since = "due since 2026-11-20 03:02:00 UTC (10 minutes, 8 seconds), and nobody runs it";

test.each<[string, Spelt, Partial<JobState>, number, string]>([
  ["due for exactly the time allowed", {}, { nextRun: new Date(t("03:02:08").getTime() + 400) }, 0, ok],
  ["due for longer", {}, DUE, 2, `CRITICAL - a (command) | Overdue | ${since}`],
  ["due for longer, but it runs", {}, { ...DUE, ongoing: t("03:02:01"), runId: "r" }, 0, ok],
  ["due for longer, but the Python tool runs it", {}, { ...DUE, ongoing: t("03:02:01"), ongoingAge: 607 }, 0, ok],
  [
    "the Python tool left it lying",
    {},
    { ...DUE, ongoing: t("2026-11-19 03:02:01"), ongoingAge: 87_000 },
    2,
    `CRITICAL - a (command) | Overdue | ${since}`,
  ],
  ["its owner has just died", {}, { ...DUE, ongoing: t("02:02:01"), runId: "r", leaseExpired: true, leaseUntil: t("03:11:00") }, 0, ok],
  ["paused", {}, { ...DUE, pausedAt: t("02:00:00") }, 0, ok],
  ["disabled", { enabled: false }, DUE, 0, ok],
  ["on request, and never asked for", { schedule: "manual" }, { nextRun: null, slot: null }, 0, ok],
  [
    "a backfill on its way, between two slots",
    { backfill: true },
    { ...DUE, nextRun: t("2026-11-18 02:00:00"), lastRun: t("03:11:59") },
    0,
    ok,
  ],
  ["a backfill that stopped", { backfill: true }, { ...DUE, lastRun: t("03:02:00") }, 2, `CRITICAL - a (command) | Overdue | ${since}`],
  [
    "a backfill job whose next_run another tool moved",
    { backfill: true },
    { ...DUE, lastRun: t("03:11:59"), moved: true },
    2,
    `CRITICAL - a (command) | Overdue | ${since}`,
  ],
  [
    "a backfill job's first error, never tried again",
    { backfill: true },
    { ...DUE, ...error("x"), attempt: 1 },
    2,
    "CRITICAL - a (command) | Error | x",
  ],
])("%s", (_, job, state, code, line) => {
  expect(told(job, state)).toEqual([code, line]);
});

test("a dead owner nobody took over from", () => {
  const [code, line] = told(
    {},
    { ...DUE, ongoing: t("02:02:01"), runId: "r", host: "web-9", leaseExpired: true, leaseUntil: t("03:00:08") },
  );
  expect(code).toBe(2);
  expect(line).toBe(
    "CRITICAL - a (command) | Overdue | due since 2026-11-20 03:00:08 UTC (12 minutes), and nobody runs it: its owner on web-9 is gone",
  );
});

test("a job that a paused parent blocks says so: nothing else would tell", () => {
  const jobs = makeRegistry(makeJob({ name: "p" }), makeJob({ name: "a", dependsOn: ["p"] }));
  const states = [row("p", { ...SLOT, ...DUE, schedule: "1h", pausedAt: t("01:00:00") }), row("a", { ...SLOT, ...DUE, schedule: "1h" })];
  expect(check(viewOf(jobs, states), " | ").line).toBe(
    `CRITICAL - a (command) | Overdue | ${since}: 'p' is due itself since 2026-11-20 03:02:00 UTC, but paused`,
  );
});

test("several are joined by semicolons; where one is critical, warnings stay for the document", () => {
  const jobs = ["a", "b", "c"].map((name) => makeJob({ name, backfill: name === "b" }));
  const states = jobs.map(({ name }) => row(name, { ...SLOT, schedule: "1h", ...error(name) }));
  const { line, findings } = check(viewOf(makeRegistry(...jobs), states), " | ");
  expect(line).toBe("CRITICAL - a (command) | Error | a; c (command) | Error | c");
  expect(findings.map(({ job, level }) => `${job} ${level}`)).toEqual(["a CRITICAL", "b WARNING", "c CRITICAL"]);
});

test.each([
  ["a|b\nc\r\nd\u2028e", "a b c d e"],
  ["tail\n", "tail"],
  ["\u001b[31mred\u001b[0m\u0000", "red\\x00"],
  ["x".repeat(1024), "x".repeat(1024)],
  ["x".repeat(1025), `${"x".repeat(1021)}…`],
  ["ä".repeat(1000), `${"ä".repeat(510)}…`],
  ["💥".repeat(5000), `${"💥".repeat(255)}…`],
])("a value is one line of at most 1 KiB that Nagios does not take apart: %j", (value, flat) => {
  expect(told({}, error(value))[1]).toBe(`CRITICAL - a (command) | Error | ${flat}`);
  expect(told({}, error(value), " - ")[1]).toBe(`CRITICAL - a (command) - Error - ${flat}`);
});

test("what cannot be told is unknown", () => {
  expect(unknown("connect ECONNREFUSED\n127.0.0.1:5432 | x")).toMatchObject({
    code: 3,
    line: "UNKNOWN - connect ECONNREFUSED 127.0.0.1:5432   x",
  });
});
