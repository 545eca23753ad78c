// What a daemon with nothing due costs: transactions and connections of its database by the server's own counts, processor time by the kernel's.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { commands, settle } from "./fleet.mjs";
import { table } from "./table.mjs";

const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
const JOBS = 1000;
const SECONDS = 60;

export async function idle({ url: base, admin, work }) {
  const url = new URL(base);
  url.pathname = "/bench_idle";
  await admin.query("CREATE DATABASE bench_idle");
  const { config } = commands(join(work, "idle"), { count: JOBS, url: url.href });
  const crontabber = (...args) =>
    new Promise((done) => spawn(process.execPath, [cli, "-c", config, ...args], { stdio: "ignore" }).once("exit", done));
  await crontabber("migrate");
  const client = new pg.Client(url.href);
  await client.connect();
  await settle(client, JOBS);
  await client.end();
  await crontabber(); // plans rows that were adopted
  const daemon = spawn(process.execPath, [cli, "-c", config, "daemon", "--quiet"], { stdio: ["ignore", "inherit", "inherit"] });
  try {
    await sleep(15_000);
    const before = await counted(admin, daemon.pid);
    const most = { connections: 0 };
    for (let second = 0; second < SECONDS; second++) {
      await sleep(1000);
      const { rows } = await admin.query("SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = 'bench_idle'");
      most.connections = Math.max(most.connections, rows[0].n);
    }
    const after = await counted(admin, daemon.pid);
    const transactions = after.transactions - before.transactions;
    return [
      `Idle: a daemon with ${JOBS} schedules and nothing due, for ${SECONDS} s`,
      "",
      ...table([
        ["", "a minute", "target", ""],
        ["transactions", transactions, "<= 4", transactions <= 4 ? "met" : "MISSED"],
        ["connections, at most", most.connections, "2", most.connections <= 2 ? "met" : "MISSED"],
        ["processor time", `${after.cpu - before.cpu} ms`, "", ""],
      ]),
    ];
  } finally {
    daemon.kill("SIGTERM");
    await new Promise((done) => daemon.once("exit", done));
  }
}

async function counted(admin, pid) {
  const { rows } = await admin.query("SELECT (xact_commit + xact_rollback)::int AS n FROM pg_stat_database WHERE datname = 'bench_idle'");
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // Hundredths of a second, of itself.
  return { transactions: rows[0].n, cpu: 10 * (Number(fields[11]) + Number(fields[12])) };
}
