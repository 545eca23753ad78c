/** Jobs for tests, whole, with only what matters spelt out. */
import type { Job, Registry } from "#lib/core/job.js";
import { parseSchedule } from "#lib/core/schedule.js";

type Spelt = Partial<Omit<Job, "schedule" | "name">> & { name: string; schedule?: string; zone?: string };

export function makeJob({ schedule = "1h", zone = "UTC", ...rest }: Spelt): Job {
  return {
    ...{ kind: "command", label: "command", module: null, command: "true", sql: null, dependsOn: [], backfill: false },
    ...{ startDeadline: null, timeout: null, errorRetryTime: 300, retry: "fixed", maxAttempts: null, onLost: "retry", maxLost: 3 },
    ...{
      lease: 120,
      transaction: false,
      tags: [],
      locks: [],
      env: {},
      envPass: [],
      cwd: null,
      user: null,
      description: null,
      owner: null,
      runbook: null,
      alertAfter: null,
      alerts: true,
      enabled: true,
    },
    ...{ options: {}, broken: null, origin: { file: "test.ini", line: 1 } },
    ...rest,
    schedule: parseSchedule({ text: schedule, zone, seed: rest.name }),
  } as Job;
}

export function makeRegistry(...jobs: Job[]): Registry {
  return { jobs, order: jobs, byName: new Map(jobs.map((job) => [job.name, job])), unknownParents: new Set() };
}
