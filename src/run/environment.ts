/** The environment of a job: the same under cron, systemd and the daemon. Owns the list; takes nothing from the caller that is not named. */
import { dirname } from "node:path";
import type { Job } from "../core/job.ts";
import type { Ticket } from "../core/state.ts";
import { type Account, systemLang } from "./account.ts";

export type Env = Record<string, string>;

const SYSTEM_PATH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** What every process started by us gets: of its account and this system. `zone` is an IANA name. */
export function plainEnvironment(account: Account, zone: string): Env {
  // Behind the system's folders, the one of the node that runs us, so that `#!/usr/bin/env node` works wherever it is installed.
  const path = new Set([...SYSTEM_PATH, dirname(process.execPath)]);
  return {
    PATH: [...path].join(":"),
    HOME: account.home,
    USER: account.name,
    LOGNAME: account.name,
    SHELL: account.shell,
    LANG: systemLang(),
    TZ: zone,
  };
}

/** The variables of `from` that `names` lists; one that is not set there stays unset. */
export function passed(names: readonly string[], from: Readonly<Record<string, string | undefined>>): Env {
  const env: Env = {};
  for (const name of names) {
    const value = from[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

/**
 * What is known of a run before it is claimed. Later wins: account and system, what `env_pass` names (the scheduler's list, then the job's), the job's `env`, the run's own.
 * Nothing else of `baseEnv` gets through: no PG* variable, no credential of the scheduler's, unless somebody names it.
 */
export function jobEnvironment(
  job: Job,
  runId: string,
  { account, host, baseEnv, envPass }: JobSurroundings & { readonly account: Account },
): Env {
  return {
    ...plainEnvironment(account, job.schedule.zone),
    ...passed([...envPass, ...job.envPass], baseEnv),
    ...job.env,
    CRONTABBER_JOB: job.name,
    CRONTABBER_RUN_ID: runId,
    CRONTABBER_HOST: host,
  };
}

/** What is known of a run once it is claimed. */
export function runWords({ slot, attempt, fence, payload }: Pick<Ticket, "slot" | "attempt" | "fence" | "payload">): Env {
  return {
    CRONTABBER_SLOT: slot.toISOString(),
    CRONTABBER_ATTEMPT: String(attempt),
    CRONTABBER_FENCE: String(fence),
    ...(payload !== null && { CRONTABBER_PAYLOAD: payload }),
  };
}

export interface JobSurroundings {
  /** This host's label. */
  readonly host: string;
  /** The scheduler's own environment, from which `env_pass` takes. */
  readonly baseEnv: Readonly<Record<string, string | undefined>>;
  /** Names of variables every job inherits. */
  readonly envPass: readonly string[];
}
