/** What a pass and a daemon are given: the runner, the heartbeat, the spool and the signals of this process. Owns how they are made. */
import { dirname, join } from "node:path";
import type { Setup } from "../app.ts";
import { systemClock, uptime } from "../clock.ts";
import { credentialsOf } from "../config/secrets.ts";
import type { Emit } from "../core/events.ts";
import { Heartbeat } from "../engine/heartbeat.ts";
import { Spool } from "../engine/spool.ts";
import type { World } from "../engine/world.ts";
import type { Runner } from "../run/runner.ts";
import { type Ending, listen } from "../signals.ts";
import type { Store } from "../store/store.ts";
import { onceDown } from "./once-down.ts";

/** Where compiled job modules are kept: this user's own, for what lies there is executed. */
export const compiledFolder = (spool: string): string => join(spool, "compiled");

/** `patient`: an outcome is tried to be written as long as the process lives, and for `drain_timeout` once it drains. */
export async function makeWorld(
  { config, registry }: Setup,
  store: Store,
  { tell, patient }: { tell: Emit; patient: boolean },
): Promise<{ world: World; ending: Ending; close(): Promise<void> }> {
  const { connection } = store.settings;
  let runner: Promise<Runner> | null = null;
  const startRunner = async (): Promise<Runner> => {
    const [{ createRunner }, { passed }, { jobSecrets }] = await Promise.all([
      ...([import("../run/runner.ts"), import("../run/environment.ts"), import("../report/secrets.ts")] as const),
    ]);
    const given = credentialsOf(config);
    return createRunner({
      secrets: (job) => jobSecrets(job, { given, passed: passed([...config.envPass, ...job.envPass], process.env) }),
      ...{ host: config.hostLabel, baseEnv: process.env, envPass: config.envPass, configDir: dirname(config.file) },
      ...{ connection, schema: config.schema, cacheDir: compiledFolder(config.spool) },
      onTrouble: (message) => tell("guard:trouble", { message }),
    });
  };
  const endRunner = async () => (await runner)?.close();
  const emit = onceDown(tell);
  const heartbeat = new Heartbeat({
    connect: async (queryMs, gone) => {
      const client = await store.db.dedicated(queryMs);
      client.once("end", gone);
      return { db: client, close: () => client.end() };
    },
    renew: (db, runIds) => store.renew(db, runIds),
    uptime,
    onState: (down) => (down ? emit("database:down", { deed: "renew", message: down.message }) : emit("database:up", { deed: "renew" })),
  });
  const { drainTimeout } = config;
  const ending = listen({
    drainTimeout,
    drain: (signal) => emit("drain:started", { signal, seconds: drainTimeout }),
    kill: () => void endRunner(),
  });
  const target = JSON.stringify([connection.servers, connection.database, config.schema]);
  const world: World = {
    runner: () => {
      runner ??= startRunner();
      return runner;
    },
    ...{ registry, store, heartbeat, emit, clock: systemClock, spool: new Spool(config.spool, target) },
    ...{ concurrency: config.concurrency, tags: config.tags, historyDays: config.historyDays },
    recordUntil: (began) => {
      if (!patient) return began + drainTimeout;
      return ending.since === null ? Number.POSITIVE_INFINITY : Math.max(began, ending.since + drainTimeout) + drainTimeout;
    },
    ...{ maxOngoingAge: config.maxOngoingAgeHours * 3600, draining: ending.draining, aborting: ending.aborting },
  };
  const close = async () => {
    await heartbeat.close();
    await endRunner();
  };
  return { world, ending, close };
}
