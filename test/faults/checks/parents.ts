/** A child never starts while a parent runs, has failed, or has not done what the child builds on. Judged by the ledger's instants. */
import type { Evidence, RunRow } from "../evidence.ts";
import type { FleetJob } from "../fleet.ts";
import { slotAfter } from "../slots.ts";
import { type Finding, groups, iso, told } from "./finding.ts";

/** A slot that comes due between the look at the clock and the claim is not missed work: a claim's transaction ends within this. */
const CLAIMING_MS = 8_000;

const wasLive = (run: RunRow, at: number): boolean => run.claimedAt < at && (run.endedAt === null || run.endedAt > at);

/** The runs of a parent that had ended by then, the newest record last. */
function endedBy(runs: readonly RunRow[], at: number): RunRow[] {
  return runs.filter((run) => run.endedAt !== null && run.endedAt <= at).sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0));
}

function plainBlock(parent: FleetJob, runs: readonly RunRow[], at: number): string | null {
  const live = runs.find((run) => wasLive(run, at));
  if (live) return `it was running: ${told(live)}`;
  const ended = endedBy(runs, at);
  // Interrupted runs and dropped slots say nothing about how the parent does.
  const last = ended.filter((run) => run.outcome !== "interrupted" && run.outcome !== "skipped").at(-1);
  if (!last) return "it had never succeeded";
  if (last.outcome !== "succeeded") return `it had not succeeded: ${told(last)}`;
  const newest = Math.max(...ended.filter((run) => run.trigger !== "manual").map((run) => run.slot), last.slot);
  if (last.trigger === "manual") return null;
  const next = slotAfter(parent.schedule, newest);
  return next < at - CLAIMING_MS ? `its slot ${iso(next)} was still open` : null;
}

function backfillBlock(parent: FleetJob, runs: readonly RunRow[], child: RunRow): string | null {
  const ended = endedBy(runs, child.claimedAt);
  const upTo = ended.filter((run) => run.slot <= child.slot).sort((a, b) => a.slot - b.slot || a.id - b.id);
  const newest = upTo.at(-1);
  if (!newest) return `it had no run up to ${iso(child.slot)}`;
  // A slot that was closed without a success makes children wait for the next one.
  const isClosed = ["cancelled", "skipped", "lost"].includes(newest.outcome ?? "");
  const standsIn = (run: RunRow) =>
    run.outcome === "succeeded" && newest.slot < run.slot && (isClosed || (run.missedFrom ?? run.slot) <= newest.slot);
  const covered = ended.some(standsIn);
  if (newest.outcome !== "succeeded" && !covered) return `its newest run up to ${iso(child.slot)} had not succeeded: ${told(newest)}`;
  const closed = Math.max(
    ...ended
      .filter((run) => run.outcome === "succeeded" || run.outcome === "cancelled" || run.outcome === "skipped")
      .map((run) => run.slot),
  );
  const open = slotAfter(parent.schedule, closed);
  return open <= child.slot ? `it had its slot ${iso(open)} still open` : null;
}

export function dependencies(evidence: Evidence): Finding[] {
  const runsOf = groups(evidence.runs, (run) => run.job);
  const byName = new Map(evidence.jobs.map((job) => [job.name, job]));
  return evidence.jobs.flatMap((job) =>
    (runsOf.get(job.name) ?? [])
      .filter((run) => run.trigger !== "manual" && run.outcome !== "skipped")
      .flatMap((run) =>
        job.parents.flatMap((name) => {
          const parent = byName.get(name);
          if (!parent) return [];
          const runs = runsOf.get(name) ?? [];
          const why = job.backfill ? backfillBlock(parent, runs, run) : plainBlock(parent, runs, run.claimedAt);
          return why ? [{ check: "dependency", job: job.name, detail: `${told(run)} although of ${name} ${why}` }] : [];
        }),
      ),
  );
}
