/** What is worth telling, and what is not: each row a sentence of docs/alerts.md. Pure. */
import { describe, expect, it } from "vitest";
import { type Condition, changes, type Fault, type Told } from "#lib/core/alert.js";
import type { Host } from "#lib/core/fleet.js";
import type { Job } from "#lib/core/job.js";
import type { JobState } from "#lib/core/state.js";
import { judge } from "#lib/report/alerts/judge.js";
import { check } from "#lib/report/nagios.js";
import { makeJob, makeRegistry } from "../helpers/job.ts";
import { NOW, row, t, viewOf } from "../report/fleet.ts";

const ago = (seconds: number): Date => new Date(NOW.getTime() - 1000 * seconds);
const later = ago(-1800);
const error = { type: "E", value: "v", traceback: "" };
const well: Partial<JobState> = {
  nextRun: later,
  slot: later,
  lastRun: t("02:00:00"),
  lastSuccess: t("02:00:00"),
  firstRun: t("02:00:00"),
};
const failed = (times: number): Partial<JobState> => ({ ...well, errorCount: times, lastError: error });
const late: Partial<JobState> = { ...well, nextRun: ago(1200), slot: ago(1200) };
const running = (seconds: number, over: Partial<JobState> = {}): Partial<JobState> => {
  return { ...well, runId: "r", host: "web-1", ongoing: ago(seconds), leaseUntil: later, leaseSeconds: 120, ongoingAge: seconds, ...over };
};

type Rows = readonly (readonly [Job, Partial<JobState> | null])[];
function judged(rows: Rows, over: Parameters<typeof viewOf>[2] = {}, self: string | null = null) {
  const states = rows.flatMap(([job, state]) => (state ? [row(job.name, { schedule: job.schedule.text, ...state })] : []));
  return judge(viewOf(makeRegistry(...rows.map(([job]) => job)), states, over), self);
}
const words = (found: ReturnType<typeof judge>) =>
  Object.fromEntries([...found].map(([subject, fault]) => [subject, fault === "ok" ? "ok" : fault.condition]));
const job = (over: Partial<Parameters<typeof makeJob>[0]> = {}) => makeJob({ name: "a", ...over });

describe("one job", () => {
  it.each<[string, Job, Partial<JobState> | null, Condition | null]>([
    ["is ok when its last run succeeded", job(), well, "ok"],
    ["is nothing before a pass has seen it", job(), null, null],
    ["is failing at the first error", job(), failed(1), "failing"],
    ["is failing while its retry runs", job(), running(5, failed(1)), "failing"],
    ["is neither good nor bad before alert_after", job({ alertAfter: 3 }), failed(2), null],
    ["is failing from alert_after on", job({ alertAfter: 3 }), failed(3), "failing"],
    ["with backfill: its single error is only a warning of `check`", job({ backfill: true }), failed(1), null],
    ["with backfill: the second error", job({ backfill: true }), failed(2), "failing"],
    ["with backfill and alert_after = 1: the first error", job({ backfill: true, alertAfter: 1 }), failed(1), "failing"],
    ["with backfill: one error, and late", job({ backfill: true }), { ...late, errorCount: 1, lastError: error }, "failing"],
    ["is overdue when due for longer than overdue_after", job(), late, "overdue"],
    ["is neither while due for less", job(), { ...well, nextRun: ago(300), slot: ago(300) }, null],
    [
      "is overdue when its owner is gone and nobody takes over",
      job(),
      running(9000, { leaseUntil: ago(1200), leaseExpired: true }),
      "overdue",
    ],
    ["is ok while it runs", job(), running(300), "ok"],
    ["is overdue when it runs past two of its own slots, without a timeout", job(), running(7300), "overdue"],
    ["is ok while it runs that long with a timeout", job({ timeout: 10_000 }), running(7300), "ok"],
    ["is ok while it runs past one slot", job(), running(4000), "ok"],
    ["is held", job({ maxAttempts: 1 }), { ...failed(1), heldAt: ago(10), heldReason: "1 attempt failed" }, "held"],
    ["is left alone while paused", job(), { ...failed(3), pausedAt: ago(10) }, null],
    ["is left alone while disabled", job({ enabled: false }), failed(3), null],
    ["is left alone with alerts = no", job({ alerts: false }), failed(3), null],
  ])("%s", (_, one, state, condition) => {
    expect(words(judged([[one, state]]))).toEqual(condition === null ? {} : { "job:a": condition });
  });

  it("is bad only where `check` is critical, the long run without a timeout apart", () => {
    for (const state of [well, failed(1), failed(2), late, running(10), { ...well, heldAt: ago(1) }]) {
      const rows: Rows = [[job(), state]];
      const view = viewOf(makeRegistry(job()), [row("a", { schedule: "1h", ...state })]);
      expect(words(judged(rows))["job:a"] === "ok").toBe(check(view, " - ").code === 0);
    }
  });
});

describe("a job that waits for another", () => {
  const [parent, child, grandchild] = [
    makeJob({ name: "p" }),
    makeJob({ name: "c", dependsOn: ["p"] }),
    makeJob({ name: "g", dependsOn: ["c"] }),
  ];
  const family = (state: Partial<JobState>, over: Partial<Job> = {}): Rows => [
    [{ ...parent, ...over }, state],
    [child, late],
    [grandchild, late],
  ];

  it("is told with the one at the root, which says whom it holds up", () => {
    const found = judged(family(failed(1)));
    expect(words(found)).toEqual({ "job:p": "failing" });
    expect(found.get("job:p")).toMatchObject({ holdsUp: ["c", "g"] });
    expect(words(judged(family(late)))).toEqual({ "job:p": "overdue" });
  });

  it("makes a parent's error news before its alert_after, and its alerts = no void", () => {
    expect(words(judged(family(failed(1), { alertAfter: 5 })))).toEqual({ "job:p": "failing" });
    expect(judged(family(failed(1), { alerts: false })).get("job:p")).toMatchObject({
      value: expect.stringContaining("in the way of c, g"),
    });
  });

  it("is nobody's fault while a human has paused or disabled that one, or it runs", () => {
    expect(words(judged(family({ ...late, pausedAt: ago(60) })))).toEqual({});
    expect(words(judged(family(late, { enabled: false })))).toEqual({});
    expect(words(judged(family(running(1200))))).toEqual({});
  });

  it("is told where the parent's run hangs, and where the parent is not known", () => {
    expect(words(judged(family(running(9000))))).toEqual({ "job:p": "overdue" });
    expect(words(judged([[child, late]]))).toEqual({ "job:p": "overdue" });
  });
});

describe("the fleet", () => {
  const host = (label: string, seen: number, over: Partial<Host> = {}): Host => ({
    ...{ label, version: "1", mode: "pass", tags: [], registry: "r", registrySince: ago(86_400), jobs: new Map([["a", "1"]]) },
    ...{ seenAt: ago(seen), gap: 60 },
    ...over,
  });
  const me = (over: Partial<Host> = {}) => host("me", 1, over);
  const fleetOf = (hosts: Host[], one = job(), state: Partial<JobState> = well) => judged([[one, state]], { hosts }, "me");

  it("a host is silent when it was so at the look before, too", () => {
    expect(words(fleetOf([me(), host("b", 30)]))).toMatchObject({ "host:b": "ok", "host:me": "ok" });
    expect(words(fleetOf([me(), host("b", 1000)]))).toMatchObject({ "host:b": "silent" });
    expect(words(fleetOf([me(), host("b", 200)]))).not.toHaveProperty("host:b");
  });

  it("a host that was away itself, or looks for the first time, judges nobody silent, homeless or late", () => {
    for (const gap of [20_000, null]) {
      const one = job({ tags: ["gpu"] });
      const hosts = [me({ gap }), host("b", 10_000, { tags: ["gpu"] })];
      const found = words(fleetOf(hosts, one, { ...well, nextRun: ago(9000), slot: ago(9000) }));
      expect(found).not.toHaveProperty("host:b");
      expect(found).not.toHaveProperty("job:a");
      expect(Object.values(found)).not.toContain("no-host");
    }
  });

  it("jobs that ran on a silent host only are told with it; without such a host by their tags", () => {
    const one = job({ tags: ["gpu"] });
    const found = fleetOf([me(), host("b", 1000, { tags: ["gpu"] })], one, late);
    expect(words(found)).toEqual({ "host:me": "ok", "host:b": "silent", "fleet:drift": "ok" });
    expect(found.get("host:b")).toMatchObject({ level: "critical", holdsUp: ["a"] });
    expect(words(fleetOf([me()], one, late))).toMatchObject({ "tags:gpu": "no-host" });
  });

  it("drift is one fault, told when it has lasted, over when nobody differs any more", () => {
    const other = { registry: "s", jobs: new Map([["a", "2"]]) };
    expect(words(fleetOf([me(), host("b", 30, other)]))).toMatchObject({ "fleet:drift": "drift" });
    expect(words(fleetOf([me(), host("b", 30, { ...other, registrySince: ago(60) })]))).not.toHaveProperty("fleet:drift");
    expect(words(fleetOf([me(), host("b", 30)]))).toMatchObject({ "fleet:drift": "ok" });
  });

  it("tags that somebody carries again are good again", () => {
    const view = viewOf(makeRegistry(job({ tags: ["gpu"] })), [], { hosts: [me({ tags: ["gpu"] })] });
    const told: Told = { subject: "tags:gpu", seq: 1, condition: "no-host" };
    expect(words(judge(view, "me", new Map([[told.subject, told]])))).toMatchObject({ "tags:gpu": "ok" });
  });
});

describe("a change", () => {
  const fault = (condition: Fault["condition"]): Fault => {
    return { subject: "job:a", condition, level: "critical", since: null, type: "E", value: "v", holdsUp: [] };
  };
  it.each<[Condition | null, Fault["condition"] | "ok", "told" | "noted" | "none"]>([
    [null, "ok", "none"],
    [null, "failing", "told"],
    ["failing", "failing", "none"],
    ["failing", "held", "told"],
    ["held", "failing", "noted"],
    ["held", "ok", "told"],
    ["overdue", "failing", "told"],
    ["failing", "ok", "told"],
    ["ok", "overdue", "told"],
  ])("from %s to %s is %s", (was, now, expected) => {
    const told = new Map<string, Told>(was ? [["job:a", { subject: "job:a", seq: 4, condition: was }]] : []);
    const found = changes(new Map([["job:a", now === "ok" ? now : fault(now)]]), told);
    expect(found.map((one) => [one.told ? "told" : "noted", one.seq, one.was])).toEqual(
      expected === "none" ? [] : [[expected, was ? 5 : 1, was ?? "ok"]],
    );
  });

  it("of a subject that nobody can judge now is none", () => {
    expect(changes(new Map(), new Map([["job:a", { subject: "job:a", seq: 1, condition: "failing" }]]))).toEqual([]);
  });
});
