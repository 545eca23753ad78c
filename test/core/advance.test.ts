import { describe, expect, it } from "vitest";
import { advance } from "#lib/core/advance.js";
import type { Policy } from "#lib/core/job.js";
import type { JobState, Outcome, Ticket } from "#lib/core/state.js";
import { at, makeState, makeTicket } from "../helpers/state.ts";

const NOW = at("10:02:00");
const NEXT = at("11:00:00");
const running = makeState({
  ...{ name: "j", nextRun: at("10:00:00"), runId: "r", ongoing: at("10:00:01"), attempt: 1, errorCount: 2, lostCount: 1, slotErrors: 1 },
  ...{ missed: 3, missedFrom: at("07:00:00"), lastError: { type: "Old", value: "", traceback: "" } },
});
const policy = (over: Partial<Policy>): Policy => ({ ...makeTicket().policy, ...over });
const end = (outcome: Exclude<Outcome, "skipped">) => ({
  outcome,
  error: outcome === "succeeded" ? null : { type: "E", value: "v", traceback: "" },
});
const ended = (outcome: Exclude<Outcome, "skipped">, ticket: Partial<Ticket> = {}, state: Partial<JobState> = {}) =>
  advance({ ...running, ...state }, makeTicket(ticket), end(outcome), NOW);

describe("success", () => {
  it("clears the errors and opens the next slot", () => {
    expect(ended("succeeded")).toMatchObject({
      ...{
        errorCount: 0,
        lastError: null,
        lostCount: 0,
        slot: NEXT,
        nextRun: NEXT,
        attempt: 0,
        slotErrors: 0,
        missed: 0,
        missedFrom: null,
      },
      ...{ lastSuccess: at("10:00:01"), held: null },
    });
  });
  it("of a backfill job is its slot, and never older than one before", () => {
    expect(ended("succeeded", { policy: policy({ backfill: true }) }).lastSuccess).toEqual(at("10:00:00"));
    expect(ended("succeeded", { policy: policy({ backfill: true }) }, { lastSuccess: at("12:00:00") }).lastSuccess).toEqual(at("12:00:00"));
  });
  it("of a run that was not for the open slot leaves the plan alone", () => {
    expect(ended("succeeded", { opens: false })).toMatchObject({
      errorCount: 0,
      nextRun: at("10:00:00"),
      slot: at("10:00:00"),
      attempt: 1,
    });
  });
  it("does not undo what another tool did to next_run meanwhile", () => {
    expect(ended("succeeded", {}, { moved: true, nextRun: at("10:01:30") })).toMatchObject({ nextRun: at("10:01:30"), keepMoved: true });
  });
});

describe("failure", () => {
  it.each(["failed", "timed-out"] as const)("(%s) keeps the slot and comes back after the retry time", (outcome) => {
    expect(ended(outcome)).toMatchObject({
      ...{
        errorCount: 3,
        slotErrors: 2,
        lostCount: 0,
        slot: at("10:00:00"),
        nextRun: at("10:07:00"),
        attempt: 1,
        lastError: { type: "E" },
      },
    });
  });
  it("of a plain job comes back at its next slot at the latest, of a backfill job after the retry time", () => {
    expect(ended("failed", { policy: policy({ errorRetryTime: 7200 }) }).nextRun).toEqual(NEXT);
    expect(ended("failed", { policy: policy({ errorRetryTime: 7200, backfill: true }) }).nextRun).toEqual(at("12:02:00"));
  });
  it("holds the job when the slot's attempts are used up", () => {
    expect(ended("failed", { policy: policy({ maxAttempts: 3 }) }).held).toBeNull();
    expect(ended("failed", { policy: policy({ maxAttempts: 2 }) }).held).toBe("2 of 2 attempts used up");
  });
  it("with exponential retry doubles, jitters, and stops at an hour", () => {
    const wait = (errorCount: number) => {
      const { nextRun } = ended("failed", { policy: policy({ retry: "exponential", errorRetryTime: 60, backfill: true }) }, { errorCount });
      return ((nextRun?.getTime() ?? 0) - NOW.getTime()) / 1000;
    };
    for (const [errors, most] of [
      [0, 60],
      [1, 120],
      [3, 480],
      [20, 3600],
      [5000, 3600],
    ] as const) {
      expect(wait(errors)).toBeGreaterThanOrEqual(most * 0.75);
      expect(wait(errors)).toBeLessThanOrEqual(most);
    }
  });
  it("of a run that was not for the open slot plans no retry", () => {
    expect(ended("failed", { opens: false })).toMatchObject({ errorCount: 3, nextRun: at("10:00:00"), slotErrors: 1 });
  });
});

describe("a lost run", () => {
  it("is due again at once, and counts", () => {
    expect(ended("lost")).toMatchObject({
      errorCount: 3,
      lostCount: 2,
      slotErrors: 2,
      nextRun: at("10:00:00"),
      slot: at("10:00:00"),
      held: null,
    });
  });
  it("holds the job with on_lost = hold, closes the slot with skip", () => {
    expect(ended("lost", { policy: policy({ onLost: "hold" }) }).held).toContain("on_lost");
    expect(ended("lost", { policy: policy({ onLost: "skip" }) })).toMatchObject({ slot: NEXT, nextRun: NEXT, errorCount: 3 });
  });
  it("holds the job the third time in a row, and counts in max_attempts", () => {
    expect(ended("lost", {}, { lostCount: 2 }).held).toBe("lost 3 times in a row");
    expect(ended("lost", { policy: policy({ maxAttempts: 2 }) }).held).toBe("2 of 2 attempts used up");
  });
});

it("an interruption changes nothing, so the slot is due again at once", () => {
  expect(ended("interrupted")).toMatchObject({
    errorCount: 2,
    slotErrors: 1,
    lostCount: 1,
    nextRun: at("10:00:00"),
    lastError: { type: "Old" },
  });
});

it("a cancel closes the slot without counting, and children see that it did not succeed", () => {
  expect(ended("cancelled")).toMatchObject({ errorCount: 2, slot: NEXT, nextRun: NEXT, lastError: { type: "E" }, lastSuccess: null });
});

it("an end keeps the hold that a human has not lifted", () => {
  expect(ended("interrupted", {}, { heldAt: NOW, heldReason: "why" }).held).toBe("why");
});
