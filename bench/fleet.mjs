// Registries to measure: N jobs of every kind of schedule, none of them due. Owns the files it writes and the rows that make them "not due".
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SCHEDULES = [
  "5m",
  "1h",
  "12h",
  "1d",
  "1d|03:00",
  "7d|04:30",
  "0 3 * * *",
  "30 7 * * mon-fri|Europe/Stockholm",
  "*/15 * * * *",
  "H 6 L * *",
];
const scheduleOf = (index) => SCHEDULES[index % SCHEDULES.length];
const head = (url, spool) => `[crontabber]\n    database_url = ${url}\n    spool = ${spool}\n`;

/** `count` command jobs, each third one with a parent. */
export function commands(folder, { count, url }) {
  const jobs = Array.from({ length: count }, (_, index) => {
    const [schedule, zone] = zoned(scheduleOf(index));
    const parent = index % 3 === 2 ? `    depends_on = job-${index - 1}\n` : "";
    return `[job:job-${index}]\n    command = true\n    schedule = ${schedule}\n${zone ? `    timezone = ${zone}\n` : ""}${parent}`;
  });
  return write(folder, head(url, join(folder, "spool")) + jobs.join(""), count);
}

/** `count` module jobs out of `modules` files. */
export function modules(folder, { count, modules: files, url }) {
  mkdirSync(join(folder, "jobs"), { recursive: true });
  const each = count / files;
  for (let file = 0; file < files; file++) {
    const names = Array.from({ length: each }, (_, index) => file * each + index);
    const exports = names.map((n) => `export const Job${n} = defineJob({ name: "job-${n}", run: () => ${n} });\n`);
    writeFileSync(join(folder, `jobs/m${file}.ts`), `import { defineJob } from "crontabber";\n${exports.join("")}`);
  }
  const entries = Array.from({ length: count }, (_, n) => `        jobs.m${Math.floor(n / each)}.Job${n}|${scheduleOf(n)}\n`);
  return write(folder, `${head(url, join(folder, "spool"))}    jobs = '''\n${entries.join("")}        '''\n`, count);
}

const zoned = (text) => (/\|[A-Z]\w+\//.test(text) ? text.split("|") : [text, null]);

function write(folder, text, count) {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, "crontabber.ini");
  writeFileSync(config, text);
  return { config, count };
}

/** As if every job had run a moment ago. `client` is a connected pg client on a migrated database. */
export async function settle(client, count) {
  await client.query(
    `INSERT INTO crontabber (app_name, next_run, first_run, last_run, last_success, error_count, depends_on, last_error)
     SELECT 'job-' || n, now() + interval '12 hours', now() - interval '1 day', now(), now(), 0, '{}', '{}'
     FROM generate_series(0, $1 - 1) AS n`,
    [count],
  );
}
