/** What the bodies themselves wrote: never two of a job at once, none started twice, none that the ledger does not know. */
import type { BodyLine, Evidence, Line, RunRow } from "../evidence.ts";
import { type Finding, groups, iso, told } from "./finding.ts";

/** Seconds that a job of a host that was frozen whole may work on when it wakes, until its next instant kills it. */
const WAKING = 1;

const isBody = (line: Line): line is BodyLine => line.what !== "nemesis";
export const bodies = (evidence: Evidence): BodyLine[] => evidence.lines.filter(isBody);

const shown = (line: BodyLine): string =>
  `${line.what} ${iso(line.slot)} attempt ${line.attempt} run ${line.runId} on ${line.host} at ${line.uptime}`;

/** Two bodies at once: a line of one run after the first line of a younger one. Moments of a host that woke up are told apart. */
export function overlapping(evidence: Evidence): { findings: Finding[]; excused: number } {
  const numbers = new Map(evidence.runs.map((run) => [run.runId, run.id]));
  const newest = new Map<string, BodyLine & { id: number }>();
  const thawed = new Map<string, number>();
  const caught = new Set<string>();
  const findings: Finding[] = [];
  let excused = 0;
  for (const line of evidence.lines) {
    if (line.what === "nemesis") {
      if (line.fault === "thaw") thawed.set(line.host, line.uptime);
      continue;
    }
    const id = numbers.get(line.runId);
    if (id === undefined) continue;
    const other = newest.get(line.job);
    if (!other || id >= other.id) {
      if (!other || id > other.id) newest.set(line.job, { ...line, id });
      continue;
    }
    const isWaking = line.uptime - (thawed.get(line.host) ?? Number.NEGATIVE_INFINITY) <= WAKING;
    if (isWaking) excused++;
    else if (!caught.has(line.runId)) {
      caught.add(line.runId);
      findings.push({ check: "overlap", job: line.job, detail: `${shown(line)}, after ${shown(other)}` });
    }
  }
  return { findings, excused };
}

export const overlaps = (evidence: Evidence): Finding[] => overlapping(evidence).findings;

/** Each attempt of a slot starts one body; so does each run by hand. */
export function startedTwice(evidence: Evidence): Finding[] {
  const manual = new Set(evidence.runs.filter((run) => run.trigger === "manual").map((run) => run.runId));
  const starts = bodies(evidence).filter((line) => line.what === "start");
  const key = (line: BodyLine) => (manual.has(line.runId) ? line.runId : `${line.job} ${line.slot} ${line.attempt}`);
  return [...groups(starts, key).values()]
    .filter((same) => same.length > 1)
    .map((same) => ({ check: "started-twice", job: same[0]?.job ?? "", detail: same.map(shown).join("; ") }));
}

/** Every body belongs to a claim that says the same of it. */
export function unclaimed(evidence: Evidence): Finding[] {
  const runs = new Map(evidence.runs.map((run) => [run.runId, run]));
  const agrees = (run: RunRow | undefined, line: BodyLine) =>
    run && run.job === line.job && run.slot === line.slot && run.attempt === line.attempt && run.host === line.host;
  return bodies(evidence)
    .filter((line) => line.what === "start" && !agrees(runs.get(line.runId), line))
    .map((line) => ({ check: "unclaimed", job: line.job, detail: `the ledger has no such run: ${shown(line)}` }));
}

/** A recorded success has a body that ended. Sql jobs say nothing in the file: their effects are checked instead. */
export function hollow(evidence: Evidence): Finding[] {
  const ended = new Set(bodies(evidence).flatMap((line) => (line.what === "end" ? [line.runId] : [])));
  const silent = new Set(evidence.jobs.filter((job) => job.kind === "sql").map((job) => job.name));
  return evidence.runs
    .filter((run) => run.outcome === "succeeded" && run.pid !== null && !silent.has(run.job) && !ended.has(run.runId))
    .map((run) => ({ check: "hollow", job: run.job, detail: `recorded as succeeded, but its body never ended: ${told(run)}` }));
}
