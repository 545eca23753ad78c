// `npm start`: the example registry on an embedded PostgreSQL, in passes for a short, visible while.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const cli = `${root}dist/cli.js`;
const PASSES = 6;
const PAUSE_MS = 4_000;

function crontabber(...args) {
  return spawnSync(process.execPath, [cli, "-c", "config.example.ini", ...args], { cwd: root, stdio: "inherit" }).status;
}

if (!existsSync(cli) && spawnSync(process.execPath, [`${root}scripts/build.mjs`], { stdio: "inherit" }).status !== 0) process.exit(1);

let stopped = false;
process.on("SIGINT", () => {
  stopped = true;
});

console.log(
  `crontabber: ${PASSES} passes over config.example.ini, as system cron would start them.\nThe first one makes a database under .demo/ (a few seconds).\n`,
);
for (let n = 1; n <= PASSES && !stopped; n++) {
  console.log(`--- pass ${n} of ${PASSES}`);
  const status = crontabber("run");
  if (status === 69 || status === 78) process.exit(status);
  crontabber("list");
  console.log();
  if (n < PASSES && !stopped) await sleep(PAUSE_MS);
}
console.log(`
The report it wrote: .demo/report.md
Try next:
  npx crontabber -c config.example.ini explain announce      why a job would run now, or not
  npx crontabber -c config.example.ini history flaky         its attempts, failures and recoveries
  npx crontabber -c config.example.ini show collect          one job, whole
  npx crontabber -c config.example.ini --list-jobs           the original's listing
  npx crontabber -c config.example.ini check                 one line for Nagios
  npm start                                                  another half minute; nothing is run twice
`);
