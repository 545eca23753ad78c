// How long the job of a killed daemon stands still: from the end of its last lease to the claim of the retry, by the database's clock.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { quantile, table } from "./table.mjs";

const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
const LEASES = [3, 12];
const ROUNDS = 5;

export async function recovery({ url: base, admin, work }) {
  const rows = [["lease", "a renewal", "median", "worst", "in renewals", "target"]];
  for (const lease of LEASES) {
    const url = new URL(base);
    url.pathname = `/recovery_${lease}`;
    await admin.query(`CREATE DATABASE recovery_${lease}`);
    const waits = [];
    for (let round = 0; round < ROUNDS; round++)
      waits.push(await once({ folder: join(work, `recovery-${lease}`), url: url.href, lease, round }));
    const worst = quantile(waits, 1) / (lease / 6);
    const ms = (share) => `${Math.round(1000 * quantile(waits, share))} ms`;
    rows.push([`${lease} s`, `${1000 * (lease / 6)} ms`, ms(0.5), ms(1), worst.toFixed(2), `<= 2: ${worst <= 2 ? "met" : "MISSED"}`]);
  }
  return [`Recovery: end of a killed daemon's lease to the retry's claim on its peer, ${ROUNDS} kills each`, "", ...table(rows)];
}

/** Seconds. */
async function once({ folder, url, lease, round }) {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, `${round}.ini`);
  const job = `[job:long-${round}]\n    command = [ "$CRONTABBER_ATTEMPT" != 1 ] || sleep 600\n    schedule = 1d\n`;
  writeFileSync(config, `[crontabber]\n    database_url = ${url}\n    spool = ${folder}/spool\n    lease = ${lease}\n${job}`);
  const daemon = (host) =>
    spawn(process.execPath, [cli, "-c", config, "daemon", "--quiet"], { env: { ...process.env, CRONTABBER_HOST: host } });
  const client = new pg.Client(url);
  await client.connect();
  const owner = daemon(`owner-${round}`);
  const name = `long-${round}`;
  const one = (text) => until(async () => (await client.query(text, [name]).catch(() => ({ rows: [] }))).rows[0]);
  await one("SELECT 1 FROM crontabber WHERE app_name = $1 AND run_id IS NOT NULL");
  const peer = daemon(`peer-${round}`);
  await until(async () => (await client.query("SELECT 1 FROM crontabber_host WHERE label = $1", [`peer-${round}`])).rows[0]);
  await sleep(1000 * (lease / 6) * Math.random());
  owner.kill("SIGKILL");
  await sleep(50);
  const { until: end } = await one("SELECT extract(epoch FROM lease_until)::float8 AS until FROM crontabber WHERE app_name = $1");
  const { at } = await one("SELECT extract(epoch FROM claimed_at)::float8 AS at FROM crontabber_run WHERE app_name = $1 AND attempt = 2");
  peer.kill("SIGTERM");
  await new Promise((done) => peer.once("exit", done));
  await client.end();
  return at - end;
}

async function until(find) {
  for (;;) {
    const found = await find();
    if (found) return found;
    await sleep(20);
  }
}
