/** A simulation as a document: runs, findings, and what another configuration changes. Owns the shapes; the texts are simulation-text.ts. */
import type { RunChange } from "../core/difference.ts";
import type { Findings } from "../core/findings.ts";
import type { SimulatedRun } from "../core/simulation.ts";
import { iso } from "./times.ts";
import type { Document } from "./view.ts";

export interface Simulated {
  readonly from: Date;
  readonly until: Date;
  /** `rows`: from the tables as they are; `empty`: as if no job had ever run. */
  readonly start: "rows" | "empty";
  readonly concurrency: number;
  /** Seconds between two passes; null: a daemon. */
  readonly every: number | null;
  /** Of the jobs that are shown, in the range. */
  readonly runs: readonly SimulatedRun[];
  readonly findings: Findings;
  /** Where it stopped because there were too many runs; null: it did not. */
  readonly stopped: Date | null;
  /** What another configuration changes; null: none was compared. */
  readonly changes: Changes | null;
  /** Kinds of findings there are, of those that were asked for by --fail-on. */
  readonly failedOn: readonly string[];
}

export interface Changes {
  readonly file: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly runs: readonly RunChange[];
}

export function simulationDocument(made: Simulated): Document {
  const { findings, changes } = made;
  return {
    ...{ schema: "crontabber.simulate/1", from: iso(made.from), to: iso(made.until), start: made.start, concurrency: made.concurrency },
    ...{ every: made.every, stopped: iso(made.stopped), runs: made.runs.map(runJson) },
    collisions: findings.collisions.map((one) => ({ ...one, first: iso(one.first) })),
    busiest: findings.busiest.map((one) => ({ ...one, minute: iso(one.minute) })),
    clock_changes: findings.clock.map((one) => ({
      ...{ zone: one.zone, at: iso(one.at), kind: one.kind, from: one.from, to: one.to },
      slots: one.slots.map((slot) => ({ ...slot, at: iso(slot.at) })),
    })),
    never: findings.never,
    skipped: findings.skipped.map(({ job, at, skipped }) => ({
      ...{ job, at: iso(at), from: iso(skipped.from), to: iso(skipped.to), count: skipped.count, reason: skipped.reason },
    })),
    late: findings.late.map((one) => ({ ...one, slot: iso(one.slot), since: iso(one.since), start: iso(one.start) })),
    changes: changes && {
      ...{ file: changes.file, jobs_added: changes.added, jobs_removed: changes.removed },
      runs: changes.runs.map(({ job, kind, was, is }) => ({ job, kind, was: was && runJson(was), is: is && runJson(is) })),
    },
    failed_on: made.failedOn,
  };
}

function runJson({ job, slot, start, end, attempt, trigger, missed, outcome, dueSince, after, wait }: SimulatedRun) {
  return {
    ...{ job, slot: iso(slot), start: iso(start), end: iso(end), took: (end.getTime() - start.getTime()) / 1000, attempt, trigger, missed },
    ...{ outcome, due_since: iso(dueSince), after, waited: wait && { since: iso(wait.since), lock: wait.lock, holder: wait.holder } },
  };
}
