/** Protocols with one thought missing. Owns what is wrong in each and the situation in which it shows; the explorer must find them all. */
import { makeJob } from "../../helpers/job.ts";
import { resetter, time } from "./around.ts";
import type { Scenario } from "./explore.ts";
import { host } from "./pass.ts";
import { asked, clockJumps, forcedReset, ownerAndHeir, parentByHand, sharedLock, twoHosts } from "./scenarios.ts";

export interface Mutant extends Scenario {
  /** What must be found broken. */
  readonly breaks: readonly string[];
}

const job = makeJob({ name: "job", schedule: "1d|03:00", lease: 3600, errorRetryTime: 0 });
const atomic = makeJob({ ...job, schedule: "1d|03:00", kind: "sql", command: null, transaction: true });

/** A text with one part of it changed; a mutant that no longer differs from the shipped text must not pass for one. */
function change(text: string, part: string, by: string): string {
  if (!text.includes(part)) throw new Error(`the statement no longer says "${part}"`);
  return text.replaceAll(part, by);
}

const GUARD = "AND run_id IS NULL AND (ongoing IS NULL OR ongoing < clock_timestamp() - $15 * interval '1 second')";

export const MUTANTS: readonly Mutant[] = [
  {
    name: "a claim in two transactions: decided in one, taken in the other",
    breaks: ["I1", "I2", "I3"],
    jobs: [job],
    bare: true,
    alter: ({ claim }) => ({ claim: change(claim, GUARD, "AND $15::float8 IS NOT NULL") }),
    actors: (stage) => {
      host(stage, "a", { split: true });
      host(stage, "b", { split: true });
    },
  },
  {
    name: "a claim that reads the row without locking it",
    breaks: ["I2", "I4", "I5"],
    jobs: [job],
    alter: ({ lockJob }) => ({ lockJob: change(lockJob, " FOR UPDATE NOWAIT", "") }),
    actors: twoHosts,
  },
  {
    name: "a claim that reads its parents without locking them",
    breaks: ["I6"],
    ...parentByHand,
    alter: ({ lockParents }) => ({ lockParents: change(lockParents, " FOR SHARE NOWAIT", "") }),
  },
  {
    name: "a record without the run id in its WHERE",
    breaks: ["I1", "I3"],
    jobs: [job],
    alter: ({ lockOwn, record }) => ({
      lockOwn: change(lockOwn, "AND c.run_id = $3", "AND $3::uuid IS NOT NULL"),
      record: change(record, "AND run_id = $2", "AND $2::uuid IS NOT NULL"),
    }),
    actors: ownerAndHeir([]),
  },
  {
    name: "a record that forgets the ledger",
    breaks: ["I1", "I7"],
    jobs: [job],
    alter: ({ endRun }) => ({ endRun: change(endRun, "WHERE run_id = $1", "WHERE false AND run_id = $1") }),
    actors: twoHosts,
  },
  {
    name: "a late outcome that overwrites the accepted one",
    breaks: ["I3", "I4"],
    jobs: [job],
    bare: true,
    alter: ({ late }) => ({ late: change(late, "SET late_outcome = $2", "SET outcome = $2") }),
    actors: ownerAndHeir([]),
  },
  {
    name: "a take-over at the first look",
    breaks: ["I1"],
    jobs: [job],
    actors: (stage) => {
      host(stage, "a", { beats: 1 });
      host(stage, "b", { passes: true, hasty: true });
      time(stage, "jumps");
    },
  },
  {
    name: "a second look that does not compare the renewals",
    breaks: ["I1"],
    ...clockJumps,
    alter: ({ lockExpired }) => ({ lockExpired: change(lockExpired, "AND c.heartbeats = $4", "AND $4::int IS NOT NULL") }),
  },
  {
    name: "a start after a COMMIT nobody answered, without looking",
    breaks: ["I1", "I3", "I7"],
    jobs: [job],
    faults: 1,
    alter: () => ({ findClaim: "SELECT 1 AS id WHERE $1::uuid IS NOT NULL" }),
    actors: (stage) => {
      host(stage, "a", { faults: ["lost", "unsent", "late"] });
      host(stage, "b");
    },
  },
  {
    name: "a start that does not ask whether the lease is still trusted",
    breaks: ["I1"],
    jobs: [job],
    actors: (stage) => {
      host(stage, "a", { credulous: true });
      host(stage, "b", { passes: true });
      time(stage, "passes");
    },
  },
  {
    name: "a renewal of whatever runs, instead of the own run",
    breaks: ["I3"],
    ...forcedReset,
    alter: ({ renew }) => ({
      renew: change(renew, "c.run_id = ANY($1::uuid[])", "c.run_id IS NOT NULL")
        .replace("mine.run_id, renewed", "m AS run_id, renewed")
        .replace("mine.cancelled", "false AS cancelled")
        .replace("FROM mine LEFT JOIN renewed USING (run_id)", "FROM unnest($1::uuid[]) m LEFT JOIN renewed ON true"),
    }),
  },
  {
    name: "a reset that does not stamp the ledger",
    breaks: ["I7"],
    ...forcedReset,
    alter: ({ stampReset }) => ({ stampReset: change(stampReset, "SET reset_at = clock_timestamp()", "SET reset_at = reset_at") }),
  },
  {
    name: "a reset that looks without locking",
    breaks: ["I1", "I3", "I7"],
    jobs: [job],
    alter: ({ lockForReset }) => ({ lockForReset: change(lockForReset, " FOR UPDATE", "") }),
    actors: (stage) => {
      host(stage, "a");
      resetter(stage, "job", false);
    },
  },
  {
    name: "a first plan that overwrites the row of a faster host",
    breaks: ["I1", "I3", "I5", "I7"],
    jobs: [job],
    prepare: async (store) => {
      await store.db.query(`DELETE FROM ${store.settings.schema}.crontabber`);
    },
    alter: ({ insertPlans }) => ({
      insertPlans: change(insertPlans, "DO NOTHING", "DO UPDATE SET next_run = excluded.next_run, run_id = NULL, ongoing = NULL"),
    }),
    actors: (stage) => {
      host(stage, "a", { passes: true });
      host(stage, "b", { passes: true });
    },
  },
  {
    name: "a lock that is taken from whoever has it",
    breaks: ["I9"],
    ...sharedLock,
    alter: ({ takeLocks }) => ({
      takeLocks: change(takeLocks, "DO NOTHING", "(name) DO UPDATE SET run_id = excluded.run_id, app_name = excluded.app_name"),
    }),
  },
  {
    name: "a claim that keeps the locks it got, and goes without the others",
    breaks: ["I9"],
    ...sharedLock,
    alter: ({ takeLocks }) => ({ takeLocks: `WITH got AS (${takeLocks}) SELECT unnest($1::text[])` }),
  },
  {
    name: "a request that is served whether or not it is over",
    breaks: ["I4", "I10"],
    ...asked,
    bare: true,
    alter: ({ lockRequest }) => ({
      lockRequest: change(change(lockRequest, "AND r.ended_at IS NULL ", ""), "r.not_before", "'2026-01-01'::timestamptz"),
    }),
  },
  {
    name: "a record that leaves its request open",
    breaks: ["I10"],
    ...asked,
    alter: ({ lockServed }) => ({ lockServed: change(lockServed, "WHERE r.run_id = $1", "WHERE r.run_id <> $1") }),
  },
  {
    name: "work in one transaction, the record of its success in the next",
    breaks: ["I4"],
    jobs: [atomic],
    actors: (stage) => host(stage, "a", { apart: true }),
  },
];

/** The mutant that the shipped schema stops by itself: the ledger's indexes refuse what it tries. */
export const STOPPED: readonly Mutant[] = MUTANTS.filter((mutant) => mutant.name.startsWith("a claim in two")).map((mutant) => ({
  ...mutant,
  bare: false,
}));
