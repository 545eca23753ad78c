import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Job } from "#lib/core/job.js";
import type { ParentFacts } from "#lib/core/parents.js";
import { asleep, type ByHand, checks, decide, type Facts, notYet, type Verdict } from "#lib/core/plan.js";
import { replan } from "#lib/core/replan.js";
import type { JobState } from "#lib/core/state.js";
import { makeJob } from "../helpers/job.ts";
import { at, makeState, well } from "../helpers/state.ts";

const NOW = at("10:30:00");
const facts = (state: JobState | null, over: Partial<Facts> = {}): Facts => ({
  ...{ now: NOW, state, parents: [], tags: [], maxOngoingAge: 43_200 },
  ...over,
});
const due = { name: "j", nextRun: at("10:00:00") };
const say = (v: Verdict): string => (v.due ? "due" : v.why);
const force: ByHand = { force: true, slot: null };

describe("a job does not run, and says why", () => {
  const cases: [string, Job, JobState, string][] = [
    ["before its next_run", makeJob({ name: "j" }), makeState({ name: "j", nextRun: at("11:00:00") }), "not-yet"],
    ["when it is disabled", makeJob({ name: "j", enabled: false }), makeState(due), "disabled"],
    ["when it is paused", makeJob({ name: "j" }), makeState({ ...due, pausedAt: NOW }), "paused"],
    ["when it is held", makeJob({ name: "j" }), makeState({ ...due, heldAt: NOW, heldReason: "x" }), "held"],
    ["on a host without its tags", makeJob({ name: "j", tags: ["gpu"] }), makeState(due), "wrong-host"],
    ["while it runs", makeJob({ name: "j" }), makeState({ ...due, ongoing: NOW, runId: "r" }), "ongoing"],
    [
      "while it runs, though not due",
      makeJob({ name: "j" }),
      makeState({ name: "j", nextRun: at("11:00:00"), ongoing: NOW, runId: "r" }),
      "ongoing",
    ],
    [
      "while an expired lease was not looked at twice",
      makeJob({ name: "j" }),
      makeState({ ...due, ongoing: NOW, runId: "r", leaseExpired: true }),
      "ongoing",
    ],
    ["while the Python tool runs it", makeJob({ name: "j" }), makeState({ ...due, ongoing: NOW, ongoingAge: 43_000 }), "ongoing"],
    [
      "unless asked for, when it is manual",
      makeJob({ name: "j", schedule: "manual" }),
      makeState({ name: "j", schedule: "manual" }),
      "not-yet",
    ],
  ];
  it.each(cases)("%s", (_name, job, state, why) => expect(say(decide(job, facts(state)))).toBe(why));

  it("but a claim of the Python tool that is 25 hours old is nobody's", () => {
    expect(say(decide(makeJob({ name: "j" }), facts(makeState({ ...due, ongoing: NOW, ongoingAge: 90_000 }))))).toBe("due");
  });
});

describe("a parent stands in the way", () => {
  const child = makeJob({ name: "j", dependsOn: ["p"] });
  const parentJob = makeJob({ name: "p", schedule: "1d" });
  const ask = (parent: ParentFacts): Verdict => decide(child, facts(makeState(due), { parents: [parent] }));
  const cases: [string, JobState | null, string][] = [
    ["that has no row", null, "dependency-never-ran"],
    ["that has never succeeded", well("p", { lastSuccess: null }), "dependency-never-ran"],
    ["whose last run failed", well("p", { lastError: { type: "E", value: "", traceback: "" } }), "dependency-failed"],
    ["that is running", well("p", { ongoing: NOW, runId: "r" }), "dependency-ongoing"],
    ["that is due itself", well("p", { nextRun: at("10:00:00"), slot: at("10:00:00") }), "dependency-stale"],
    ["that is paused and due", well("p", { nextRun: at("10:00:00"), slot: at("10:00:00"), pausedAt: NOW }), "dependency-stale"],
    ["not, when it is paused and not due", well("p", { pausedAt: NOW }), "due"],
    ["not, when it is well", well("p"), "due"],
  ];
  it.each(cases)("%s", (_name, state, why) => expect(say(ask({ name: "p", job: parentJob, state }))).toBe(why));

  it("that is not known, because its module cannot be imported", () => {
    expect(say(ask({ name: "p", job: null, state: null }))).toBe("dependency-never-ran");
  });

  it("by name, the first in the order of names", () => {
    const parents = [
      { name: "a", job: makeJob({ name: "a" }), state: null },
      { name: "p", job: parentJob, state: null },
    ];
    expect(decide(makeJob({ name: "j", dependsOn: ["p", "a"] }), facts(makeState(due), { parents }))).toMatchObject({ parent: "a" });
  });
});

describe("a backfill child at a slot", () => {
  const slot = at("10:00:00");
  const child = makeJob({ name: "j", dependsOn: ["p"], backfill: true });
  const ask = (state: JobState, at?: ParentFacts["at"]) =>
    say(
      decide(
        child,
        facts(makeState({ ...due, slot }), {
          parents: [{ name: "p", job: makeJob({ name: "p", schedule: "1d" }), state, ...(at !== undefined && { at }) }],
        }),
      ),
    );
  const past = { nextRun: at("11:00:00"), slot: at("11:00:00") };
  it("waits until the parent's open slot lies after its own", () => {
    expect(ask(well("p", { nextRun: slot, slot }))).toBe("dependency-stale");
    expect(ask(well("p", past))).toBe("due");
  });
  it("runs beside a parent that is already at a later slot", () => {
    expect(ask(well("p", { ...past, ongoing: NOW, runId: "r" }), { outcome: "succeeded", covered: false })).toBe("due");
  });
  it("asks for the parent's newest run up to its slot", () => {
    expect(ask(well("p", past), { outcome: "failed", covered: false })).toBe("dependency-failed");
    expect(ask(well("p", past), { outcome: "failed", covered: true })).toBe("due");
    expect(ask(well("p", past), null)).toBe("due");
  });
});

describe("a plain job that is due runs for the newest slot", () => {
  const hourly = makeJob({ name: "j" });
  const run = (state: JobState) => decide(hourly, facts(state));
  it("and stands in for the older ones", () => {
    expect(run(makeState({ name: "j", nextRun: at("06:00:00") }))).toMatchObject({
      ...{
        due: true,
        slot: at("10:00:00"),
        attempt: 1,
        missed: 4,
        missedFrom: at("06:00:00"),
        nextSlot: at("11:00:00"),
        trigger: "schedule",
      },
    });
  });
  it("as the next attempt, if it was tried before", () => {
    const tried = makeState({ name: "j", nextRun: at("10:05:00"), slot: at("10:00:00"), attempt: 2 });
    expect(run(tried)).toMatchObject({ slot: at("10:00:00"), attempt: 3, trigger: "retry", missed: 0, missedFrom: null });
  });
  it("as the first attempt, if a newer slot has come due since", () => {
    const tried = makeState({
      name: "j",
      nextRun: at("09:10:00"),
      slot: at("09:00:00"),
      attempt: 2,
      missed: 1,
      missedFrom: at("08:00:00"),
    });
    expect(run(tried)).toMatchObject({ slot: at("10:00:00"), attempt: 1, missed: 2, missedFrom: at("08:00:00"), trigger: "schedule" });
  });
  it("for the instant another tool moved next_run to", () => {
    const moved = makeState({ name: "j", nextRun: at("10:17:00"), slot: at("12:00:00"), attempt: 4, moved: true });
    expect(run(moved)).toMatchObject({ slot: at("10:17:00"), attempt: 1, nextSlot: at("11:17:00") });
  });
});

describe("a backfill job that is due runs for its oldest open slot", () => {
  const daily = makeJob({ name: "j", schedule: "1h", backfill: true });
  it("which is a made-up one while newer ones wait", () => {
    expect(decide(daily, facts(makeState({ name: "j", nextRun: at("08:00:00") })))).toMatchObject({
      slot: at("08:00:00"),
      trigger: "backfill",
    });
    expect(decide(daily, facts(makeState({ name: "j", nextRun: at("10:00:00") })))).toMatchObject({
      slot: at("10:00:00"),
      trigger: "schedule",
    });
  });
});

describe("by hand", () => {
  const job = makeJob({ name: "j", dependsOn: ["p"], enabled: false });
  it("force ignores schedule, parents, pause and disabled", () => {
    const state = makeState({ name: "j", nextRun: at("11:00:00"), pausedAt: NOW });
    expect(decide(job, facts(state), force)).toMatchObject({ due: true, trigger: "manual", slot: NOW, opens: false });
  });
  it("force never runs beside an owner, nor a held job", () => {
    expect(say(decide(job, facts(makeState({ ...due, runId: "r", ongoing: NOW })), force))).toBe("ongoing");
    expect(say(decide(job, facts(makeState({ ...due, heldAt: NOW })), force))).toBe("held");
  });
  it("force is for the open slot if that is due, and closes it", () => {
    expect(decide(makeJob({ name: "j" }), facts(makeState(due)), force)).toMatchObject({
      slot: at("10:00:00"),
      opens: true,
      trigger: "manual",
    });
  });
  it("force is for a failed slot that waits for its retry", () => {
    const waiting = makeState({ name: "j", nextRun: at("10:45:00"), slot: at("10:00:00"), attempt: 1 });
    expect(decide(makeJob({ name: "j" }), facts(waiting), force)).toMatchObject({ slot: at("10:00:00"), attempt: 2, opens: true });
  });
  it("force needs a slot for a backfill job that owes none", () => {
    const job = makeJob({ name: "j", backfill: true });
    const early = facts(makeState({ name: "j", nextRun: at("11:00:00") }));
    expect(say(decide(job, early, force))).toBe("not-yet");
    expect(decide(job, early, { force: true, slot: at("03:00:00") })).toMatchObject({ due: true, slot: at("03:00:00"), opens: false });
    const waiting = makeState({ name: "j", nextRun: at("10:45:00"), slot: at("10:00:00"), attempt: 1 });
    expect(decide(job, facts(waiting), force)).toMatchObject({ slot: at("10:00:00"), attempt: 2, opens: true });
  });
  it("a slot that is named is run, whatever is open", () => {
    const named = { force: false, slot: at("03:00:00") };
    expect(decide(makeJob({ name: "j" }), facts(makeState({ name: "j", nextRun: at("11:00:00") })), named)).toMatchObject({
      ...{ due: true, slot: at("03:00:00"), opens: false, trigger: "manual" },
    });
  });
});

describe("every check is answered", () => {
  it("in order, those after the first no as well", () => {
    const job = makeJob({ name: "j", enabled: false, dependsOn: ["p"] });
    const answers = checks(
      job,
      facts(makeState({ name: "j", nextRun: at("11:00:00"), disabledAt: NOW }), { parents: [{ name: "p", job: null, state: null }] }),
    );
    expect(answers.map((c) => [c.name, c.no?.why ?? "yes"])).toEqual([
      ["enabled", "disabled"],
      ["not paused", "yes"],
      ["not held", "yes"],
      ["host", "yes"],
      ["not running", "yes"],
      ["due", "not-yet"],
      ["dependencies", "dependency-never-ran"],
    ]);
  });
});

describe("a row that is asleep", () => {
  const maybe = <T>(value: T) => fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constant(value) });
  const rows = fc.record({
    ...{ nextRun: fc.constantFrom(null, at("10:00:00"), at("10:30:00"), at("11:00:00")), moved: fc.boolean() },
    ...{ schedule: fc.constantFrom(null, "1h", "2h"), runId: maybe("r"), ongoing: maybe(NOW), pausedAt: maybe(NOW), heldAt: maybe(NOW) },
    ...{
      disabledAt: maybe(NOW),
      attempt: fc.nat(2),
      slot: fc.constantFrom(null, at("10:00:00"), at("11:00:00")),
      leaseExpired: fc.boolean(),
    },
  });
  const jobs = fc.record({
    enabled: fc.boolean(),
    backfill: fc.boolean(),
    tags: fc.constantFrom<string[]>([], [], ["gpu"]),
    startDeadline: maybe(60),
  });
  it("is one that decide finds not-yet and replan leaves alone, and most such rows are found", () => {
    let found = 0;
    fc.assert(
      fc.property(rows, jobs, (row, over) => {
        const job = makeJob({ name: "j", schedule: "1h", ...over, tags: over.tags });
        const state = { ...makeState({ name: "j" }), ...row };
        if (!asleep(job, state, NOW)) return;
        found++;
        expect(decide(job, facts(state))).toEqual(notYet(state.nextRun as Date));
        expect(replan(job, state, NOW)).toBeNull();
      }),
      { numRuns: 3000 },
    );
    expect(found).toBeGreaterThan(5);
    expect(asleep(makeJob({ name: "j" }), makeState({ name: "j", nextRun: at("11:00:00") }), NOW)).toBe(true);
  });
});
