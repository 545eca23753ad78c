/** Every event's line in the log: the words, the level, and whether cron mails it. */
import { expect, it } from "vitest";
import type { Emit, Events } from "#lib/core/events.js";
import type { Ticket } from "#lib/core/state.js";
import { lineOf } from "#lib/report/lines.js";

const at = new Date("2026-11-20T03:00:00Z");
const policy = { backfill: false, retry: "fixed" as const, errorRetryTime: 300, maxAttempts: null, onLost: "retry" as const, maxLost: 3 };
const ticket = (over: Partial<Ticket> = {}): Ticket => ({
  ...{ job: "report", runId: "r-1", fence: 7n, slot: at, attempt: 1, trigger: "schedule", missed: 0, missedFrom: null, nextSlot: null },
  ...{ opens: true, claimedAt: at, errors: 0, slotErrors: 0, lease: 120, policy, payload: null },
  ...over,
});
const error = { type: "TypeError", value: "fetch\nfailed \u001b[31m", traceback: "  at x" };
const end = (outcome: Events["run:recorded"]["end"]["outcome"], failed = true) => ({
  outcome,
  error: failed ? error : null,
  result: null,
  output: null,
});

type Told = readonly [level: string, mailed: boolean, message: string];
const table: readonly (readonly [say: (emit: Emit) => void, told: Told | null])[] = [
  [(e) => e("pass:started", { jobs: 3, now: at }), ["debug", false, "pass over 3 jobs"]],
  [
    (e) => e("job:not-due", { job: "report", verdict: { due: false, why: "paused", detail: "paused by ops" } }),
    ["info", false, "report does not run: paused, paused by ops"],
  ],
  [(e) => e("run:started", { ticket: ticket() }), ["info", false, "report started"]],
  [(e) => e("run:progress", { ticket: ticket(), json: "{}" }), null],
  [(e) => e("run:recorded", { ticket: ticket(), end: end("succeeded", false) }), ["info", false, "report succeeded"]],
  [
    (e) => e("run:recorded", { ticket: ticket({ errors: 2 }), end: end("succeeded", false) }),
    ["info", true, "report is good again after 2 errors"],
  ],
  [(e) => e("run:recorded", { ticket: ticket(), end: end("failed") }), ["error", true, "report failed: TypeError: fetch failed "]],
  [
    (e) => e("run:recorded", { ticket: ticket({ errors: 2 }), end: end("failed") }),
    ["error", false, "report failed (3 errors in a row): TypeError: fetch failed "],
  ],
  [(e) => e("run:recorded", { ticket: ticket(), end: end("timed-out", false) }), ["error", true, "report timed-out: timed-out"]],
  [
    (e) => e("run:recorded", { ticket: ticket({ errors: 2, slotErrors: 2, policy: { ...policy, maxAttempts: 3 } }), end: end("failed") }),
    ["error", true, "report failed (3 errors in a row): TypeError: fetch failed ; it is held until crontabber unlock report"],
  ],
  [(e) => e("run:recorded", { ticket: ticket(), end: end("interrupted", false) }), ["info", false, "report was interrupted: interrupted"]],
  [
    (e) => e("run:fenced", { ticket: ticket(), outcome: "succeeded" }),
    ["warn", true, "report lost its lease while it ran; its end (succeeded) counts only as late"],
  ],
  [
    (e) => e("run:spooled", { ticket: ticket(), file: "/s/r-1.json", message: "no answer" }),
    ["error", true, "the end of report could not be recorded and waits in /s/r-1.json for this host's next pass: no answer"],
  ],
  [
    (e) => e("spool:delivered", { ticket: ticket(), end: end("failed"), how: "recorded" }),
    ["error", true, "report failed: TypeError: fetch failed "],
  ],
  [
    (e) => e("spool:delivered", { ticket: ticket(), end: end("failed"), how: "fenced" }),
    ["info", false, "report: the end of an earlier run was delivered (fenced)"],
  ],
  [
    (e) => e("spool:delivered", { ticket: ticket(), end: end("succeeded", false), how: "recorded" }),
    ["info", false, "report: the end of an earlier run was delivered (recorded)"],
  ],
  [(e) => e("spool:unreadable", { file: "/s/x" }), ["warn", true, "the end of a run cannot be read; it was set aside as /s/x"]],
  [
    (e) => e("run:reaped", { job: "report", runId: "r-0", host: "web-9" }),
    ["warn", true, "report was lost on web-9: its lease ran out and this host took over"],
  ],
  [(e) => e("database:down", { deed: "look", message: "ECONNREFUSED" }), ["error", true, "the database cannot be used: ECONNREFUSED"]],
  [(e) => e("database:up", { deed: "look" }), ["info", true, "the database is good again"]],
  [(e) => e("guard:trouble", { message: "it died" }), ["warn", true, "the guard of this host's jobs: it died"]],
  [(e) => e("ledger:pruned", { rows: 9 }), ["info", false, "9 old runs were removed from the ledger"]],
];

it.each(table)("%s", (say, told) => {
  let line: ReturnType<typeof lineOf> | undefined;
  say((name, payload) => {
    line = lineOf(name, payload);
  });
  expect(line ? [line.level, line.change, line.message] : line).toEqual(told);
});

it("carries what a machine wants to sort by", () => {
  expect(lineOf("run:recorded", { ticket: ticket({ attempt: 4, trigger: "retry" }), end: end("failed") })?.fields).toEqual({
    ...{ job: "report", slot: at, attempt: 4, trigger: "retry", runId: "r-1", outcome: "failed" },
    error: { type: error.type, value: error.value },
  });
});
