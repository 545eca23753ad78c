/** The simulation and the real thing, side by side: real passes over a real database at pinned moments, and the same registry simulated. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { order } from "#lib/core/dag.js";
import type { Job, Registry } from "#lib/core/job.js";
import type { Premises } from "#lib/core/simulation.js";
import { simulate } from "#lib/core/simulator.js";
import { pass } from "#lib/engine/pass.js";
import type { Store } from "#lib/store/store.js";
import { makeJob, makeRegistry } from "../helpers/job.ts";
import { type TestStore, testStore } from "../helpers/store.ts";
import { type Told, testWorld } from "../helpers/world.ts";

let test: TestStore;
let store: Store;
let sql: pg.Client;
beforeAll(async () => {
  test = await testStore();
  store = test.host("a");
  sql = await test.database.client();
});
afterAll(() => test?.close());

const BEGIN = Date.parse("2026-03-28T22:10:00Z");
/** Fails where the file `fails` has a line for this attempt. */
const COMMAND = 'grep -qxF "$CRONTABBER_JOB $CRONTABBER_SLOT $CRONTABBER_ATTEMPT" fails && exit 1; exit 0';

function registryOf(jobs: readonly Job[]): Registry {
  return { ...makeRegistry(...jobs), order: order(jobs) };
}

interface Case {
  readonly jobs: readonly Job[];
  /** Minutes between two passes, and how many passes there are. */
  readonly minutes: number;
  readonly passes: number;
  /** The first pass that is simulated; those before it are real only, and the rows they leave are where the simulation begins. */
  readonly from: number;
  /** So many passes before that one are made by nobody: an outage. */
  readonly down: number;
  readonly fails: (job: string, slot: Date, attempt: number) => boolean;
}

type Line = string;
const line = (at: number, what: string, rest: readonly unknown[]): Line =>
  `${new Date(at).toISOString().slice(5, 16)} ${what} ${rest.join(" ")}`;

interface Came {
  readonly lines: readonly Line[];
  /** What the tables had when the first pass that counts began. */
  readonly states: Premises["states"];
  readonly past: Premises["past"];
}

/** What real passes do: one line for each run and each range of skipped slots, in the order of pass and text. */
async function real({ jobs, minutes, passes, from, down, fails }: Case): Promise<Came> {
  await sql.query("TRUNCATE crontabber, crontabber_run, crontabber_log");
  const { world, told, folder, close } = testWorld(store, jobs, { registry: registryOf(jobs) });
  const lines: Line[] = [];
  let [states, past]: [Premises["states"], Premises["past"]] = [new Map(), []];
  try {
    for (let i = 0; i < passes; i++) {
      if (i < from && i >= from - down) continue;
      const at = BEGIN + i * minutes * 60_000;
      test.clock.now = new Date(at);
      if (i === from) [states, past] = [(await store.snapshot()).states, (await store.history(null, 1000)).reverse()];
      told.length = 0;
      writeFileSync(join(folder, "fails"), failures({ jobs, fails }, at));
      await pass(world);
      if (i >= from) lines.push(...told.flatMap((event) => tellReal(at, event)).sort());
    }
  } finally {
    test.clock.now = null;
    await close();
  }
  return { lines, states, past };
}

function tellReal(at: number, event: Told): Line[] {
  if (event.name === "job:skipped") {
    const { from, to, count, reason } = event.payload.skipped;
    return [line(at, "skipped", [event.payload.job, from.toISOString(), to.toISOString(), count, reason])];
  }
  if (event.name !== "run:recorded") return [];
  const { job, slot, attempt, trigger, missed, missedFrom } = event.payload.ticket;
  return [line(at, "ran", [job, slot.toISOString(), attempt, trigger, missed, missedFrom?.toISOString(), event.payload.end.outcome])];
}

/** Every attempt up to that moment that is to fail: a run asks for its own. */
function failures({ jobs, fails }: Pick<Case, "jobs" | "fails">, at: number): string {
  const slots = Array.from({ length: 24 * 12 }, (_, i) => new Date(Math.floor(at / 300_000 - i) * 300_000));
  const lines = jobs.flatMap(({ name }) =>
    slots.flatMap((slot) => [1, 2, 3, 4, 5].filter((n) => fails(name, slot, n)).map((n) => `${name} ${slot.toISOString()} ${n}\n`)),
  );
  return lines.join("");
}

function simulated({ jobs, minutes, passes, from, fails }: Case, { states, past }: Omit<Came, "lines">): Line[] {
  const registry = registryOf(jobs);
  const [begin, until] = [from, passes - 1].map((i) => new Date(BEGIN + i * minutes * 60_000)) as [Date, Date];
  const world = { registry, begin, until, states, past, concurrency: 10, maxOngoingAge: 43_200, most: 10_000 };
  const made = simulate({ ...world, every: minutes * 60_000, seconds: () => 0, fails });
  const lines = [
    ...made.runs.map((run) => {
      const { job, slot, attempt, trigger, missed, missedFrom, outcome } = run;
      return line(run.start.getTime(), "ran", [job, slot.toISOString(), attempt, trigger, missed, missedFrom?.toISOString(), outcome]);
    }),
    ...made.skipped.map(({ job, at, skipped: { from, to, count, reason } }) =>
      line(at.getTime(), "skipped", [job, from.toISOString(), to.toISOString(), count, reason]),
    ),
  ];
  return lines.sort();
}

describe("a small registry", () => {
  it("intervals, days, cron, parents, backfills, failures: the same runs at the same moments", async () => {
    const jobs = [
      makeJob({ name: "ingest", schedule: "1h", command: COMMAND, errorRetryTime: 1200 }),
      makeJob({ name: "report", schedule: "0 * * * *", command: COMMAND, dependsOn: ["ingest"] }),
      makeJob({ name: "dates", schedule: "20m", command: COMMAND, backfill: true, errorRetryTime: 2400 }),
      makeJob({ name: "sums", schedule: "1h", command: COMMAND, backfill: true, dependsOn: ["dates"] }),
      makeJob({ name: "night", schedule: "30 2 * * *", zone: "Europe/Berlin", command: COMMAND, startDeadline: 600 }),
      makeJob({ name: "brittle", schedule: "30m", command: COMMAND, maxAttempts: 2, errorRetryTime: 600, locks: ["x"] }),
      makeJob({ name: "polite", schedule: "10m", command: COMMAND, locks: ["x"] }),
      makeJob({ name: "asked", schedule: "manual", command: COMMAND }),
      // Too late when it is first seen: dropped, and that is recorded.
      makeJob({ name: "fussy", schedule: "1d|20:00", command: COMMAND, startDeadline: 600 }),
      makeJob({ name: "off", command: COMMAND, enabled: false }),
      makeJob({ name: "starved", schedule: "10m", command: COMMAND, backfill: true, startDeadline: 600, dependsOn: ["off"] }),
    ];
    const bad = new Set(["ingest 23:10 1", "dates 22:50 1", "dates 22:50 2", "brittle 23:10 1", "brittle 23:10 2"]);
    const fails = (job: string, slot: Date, attempt: number) => bad.has(`${job} ${slot.toISOString().slice(11, 16)} ${attempt}`);
    const one = { jobs, minutes: 10, passes: 24, from: 0, down: 0, fails };
    const came = await real(one);
    expect(came.lines.length).toBeGreaterThan(50);
    expect(came.lines.filter((text) => text.endsWith("failed"))).toHaveLength(5);
    expect(came.lines).toContain("03-28T22:10 skipped fussy 2026-03-28T20:00:00.000Z 2026-03-28T20:00:00.000Z 1 start-deadline");
    expect(simulated(one, came)).toEqual(came.lines);
  });
});

const SCHEDULES = ["10m", "20m", "1h", "*/30 * * * *", "0 * * * *", "1d|02:30", "30 1,2,3 * * *", "1d|00:00"];

const anyJob = fc.record({
  schedule: fc.constantFrom(...SCHEDULES),
  zone: fc.constantFrom("UTC", "Europe/Berlin", "Australia/Lord_Howe"),
  backfill: fc.boolean(),
  parents: fc.array(fc.nat(5), { maxLength: 2 }),
  retry: fc.constantFrom(600, 1200, 1800),
  maxAttempts: fc.constantFrom(null, null, 2),
  startDeadline: fc.constantFrom(null, null, null, 600),
  lock: fc.boolean(),
  enabled: fc.constantFrom(true, true, true, false),
});
const anyCase = fc
  .record({
    from: fc.constantFrom(0, 6, 9),
    down: fc.nat(6),
    jobs: fc.array(anyJob, { minLength: 1, maxLength: 5 }),
    bad: fc.array(fc.tuple(fc.nat(4), fc.nat(40), fc.nat(2)), { maxLength: 8 }),
  })
  .map(({ from, down, jobs, bad }): Case => {
    const made = jobs.map(({ parents, retry, lock, schedule, zone, ...rest }, i) => {
      const dependsOn = [...new Set(parents.filter((p) => p < i))].map((p) => `j${p}`);
      return makeJob({
        ...rest,
        name: `j${i}`,
        schedule,
        zone,
        command: COMMAND,
        dependsOn,
        errorRetryTime: retry,
        locks: lock ? ["l"] : [],
      });
    });
    const failing = new Set(bad.map(([j, tick, attempt]) => `j${j} ${BEGIN + tick * 600_000} ${attempt + 1}`));
    return {
      jobs: made,
      minutes: 10,
      passes: 20,
      from,
      down,
      fails: (job, slot, attempt) => failing.has(`${job} ${slot.getTime()} ${attempt}`),
    };
  });

it("random registries run as they are simulated, from nothing and from rows that others left", async () => {
  let lines = 0;
  await fc.assert(
    fc.asyncProperty(anyCase, async (one) => {
      const came = await real(one);
      expect(simulated(one, came)).toEqual(came.lines);
      lines += came.lines.length;
    }),
    { numRuns: Number(process.env.RUNS ?? 8), endOnFailure: true },
  );
  expect(lines).toBeGreaterThan(20);
});
