/** Two hosts whose system crons make a pass each minute: what is configured, what goes wrong on the way, and what is left. Owns the order. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Database } from "../faults/database.ts";
import { type Evidence, readLines } from "../faults/evidence.ts";
import { type FleetJob, files, TABLE } from "../faults/fleet.ts";
import { freshDatabase } from "../helpers/pg.ts";
import { until } from "../helpers/processes.ts";
import { CronDaemon } from "./daemon.ts";

const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const HOSTS = ["web-1", "web-2"];
/** Passes on each host that see it. */
const INCIDENT = 2;

export interface CronCampaign {
  /** Minutes by cron's clock. */
  readonly minutes: number;
  /** Times the machine's own. */
  readonly speed: number;
}

export interface CronOutcome {
  readonly evidence: Evidence;
  readonly hosts: readonly { readonly label: string; readonly mails: string[]; readonly codes: Readonly<Record<string, number>> }[];
}

const job = (name: string, schedule: string, over: Partial<FleetJob> = {}): FleetJob => ({
  ...{ name, schedule, kind: "command", parents: [], backfill: false, transactional: false, beats: 0, fails: false },
  ...over,
});

/** `period`: seconds between two passes. One job is still at work when the next pass looks. */
export function jobsOf(period: number): FleetJob[] {
  const cron = period === 60 ? "0 * * * * *" : `*/${period} * * * * *`;
  return [
    ...Array.from({ length: 6 }, (_, i) => job(`every-${i + 1}`, `${period}s`, { beats: i % 3 })),
    ...[job("cron-1", cron), job("cron-2", cron, { beats: 1 }), job("parent", cron, { beats: 2 })],
    ...[job("child", cron, { parents: ["parent"] }), job("dates", `${period}s`, { backfill: true }), job("retried", cron, { fails: true })],
    ...[job("long", `${2 * period}s`, { beats: Math.round((1.3 * period) / 0.3) }), job("bad", `${period}s`)],
    job("work", `${period}s`, { kind: "sql", transactional: true }),
  ];
}

const FLAG = "bad-now";

function iniOf(jobs: readonly FleetJob[], { url, period, folder }: { url: string; period: number; folder: string }): string {
  const head = `[crontabber]\n    database_url = ${url}\n    error_retry_time = ${period / 2}\n`;
  const section = ({ name, schedule, kind, parents, backfill, beats, fails }: FleetJob): string => {
    const body = `BEATS=${beats} FAILS=${fails ? "yes" : "no"} . ./body.sh`;
    const guarded = name === "bad" ? `[ ! -e ${folder}/${FLAG} ] || { echo "no such host" >&2; exit 7; }; ${body}` : body;
    const what =
      kind === "command"
        ? `command = ${guarded}`
        : `sql = INSERT INTO fx VALUES ('${name}', current_setting('crontabber.slot')::timestamptz, current_setting('crontabber.run_id')::uuid)`;
    const more = [...(parents.length ? [`    depends_on = ${parents.join(", ")}`] : []), ...(backfill ? ["    backfill = yes"] : [])];
    return [`[job:${name}]`, `    schedule = ${schedule}`, ...more, `    ${what}`, ""].join("\n");
  };
  return head + jobs.map(section).join("\n");
}

/** As an operator writes it: a host's crontab has its own label and state folder. */
const crontab = (label: string, folder: string): string => `MAILTO=ops@example.org
PATH=${process.env.PATH}
* * * * * cd ${folder} && CRONTABBER_HOST=${label} XDG_STATE_HOME=${folder}/${label}/state ${process.execPath} ${CLI} -c ${folder}/${label}/crontabber.ini
`;

export async function cronCampaign({ minutes, speed }: CronCampaign): Promise<CronOutcome> {
  const period = 60 / speed;
  const jobs = jobsOf(period);
  const folder = mkdtempSync(join(tmpdir(), "crontabber-cron-"));
  const database = await freshDatabase();
  const crons: CronDaemon[] = [];
  try {
    const url = database.url;
    const data = new Database(url);
    await data.run(TABLE);
    writeFileSync(join(folder, "lines"), "");
    const body = files(jobs)["body.sh"]?.replaceAll(">>lines", `>>${folder}/lines`) ?? "";
    const ini = iniOf(jobs, { url, period, folder });
    for (const label of HOSTS) {
      mkdirSync(join(folder, label, "cron"), { recursive: true });
      writeFileSync(join(folder, label, "body.sh"), body);
      writeFileSync(join(folder, label, "crontabber.ini"), ini);
    }
    for (const label of HOSTS)
      crons.push(await CronDaemon.start({ folder: join(folder, label, "cron"), crontab: crontab(label, folder), speed }));
    const evidence = await observe({ data, folder, jobs, crons, ini }, minutes * period);
    const hosts = crons.map((cron, i) => ({
      label: HOSTS[i] ?? "",
      mails: cron.mails().flatMap(({ body: text }) => text.trim().split("\n")),
      codes: cron.codes(),
    }));
    return { evidence, hosts };
  } finally {
    await Promise.all(crons.map((cron) => cron.close()));
    await database.drop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Stage {
  readonly data: Database;
  readonly folder: string;
  readonly jobs: readonly FleetJob[];
  readonly crons: readonly CronDaemon[];
  readonly ini: string;
}

/** Two incidents on the way, each some passes long: a job that fails everywhere, and one host with a bad edit of its configuration. */
async function observe({ data, folder, jobs, crons, ini }: Stage, seconds: number): Promise<Evidence> {
  const begun = () => Math.min(...crons.map((cron) => cron.begun));
  // And the beginning of one more: by then they have read what they were to read.
  const after = async (passes: number) => {
    const wanted = begun() + passes + 1;
    await until(`${passes} passes on each host`, () => begun() >= wanted, 90 * (passes + 1));
  };
  const ended = performance.now() + seconds * 1000;
  const ran = "SELECT count(DISTINCT app_name)::int AS n FROM crontabber_run WHERE outcome = 'succeeded'";
  const done = async (): Promise<boolean> => {
    const rows = await data.rows<{ n: number }>(ran).catch(() => []); // no tables yet
    return (rows[0]?.n ?? 0) >= jobs.length - 1;
  };
  await until("every job has run", done, 300);
  const from = await data.now();
  const zero = from - Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1000;
  writeFileSync(join(folder, FLAG), "");
  await after(INCIDENT);
  rmSync(join(folder, FLAG));
  const second = join(folder, "web-2", "crontabber.ini");
  writeFileSync(second, ini.replace("error_retry_time", "error_retry_tme"));
  await after(INCIDENT);
  writeFileSync(second, ini);
  await after(1);
  await until("the time is over", () => performance.now() >= ended, seconds);
  await Promise.all(crons.map((cron) => cron.rest()));
  const [runs, rows, effects] = [await data.runs(), await data.states(), await data.effects()];
  const lines = readLines(readFileSync(join(folder, "lines"), "utf8"));
  return { jobs, lines, runs, rows, effects, zero, from, until: lastLook(runs) };
}

/** What became due after the last pass looked is nobody's fault: up to the newest claim of the slowest job everything is dealt with. */
function lastLook(runs: Evidence["runs"]): number {
  const newest = new Map(runs.map((run) => [run.job, run.slot]));
  return Math.min(...newest.values());
}
