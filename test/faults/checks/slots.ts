/** Every slot that came due has its outcome, or a later run that says it stands in for it; and no slot comes from nowhere. */
import type { Evidence, RunRow } from "../evidence.ts";
import type { FleetJob } from "../fleet.ts";
import { interval, slotsBetween } from "../slots.ts";
import { type Finding, groups, iso, told } from "./finding.ts";

/** The whole grid of a job, from its first run on. An interval's begins with that run, or with a mark that closed its first slot; cron's is fixed. */
function gridOf(job: FleetJob, runs: readonly RunRow[], until: number): number[] {
  // Who is marked as succeeded has a row that no host ran.
  const isPlan = ({ trigger, host }: RunRow) => trigger !== "manual" || (host === null && interval(job.schedule) !== null);
  const planned = runs.filter(isPlan).map((run) => run.missedFrom ?? run.slot);
  return planned.length === 0 ? [] : slotsBetween(job.schedule, Math.min(...planned), until);
}

/** The slots that must be accounted for. Empty for an interval job that has never run: that is a finding of its own. */
export function expected(job: FleetJob, runs: readonly RunRow[], { from, until }: Pick<Evidence, "from" | "until">): number[] {
  return interval(job.schedule) === null ? slotsBetween(job.schedule, from, until) : gridOf(job, runs, until);
}

const CLOSING = ["succeeded", "cancelled", "skipped"];

/** A slot stays owed until something closes it or, for a plain job, a newer run stands in for it; what was tried last may still be retried. */
function dealtWith(job: FleetJob, runs: readonly RunRow[], slot: number): boolean {
  if (runs.some((run) => run.slot === slot && CLOSING.includes(run.outcome ?? ""))) return true;
  const covers = ({ missedFrom, outcome, ...run }: RunRow) =>
    missedFrom !== null && missedFrom <= slot && slot < run.slot && outcome !== null;
  if (runs.some((run) => covers(run) && (!job.backfill || run.outcome === "skipped"))) return true;
  return !job.backfill && runs.filter((run) => run.trigger !== "manual").at(-1)?.slot === slot && runs.every((run) => run.outcome !== null);
}

export function lost(evidence: Evidence): Finding[] {
  const runsOf = groups(evidence.runs, (run) => run.job);
  return evidence.jobs.flatMap((job) => {
    const runs = runsOf.get(job.name) ?? [];
    const slots = expected(job, runs, evidence);
    const finding = (detail: string): Finding => ({ check: "lost", job: job.name, detail });
    if (interval(job.schedule) !== null && (slots[0] === undefined || slots[0] > evidence.from))
      return [finding("its first run was not at once")];
    return slots.filter((slot) => !dealtWith(job, runs, slot)).map((slot) => finding(`nothing says what became of ${iso(slot)}`));
  });
}

export function strange(evidence: Evidence): Finding[] {
  const runsOf = groups(evidence.runs, (run) => run.job);
  return evidence.jobs.flatMap((job) => {
    const runs = runsOf.get(job.name) ?? [];
    const newest = Math.max(...runs.map((run) => run.slot));
    const slots = gridOf(job, runs, newest);
    const grid = new Set(slots);
    const off = runs.filter((run) => run.trigger !== "manual" && !grid.has(run.slot));
    const miscounted = runs.filter((run) => {
      if (run.missedFrom === null) return run.missed !== 0;
      const from = run.missedFrom;
      return run.missed !== slots.filter((slot) => slot >= from && slot < run.slot).length && run.trigger !== "manual";
    });
    return [
      ...off.map((run) => ({ check: "off-grid", job: job.name, detail: `the schedule has no such slot: ${told(run)}` })),
      ...miscounted.map((run) => ({
        check: "miscount",
        job: job.name,
        detail: `missed ${run.missed} from ${run.missedFrom}: ${told(run)}`,
      })),
    ];
  });
}
