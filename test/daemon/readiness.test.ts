/** For which jobs a daemon has processes stand ready: for those that it may start, and for none any more when it ends. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Daemon } from "#lib/engine/daemon.js";
import type { World } from "#lib/engine/world.js";
import type { Store } from "#lib/store/store.js";
import { makeJob } from "../helpers/job.ts";
import { until } from "../helpers/processes.ts";
import { type TestStore, testStore } from "../helpers/store.ts";
import { type TestWorld, testWorld } from "../helpers/world.ts";

let test: TestStore;
let store: Store;
let host: TestWorld;
let running: Promise<void>;
/** The jobs for which a process was asked for, in this order. */
let prepared: string[];

beforeEach(async () => {
  test = await testStore();
  store = test.host("a");
  prepared = [];
});
afterEach(async () => {
  host.drain.abort();
  await running;
  await host.close();
  await test.close();
});

async function start(...jobs: Parameters<typeof makeJob>[0][]): Promise<Daemon> {
  host = testWorld(
    store,
    jobs.map((job) => makeJob(job)),
  );
  const runner = await host.world.runner();
  const prepare: typeof runner.prepare = (job, ...rest) => {
    prepared.push(job.name);
    return runner.prepare(job, ...rest);
  };
  const world: World = { ...host.world, runner: async () => ({ ...runner, prepare }) };
  let daemon: Daemon | undefined;
  await new Promise<void>((ready) => {
    daemon = new Daemon(world, { poll: 3600, host: "a", ready, turned: () => {} });
    running = daemon.run();
  });
  return daemon as Daemon;
}

describe("a process stands ready", () => {
  it("for no job whose tags this host does not carry", async () => {
    await start({ name: "elsewhere", schedule: "* * * * * *", tags: ["gpu"] }, { name: "here", schedule: "* * * * * *" });
    await until("it was made ready for some slots", () => prepared.filter((name) => name === "here").length >= 3);
    expect(new Set(prepared)).toEqual(new Set(["here"]));
  });

  it("not for what a look finds that ends after the drain began", async () => {
    const daemon = await start({ name: "late", schedule: "1d" });
    await until("its first run is over", () => host.told.some(({ name }) => name === "run:recorded"));
    const sql = await test.database.client();
    await sql.query("BEGIN; LOCK TABLE crontabber");
    daemon.replace(host.world.registry);
    await until("the look waits", async () => (await sql.query("SELECT 1 FROM pg_locks WHERE NOT granted")).rowCount !== 0);
    host.drain.abort();
    await running;
    host.told.length = 0;
    await sql.query("UPDATE crontabber SET next_run = clock_timestamp() + interval '0.9 s'; COMMIT");
    await until("the look has ended", () =>
      host.told.some(({ name, payload }) => name === "database:up" && "deed" in payload && payload.deed === "look"),
    );
    await new Promise(setImmediate);
    expect(prepared).toEqual([]);
  });
});

it("claims nothing any more when it is told to end while it waits for what a start needs", async () => {
  let there: () => void = () => {};
  const gate = new Promise<void>((open) => {
    there = open;
  });
  let asked = false;
  host = testWorld(store, [makeJob({ name: "due", schedule: "1d" })]);
  const runner = async () => {
    asked = true;
    await gate;
    return host.world.runner();
  };
  const settings = { poll: 3600, host: "a", ready: () => {}, turned: () => {} };
  running = new Daemon({ ...host.world, runner }, settings).run();
  await until("the start waits", () => asked);
  host.drain.abort();
  there();
  await running;
  const sql = await test.database.client();
  expect((await sql.query("SELECT 1 FROM crontabber_run")).rowCount).toBe(0);
});
