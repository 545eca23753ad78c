import { expect, test } from "vitest";
import { explain } from "#lib/report/explain.js";
import { explainText } from "#lib/report/explain-text.js";
import { factsOf } from "#lib/report/view.js";
import { makeJob, makeRegistry } from "../helpers/job.ts";
import { fleet, NOW, row, t, UTC, view, viewOf } from "./fleet.ts";

const job = (name: string) => {
  const found = fleet.byName.get(name);
  if (!found) throw new Error(name);
  return found;
};
const SLOT = {
  schedule: "1h",
  nextRun: t("03:10:00"),
  slot: t("03:10:00"),
  lastRun: t("02:00:00"),
  firstRun: t("02:00:00"),
  lastSuccess: t("02:00:00"),
};

test("every job of the fleet", async () => {
  const texts = fleet.jobs.map((one) => explainText(explain(view, { job: one }), UTC));
  await expect(texts.join(`${"-".repeat(80)}\n`)).toMatchFileSnapshot("../goldens/explain.txt");
});

test("on the wall of another zone, in ASCII", async () => {
  const text = explainText(explain(view, { job: job("mail-report") }), { ...UTC, zone: "Europe/Berlin", ascii: true });
  expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  await expect(text).toMatchFileSnapshot("../goldens/explain-berlin-ascii.txt");
});

test("the exit code says whether it would run", () => {
  expect(explain(view, { job: job("sync") }).code).toBe(0);
  expect(explain(view, { job: job("build-report") }).code).toBe(4);
  const hand = { force: true, slot: null };
  expect(explain(view, { job: job("build-report"), hand }).code).toBe(0);
  expect(explain(view, { job: job("foo"), hand }).code).toBe(4);
});

test("every parent is told, also those that do not stand in the way", () => {
  const { parents, checks } = explain(view, { job: job("build-report") });
  expect(parents.map(({ name, no }) => [name, no?.why ?? null])).toEqual([
    ["fetch-crashes", "dependency-failed"],
    ["import-adi", null],
  ]);
  expect(checks.filter((check) => check.no).map((check) => check.name)).toEqual(["dependencies"]);
});

test("a job that stands still and is not due is told what it waits for, and no other run", () => {
  const jobs = makeRegistry(makeJob({ name: "paused" }), makeJob({ name: "held" }), makeJob({ name: "off", enabled: false }));
  const later = { ...SLOT, nextRun: t("23:10:00") };
  const states = [
    row("paused", { ...later, pausedAt: t("03:00:00") }),
    row("held", { ...later, heldAt: t("03:00:00"), heldReason: "lost" }),
    row("off", { ...later, disabledAt: t("01:00:00") }),
  ];
  const ahead = jobs.jobs.map((one) => explain(viewOf(jobs, states), { job: one }).forecast.map(({ text }) => text));
  expect(ahead).toEqual([
    ["runs again after resume; older slots are not made up"],
    ["runs again after unlock"],
    [expect.stringMatching(/^runs again with enabled = yes/)],
  ]);
});

test("several parents in the way: one forecast each", () => {
  const jobs = makeRegistry(
    ...["failing", "held", "off", "paused", "running", "never"].map((name) => makeJob({ name, enabled: name !== "off" })),
    makeJob({ name: "child", dependsOn: ["failing", "held", "off", "paused", "running", "never", "gone"] }),
  );
  const failed = { errorCount: 1, attempt: 1, lastError: { type: "E", value: "v", traceback: "" } };
  const states = [
    row("failing", { ...SLOT, ...failed, nextRun: t("03:20:00") }),
    row("held", { ...SLOT, heldAt: t("03:00:00"), heldReason: "lost" }),
    row("off", { ...SLOT, disabledAt: t("01:00:00") }),
    row("paused", { ...SLOT, pausedAt: t("03:00:00") }),
    row("running", { ...SLOT, ongoing: t("03:10:01"), runId: "r", host: "h", leaseUntil: t("03:14:00") }),
    row("never", { schedule: "1h", nextRun: t("03:30:00"), slot: t("03:30:00") }),
    row("child", SLOT),
  ];
  const child = jobs.byName.get("child");
  const told = child && explain(viewOf(jobs, states), { job: child });
  const then = "once it succeeds, child runs in the same pass";
  expect(told?.forecast.map(({ at, text }) => [at?.toISOString().slice(11, 19) ?? null, text])).toEqual([
    ["03:20:00", `failing retries; ${then}`],
    [null, "gone must be importable first: 'gone' is not known: a module that may define it cannot be imported"],
    [null, `held is held; ${then}`],
    ["03:30:00", `never runs; ${then}`],
    [null, `off is disabled; ${then}`],
    [null, `paused is paused; ${then}`],
    [null, `running runs; ${then}`],
  ]);
  expect(told?.tries).toContain("resume paused");
});

test("facts from the ledger decide for a backfill child", () => {
  const jobs = makeRegistry(makeJob({ name: "p", backfill: true }), makeJob({ name: "c", backfill: true, dependsOn: ["p"] }));
  const seen = viewOf(jobs, [row("p", { ...SLOT, nextRun: t("04:00:00"), slot: t("04:00:00") }), row("c", SLOT)]);
  const child = jobs.byName.get("c");
  if (!child) throw new Error("c");
  expect(explain(seen, { job: child }).code).toBe(0);
  const facts = factsOf(seen, child);
  const failed = { ...facts, parents: facts.parents.map((p) => ({ ...p, at: { outcome: "failed" as const, covered: false } })) };
  expect(explain(seen, { job: child, facts: failed })).toMatchObject({
    code: 4,
    parents: [{ name: "p", no: { why: "dependency-failed" } }],
  });
});

test("a host without the tags is told so; others are not its business elsewhere", () => {
  const tagged = makeJob({ name: "a", tags: ["gpu", "eu"] });
  const text = explainText(explain(viewOf(makeRegistry(tagged), [row("a", SLOT)], { tags: ["eu"] }), { job: tagged }), UTC);
  expect(text).toContain("✖ host          this host does not carry gpu");
  expect(text).toContain("Next  runs on hosts with tags = gpu, eu");
});

test("a claim of the Python tool: when it counts as abandoned", () => {
  const one = makeJob({ name: "a" });
  const seen = viewOf(makeRegistry(one), [row("a", { ...SLOT, ongoing: t("03:00:00"), ongoingAge: 728 })]);
  expect(explain(seen, { job: one }).forecast[0]?.at).toEqual(t("15:00:00"));
});

test("names that a shell would take apart are quoted in the commands", () => {
  const one = makeJob({ name: "it's; rm -rf" });
  const { tries } = explain(viewOf(makeRegistry(one), []), { job: one });
  expect(tries).toEqual(["run 'it'\\''s; rm -rf'"]);
  expect(explain(view, { job: job("sync") }).now).toEqual(NOW);
});
