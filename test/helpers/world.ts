/** A world as the composition root makes it, with the registry of a test and events that can be read back. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock, uptime } from "#lib/clock.js";
import type { Emit, Events } from "#lib/core/events.js";
import type { Job } from "#lib/core/job.js";
import { Heartbeat } from "#lib/engine/heartbeat.js";
import { Spool } from "#lib/engine/spool.js";
import type { World } from "#lib/engine/world.js";
import { createRunner } from "#lib/run/runner.js";
import type { Store } from "#lib/store/store.js";
import { makeRegistry } from "./job.ts";

export type Told = { [Name in keyof Events]: { name: Name; payload: Events[Name] } }[keyof Events];

export interface TestWorld {
  readonly world: World;
  readonly told: Told[];
  /** A folder of this world's own. */
  readonly folder: string;
  readonly drain: AbortController;
  readonly abort: AbortController;
  /** Calls back at each event of that name. */
  on<Name extends keyof Events>(name: Name, act: (payload: Events[Name]) => void): void;
  close(): Promise<void>;
}

export function testWorld(store: Store, jobs: readonly Job[], over: Partial<World> = {}): TestWorld {
  const folder = mkdtempSync(join(tmpdir(), "crontabber-world-"));
  const told: Told[] = [];
  const listeners: [keyof Events, (payload: never) => void][] = [];
  const emit: Emit = (name, payload) => {
    told.push({ name, payload } as Told);
    for (const [wanted, act] of listeners) if (wanted === name) act(payload as never);
  };
  const { host, connection, schema } = store.settings;
  const runner = createRunner({ host, baseEnv: process.env, envPass: [], configDir: folder, connection, schema, cacheDir: null });
  const heartbeat = new Heartbeat({
    connect: async (queryMs) => {
      const client = await store.db.dedicated(queryMs);
      return { db: client, close: () => client.end() };
    },
    renew: (db, runIds) => store.renew(db, runIds),
    uptime,
    onState: (down) => (down ? emit("database:down", { deed: "renew", message: down.message }) : undefined),
  });
  const drain = new AbortController();
  const abort = new AbortController();
  const clock: Clock = systemClock;
  const world: World = {
    ...{ registry: makeRegistry(...jobs), store, runner: async () => runner, heartbeat, emit, clock, spool: new Spool(folder, "test") },
    ...{ concurrency: 10, recordUntil: (began: number) => began + 5, tags: [], historyDays: 90, maxOngoingAge: 43_200 },
    ...{ draining: drain.signal, aborting: abort.signal },
    ...over,
  };
  const close = async () => {
    await heartbeat.close();
    await runner.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { world, told, folder, drain, abort, close, on: (name, act) => listeners.push([name, act as (payload: never) => void]) };
}
