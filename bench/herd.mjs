// Many daemons and one job a second: what a slot costs the database, and how late its claim is, by the number of hosts.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { countingProxy } from "./proxy.mjs";
import { quantile, table } from "./table.mjs";

const hosts = fileURLToPath(new URL("hosts.mjs", import.meta.url));
const PROCESSES = 3;
const SECONDS = 20;

export async function herd({ url: base, admin, work, jiti, poolers = true }) {
  const rows = [
    ["hosts", "", "slots", "statements a slot", "transactions a slot", "claims in vain a slot", "claim after its slot: median", "p99"],
  ];
  const cases = [1, 30, 150].map((count) => ({ count, pooler: false }));
  const { hasPgbouncer, startPgbouncer } = await jiti.import("../test/helpers/pgbouncer.ts");
  if (hasPgbouncer && poolers) cases.push({ count: 60, pooler: true });
  for (const { count, pooler } of cases) {
    const name = `herd_${count}_${pooler}`;
    await admin.query(`CREATE DATABASE ${name}`);
    const url = new URL(base);
    url.pathname = `/${name}`;
    const bouncer = pooler ? await startPgbouncer(url.href) : null;
    const told = await fleet({ direct: url.href, url: bouncer?.url(url.href) ?? url.href, count, folder: join(work, name) });
    await bouncer?.close();
    const each = (value) => (value / told.slots).toFixed(1);
    const late = [0.5, 0.99].map((share) => `${quantile(told.late, share).toFixed(0)} ms`);
    rows.push([count, pooler ? "cannot listen" : "", told.slots, each(told.statements), each(told.transactions), each(told.vain), ...late]);
  }
  return [`Herding: one job a second on a fleet of daemons, for ${SECONDS} s`, "", ...table(rows)];
}

async function fleet({ direct, url, count, folder }) {
  const proxy = await countingProxy(Number(new URL(url).port));
  const through = new URL(url);
  through.port = String(proxy.port);
  mkdirSync(folder, { recursive: true });
  const config = join(folder, "crontabber.ini");
  const job = "[job:tick]\n    command = true\n    schedule = 1s\n";
  writeFileSync(config, `[crontabber]\n    database_url = ${through.href}\n    spool = ${folder}/spool\n    concurrency = 2\n${job}`);
  const each = Math.ceil(count / PROCESSES);
  const started = [];
  for (let from = 0; from < count; from += each) started.push(start(config, from, Math.min(each, count - from)));
  const client = new pg.Client(direct);
  await client.connect();
  try {
    await Promise.all(started.map(({ next }) => next()));
    // Everybody has looked again and knows of everybody.
    for (const { child } of started) child.stdin.write("look\n");
    await Promise.all(started.map(({ next }) => next()));
    await sleep(3000);
    const before = await counts(client);
    proxy.reset();
    for (const { child } of started) child.stdin.write("reset\n");
    await Promise.all(started.map(({ next }) => next()));
    await sleep(SECONDS * 1000);
    const { statements } = proxy.seen();
    const after = await counts(client);
    for (const { child } of started) child.stdin.write("tell\n");
    const told = await Promise.all(started.map(({ next }) => next()));
    const { rows } = await client.query(
      "SELECT extract(epoch FROM claimed_at - slot)::float8 * 1000 AS late FROM crontabber_run WHERE id > $1 AND id <= $2",
      [before.id, after.id],
    );
    const vain = told.reduce((sum, one) => sum + one.vain, 0);
    // Our own question is one transaction.
    return {
      slots: rows.length,
      statements,
      transactions: after.transactions - before.transactions,
      vain,
      late: rows.map((row) => row.late),
    };
  } finally {
    await client.end();
    for (const { child } of started) child.kill("SIGKILL");
    proxy.close();
  }
}

function start(config, from, count) {
  const child = spawn(process.execPath, [hosts, config, String(from), String(count)], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, next: async () => JSON.parse((await lines.next()).value) };
}

async function counts(client) {
  const { rows } = await client.query(
    `SELECT (SELECT coalesce(max(id), 0) FROM crontabber_run)::int AS id, (SELECT xact_commit + xact_rollback FROM pg_stat_database
      WHERE datname = current_database())::int AS transactions`,
  );
  return rows[0];
}
