// Start-up, as users pay for it every minute: passes with nothing due, against the floor of any program that asks PostgreSQL one thing.
// Runs are interleaved and medians compared, so that a busy machine slows all alike; targets are for the clock, and processor time stands beside it: where the two ratios
// differ much, the machine was busy.
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { commands, modules, settle } from "./fleet.mjs";
import { countingProxy } from "./proxy.mjs";
import { table } from "./table.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const cli = join(root, "dist/cli.js");

/** Runs `node ARGS`; milliseconds by the clock and of the processor. Throws when it does not end with 0. */
async function timed(args, cwd) {
  const began = process.hrtime.bigint();
  const child = spawn(process.execPath, ["--require", join(root, "bench/cpu.cjs"), ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const said = { text: "", cpu: "" };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said.text += chunk));
  child.stdio[3].on("data", (chunk) => (said.cpu += chunk));
  const code = await new Promise((done) => child.on("close", done));
  const wall = Number(process.hrtime.bigint() - began) / 1e6;
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${code}:\n${said.text}`);
  return { wall, cpu: Number(said.cpu) };
}

function median(samples, kind) {
  return samples.map((sample) => sample[kind]).toSorted((a, b) => a - b)[Math.floor(samples.length / 2)];
}

/** One database per registry, migrated and settled; two passes, so that everything is learnt and planned before it is measured. */
async function prepare(fleet, { admin, base }) {
  const name = `bench_${fleet.name.replace(/\W/g, "_")}`;
  await admin.query(`CREATE DATABASE ${name}`);
  const url = new URL(base);
  url.pathname = `/${name}`;
  const folder = join(fleet.folder, name);
  const { config, count } = fleet.make(folder, url.href);
  await timed([cli, "-c", config, "migrate"], folder);
  const client = new pg.Client(url.href);
  await client.connect();
  await settle(client, count);
  for (let pass = 0; pass < 2; pass++) await timed([cli, "-c", config], folder);
  const { rows } = await client.query("SELECT count(*)::int AS runs FROM crontabber_run");
  await client.end();
  if (rows[0].runs !== 0) throw new Error(`${fleet.name}: ${rows[0].runs} jobs ran, nothing should have been due`);
  return { ...fleet, cwd: folder, args: [cli, "-c", config] };
}

/** Statements and connections of one idle pass, seen from outside. */
async function counted(fleet, proxy) {
  proxy.reset();
  await timed([...fleet.args, `--crontabber.port=${proxy.port}`, `--crontabber.database_url=${fleet.url(proxy.port)}`], fleet.cwd);
  return proxy.seen();
}

/** `rounds`: of each case. `profile`: a folder for one .cpuprofile of each; undefined: none. */
export async function startup({ url: base, admin, work, rounds, profile }) {
  const floor = `const { Client } = require("pg"); const c = new Client(${JSON.stringify(base)}); c.connect().then(() => c.query("select 1")).then(() => c.end())`;
  const fleets = [
    { name: "1 command job", folder: work, make: (folder, url) => commands(folder, { count: 1, url }), of: "floor", target: 1.6 },
    {
      name: "1000 command jobs",
      folder: work,
      make: (folder, url) => commands(folder, { count: 1000, url }),
      of: "1 command job",
      target: 1.35,
    },
    {
      name: "1000 module jobs",
      folder: work,
      make: (folder, url) => modules(folder, { count: 1000, modules: 50, url }),
      of: "1 command job",
      target: 1.35,
    },
  ];
  const cases = [{ name: "floor", args: ["-e", floor], cwd: root }];
  for (const fleet of fleets) cases.push(await prepare(fleet, { admin, base }));

  const times = new Map(cases.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const { name, args, cwd } of cases) {
      const took = await timed(args, cwd);
      if (round >= 0) times.get(name).push(took); // the first round warms the caches
    }
  }

  if (profile) {
    for (const { name, args, cwd } of cases.slice(1)) {
      await timed(
        [
          "--cpu-prof",
          "--cpu-prof-interval=200",
          `--cpu-prof-dir=${resolve(profile)}`,
          `--cpu-prof-name=${name.replace(/\W/g, "-")}.cpuprofile`,
          ...args,
        ],
        cwd,
      );
    }
  }

  const proxy = await countingProxy(Number(new URL(base).port));
  const lines = [
    ["pass with nothing due", "clock", "cpu", "against", "clock ratio", "cpu ratio", "target", "", "statements", "connections"],
  ];
  for (const { name, of, target, ...fleet } of cases) {
    const mine = times.get(name);
    const row = [name, `${median(mine, "wall").toFixed(0)} ms`, `${median(mine, "cpu").toFixed(0)} ms`];
    if (!of) {
      lines.push([...row, "", "", "", "", "", "", ""]);
      continue;
    }
    const [wall, cpu] = ["wall", "cpu"].map((kind) => median(mine, kind) / median(times.get(of), kind));
    const seen = await counted({ ...fleet, url: (port) => through(base, name, port) }, proxy);
    const verdict = wall <= target ? "met" : "MISSED";
    lines.push([...row, of, wall.toFixed(2), cpu.toFixed(2), `<= ${target}`, verdict, String(seen.statements), String(seen.connections)]);
  }
  proxy.close();
  return [
    `Start-up: medians of ${rounds} interleaved passes; targets are for the clock; at most 4 statements are allowed`,
    "",
    ...table(lines),
  ];
}

function through(base, name, port) {
  const url = new URL(base);
  url.port = String(port);
  url.pathname = `/bench_${name.replace(/\W/g, "_")}`;
  return url.href;
}
