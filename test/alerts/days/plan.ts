/** Faults for some simulated days, one after the other, from a seed: when each begins and ends, and what has to be told of it. */
import type { Job } from "#lib/core/job.js";
import { type Random, seeded } from "../../faults/random.ts";
import { makeJob } from "../../helpers/job.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
/** One fault each; long enough that everything is well again before the next. */
export const WINDOW = 6 * HOUR;
/** Between two passes of a host. */
export const STEP = 10 * MINUTE;

export type Kind =
  | "failing"
  | "parent fails"
  | "once and retried"
  | "dates fail once"
  | "below alert_after"
  | "attempts used up"
  | "hangs into its timeout"
  | "hangs without a timeout"
  | "its host dies"
  | "row locked"
  | "cron of b dies"
  | "all cron dies"
  | "deploy refused on a"
  | "module broken on a"
  | "drift"
  | "a short deploy"
  | "database away"
  | "paused";

export interface Fault {
  readonly kind: Kind;
  /** Milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly job: string;
}

/** Told once, after `from` and not later than `by`, milliseconds. */
export interface Expected {
  readonly what: string;
  readonly from: number;
  readonly by: number;
  readonly of: Kind;
}

const HOURLY = ["ingest", "hourly", "other"];
const KINDS: Readonly<Record<Kind, { readonly hours: number; readonly jobs: readonly string[] }>> = {
  failing: { hours: 3, jobs: ["hourly", "other", "transform"] },
  "parent fails": { hours: 3.5, jobs: ["ingest"] },
  "once and retried": { hours: 1.2, jobs: ["hourly", "other"] },
  "dates fail once": { hours: 1, jobs: ["dates"] },
  "below alert_after": { hours: 1, jobs: ["patient"] },
  "attempts used up": { hours: 3, jobs: ["strict"] },
  "hangs into its timeout": { hours: 2.5, jobs: ["timed"] },
  "hangs without a timeout": { hours: 4, jobs: ["hourly", "other"] },
  "its host dies": { hours: 1, jobs: HOURLY },
  "row locked": { hours: 3, jobs: ["hourly", "other"] },
  "cron of b dies": { hours: 3, jobs: ["gpu"] },
  "all cron dies": { hours: 3, jobs: ["hourly"] },
  "deploy refused on a": { hours: 2, jobs: ["hourly"] },
  "module broken on a": { hours: 2, jobs: ["hourly"] },
  drift: { hours: 2, jobs: ["hourly"] },
  "a short deploy": { hours: 0.16, jobs: ["hourly"] },
  "database away": { hours: 2, jobs: ["hourly"] },
  paused: { hours: 3, jobs: ["hourly", "other"] },
};

export const JOBS: readonly Job[] = [
  makeJob({ name: "ingest", schedule: "1h" }),
  makeJob({ name: "transform", schedule: "1h", dependsOn: ["ingest"] }),
  makeJob({ name: "report", schedule: "3h", dependsOn: ["transform"] }),
  makeJob({ name: "hourly", schedule: "1h" }),
  makeJob({ name: "other", schedule: "1h" }),
  makeJob({ name: "dates", schedule: "1h", backfill: true }),
  makeJob({ name: "patient", schedule: "1h", alertAfter: 3 }),
  makeJob({ name: "strict", schedule: "1h", maxAttempts: 2 }),
  makeJob({ name: "timed", schedule: "1h", timeout: 1200 }),
  makeJob({ name: "gpu", schedule: "1h", tags: ["gpu"] }),
  makeJob({ name: "nightly", schedule: "1d|03:00", dependsOn: ["report"] }),
  makeJob({ name: "quick", schedule: "20m" }),
];

/** Every kind once, in an order and at moments of the seed's. */
export function plan(seed: number, start: number): Fault[] {
  const random = seeded(seed);
  return shuffled(Object.keys(KINDS) as Kind[], random).map((kind, i) => {
    const { hours, jobs } = KINDS[kind];
    const from = start + i * WINDOW + Math.floor(random.between(0.5, 5)) * STEP;
    return { kind, from, to: from + Math.round((hours * HOUR) / STEP) * STEP, job: random.pick(jobs) };
  });
}

function shuffled<T>(items: T[], random: Random): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random.share() * (i + 1));
    [items[i], items[j]] = [items[j] as T, items[i] as T];
  }
  return items;
}

/** What is told of a fault, and nothing else is. A slot of the jobs that break is an hour long. */
export function expected({ kind, from, to, job }: Fault): Expected[] {
  const told = (what: string, begin: number, by: number): Expected => ({ what, from: begin, by: by + STEP, of: kind });
  const slots = (n: number) => n * HOUR;
  const both = (subject: string, condition: string, by: number): Expected[] => [
    told(`${subject} ${condition}`, from, by),
    told(`${subject} ok`, to, to + slots(2)),
  ];
  /** A host's silence is beyond doubt after three of its passes, seen at two looks of another. */
  const silence = 5 * STEP;
  const periods = 2 * STEP;
  switch (kind) {
    case "failing":
    case "parent fails":
    case "hangs into its timeout":
      return both(`job:${job}`, "failing", from + slots(2));
    case "once and retried":
      return [told(`job:${job} failing`, from, from + slots(2)), told(`job:${job} ok`, from, from + slots(3))];
    case "attempts used up":
      return [told(`job:${job} failing`, from, from + slots(2)), ...both(`job:${job}`, "held", from + slots(2))];
    case "hangs without a timeout":
      return both(`job:${job}`, "overdue", from + slots(3));
    case "row locked":
      return both(`job:${job}`, "overdue", from + slots(2));
    case "cron of b dies":
      return [told("host:b silent", from, from + silence), told("host:b ok", to, to + periods)];
    case "deploy refused on a":
      return [
        ...[told("config:a refused", from, from + periods), told("config:a ok", to, to + periods)],
        ...[told("host:a silent", from, from + silence), told("host:a ok", to, to + periods)],
      ];
    case "module broken on a":
      return [told("config:a refused", from, from + periods), told("config:a ok", to, to + periods)];
    case "drift":
      // It has to last for longer than overdue_after.
      return [told("fleet:drift drift", from, from + 5 * STEP), told("fleet:drift ok", to, to + periods)];
    case "database away":
      return ["a", "b"].flatMap((host) => [
        told(`database:${host} unreachable`, from, from + periods),
        told(`database:${host} ok`, to, to + periods),
      ]);
    // Whoever finds it runs it again in the same pass.
    case "its host dies":
    case "dates fail once":
    case "below alert_after":
    case "all cron dies":
    case "a short deploy":
    case "paused":
      return [];
  }
}
