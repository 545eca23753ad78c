/** The forty jobs of a campaign and the files they are made of. Data, and the texts it becomes; starts nothing. */

export interface FleetJob {
  readonly name: string;
  readonly schedule: string;
  readonly kind: "command" | "sql" | "module";
  readonly parents: readonly string[];
  readonly backfill: boolean;
  /** Its effects are counted in the table `fx`. */
  readonly transactional: boolean;
  /** How many times a body says that it is at work, 0.3 s apart. */
  readonly beats: number;
  /** Some first attempts give up. */
  readonly fails: boolean;
}

const job = (name: string, schedule: string, over: Partial<FleetJob> = {}): FleetJob => ({
  ...{ name, schedule, kind: "command", parents: [], backfill: false, transactional: false, beats: 1, fails: false },
  ...over,
});

const PLAIN = [2, 3, 5, 6, 7, 8, 9, 11, 12, 13, 15, 17, 19, 20].map((seconds, i) =>
  job(`i${i + 1}`, `${seconds}s`, { beats: i % 3, fails: i % 3 === 1 }),
);
const CRON = ["*/4", "1-59/6", "*/10", "5,25,50", "3-58/11", "*/15", "0,20,40", "7"].map((seconds, i) =>
  job(`c${i + 1}`, `${seconds} * * * * *`, { beats: i % 3, fails: i % 4 === 2 }),
);
/** Longer than a lease: what their owner's death, stop or cut leaves behind shows in their lines. */
const LONG = [9, 10, 11, 12].map((seconds, i) => job(`l${i + 1}`, `${seconds}s`, { beats: 22 }));
const CHAIN = [
  job("p1", "*/12 * * * * *", { beats: 4, fails: true }),
  job("p2", "6-59/12 * * * * *", { parents: ["p1"], beats: 2 }),
  job("p3", "12s", { parents: ["p1", "p2"] }),
  job("q1", "15s", { beats: 3, fails: true }),
  job("q2", "10s", { parents: ["q1"], beats: 1 }),
];
const BACKFILL = [
  job("b1", "5s", { backfill: true }),
  job("b2", "*/6 * * * * *", { backfill: true, fails: true }),
  job("b3", "*/6 * * * * *", { backfill: true, parents: ["b2"] }),
  job("b4", "8s", { backfill: true, beats: 3 }),
];
const TRANSACTIONS = [
  job("t1", "10s", { kind: "sql", transactional: true }),
  job("t2", "*/12 * * * * *", { kind: "sql", transactional: true, backfill: true }),
  job("t3", "13s", { kind: "sql", transactional: true }),
];
const MODULES = [job("m1", "14s", { kind: "module" }), job("m2", "16s", { kind: "module", transactional: true })];

export const FLEET: readonly FleetJob[] = [...PLAIN, ...CRON, ...LONG, ...CHAIN, ...BACKFILL, ...TRANSACTIONS, ...MODULES];

/** Seconds. */
export const LEASE = 3;

/** The folder's files, by name. Each host finds its own way to the database in the environment variable FAULT_DB. */
export function files(jobs: readonly FleetJob[]): Record<string, string> {
  return {
    "crontabber.ini": `${HEAD}${modules(jobs)}\n${jobs
      .filter((j) => j.kind !== "module")
      .map(section)
      .join("\n")}`,
    "body.sh": BODY,
    "mods.mjs": MODS,
  };
}

export const TABLE = "CREATE TABLE fx (job text NOT NULL, slot timestamptz NOT NULL, run_id uuid NOT NULL)";

const HEAD = `[crontabber]
    database_url = \${FAULT_DB}
    lease = ${LEASE}
    error_retry_time = 2
    drain_timeout = 2
    concurrency = 12
`;

function modules(jobs: readonly FleetJob[]): string {
  const mine = jobs.filter((j) => j.kind === "module");
  return `    jobs = '''\n${mine.map((j) => `        mods.mjs#${j.name.toUpperCase()}|${j.schedule}`).join("\n")}\n    '''`;
}

function section(j: FleetJob): string {
  const lines = [`[job:${j.name}]`, `    schedule = ${j.schedule}`];
  if (j.parents.length) lines.push(`    depends_on = ${j.parents.join(", ")}`);
  if (j.backfill) lines.push("    backfill = yes");
  if (j.kind === "command") lines.push(`    command = BEATS=${j.beats} FAILS=${j.fails ? "yes" : "no"} . ./body.sh`);
  else lines.push(`    sql = ${effect(j.name)} SELECT pg_sleep(0.4)`);
  return `${lines.join("\n")}\n`;
}

const effect = (name: string): string =>
  `INSERT INTO fx VALUES ('${name}', current_setting('crontabber.slot')::timestamptz, current_setting('crontabber.run_id')::uuid);`;

/** One short write for each line: the kernel keeps them whole and in order. */
const BODY = `say() {
  read -r up _ </proc/uptime
  printf '%s %s %s %s %s %s %s %s\\n' "$1" "$CRONTABBER_JOB" "$CRONTABBER_SLOT" "$CRONTABBER_ATTEMPT" "$CRONTABBER_RUN_ID" "$CRONTABBER_HOST" "$$" "$up" >>lines
}
say S
while [ "$BEATS" -gt 0 ]; do
  sleep 0.3
  say B
  BEATS=$((BEATS - 1))
done
case "$FAILS $CRONTABBER_ATTEMPT $CRONTABBER_SLOT" in
  "yes 1 "*:[135]?.*) say F; exit 1 ;;
esac
say E
`;

const MODS = `import { appendFileSync, readFileSync } from "node:fs";
const say = (kind, job, ctx) => {
  const up = readFileSync("/proc/uptime", "utf8").split(" ")[0];
  const line = [kind, job, ctx.slot.toISOString(), ctx.attempt, ctx.runId, process.env.CRONTABBER_HOST, process.pid, up].join(" ");
  appendFileSync("lines", line + "\\n");
};
export const M1 = {
  name: "m1",
  async run(ctx) {
    say("S", "m1", ctx);
    await new Promise((done) => setTimeout(done, 300));
    say("E", "m1", ctx);
  },
};
export const M2 = {
  name: "m2",
  transaction: true,
  async run(ctx) {
    say("S", "m2", ctx);
    await ctx.tx.query("INSERT INTO fx VALUES ('m2', $1, $2)", [ctx.slot, ctx.runId]);
    await new Promise((done) => setTimeout(done, 200));
    say("E", "m2", ctx);
  },
};
`;
