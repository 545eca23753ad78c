/** Dates of a backfill, and what the end of a run makes of its request: tables. */
import { describe, expect, it } from "vitest";
import { afterRun, dates, decideRequest, requested } from "#lib/core/request.js";
import type { Outcome } from "#lib/core/state.js";
import { makeJob } from "../helpers/job.ts";
import { at, makeState, well } from "../helpers/state.ts";

const NOW = at("2026-03-31T12:00:00Z");
const day = (text: string): string => (text.length > 10 ? text : `${text}T00:00:00.000Z`);

describe("the dates of a backfill", () => {
  it.each([
    [
      "1d",
      "UTC",
      "2026-04-01T10:00:00Z",
      "2026-03-28",
      "2026-03-30T10:00:00Z",
      ["2026-03-28T10:00:00.000Z", "2026-03-29T10:00:00.000Z", "2026-03-30T10:00:00.000Z"],
    ],
    [
      "2h",
      "UTC",
      "2026-03-31T13:30:00Z",
      "2026-03-31T07:30:00Z",
      "2026-03-31T23:00:00Z",
      ["2026-03-31T07:30:00.000Z", "2026-03-31T09:30:00.000Z", "2026-03-31T11:30:00.000Z"],
    ],
    [
      "1d|03:00",
      "Europe/Berlin",
      "2026-04-01T01:00:00Z",
      "2026-03-28",
      "2026-03-30T12:00:00Z",
      ["2026-03-28T02:00:00.000Z", "2026-03-29T01:00:00.000Z", "2026-03-30T01:00:00.000Z"],
    ],
    [
      "7d|03:00",
      "UTC",
      "2026-04-05T03:00:00Z",
      "2026-03-10",
      "2026-03-31",
      ["2026-03-15T03:00:00.000Z", "2026-03-22T03:00:00.000Z", "2026-03-29T03:00:00.000Z"],
    ],
    [
      "30 7 * * mon",
      "UTC",
      "2026-04-06T07:30:00Z",
      "2026-03-16T07:30:00Z",
      "2026-03-30T07:30:00Z",
      ["2026-03-16T07:30:00.000Z", "2026-03-23T07:30:00.000Z", "2026-03-30T07:30:00.000Z"],
    ],
    ["manual", "UTC", "2026-04-06T07:30:00Z", "2026-03-16", "2026-03-30", []],
  ])("of %s in %s before %s", (schedule, zone, slot, from, to, expected) => {
    const job = makeJob({ name: "j", schedule, zone });
    const row = makeState({ name: "j", schedule: job.schedule.text, slot: at(slot), nextRun: at(slot) });
    const range = { from: new Date(day(from)), to: new Date(day(to)), after: null, now: NOW };
    expect([...dates(job, row, range)].map((date) => date.toISOString())).toEqual(expected);
    const [first] = expected;
    if (first === undefined) return;
    expect([...dates(job, row, { ...range, after: new Date(first) })].map((date) => date.toISOString())).toEqual(expected.slice(1));
  });

  it("end before the open slot, which is the schedule's own, and before what has not come", () => {
    const job = makeJob({ name: "j", schedule: "1d" });
    const row = makeState({ name: "j", schedule: "1d", slot: at("2026-03-30T00:00:00Z"), nextRun: at("2026-03-30T00:00:00Z") });
    const range = { from: at("2026-03-28T00:00:00Z"), to: at("2026-04-09T00:00:00Z"), after: null, now: NOW };
    expect([...dates(job, row, range)]).toHaveLength(2);
    expect([...dates(job, { ...row, slot: at("2026-05-01T00:00:00Z"), nextRun: at("2026-05-01T00:00:00Z") }, range)]).toHaveLength(4);
  });
});

describe("the end of a run", () => {
  const policy = { backfill: false, retry: "fixed" as const, errorRetryTime: 300, maxAttempts: 3, onLost: "retry" as const, maxLost: 3 };
  const runId = "00000000-0000-4000-8000-000000000001";
  const open = (wait: number, attempt = 2) => ({ over: null, date: null, wait, attempt });
  const over = (outcome: string) => ({ over: outcome, date: null, wait: 0, attempt: 2 });
  const date = (how: string) => ({ over: null, date: how, wait: 0, attempt: 0 });

  it.each([
    ["succeeded", [over("succeeded"), over("succeeded"), date("done")]],
    ["failed", [over("failed"), open(300), open(300)]],
    ["timed-out", [over("timed-out"), open(300), open(300)]],
    ["interrupted", [open(0, 1), open(0, 1), open(0, 1)]],
    ["lost", [open(0), open(0), open(0)]],
    ["cancelled", [over("cancelled"), over("cancelled"), date("failed")]],
  ] as const)("as %s ends, retries or advances a run, a trigger, a backfill", (outcome, expected) => {
    const kinds = ["run", "trigger", "backfill"] as const;
    const end = { outcome: outcome as Exclude<Outcome, "skipped">, policy, runId };
    expect(kinds.map((kind) => afterRun({ kind, attempt: 2, cancelled: false }, end))).toEqual(expected);
  });

  it("with the last attempt used up gives up, and a backfill goes on with the next date", () => {
    const end = { outcome: "failed" as const, policy, runId };
    expect(afterRun({ kind: "trigger", attempt: 3, cancelled: false }, end)).toMatchObject({ over: "failed" });
    expect(afterRun({ kind: "backfill", attempt: 3, cancelled: false }, end)).toEqual(date("failed"));
  });

  it("is not retried after a lost run where on_lost says otherwise", () => {
    const end = { outcome: "lost" as const, policy: { ...policy, onLost: "hold" as const }, runId };
    expect(afterRun({ kind: "trigger", attempt: 1, cancelled: false }, end)).toMatchObject({ over: "lost" });
  });

  it("ends a request that was cancelled meanwhile, and counts its date", () => {
    const cancelled = (outcome: "succeeded" | "failed") =>
      afterRun({ kind: "backfill", attempt: 1, cancelled: true }, { outcome, policy, runId });
    expect(cancelled("succeeded")).toMatchObject({ over: "cancelled", date: "done" });
    expect(cancelled("failed")).toMatchObject({ over: "cancelled", date: null });
  });
});

describe("a request", () => {
  const job = makeJob({ name: "j", schedule: "1h", dependsOn: ["p"] });
  const row = makeState({ name: "j", nextRun: at("2026-03-31T13:00:00Z") });
  const due = makeState({ name: "j", nextRun: at("2026-03-31T11:00:00Z") });
  const parents = [{ name: "p", job: makeJob({ name: "p", schedule: "1d" }), state: well("p", { nextRun: at("2026-04-01T00:00:00Z") }) }];
  const failed = [{ ...parents[0], state: { ...parents[0]?.state, lastError: { type: "E", value: "", traceback: "" } } }] as typeof parents;
  const facts = { now: NOW, tags: [], maxOngoingAge: 43_200 };
  const ask = (state: typeof row, how: { force?: boolean; of?: typeof parents } = {}) => {
    const of = how.of ?? parents;
    const request = { kind: "trigger" as const, force: how.force ?? false };
    const verdict = decideRequest(job, { ...facts, state, parents: of }, { request, slot: NOW, scheduled: of });
    return verdict.due ? "served" : verdict.scheduledFirst ? "own slot first" : verdict.why;
  };

  it.each([
    ["nothing of its own is due", ask(row), "served"],
    ["its own slot is due", ask(due), "own slot first"],
    ["its own slot is due, and it is forced", ask(due, { force: true }), "own slot first"],
    ["a parent has failed", ask(row, { of: failed }), "dependency-failed"],
    ["a parent has failed, forced", ask(row, { of: failed, force: true }), "served"],
    ["its own slot is due, but a parent keeps it, forced", ask(due, { of: failed, force: true }), "served"],
    ["it is paused", ask({ ...due, pausedAt: NOW }), "paused"],
    ["it is paused, forced", ask({ ...due, pausedAt: NOW }, { force: true }), "served"],
    ["it is held, forced", ask({ ...row, heldAt: NOW }, { force: true }), "held"],
    ["it is running, forced", ask({ ...row, runId: "x", ongoing: NOW }, { force: true }), "ongoing"],
  ])("where %s", (_where, answer, expected) => {
    expect(answer).toBe(expected);
  });

  it("is a run beside the plan, by hand where a slot may succeed twice", () => {
    const base = {
      id: 1n,
      job: "j",
      kind: "trigger" as const,
      force: false,
      again: false,
      slot: null,
      attempt: 0,
      notBefore: NOW,
      cancelled: false,
    };
    expect(requested(job, base, NOW)).toMatchObject({ trigger: "request", opens: false, attempt: 1, missed: 0 });
    expect(requested(job, { ...base, slot: NOW, attempt: 2 }, NOW)).toMatchObject({ trigger: "request", attempt: 3 });
    expect(requested(job, { ...base, kind: "run", force: true }, NOW).trigger).toBe("manual");
    expect(requested(job, { ...base, kind: "backfill", again: true }, NOW).trigger).toBe("manual");
  });
});
