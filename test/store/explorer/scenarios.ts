/** Who meets whom: the situations the shipped protocol must come through. Owns the list; rules are in oracle.ts. */

import type { Job } from "#lib/core/job.js";
import type { Ticket } from "#lib/core/state.js";
import type { Store } from "#lib/store/store.js";
import { makeJob } from "../../helpers/job.ts";
import { resetter, time } from "./around.ts";
import type { Scenario } from "./explore.ts";
import { ended } from "./host.ts";
import { host, owner } from "./pass.ts";
import type { Fault, Stage } from "./stage.ts";

/** Leases last so long that only `time` ends them; a failure may be tried again at once. */
const daily = { schedule: "1d|03:00", lease: 3600, errorRetryTime: 0 };
const plain = makeJob({ name: "job", ...daily });
const parent = makeJob({ name: "parent", ...daily });
const child = makeJob({ name: "child", ...daily, dependsOn: ["parent"] });
const dates = makeJob({ name: "dates", schedule: "1h", lease: 3600, backfill: true });
const left = makeJob({ name: "left", ...daily, locks: ["heavy", "disk"] });
const right = makeJob({ name: "right", ...daily, locks: ["disk", "heavy"] });
const atomic = makeJob({ name: "atomic", ...daily, kind: "sql", command: null, transaction: true });

const LOST_ANSWERS: readonly Fault[] = ["lost", "unsent", "late"];

/** A host that works and renews, time that passes, and another that takes over. */
export const ownerAndHeir = (faults: readonly Fault[]) => (stage: Stage) => {
  host(stage, "a", { faults, beats: 1 });
  host(stage, "b", { passes: true });
  time(stage, "passes");
};

export const twoHosts = (stage: Stage): void => {
  host(stage, "a");
  host(stage, "b");
};

/** A lease that has run out already, of an owner who is gone. */
async function abandon(store: Store): Promise<void> {
  await store.claim(plain, new Map());
  await store.db.query(`UPDATE ${store.settings.schema}.crontabber SET lease_until = now() - interval '1 hour'`);
}

/** Claimed before the schedules begin: what follows the claim is tried in more orders. */
export function claimed(job: Job): { prepare(store: Store): Promise<void>; ticket(): Ticket } {
  let ticket: Ticket | null = null;
  return {
    prepare: async (store) => {
      const result = await store.claim(job, new Map());
      ticket = result.held ? result.ticket : null;
    },
    ticket: () => {
      if (!ticket) throw new Error("the preparation has not claimed the job");
      return ticket;
    },
  };
}

const running = claimed(plain);

export const clockJumps: Pick<Scenario, "jobs" | "prepare" | "actors"> = {
  jobs: [plain],
  prepare: running.prepare,
  actors: (stage) => {
    owner(stage, "a", running.ticket(), { beats: 2, hangs: true });
    host(stage, "b", { passes: true });
    time(stage, "jumps", 2);
  },
};

export const forcedReset: Pick<Scenario, "jobs" | "prepare" | "actors"> = {
  jobs: [plain],
  prepare: running.prepare,
  actors: (stage) => {
    owner(stage, "a", running.ticket(), { beats: 1 });
    resetter(stage, "job", true);
    host(stage, "b", { passes: true });
  },
};

/** One request beside a job that is not due. */
export const asked: Pick<Scenario, "jobs" | "actors"> & Required<Pick<Scenario, "prepare">> = {
  jobs: [plain],
  prepare: async (store) => {
    const result = await store.claim(plain, new Map());
    if (result.held) await store.record(result.ticket, ended("succeeded"));
    await ask(store);
  },
  actors: (stage) => {
    host(stage, "a", { serves: REQUEST });
    host(stage, "b", { serves: REQUEST });
  },
};

const REQUEST = 1n;
async function ask(store: Store): Promise<void> {
  const { schema } = store.settings;
  await store.db.query(`TRUNCATE ${schema}.crontabber_request RESTART IDENTITY`);
  await store.requests.runDetached({ name: "job", by: { who: "kim", note: null } }, { slot: null, force: false });
  // The moment of judgement is pinned, and long past.
  await store.db.query(`UPDATE ${schema}.crontabber_request SET not_before = '2026-01-01'`);
}

export const sharedLock: Pick<Scenario, "jobs" | "actors"> = {
  jobs: [left, right],
  actors: (stage) => {
    host(stage, "a", { jobs: ["left"] });
    host(stage, "b", { jobs: ["right"], rounds: 2 });
  },
};

/** The parent has succeeded and is not due; somebody runs it by hand while its child is claimed. */
export const parentByHand: Pick<Scenario, "jobs" | "prepare" | "actors"> = {
  jobs: [parent, child],
  prepare: async (store) => {
    const result = await store.claim(parent, new Map());
    if (result.held) await store.record(result.ticket, ended("succeeded"));
  },
  actors: (stage) => {
    host(stage, "a", { jobs: ["parent"], hand: { force: true, slot: null } });
    host(stage, "b", { jobs: ["child"] });
  },
};

/** The parent has succeeded before, and is due again. */
export const parentAndChild: Pick<Scenario, "jobs" | "actors"> & Required<Pick<Scenario, "prepare">> = {
  jobs: [parent, child],
  prepare: async (store) => {
    const text = "SET last_success = now(), last_error = '{}' WHERE app_name = 'parent'";
    await store.db.query(`UPDATE ${store.settings.schema}.crontabber ${text}`);
  },
  actors: (stage) => {
    host(stage, "a", { jobs: ["parent"] });
    host(stage, "b", { jobs: ["child"], rounds: 2 });
    host(stage, "c", { jobs: ["parent"], outcome: "failed" });
  },
};

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "two hosts claim, run and record",
    jobs: [plain],
    actors: twoHosts,
  },
  {
    name: "three hosts claim, run and record",
    jobs: [plain],
    actors: (stage) => {
      for (const name of ["a", "b", "c"]) host(stage, name);
    },
  },
  {
    name: "two hosts fail and try again",
    jobs: [plain],
    actors: (stage) => {
      host(stage, "a", { outcome: "failed", rounds: 2 });
      host(stage, "b", { outcome: "succeeded" });
    },
  },
  {
    name: "two hosts claim, the lease runs out, a third takes over",
    jobs: [plain],
    actors: (stage) => {
      host(stage, "a", { beats: 1 });
      host(stage, "b");
      host(stage, "c", { passes: true });
      time(stage, "passes");
    },
  },
  {
    name: "the database's clock jumps while a job is claimed and started",
    jobs: [plain],
    actors: (stage) => {
      host(stage, "a", { beats: 1 });
      host(stage, "b", { passes: true });
      time(stage, "jumps");
    },
  },
  { name: "the database's clock jumps twice, the owner lives", ...clockJumps },
  {
    name: "two hosts take over at once",
    jobs: [plain],
    prepare: abandon,
    actors: (stage) => {
      host(stage, "a", { passes: true });
      host(stage, "b", { passes: true });
    },
  },
  {
    name: "a claim and a forced reset, beside a second host",
    jobs: [plain],
    actors: (stage) => {
      host(stage, "a", { beats: 1 });
      resetter(stage, "job", true);
      host(stage, "b", { passes: true });
    },
  },
  { name: "a run, its record and a forced reset, beside a second host", ...forcedReset },
  {
    name: "a reset beside a claim",
    jobs: [plain],
    actors: (stage) => {
      host(stage, "a");
      resetter(stage, "job", false);
      host(stage, "b", { passes: true });
    },
  },
  {
    name: "a child claims while its parent is claimed and recorded",
    ...parentAndChild,
  },
  { name: "a child claims while its parent is run by hand", ...parentByHand },
  {
    name: "two hosts fill two dates",
    jobs: [dates],
    prepare: async (store) => {
      await store.db.query(
        `UPDATE ${store.settings.schema}.crontabber SET next_run = '2026-01-05T02:30Z', planned_next = '2026-01-05T02:30Z', slot = '2026-01-05T02:30Z'`,
      );
    },
    actors: (stage) => {
      host(stage, "a", { rounds: 2 });
      host(stage, "b", { rounds: 2 });
    },
  },
  {
    name: "the owner's process dies at any step",
    jobs: [plain],
    faults: 1,
    actors: ownerAndHeir(["die"]),
  },
  {
    name: "the owner is cut off at any step, or waits in vain",
    jobs: [plain],
    faults: 1,
    actors: ownerAndHeir(["cut", "timeout"]),
  },
  {
    name: "the answer to COMMIT is lost, of claims and of records",
    jobs: [plain],
    faults: 1,
    actors: ownerAndHeir(LOST_ANSWERS),
  },
  {
    name: "the answer to COMMIT is lost twice, on two hosts",
    jobs: [plain],
    faults: 2,
    actors: (stage) => {
      host(stage, "a", { faults: LOST_ANSWERS });
      host(stage, "b", { faults: LOST_ANSWERS });
    },
  },
  {
    name: "the one who takes over dies, or is not answered",
    jobs: [plain],
    faults: 1,
    prepare: abandon,
    actors: (stage) => {
      host(stage, "a", { passes: true, faults: ["die", "cut", "lost", "unsent", "late"] });
      host(stage, "b", { passes: true });
    },
  },
  {
    name: "work and record in one transaction, the lease runs out",
    jobs: [atomic],
    faults: 1,
    actors: ownerAndHeir(["die", "cut", "timeout", ...LOST_ANSWERS]),
  },
  {
    name: "work and record in one transaction, the database's clock jumps",
    jobs: [atomic],
    actors: (stage) => {
      host(stage, "a", { beats: 1 });
      host(stage, "b", { passes: true });
      time(stage, "jumps");
    },
  },
  { name: "two jobs that share two locks, on two hosts", ...sharedLock },
  {
    name: "the holder of a lock dies at any step, or is not answered",
    jobs: [left, right],
    faults: 1,
    actors: (stage) => {
      host(stage, "a", { jobs: ["left"], beats: 1, faults: ["die", "cut", ...LOST_ANSWERS] });
      host(stage, "b", { passes: true });
      time(stage, "passes");
    },
  },
  {
    name: "the holder of a lock is reset by force, beside another job that wants it",
    jobs: [left, right],
    actors: (stage) => {
      host(stage, "a", { jobs: ["left"], beats: 1 });
      resetter(stage, "left", true);
      host(stage, "b", { jobs: ["right"] });
    },
  },
  { name: "two hosts serve one request", ...asked },
  {
    name: "a request, its retry, and the job's own slot",
    jobs: [plain],
    prepare: ask,
    actors: (stage) => {
      host(stage, "a", { serves: REQUEST, outcome: "failed" });
      host(stage, "b");
      host(stage, "c", { serves: REQUEST });
    },
  },
  {
    name: "whoever serves a request dies at any step, or is not answered",
    ...asked,
    faults: 1,
    actors: (stage) => {
      host(stage, "a", { serves: REQUEST, beats: 1, faults: ["die", "cut", ...LOST_ANSWERS] });
      host(stage, "b", { passes: true, serves: REQUEST });
      time(stage, "passes");
    },
  },
];
