/** The offline checker: evidence in, broken promises and figures out. Pure; must not know how the program works, only what it promises. */
import { bodies, hollow, overlapping, overlaps, startedTwice, unclaimed } from "./checks/bodies.ts";
import { type Check, type Finding, groups } from "./checks/finding.ts";
import { effects, stuck, twoLive, twoSuccesses } from "./checks/ledger.ts";
import { dependencies } from "./checks/parents.ts";
import { expected, lost, strange } from "./checks/slots.ts";
import type { Evidence } from "./evidence.ts";

export const CHECKS: readonly Check[] = [
  ...[lost, strange, overlaps, startedTwice, unclaimed, hollow, twoSuccesses, twoLive, effects, stuck, dependencies],
];

export const check = (evidence: Evidence): Finding[] => CHECKS.flatMap((one) => one(evidence));

/** Seconds; null: nothing to measure. */
export interface Spread {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

export interface Figures {
  /** Slots that the schedules asked for. */
  readonly occurrences: number;
  readonly runs: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Faults by name, as the nemesis wrote them down. */
  readonly faults: Readonly<Record<string, number>>;
  readonly kills: number;
  /** Slots nobody can account for. */
  readonly lost: number;
  /** Slots whose work was done more than once: allowed for jobs without a transaction, and told. */
  readonly duplicates: number;
  readonly overlaps: number;
  /** Lines of jobs of a whole host that woke up, before they were ended. */
  readonly excused: number;
  /** From the death of an owner to the record that its run is lost, by whichever host took over. */
  readonly takeover: Spread | null;
  /** To the next start of its job, on any host; pauses, holds and waiting for parents included. */
  readonly recovery: Spread | null;
  /** From a slot to the claim of its first attempt. */
  readonly lag: Spread | null;
}

export function figures(evidence: Evidence): Figures {
  const { jobs, runs, lines } = evidence;
  const runsOf = groups(runs, (run) => run.job);
  const faults = lines.flatMap((line) => (line.what === "nemesis" && line.fault !== "thaw" ? [line.fault] : []));
  const { findings, excused } = overlapping(evidence);
  const firsts = runs.filter((run) => run.attempt === 1 && run.trigger === "schedule");
  return {
    occurrences: jobs.reduce((sum, job) => sum + expected(job, runsOf.get(job.name) ?? [], evidence).length, 0),
    runs: runs.length,
    outcomes: counts(runs.map((run) => run.outcome ?? "live")),
    faults: counts(faults),
    kills: faults.filter((fault) => KILLS.includes(fault)).length,
    ...{ lost: lost(evidence).length, duplicates: duplicates(evidence), overlaps: findings.length, excused },
    ...recoveries(evidence),
    lag: spread(firsts.map((run) => (run.claimedAt - run.slot) / 1000)),
  };
}

const KILLS = ["kill", "power", "pg-kill", "pg-backend"];

function counts(names: readonly string[]): Record<string, number> {
  return Object.fromEntries([...groups(names, (name) => name)].map(([name, all]) => [name, all.length]).sort());
}

function duplicates(evidence: Evidence): number {
  const manual = new Set(evidence.runs.filter((run) => run.trigger === "manual").map((run) => run.runId));
  const ended = bodies(evidence).filter((line) => line.what === "end" && !manual.has(line.runId));
  return [...groups(ended, (line) => `${line.job} ${line.slot}`).values()].filter((same) => same.length > 1).length;
}

/** For each job whose body was at work on a host when that was killed: until somebody took over, and until the job started again. */
function recoveries({ lines, runs, zero }: Evidence): Pick<Figures, "takeover" | "recovery"> {
  const rows = new Map(runs.map((run) => [run.runId, run]));
  const working = new Map<string, { host: string; runId: string }>();
  const orphaned = new Map<string, number>();
  const [takeover, recovery]: [number[], number[]] = [[], []];
  for (const line of lines) {
    if (line.what === "nemesis") {
      if (line.fault !== "kill" && line.fault !== "power") continue;
      for (const [job, { host, runId }] of working) {
        if (host !== line.host) continue;
        const run = rows.get(runId);
        if (run?.outcome === "lost" && run.endedAt !== null) takeover.push((run.endedAt - zero) / 1000 - line.uptime);
        orphaned.set(job, line.uptime);
        working.delete(job);
      }
    } else if (line.what === "start") {
      const since = orphaned.get(line.job);
      if (since !== undefined) recovery.push(line.uptime - since);
      orphaned.delete(line.job);
      working.set(line.job, { host: line.host, runId: line.runId });
    } else if (line.what !== "beat" && working.get(line.job)?.runId === line.runId) working.delete(line.job);
  }
  return { takeover: spread(takeover), recovery: spread(recovery) };
}

function spread(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}
