/** Who meets whom: the situations the shipped protocol must come through. Owns the list; rules are in oracle.ts. */
import { makeJob } from "../../helpers/job.ts";
import type { Scenario } from "./explore.ts";
import { host, resetter, time } from "./programs.ts";
import type { Fault, Stage } from "./stage.ts";

/** Leases last so long that only `time` ends them; a failure may be tried again at once. */
const daily = { schedule: "1d|03:00", lease: 3600, errorRetryTime: 0 };
const plain = makeJob({ name: "job", ...daily });
const parent = makeJob({ name: "parent", ...daily });
const child = makeJob({ name: "child", ...daily, dependsOn: ["parent"] });
const dates = makeJob({ name: "dates", schedule: "1h", lease: 3600, backfill: true });
const atomic = makeJob({ name: "atomic", ...daily, kind: "sql", command: null, transaction: true });

const LOST_ANSWERS: readonly Fault[] = ["lost", "unsent", "late"];

/** A host that works and renews, time that passes, and another that takes over. */
const ownerAndHeir = (faults: readonly Fault[]) => (stage: Stage) => {
  host(stage, "a", { faults, beats: 1 });
  host(stage, "b", { passes: true });
  time(stage, "passes");
};

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "two hosts claim, run and record",
    jobs: [plain],
    actors: (stage) => {
      host(stage, "a");
      host(stage, "b");
    },
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
    name: "the database's clock jumps twice, the owner lives",
    jobs: [plain],
    actors: (stage) => {
      host(stage, "a", { beats: 2 });
      host(stage, "b", { passes: true });
      time(stage, "jumps", 2);
    },
  },
  {
    name: "two hosts take over at once",
    jobs: [plain],
    prepare: async (store) => {
      await store.claim(plain, new Map());
      await store.db.query(`UPDATE ${store.settings.schema}.crontabber SET lease_until = now() - interval '1 hour'`);
    },
    actors: (stage) => {
      host(stage, "a", { passes: true });
      host(stage, "b", { passes: true });
    },
  },
  {
    name: "a claim, its record and a forced reset, beside a second host",
    jobs: [plain],
    actors: (stage) => {
      host(stage, "a", { beats: 1 });
      resetter(stage, "job", true);
      host(stage, "b", { passes: true });
    },
  },
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
    jobs: [parent, child],
    prepare: async (store) => {
      // The parent has succeeded before, and is due again.
      await store.db.query(
        `UPDATE ${store.settings.schema}.crontabber SET last_success = now(), last_error = '{}' WHERE app_name = 'parent'`,
      );
    },
    actors: (stage) => {
      host(stage, "a", { jobs: ["parent"] });
      host(stage, "b", { jobs: ["child"], rounds: 2 });
      host(stage, "c", { jobs: ["parent"], outcome: "failed" });
    },
  },
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
    prepare: async (store) => {
      await store.claim(plain, new Map());
      await store.db.query(`UPDATE ${store.settings.schema}.crontabber SET lease_until = now() - interval '1 hour'`);
    },
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
];
