/** Twenty busy jobs, and the folder of a release of them that says on every line which one it is of. Data and texts; starts nothing. */
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FleetJob } from "../../faults/fleet.ts";

const job = (name: string, schedule: string, over: Partial<FleetJob> = {}): FleetJob => ({
  ...{ name, schedule, kind: "command", parents: [], backfill: false, transactional: false, beats: 1, fails: false },
  ...over,
});

/** Bodies from half a second to three: some are longer than what lies between two slots. */
export const LOAD: readonly FleetJob[] = [
  ...Array.from({ length: 12 }, (_, i) => job(`c${i + 1}`, `${1 + (i % 3)}s`, { beats: 1 + ((5 * i) % 6) })),
  ...[job("p", "4s"), job("k", "3s", { parents: ["p"] }), job("b", "2s", { backfill: true }), job("s", "*/3 * * * * *")],
  ...[job("t", "3s", { kind: "sql", transactional: true }), job("n", "3s", { kind: "sql", transactional: true, backfill: true })],
  ...[job("m1", "3s", { kind: "module" }), job("m2", "2s", { kind: "module" })],
];

export interface Release {
  /** One digit. */
  readonly number: number;
  readonly database: string;
  /** What bodies append to; absolute. */
  readonly lines: string;
  /** A time-out that cannot be read. */
  readonly spoilt?: boolean;
}

/** Of equal sizes and times in every release, as packers that build the same twice make them. */
export function writeRelease(folder: string, release: Release): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files(release))) {
    writeFileSync(join(folder, name), text);
    utimesSync(join(folder, name), 499_162_500, 499_162_500);
  }
}

export function iniOf({ number, database, spoilt }: Release): string {
  const head = `[crontabber]\n    database_url = ${database}\n    drain_timeout = 20\n    error_retry_time = 2\n    concurrency = 20\n`;
  const modules = LOAD.filter(({ kind }) => kind === "module");
  const entries = modules.map(({ name, schedule }) => `        body.mjs#${name.toUpperCase()}|${schedule}`);
  return `${head}    jobs = '''\n${entries.join("\n")}\n    '''\n${LOAD.map((each) => section(each, number)).join("\n")}${spoilt ? "    timeout = soon\n" : ""}`;
}

function section({ name, schedule, kind, parents, backfill, beats }: FleetJob, number: number): string {
  if (kind === "module") return `[job:${name}]\n    release = ${number}\n`;
  const lines = [`[job:${name}]`, `    schedule = ${schedule}`];
  if (parents.length) lines.push(`    depends_on = ${parents.join(", ")}`);
  if (backfill) lines.push("    backfill = yes");
  if (kind === "command") lines.push(`    command = RELEASE=${number} BEATS=${beats} . ./body.sh`);
  else lines.push(`    sql = ${effect(name)} SELECT pg_sleep(0.4)`);
  return `${lines.join("\n")}\n`;
}

const effect = (name: string): string =>
  `INSERT INTO fx VALUES ('${name}', current_setting('crontabber.slot')::timestamptz, current_setting('crontabber.run_id')::uuid);`;

function files(release: Release): Record<string, string> {
  const { number, lines } = release;
  return {
    "crontabber.ini": iniOf(release),
    "body.sh": shell(number, lines),
    "late.sh": `LATE=${number}\n`,
    "version.mjs": `export const CODE = ${number};\n`,
    "late.mjs": `export const LATE = ${number};\n`,
    "body.mjs": module(lines),
  };
}

/** The last word of a line: release of the configuration, of the code it began with, of the code it came to later. */
const shell = (number: number, lines: string): string => `CODE=${number}
say() {
  read -r up _ </proc/uptime
  printf '%s %s %s %s %s %s %s %s %s\\n' "$1" "$CRONTABBER_JOB" "$CRONTABBER_SLOT" "$CRONTABBER_ATTEMPT" "$CRONTABBER_RUN_ID" "$CRONTABBER_HOST" "$$" "$up" "$RELEASE.$CODE.$2" >>'${lines}'
}
say S -
while [ "$BEATS" -gt 0 ]; do
  sleep 0.5
  BEATS=$((BEATS - 1))
done
. ./late.sh
say E "$LATE"
`;

const module = (lines: string): string => `import { appendFileSync, readFileSync } from "node:fs";
import { CODE } from "./version.mjs";
const body = (name) => ({
  name,
  options: { release: 0 },
  async run(ctx) {
    const say = (kind, late) => {
      const up = readFileSync("/proc/uptime", "utf8").split(" ")[0];
      const of = [name, ctx.slot.toISOString(), ctx.attempt, ctx.runId, process.env.CRONTABBER_HOST, process.pid, up];
      appendFileSync(${JSON.stringify(lines)}, [kind, ...of, [ctx.options.release, CODE, late].join(".")].join(" ") + "\\n");
    };
    say("S", "-");
    await new Promise((done) => setTimeout(done, 800));
    const { LATE } = await import("./late.mjs");
    say("E", LATE);
  },
});
export const M1 = body("m1");
export const M2 = body("m2");
`;
