/** What a pass came to, as an exit code. Pure: a table of rules. */
import type { Reason } from "../core/plan.ts";

export const EXIT = {
  done: 0,
  /** A named job failed; findings. */
  failed: 1,
  locked: 2,
  running: 3,
  /** A named job was not run. */
  notRun: 4,
  usage: 64,
  database: 69,
  /** Our own bug. */
  software: 70,
  config: 78,
  SIGINT: 130,
  SIGTERM: 143,
} as const;

/** One job of a pass. */
export interface JobEnd {
  /** Runs that were started. */
  readonly ran: number;
  /** One of them did not end as a recorded success. */
  readonly failed: boolean;
  /** Why nothing (more) ran; null: no reason to tell. */
  readonly why: Reason | null;
}

export interface PassFacts {
  /** Asked for by name: what became of that one job is the answer. */
  readonly named: boolean;
  /** Modules cannot be imported. */
  readonly broken: boolean;
  /** The signal that ended the pass early; null: none. */
  readonly signalled: "SIGINT" | "SIGTERM" | null;
  /** Runs were interrupted by it. */
  readonly cut: boolean;
  /** The end of a run could not be written: the database was gone. */
  readonly spooled: boolean;
  readonly jobs: readonly JobEnd[];
}

/** If several apply: bad configuration, the signal, the database, a running job, a locked one; then what became of a named job. */
export function passExit({ named, broken, signalled, cut, spooled, jobs }: PassFacts): number {
  const ran = jobs.some((job) => job.ran > 0);
  if (broken) return EXIT.config;
  // A job asked for by name that the signal kept from starting is not done either.
  const kept = named && !ran && jobs.every(({ why }) => why === null);
  if (signalled && (cut || kept)) return EXIT[signalled];
  if (spooled) return EXIT.database;
  if (!ran && jobs.some(({ why }) => why === "ongoing")) return EXIT.running;
  if (!ran && jobs.some(({ why }) => why === "locked")) return EXIT.locked;
  if (!named) return EXIT.done;
  if (!ran) return EXIT.notRun;
  return jobs.some(({ failed }) => failed) ? EXIT.failed : EXIT.done;
}
