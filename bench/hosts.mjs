// So many daemons in one process, each with its own connections and label; their runs share one guard. node hosts.mjs CONFIG FROM COUNT
// Reads `look`, `reset` and `tell`, a line each; answers a line of JSON when it is done.
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

const dist = process.env.BENCH_DIST ?? new URL("../dist", import.meta.url).pathname;
const lib = (name) => import(join(dist, name));
const { setUp } = await lib("app.js");
const { systemClock, uptime } = await lib("clock.js");
const { Daemon } = await lib("engine/daemon.js");
const { Heartbeat } = await lib("engine/heartbeat.js");
const { Spool } = await lib("engine/spool.js");
const { createRunner } = await lib("run/runner.js");
const { Store } = await lib("store/store.js");

const [conf, from, count] = process.argv.slice(2);
const { config, registry } = await setUp({ conf, overrides: [], env: process.env, cwd: dirname(conf) }, "pass");
const { connection } = config.database;
const runner = createRunner({ host: "bench", baseEnv: {}, envPass: [], configDir: "/", connection, schema: "public", cacheDir: null });
let seen = { vain: 0, looks: 0 };

function host(label) {
  const store = new Store({
    ...{ connection, schema: "public", autoMigrate: true, max: config.concurrency, keep: 1, host: label, tags: [] },
    ...{ maxOngoingAge: 43_200, pinned: () => null },
  });
  const emit = (name) => {
    if (name === "job:not-due") seen.vain += 1;
    if (name === "pass:started") seen.looks += 1;
  };
  const heartbeat = new Heartbeat({
    connect: async (queryMs) => {
      const client = await store.db.dedicated(queryMs);
      return { db: client, close: () => client.end() };
    },
    renew: (db, runIds) => store.renew(db, runIds),
    uptime,
    onState: () => {},
  });
  const never = new AbortController().signal;
  const world = {
    ...{ registry, store, heartbeat, emit, clock: systemClock, runner: async () => runner, spool: new Spool(config.spool, label) },
    ...{ concurrency: config.concurrency, recordUntil: () => Number.POSITIVE_INFINITY, tags: [], historyDays: 90, maxOngoingAge: 43_200 },
    ...{ draining: never, aborting: never },
  };
  return new Promise((ready) => {
    const daemon = new Daemon(world, { poll: 20, host: label, ready: () => ready(daemon), turned: () => {} });
    void daemon.run();
  });
}

process.setMaxListeners(0);
const daemons = await Promise.all(Array.from({ length: Number(count) }, (_, n) => host(`host-${Number(from) + n}`)));
const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
answer({});
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "look") {
    seen.looks = 0;
    for (const daemon of daemons) daemon.replace(registry);
    while (seen.looks < daemons.length) await new Promise((done) => setTimeout(done, 50));
  }
  if (line === "tell") answer(seen);
  else answer({});
  if (line === "reset") seen = { vain: 0, looks: 0 };
}
