/** A night in which everything happens that a simulation can tell. */
import { order } from "#lib/core/dag.js";
import { difference } from "#lib/core/difference.js";
import { findings } from "#lib/core/findings.js";
import type { Job } from "#lib/core/job.js";
import type { Premises, Simulation } from "#lib/core/simulation.js";
import { simulate } from "#lib/core/simulator.js";
import type { Simulated } from "#lib/report/simulation.js";
import { makeJob, makeRegistry } from "../helpers/job.ts";

export const FROM = new Date("2026-03-28T19:00:00Z");
export const UNTIL = new Date("2026-03-29T06:00:00Z");
const zone = "Europe/Berlin";

export const night: readonly Job[] = [
  makeJob({ name: "ingest", schedule: "1h", timeout: 1200 }),
  makeJob({ name: "night", schedule: "30 2 * * *", zone, dependsOn: ["ingest"] }),
  makeJob({ name: "also", schedule: "0,30 2,3 * * *", zone }),
  makeJob({ name: "steps", schedule: "30 */2 * * *", zone }),
  makeJob({ name: "report", schedule: "1d|03:00", zone, dependsOn: ["night"], locks: ["db"] }),
  makeJob({ name: "vacuum", schedule: "1d|03:00", zone, locks: ["db"] }),
  makeJob({ name: "fussy", schedule: "1d|01:00", zone, startDeadline: 600 }),
  makeJob({ name: "yearly", schedule: "@yearly", zone }),
  makeJob({ name: "asked", schedule: "manual" }),
  makeJob({ name: "waits", schedule: "1h", dependsOn: ["yearly"] }),
];

/** `seconds`: what each run takes. */
export function simulateJobs(jobs: readonly Job[], over: Partial<Premises> = {}): Simulation {
  const registry = { ...makeRegistry(...jobs), order: order(jobs) };
  const world = { registry, begin: FROM, until: UNTIL, states: new Map(), past: [], concurrency: 3, maxOngoingAge: 43_200, every: null };
  return simulate({ ...world, most: 100_000, seconds: () => 900, fails: () => false, ...over });
}

export function simulated({ changes = false }: { changes?: boolean }): Simulated {
  const fails = (job: string, slot: Date, attempt: number) => job === "ingest" && slot.getUTCHours() === 21 && attempt === 1;
  const made = simulateJobs(night, { fails });
  const edited = night.flatMap((job) => {
    if (job.name === "asked") return [];
    const schedule = ({ vacuum: "1d|04:00", also: "0 2,3 * * *", steps: "30 * * * *" } as Record<string, string>)[job.name];
    return [schedule ? makeJob({ ...job, schedule, zone }) : job];
  });
  const told = { file: "edited.ini", added: ["fresh"], removed: ["asked"] };
  return {
    ...{ from: FROM, until: UNTIL, start: "empty", concurrency: 3, every: null, runs: made.runs, stopped: null },
    findings: findings(made, { jobs: night, from: FROM, until: UNTIL, overdueAfter: 600 }),
    changes: changes ? { ...told, runs: difference(made.runs, simulateJobs(edited, { fails }).runs) } : null,
    failedOn: changes ? ["changes"] : [],
  };
}
