/** Many daemons on one database: who goes first is drawn by lot, the others hear of it, and hardly anybody asks in vain. Counts, never times. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Daemon } from "#lib/engine/daemon.js";
import { createRunner, type Runner } from "#lib/run/runner.js";
import { Store } from "#lib/store/store.js";
import { countingProxy, type Seen } from "../../bench/proxy.mjs";
import { makeJob } from "../helpers/job.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { type Bouncer, hasPgbouncer, startPgbouncer } from "../helpers/pgbouncer.ts";
import { until } from "../helpers/processes.ts";
import { connectionOf } from "../helpers/store.ts";
import { type TestWorld, testWorld } from "../helpers/world.ts";

const HOSTS = 30;
const SLOTS = 6;
const OWN = { tags: [], schema: "public", autoMigrate: true, maxOngoingAge: 43_200 };

let database: TestDatabase;
let proxy: Awaited<ReturnType<typeof countingProxy>>;
let bouncer: Bouncer | null = null;
let runner: Runner;
const fleet: { store: Store; host: TestWorld; daemon: Daemon; done: Promise<void> }[] = [];

beforeEach(async () => {
  database = await freshDatabase();
});
afterEach(async () => {
  for (const { host } of fleet) host.drain.abort();
  await Promise.all(fleet.map(({ done }) => done));
  for (const { host, store } of fleet.splice(0)) {
    await host.close();
    await store.close();
  }
  await runner?.close();
  proxy?.close();
  await bouncer?.close();
  bouncer = null;
  await database?.drop();
});

/** Daemons in one process, each with connections of its own. Their runs share one guard. */
async function start(url: string): Promise<void> {
  proxy = await countingProxy(Number(new URL(url).port));
  const through = new URL(url);
  through.port = String(proxy.port);
  const connection = connectionOf(through.href);
  runner = createRunner({ host: "fleet", baseEnv: {}, envPass: [], configDir: "/", connection: null, schema: "public", cacheDir: null });
  const tick = makeJob({ name: "tick", schedule: "1s" });
  await new Store({ ...OWN, host: "migrator", connection, max: 1, pinned: () => null }).migrate();
  const looked = Array.from({ length: HOSTS }, async (_, n) => {
    const store = new Store({ ...OWN, host: `host-${n}`, connection, max: 2, keep: 1, pinned: () => null });
    const host = testWorld(store, [tick], { runner: async () => runner });
    await new Promise<void>((ready) => {
      // Its own looks at all rows are no part of what a slot costs.
      const daemon = new Daemon(host.world, { poll: 3600, host: `host-${n}`, ready, turned: () => {} });
      fleet.push({ store, host, daemon, done: daemon.run() });
    });
  });
  await Promise.all(looked);
}

const told = (name: string) => fleet.flatMap(({ host }) => host.told.filter((event) => event.name === name));

/** Everybody knows of everybody, and some slots have passed since. */
async function measured(): Promise<Seen> {
  for (const { host } of fleet) host.told.length = 0;
  proxy.reset();
  await until("some slots were run", () => told("run:recorded").length >= SLOTS, 60);
  return proxy.seen();
}

/** All of them look once more: those that came first do not know of the others yet. */
async function introduce(): Promise<void> {
  const client = await database.client();
  await until("all are known", async () => (await client.query("SELECT 1 FROM crontabber_host")).rowCount === HOSTS);
  const before = told("pass:started").length;
  for (const { daemon, host } of fleet) daemon.replace(host.world.registry);
  await until("all have looked again", () => told("pass:started").length === before + HOSTS);
}

/** A herd would claim HOSTS times for each slot, fail all but once, and most of them several times. Half of that is what a very busy machine may cost. */
function expectNoHerd({ statements, words }: Seen): void {
  const runs = told("run:recorded").length;
  const vain = told("job:not-due").length;
  const starts = fleet.flatMap(({ host }) =>
    host.told.flatMap((one) => (one.name === "run:started" ? [one.payload.ticket.slot.getTime()] : [])),
  );
  expect(new Set(starts).size).toBe(starts.length);
  expect(vain).toBeLessThan((HOSTS * runs) / 2);
  // A claim and a record are a transaction each.
  expect(words.BEGIN ?? 0).toBeLessThan(2 * runs + HOSTS * runs);
  // About fourteen a run; who has waited for his turn in vain has read one row, or asked with three.
  expect(statements).toBeLessThan((14 + 3 * HOSTS) * runs);
}

describe("a fleet of daemons starts each slot once, and hardly anybody asks in vain", () => {
  it("where they hear of each other", async () => {
    await start(database.url);
    await introduce();
    expectNoHerd(await measured());
  });

  it.runIf(hasPgbouncer)("where a pooler keeps their words to itself", async () => {
    bouncer = await startPgbouncer(database.url);
    await start(bouncer.url(database.url));
    await introduce();
    expectNoHerd(await measured());
  });
});
