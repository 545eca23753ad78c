/** One campaign: a fleet of real processes, a nemesis for a while, then healing and draining; what is left is the evidence. Owns the order. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startServer, type TestServer } from "../helpers/server.ts";
import { Database } from "./database.ts";
import { type Evidence, readLines } from "./evidence.ts";
import { FLEET, type FleetJob, files, TABLE } from "./fleet.ts";
import { Host } from "./host.ts";
import { rage } from "./nemesis.ts";
import { seeded } from "./random.ts";

export interface CampaignOptions {
  readonly seed: number;
  /** How long the nemesis is at work. */
  readonly seconds: number;
  /** Default: the build of this tree. */
  readonly cli?: string;
  readonly jobs?: readonly FleetJob[];
  /** Faults that may come; default: all. */
  readonly only?: readonly string[];
  /** Labels of hosts; those that begin with d are daemons. */
  readonly hosts?: readonly string[];
  /** Seconds that the fleet gets to come to rest after the faults; what is not done then is stuck. */
  readonly patience?: number;
}

const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const HOSTS = ["d1", "d2", "p1", "p2"];

/** A crash must lose nothing that was committed: durability is not what is tested away here. */
const DURABLE = { synchronous_commit: "on" };

export interface Outcome {
  readonly evidence: Evidence;
  /** Exit codes and signals of what ran on each host. */
  readonly ends: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Where configuration, logs and the bodies' file are, until `forget`. */
  readonly folder: string;
  forget(): void;
}

export async function campaign(options: CampaignOptions): Promise<Outcome> {
  const server = await startServer(DURABLE);
  const folder = mkdtempSync(join(tmpdir(), "crontabber-faults-"));
  const hosts: Host[] = [];
  try {
    const jobs = options.jobs ?? FLEET;
    for (const [name, text] of Object.entries(files(jobs))) writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, "lines"), "");
    const cli = options.cli ?? CLI;
    for (const label of options.hosts ?? HOSTS) {
      hosts.push(await Host.make({ label, kind: label.startsWith("d") ? "daemon" : "passes", folder, cli, database: server.url }));
    }
    const evidence = await observe(options, { server, folder, hosts, jobs });
    const ends = Object.fromEntries(hosts.map((host) => [host.label, Object.fromEntries(host.ends)]));
    return { evidence, ends, folder, forget: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) };
  } finally {
    await Promise.all(hosts.map((host) => host.close()));
    await server.stop();
  }
}

interface Stage {
  readonly server: TestServer;
  readonly folder: string;
  readonly hosts: readonly Host[];
  readonly jobs: readonly FleetJob[];
}

async function observe(options: CampaignOptions, { server, folder, hosts, jobs }: Stage): Promise<Evidence> {
  const database = new Database(server.url);
  await database.run(TABLE);
  const note = (fault: string, host: string) => appendFileSync(join(folder, "lines"), `N ${fault} ${host} ${uptime()}\n`);
  for (const host of hosts) host.start();
  const from = await planned(database, jobs);
  const zero = (await database.now()) - uptime() * 1000;
  await rage(
    { hosts, server, database, jobs: jobs.map((j) => j.name), random: seeded(options.seed), note },
    options.seconds,
    options.only ?? null,
  );
  const until = await settle(database, { hosts, jobs, patience: options.patience ?? 60 });
  await Promise.all(hosts.map((host) => host.stop()));
  const [runs, rows, effects] = [await database.runs(), await database.states(), await database.effects()];
  return { jobs, lines: readLines(readFileSync(join(folder, "lines"), "utf8")), runs, rows, effects, zero, from, until };
}

/** When every job has its row: from then on each of its slots counts. */
async function planned(database: Database, jobs: readonly FleetJob[]): Promise<number> {
  const query = "SELECT count(*)::int AS n FROM pg_tables WHERE tablename = 'crontabber'";
  while ((await database.rows<{ n: number }>(query))[0]?.n !== 1) await sleep(50);
  while ((await database.states()).length < jobs.length) await sleep(50);
  return database.now();
}

/** Undoes every fault, and lets the fleet catch up. Resolves to the moment up to which every slot must be accounted for. */
async function settle(
  database: Database,
  { hosts, jobs, patience }: { hosts: readonly Host[]; jobs: readonly FleetJob[]; patience: number },
): Promise<number> {
  for (const host of hosts) {
    host.network.heal();
    host.everything("SIGCONT");
    host.setClock(0);
  }
  await database.run("SELECT crontabber_resume(app_name) FROM crontabber WHERE paused_at IS NOT NULL");
  const until = await database.now();
  const giveUp = performance.now() + patience * 1000;
  while (performance.now() < giveUp) {
    await database.run("SELECT crontabber_unlock(app_name) FROM crontabber WHERE held_at IS NOT NULL");
    const rows = await database.states();
    const isBehind = (job: FleetJob) => rows.some((row) => row.job === job.name && (row.nextRun ?? 0) <= until);
    const runs = await database.rows<{ n: number }>(
      "SELECT count(*)::int AS n FROM crontabber_run WHERE outcome IS NULL AND claimed_at <= to_timestamp($1 / 1000.0)",
      [until],
    );
    if (!jobs.some(isBehind) && runs[0]?.n === 0) break;
    await sleep(250);
  }
  return until;
}

const uptime = (): number => Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
