// `npm start`: the daemon with its page over the example registry, on a PostgreSQL of its own under .demo/, until Ctrl-C.
// PORT=9000 npm start: the page is there; otherwise at 8484, or where there is room.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const cli = `${root}dist/cli.js`;
const READY_SECONDS = 120;

if (!existsSync(cli) && spawnSync(process.execPath, [`${root}scripts/build.mjs`], { stdio: "inherit" }).status !== 0) process.exit(1);

/** Null: somebody else listens there. */
async function free(port) {
  const server = createServer().listen(port, "127.0.0.1");
  const listening = await once(server, "listening").then(
    () => true,
    () => false, // `once` rejects with the server's error: taken
  );
  if (!listening) return null;
  const found = server.address().port;
  server.close();
  await once(server, "close");
  return found;
}

const port = process.env.PORT ? Number(process.env.PORT) : ((await free(8484)) ?? (await free(0)));
const url = `http://127.0.0.1:${port}/`;
console.log(`crontabber: the daemon over config.example.ini. The first time it makes a database under .demo/ (a few seconds).\n`);
const daemon = spawn(process.execPath, [cli, "-c", "config.example.ini", "daemon", `--crontabber.http=127.0.0.1:${port}`], {
  cwd: root,
  stdio: "inherit",
});
let ended = false;
daemon.on("exit", (code, signal) => {
  ended = true;
  process.exitCode = signal ? 1 : (code ?? 1);
});
// Ctrl-C reaches the daemon by itself, and it drains; what is sent to us alone is passed on.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => daemon.kill("SIGTERM"));

const began = Date.now();
while (!ended && Date.now() - began < READY_SECONDS * 1000) {
  const ready = await fetch(`${url}readyz`).then(
    (answer) => answer.ok,
    () => false, // nobody listens yet
  );
  if (ready) {
    console.log(`
  The page:    ${url}
  In a shell:  npx crontabber -c config.example.ini list
               npx crontabber -c config.example.ini explain announce     why a job would run now, or not
               npx crontabber -c config.example.ini history flaky        its attempts, failures and recoveries
               npx crontabber -c config.example.ini logs collect -f      what it prints, live
  The end:     Ctrl-C lets what runs finish; twice ends it at once. The next npm start goes on where this one ended.
`);
    break;
  }
  await sleep(200);
}
