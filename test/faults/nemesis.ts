/** What breaks the fleet, one seeded decision after the other. Owns which fault comes when, and its undoing; judges nothing. */
import { setTimeout as sleep } from "node:timers/promises";
import type { TestServer } from "../helpers/server.ts";
import type { Database } from "./database.ts";
import type { Host } from "./host.ts";
import type { Random } from "./random.ts";

export interface Targets {
  readonly hosts: readonly Host[];
  readonly server: TestServer;
  readonly database: Database;
  readonly jobs: readonly string[];
  readonly random: Random;
  /** Writes the fault down among the bodies' lines. */
  note(fault: string, host: string): void;
}

/** How often each fault comes, relative to the others. */
const WEIGHTS = {
  ...{ kill: 20, power: 5, stop: 14, freeze: 6, drain: 5 },
  ...{ cut: 8, silence: 8, unplug: 8, commit: 16, clock: 6 },
  ...{ "pg-kill": 2, "pg-backend": 2, "pg-terminate": 4 },
  ...{ pause: 5, cancel: 5, mark: 3, unlock: 2, force: 3 },
};
type Fault = keyof typeof WEIGHTS;
type Act = (targets: Targets, host: Host) => Promise<void>;

/** A lease is three seconds long: most stops and cuts outlast it. */
const span = (random: Random): number => random.between(800, 7_500);

const ACTS: Readonly<Record<Fault, Act>> = {
  kill: async (_, host) => host.kill("SIGKILL"),
  power: async (_, host) => host.everything("SIGKILL"),
  stop: async ({ random }, host) => {
    host.kill("SIGSTOP");
    await sleep(span(random));
    host.kill("SIGCONT");
  },
  freeze: async ({ random, note }, host) => {
    host.everything("SIGSTOP");
    await sleep(span(random));
    note("thaw", host.label);
    host.everything("SIGCONT");
  },
  drain: async (_, host) => host.kill("SIGTERM"),
  cut: async ({ random }, host) => {
    host.network.cut();
    await sleep(span(random));
    host.network.heal();
  },
  silence: async ({ random }, host) => {
    host.network.silence(random.pick(["requests", "answers", "both"] as const));
    await sleep(span(random));
    host.network.heal();
  },
  unplug: async ({ random }, host) => {
    host.cable?.unplug();
    await sleep(span(random));
    host.cable?.plug();
  },
  commit: async (_, host) => void host.network.loseAnswerTo("COMMIT"),
  clock: async ({ random }, host) => host.setClock(random.pick([0, random.between(-7_200, 7_200), random.between(-10, 10)])),
  "pg-kill": async ({ server, random }) => {
    await server.crash();
    await sleep(random.between(100, 2_500));
    await server.restart();
  },
  "pg-backend": async ({ database }) => database.killOne(),
  "pg-terminate": async ({ database }) =>
    database.run(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE random() < 0.3 AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
    ),
  pause: async ({ database, random, jobs }) => {
    const job = random.pick(jobs);
    await database.run("SELECT crontabber_pause($1)", [job]);
    await sleep(random.between(500, 6_000));
    if (random.share() < 0.3) await database.run("SELECT crontabber_mark_success($1)", [job]);
    await database.run("SELECT crontabber_resume($1, $2)", [job, random.share() < 0.3]);
  },
  cancel: async ({ database }) =>
    database.run("SELECT crontabber_cancel(app_name) FROM crontabber WHERE run_id IS NOT NULL ORDER BY random() LIMIT 1"),
  mark: async ({ database, random, jobs }) => database.run("SELECT crontabber_mark_success($1)", [random.pick(jobs)]),
  unlock: async ({ database }) => database.run("SELECT crontabber_unlock(app_name) FROM crontabber WHERE held_at IS NOT NULL"),
  force: async ({ random, jobs }, host) => host.command("run", random.pick(jobs), "--force"),
};

/** Faults that leave a host alone, and may come while it has another one. */
const ELSEWHERE: readonly Fault[] = ["pg-kill", "pg-backend", "pg-terminate", "pause", "cancel", "mark", "unlock"];

/** Breaks things for `seconds`, then undoes what is still on. `only`: these faults and no others. */
export async function rage(targets: Targets, seconds: number, only: readonly string[] | null = null): Promise<void> {
  const { random, hosts, note } = targets;
  const weights = Object.fromEntries(Object.entries(WEIGHTS).filter(([name]) => only === null || only.includes(name))) as typeof WEIGHTS;
  const until = performance.now() + seconds * 1000;
  const going = new Set<Promise<void>>();
  let isDown = false;
  while (performance.now() < until) {
    await sleep(random.between(150, 1_300));
    const fault = random.weighted(weights);
    const host = random.pick(hosts);
    const isElsewhere = ELSEWHERE.includes(fault);
    if ((!isElsewhere && host.isBusy) || (isDown && fault.startsWith("pg-"))) continue;
    if (!isElsewhere) host.isBusy = true;
    if (fault === "pg-kill") isDown = true;
    note(fault, isElsewhere ? "-" : host.label);
    const one = ACTS[fault](targets, host).finally(() => {
      if (!isElsewhere) host.isBusy = false;
      if (fault === "pg-kill") isDown = false;
      going.delete(one);
    });
    going.add(one);
  }
  await Promise.all(going);
}
