// What the product costs, in the parts that --only names (default: all). Ratios to a floor measured in the same run, interleaved with it, so that
// a busy machine slows both. Nothing is written into the repository without --save.
// Options: --only startup,lateness,idle,recovery,herd; --rounds N (default 15: of each start-up case); --slots N (default 40: of each lateness case);
// --save (bench/results.md); --profile FOLDER (a .cpuprofile of each start-up case).
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createJiti } from "jiti";
import pg from "pg";
import { herd } from "./herd.mjs";
import { idle } from "./idle.mjs";
import { lateness } from "./lateness.mjs";
import { recovery } from "./recovery.mjs";
import { startup } from "./startup.mjs";

const PARTS = { startup, lateness, idle, recovery, herd };
const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: Object.keys(PARTS).join() },
    rounds: { type: "string", default: "15" },
    slots: { type: "string", default: "40" },
    save: { type: "boolean" },
    profile: { type: "string" },
  },
});

const jiti = createJiti(import.meta.url);
const startServer = async () => (await jiti.import("../test/helpers/server.ts")).startServer({ max_connections: "600", autovacuum: "off" });
const server = process.env.TEST_DATABASE_URL ? { url: process.env.TEST_DATABASE_URL, stop: async () => {} } : await startServer();
const work = mkdtempSync(join(tmpdir(), "crontabber-bench-"));
const admin = new pg.Client(server.url);
try {
  await admin.connect();
  const given = {
    jiti,
    url: server.url,
    admin,
    work,
    rounds: Number(options.rounds),
    slots: Number(options.slots),
    profile: options.profile,
  };
  const lines = [`Node ${process.version}, ${cpus().length} cores, load ${loadavg()[0].toFixed(1)} before`];
  for (const part of options.only.split(",")) {
    const said = ["", ...(await PARTS[part](given))];
    console.log(said.join("\n"));
    lines.push(...said);
  }
  if (options.save) writeFileSync(fileURLToPath(new URL("results.md", import.meta.url)), `\`\`\`\n${lines.join("\n")}\n\`\`\`\n`);
} finally {
  await admin.end();
  await server.stop();
  rmSync(work, { recursive: true, force: true });
}
