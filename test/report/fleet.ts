/** A small fleet at one moment, with a job in every state a report has a word for. */
import type { Registry } from "#lib/core/job.js";
import { blank } from "#lib/core/replan.js";
import type { JobState } from "#lib/core/state.js";
import type { LedgerRun } from "#lib/report/job-json.js";
import type { Paper, View } from "#lib/report/view.js";
import { makeJob, makeRegistry } from "../helpers/job.ts";

export const NOW = new Date("2026-11-20T03:12:08.400Z");
export const UTC: Paper = { zone: "UTC", width: 120, colour: false, ascii: false };

/** `2026-11-20` or `03:17:05` or both, in UTC. */
export function t(text: string): Date {
  return new Date(`${text.includes("-") ? text.replace(" ", "T") : `2026-11-20T${text}`}${text.includes(":") ? "Z" : "T00:00:00Z"}`);
}

export function row(name: string, over: Partial<JobState> = {}): JobState {
  return { ...blank(name), schedule: "1h", ...over };
}

export function viewOf(registry: Registry, states: readonly JobState[], over: Partial<View> = {}): View {
  const snapshot = { now: NOW, states: new Map(states.map((state) => [state.name, state])) };
  return { registry, snapshot, overdueAfter: 600, maxOngoingAge: 43_200, tags: [], ...over };
}

export function run(over: Partial<LedgerRun> = {}): LedgerRun {
  return {
    ...{ id: 48_121n, runId: "5d5bb03a-5b9c-4f2e-9d0f-3c3c9f1f0a01", job: "fetch-crashes", slot: t("03:00:00"), attempt: 1 },
    ...{ trigger: "schedule", host: "web-2", pid: 812, claimedAt: t("03:07:02"), endedAt: t("03:07:05"), took: 3, outcome: "succeeded" },
    ...{ lateOutcome: null, missed: 0, missedFrom: null, error: null, progress: null, result: null, resetAt: null },
    ...over,
  };
}

const FETCH_ERROR = {
  type: "TypeError",
  value: "fetch failed",
  traceback: "    at FetchCrashes.run (jobs/crashes.ts:27:13)\n    at async host (run/host.ts:40:5)\n",
};
const module = (file: string, name: string) => ({
  kind: "module" as const,
  command: null,
  label: `jobs.${file}.${name}`,
  module: { file: `jobs/${file}.ts`, export: name },
});
const ini = (line: number) => ({ origin: { file: "crontabber.ini", line } });

export const fleet: Registry = makeRegistry(
  makeJob({ name: "fetch-crashes", ...module("crashes", "FetchCrashes"), schedule: "1h", ...ini(11) }),
  makeJob({
    ...{ name: "build-report", ...module("reports", "BuildReport"), schedule: "1d|03:00", dependsOn: ["fetch-crashes", "import-adi"] },
    ...{ description: "The nightly report", timeout: 1800, options: { page_size: 500, smtp_password: "hunter2" }, ...ini(12) },
  }),
  makeJob({ name: "foo", schedule: "10m", ...ini(30) }),
  makeJob({ name: "vacuum-logs", kind: "sql", label: "sql", command: null, sql: "VACUUM logs", schedule: "7d|05:00", ...ini(35) }),
  makeJob({ name: "spot-check", ...module("checks", "SpotCheck"), schedule: "37 6 * * 1-5", zone: "Europe/Berlin", ...ini(13) }),
  makeJob({ name: "import-adi", ...module("adi", "ImportAdi"), schedule: "1d|02:00", backfill: true, ...ini(14) }),
  makeJob({ name: "mail-report", ...module("reports", "MailReport"), schedule: "1d", dependsOn: ["build-report"], ...ini(15) }),
  makeJob({ name: "rotate", schedule: "1h", ...ini(40) }),
  makeJob({ name: "old-export", schedule: "1d", enabled: false, ...ini(44) }),
  makeJob({ name: "sync", schedule: "5m", ...ini(48) }),
  makeJob({ name: "ingest", schedule: "1h", ...ini(52) }),
  makeJob({ name: "ask-me", schedule: "manual", ...ini(56) }),
);

const planned = (name: string) => fleet.byName.get(name)?.schedule.text ?? null;
const ran = (name: string, last: string, next: string, slot = next): JobState =>
  row(name, {
    schedule: planned(name),
    firstRun: t("2026-10-01 00:00:00"),
    lastRun: t(last),
    lastSuccess: t(last),
    nextRun: t(next),
    slot: t(slot),
  });

export const states: readonly JobState[] = [
  {
    ...ran("fetch-crashes", "03:12:05", "03:17:05", "03:06:00"),
    ...{ lastSuccess: t("02:06:01"), errorCount: 2, attempt: 2, slotErrors: 2, lastError: FETCH_ERROR },
  },
  ran("build-report", "2026-11-19 03:00:04", "03:00:00"),
  {
    ...ran("foo", "03:02:05", "03:12:05"),
    ongoing: t("03:12:06"),
    runId: "5d5bb03a-5b9c-4f2e-9d0f-3c3c9f1f0a02",
    host: "web-2",
    leaseUntil: t("03:14:06"),
    leaseSeconds: 120,
    ongoingAge: 2.4,
    attempt: 1,
  },
  row("vacuum-logs", { schedule: planned("vacuum-logs"), nextRun: t("05:00:00"), slot: t("05:00:00") }),
  ran("spot-check", "2026-11-19 05:37:01", "05:37:00"),
  { ...ran("import-adi", "02:01:00", "2026-11-21 02:00:00"), lastSuccess: t("02:00:00") },
  { ...ran("mail-report", "2026-11-19 03:10:00", "03:10:00"), pausedAt: t("03:05:00"), pausedBy: "ops", pauseNote: "SMTP move" },
  {
    ...ran("rotate", "02:50:00", "03:10:00", "02:50:00"),
    errorCount: 3,
    attempt: 3,
    slotErrors: 3,
    lastError: FETCH_ERROR,
    heldAt: t("03:00:00"),
    heldReason: "3 of 3 attempts used up",
  },
  { ...ran("old-export", "2026-11-18 01:00:00", "2026-11-19 01:00:00"), disabledAt: t("2026-11-18 09:00:00") },
  ran("sync", "02:50:00", "02:55:00"),
  {
    ...ran("ingest", "02:00:00", "03:00:00"),
    ongoing: t("03:00:01"),
    runId: "5d5bb03a-5b9c-4f2e-9d0f-3c3c9f1f0a03",
    host: "web-9",
    leaseUntil: t("03:10:08"),
    leaseExpired: true,
    leaseSeconds: 120,
    ongoingAge: 727,
    attempt: 1,
  },
  row("ask-me", { schedule: "manual" }),
  row("old-job", { lastRun: t("2026-10-10 08:00:00"), firstRun: t("2026-01-01 00:00:00") }),
];

export const view: View = viewOf(fleet, states);

export const history: readonly LedgerRun[] = [
  run({
    id: 48_123n,
    attempt: 3,
    trigger: "retry",
    claimedAt: t("03:12:05"),
    endedAt: null,
    took: 3.4,
    outcome: null,
    progress: { done: 211, total: 370, message: "page 211", at: "2026-11-20T03:12:08Z" },
  }),
  run({ id: 48_121n, attempt: 2, trigger: "retry", outcome: "failed", error: FETCH_ERROR }),
  run({
    id: 48_117n,
    claimedAt: t("03:02:02"),
    outcome: "lost",
    host: "web-1",
    took: 190,
    error: { type: "LostLease", value: "the owner's lease ran out", traceback: "" },
    lateOutcome: "succeeded",
  }),
  run({ id: 48_099n, slot: t("02:00:00"), claimedAt: t("02:00:01"), took: 71, missed: 3, missedFrom: t("2026-11-19 23:00:00") }),
  run({
    id: 48_098n,
    slot: t("2026-11-19 22:00:00"),
    attempt: 0,
    host: "web-1",
    outcome: "skipped",
    missed: 4,
    missedFrom: t("2026-11-19 18:00:00"),
    error: { type: "Skipped", value: "paused", traceback: "" },
  }),
  run({ id: 48_002n, slot: t("2026-11-19 17:00:00"), claimedAt: t("2026-11-19 17:00:04"), took: 242 }),
  run({
    id: 47_911n,
    slot: t("2026-11-19 16:00:00"),
    claimedAt: t("2026-11-19 16:00:01"),
    trigger: "manual",
    took: 581,
    resetAt: t("2026-11-19 16:30:00"),
  }),
];

const went = (outcome: NonNullable<LedgerRun["outcome"]>, took: number) => ({ outcome, took });
const good = (...seconds: number[]) => seconds.map((one) => went("succeeded", one));

/** The newest first. */
export const recent: ReadonlyMap<string, readonly { outcome: NonNullable<LedgerRun["outcome"]>; took: number }[]> = new Map([
  ["fetch-crashes", [went("failed", 3), went("failed", 3), ...good(71, 72, 70, 74, 140, 71, 73, 70, 72, 71)]],
  ["build-report", good(242, 249, 230, 581, 244, 260, 251, 243, 240, 239, 250, 247)],
  ["foo", [...good(3, 3.1), went("cancelled", 1), ...good(2.9, 3)]],
  ["spot-check", good(12, 11)],
  ["import-adi", [...good(4.1, 0), went("lost", 240), went("interrupted", 2)]],
  ["mail-report", good(0.4, 0.4, 0.4)],
]);
