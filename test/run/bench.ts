/** What tests of runs share: a runner with short graces, whole jobs and tickets, and a look at who is still at work. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { uptime } from "#lib/clock.js";
import type { Job } from "#lib/core/job.js";
import type { Ticket } from "#lib/core/state.js";
import type { Trust } from "#lib/run/deadlines.js";
import type { Ended } from "#lib/run/ending.js";
import { createRunner, type RunnerSettings, type RunningJob, type RunSpec } from "#lib/run/runner.js";
import { makeJob } from "../helpers/job.ts";
import { makeTicket } from "../helpers/state.ts";

export const FIXTURES = fileURLToPath(new URL("../fixtures/jobs", import.meta.url));

export const forLong = (): Trust => ({ termAt: uptime() + 1000, killAt: uptime() + 1200 });

/** Marks every process of a job, apart from what the runner itself goes by. */
export const mark = () => ({ MARK: randomUUID() });

export function command(text: string, over: Partial<Omit<Job, "schedule">> & { zone?: string } = {}): Job {
  return makeJob({ name: "j", kind: "command", command: text, env: mark(), ...over });
}

export function moduleJob(file: string, name: string, over: Partial<Omit<Job, "schedule">> = {}): Job {
  return makeJob({ name: "j", kind: "module", module: { file: `${FIXTURES}/${file}`, export: name }, env: mark(), ...over });
}

export const ticket = (over: Partial<Ticket> = {}): Ticket => makeTicket({ runId: randomUUID(), ...over });

export interface Bench {
  readonly troubles: string[];
  readonly runner: ReturnType<typeof createRunner>;
  start(job: Job, over?: Partial<Omit<RunSpec, "job">>): RunningJob;
  run(job: Job, over?: Partial<Omit<RunSpec, "job">>): Promise<Ended>;
}

/** Compiled fixtures, for this test file. */
const CACHE = mkdtempSync(join(tmpdir(), "crontabber-compiled-"));
afterAll(() => rmSync(CACHE, { recursive: true, force: true }));

export function bench(over: Partial<RunnerSettings> = {}): Bench {
  const troubles: string[] = [];
  const runner = createRunner({
    ...{ host: "h", baseEnv: {}, envPass: [], configDir: FIXTURES, connection: null, schema: "public", cacheDir: CACHE, killGraceMs: 300 },
    onTrouble: (message) => troubles.push(message),
    ...over,
  });
  const start: Bench["start"] = (job, spec = {}) => runner.start({ job, ticket: ticket(), trust: forLong(), ...spec });
  return { troubles, runner, start, run: (job, spec) => start(job, spec).done };
}

/** Command lines of processes that carry the job's mark and are not zombies. */
export function atWork(job: Pick<Job, "env">): string[] {
  const { MARK } = job.env;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const environ = read(`/proc/${pid}/environ`);
      const stat = read(`/proc/${pid}/stat`);
      const zombie = stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
      return environ.includes(`MARK=${MARK}`) && !zombie ? [read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim()] : [];
    });
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // it ended
  }
}

/** Waits for what no event tells of. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((done) => setTimeout(done, 20));
}

/** Resolves with the output as soon as it holds the text. */
export function seen(text: string): { onOutput: (chunk: Buffer) => void; there: Promise<string> } {
  let all = "";
  let tell: (all: string) => void = () => {};
  const there = new Promise<string>((done) => {
    tell = done;
  });
  return {
    onOutput: (chunk) => {
      all += chunk;
      if (all.includes(text)) tell(all);
    },
    there,
  };
}
