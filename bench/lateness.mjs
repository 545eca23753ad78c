// How late a daemon's jobs start: the instant their command writes its time, after the slot; against a bare timer that starts the same commands.
// The daemon's slots are even seconds, the bare timer's odd ones, in the same run. Database and host share one clock here.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { quantile, table } from "./table.mjs";

const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
const bare = fileURLToPath(new URL("bare-timer.mjs", import.meta.url));

export async function lateness({ url: base, admin, work, slots }) {
  const rows = [["due at once", "", "median", "p90", "p99", "worst", "median ratio", "p99 ratio", "target"]];
  for (const { jobs, concurrency } of [
    { jobs: 1, concurrency: 10 },
    { jobs: 20, concurrency: 20 },
    { jobs: 20, concurrency: 10 },
  ]) {
    const name = `late_${jobs}_${concurrency}`;
    const url = new URL(base);
    url.pathname = `/${name}`;
    await admin.query(`CREATE DATABASE ${name}`);
    const { daemon, timer } = await both({ folder: join(work, name), url: url.href, jobs, concurrency, slots });
    const [mine, floor] = [daemon, timer].map((samples) => [0.5, 0.9, 0.99, 1].map((share) => quantile(samples, share)));
    const ms = (values) => values.map((value) => `${value.toFixed(1)} ms`);
    const [median, p99] = [mine[0] / floor[0], mine[2] / floor[2]];
    const told =
      concurrency < jobs ? "none: half of them wait for their turn" : `<= 2, <= 3: ${median <= 2 && p99 <= 3 ? "met" : "MISSED"}`;
    rows.push([`${jobs}, concurrency ${concurrency}`, "daemon", ...ms(mine), median.toFixed(2), p99.toFixed(2), told]);
    rows.push(["", "bare timer", ...ms(floor), "", "", ""]);
  }
  return [`Lateness: start of the command after its slot, over ${slots} slots`, "", ...table(rows)];
}

async function both({ folder, url, jobs, concurrency, slots }) {
  mkdirSync(folder, { recursive: true });
  const times = { daemon: join(folder, "daemon"), timer: join(folder, "timer") };
  const job = (n) =>
    `[job:job-${n}]\n    schedule = */2 * * * * *\n    command = echo "$CRONTABBER_SLOT $(date +%s%N)" >> ${times.daemon}\n`;
  const config = join(folder, "crontabber.ini");
  const head = `[crontabber]\n    database_url = ${url}\n    spool = ${folder}/spool\n    concurrency = ${concurrency}\n`;
  writeFileSync(config, head + Array.from({ length: jobs }, (_, n) => job(n)).join(""));
  for (const file of Object.values(times)) writeFileSync(file, "");
  const env = { ...process.env, SLOT_FILE: times.timer };
  const daemon = spawn(process.execPath, [cli, "-c", config, "daemon", "--quiet"], {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const timer = spawn(process.execPath, [bare, String(jobs), times.timer], { cwd: folder, env, stdio: ["ignore", "inherit", "inherit"] });
  try {
    // The first slots are for warming up.
    await new Promise((done) => setTimeout(done, (slots + 3) * 2000));
  } finally {
    await Promise.all([daemon, timer].map((child) => ended(child)));
  }
  return { daemon: read(times.daemon, slots, jobs), timer: read(times.timer, slots, jobs) };
}

function ended(child) {
  const exit = new Promise((done) => child.once("exit", done));
  child.kill("SIGTERM");
  return exit;
}

/** Milliseconds of lateness of each start in the last `slots` slots. Throws if there are too few. */
function read(file, slots, jobs) {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  const starts = lines.map((line) => {
    const [slot, at] = line.split(" ");
    return { slot, late: (Number(BigInt(at) / 1000n) - 1000 * Date.parse(slot)) / 1000 };
  });
  const last = new Set([...new Set(starts.map(({ slot }) => slot))].sort().slice(-slots));
  const samples = starts.filter(({ slot }) => last.has(slot)).map(({ late }) => late);
  if (samples.length < slots * jobs * 0.95) throw new Error(`${file}: ${samples.length} starts instead of ${slots * jobs}`);
  return samples;
}
