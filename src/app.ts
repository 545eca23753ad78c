/** The composition root: from an invocation to a configuration, a store and a pass. The only file that knows everything. */
import { once } from "node:events";
import { dirname, join } from "node:path";
import { onceDown } from "./app/once-down.ts";
import { systemClock, uptime } from "./clock.ts";
import { alertsWanted } from "./config/alerts.ts";
import { type Config, loadConfig, realFolder, refuse } from "./config/config.ts";
import { buildRegistry, memoryPath } from "./config/registry.ts";
import type { Connection } from "./core/database.ts";
import { ConfigError, type Problem } from "./core/errors.ts";
import type { Emit } from "./core/events.ts";
import type { Registry } from "./core/job.ts";
import type { FileStamp } from "./core/learned.ts";
import { Heartbeat } from "./engine/heartbeat.ts";
import { type Asked, type PassReport, pass } from "./engine/pass.ts";
import { Spool } from "./engine/spool.ts";
import type { World } from "./engine/world.ts";
import type { Page } from "./page.ts";
import type { Meters } from "./report/meters.ts";
import type { Runner } from "./run/runner.ts";
import { type Ending, type EndSignal, listen } from "./signals.ts";
import type { Store } from "./store/store.ts";
import type { Service } from "./systemd.ts";

/** What the command line said, before any file was read. */
export interface Invocation {
  /** `--admin.conf`, `-c`, `--config`; null: CRONTABBER_CONF, else ./crontabber.ini. */
  readonly conf: string | null;
  /** `--crontabber.error_retry_time=60` and the like, without dashes, in order. */
  readonly overrides: readonly { readonly key: string; readonly value: string }[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export interface Setup {
  readonly config: Config;
  readonly registry: Registry;
  readonly warnings: readonly Problem[];
  /** Modules that cannot be imported now: the other jobs run, and the pass ends with 78. */
  readonly broken: readonly Problem[];
  /** Everything it was read from: a change of any of them may change it. */
  readonly files: readonly FileStamp[];
}

export function configOf(invocation: Invocation): ReturnType<typeof loadConfig> {
  const { conf, overrides, env, cwd } = invocation;
  return loadConfig({ options: overrides, env: { ...env }, cwd, ...(conf !== null && { file: conf }) });
}

/** Readings that a deploy may spoil by switching a link under them. */
const READINGS = 3;

/** Reads and judges everything that is configured. `configtest` imports every job afresh. Throws ConfigError or UsageError. */
export async function setUp(invocation: Invocation, mode: "pass" | "configtest"): Promise<Setup> {
  for (let left = READINGS; ; left--) {
    const setup = await read(invocation, mode);
    const { folder, home } = setup.config;
    // Half of one release and half of another is neither.
    if (left === 1 || realFolder(folder) === home) return setup;
  }
}

async function read(invocation: Invocation, mode: "pass" | "configtest"): Promise<Setup> {
  const { config, problems, warnings } = configOf(invocation);
  const built = await buildRegistry(config, {
    mode,
    cache: memoryPath(config.spool, config.file),
    learn: async (files, options) => {
      const { envPass, timezone, spool } = config;
      const { learn } = await import("./run/learn.ts");
      return learn(files, { ...options, envPass, zone: timezone, cacheDir: compiledFolder(spool) });
    },
  });
  const files = [...config.files, ...built.files];
  refuse([...problems, ...built.problems], files);
  return {
    config,
    registry: built.registry,
    warnings: [...warnings, ...built.warnings],
    broken: built.broken,
    files,
  };
}

/** Names of jobs as far as files and memory tell: nothing is imported, nothing is connected to. For shells that complete. Throws ConfigError. */
export async function rememberedNames(invocation: Invocation): Promise<string[]> {
  const { config } = configOf(invocation);
  const { registry } = await buildRegistry(config, {
    ...{ mode: "pass", cache: memoryPath(config.spool, config.file) },
    learn: async () => new Map(),
  });
  return registry.jobs.map(({ name }) => name);
}

/** Where compiled job modules are kept: this user's own, for what lies there is executed. */
const compiledFolder = (spool: string): string => join(spool, "compiled");

/** The store of a configuration; joins or starts an embedded server. Throws ConfigError if no database is configured, StoreError if it cannot be used. */
export async function connect({ config }: Pick<Setup, "config">, { listens = false } = {}): Promise<Store> {
  const { Store } = await import("./store/store.ts");
  const connection = await connectionOf(config);
  return new Store({
    connection,
    schema: config.schema,
    autoMigrate: config.autoMigrate,
    // Beside these one renews leases, and one listens: together never more than concurrency + 2.
    ...(listens ? { max: config.concurrency, keep: 1 } : { max: config.concurrency + 1 }),
    host: config.hostLabel,
    tags: config.tags,
    maxOngoingAge: config.maxOngoingAgeHours * 3600,
    pinned: () => systemClock.pinned(),
  });
}

async function connectionOf({ database, noDatabase, shown }: Config): Promise<Connection> {
  if (!database) throw new ConfigError([noDatabase ?? { file: shown, line: null, message: "no database is configured" }]);
  if (database.kind === "server") return database.connection;
  const { openEmbedded } = await import("./store/embedded.ts");
  const { connection } = await openEmbedded(database.path);
  const { host, port, user } = connection;
  return { servers: [{ host, port }], user, database: connection.database, password: null, sslmode: null };
}

export interface PassEnd extends PassReport {
  /** The signal that ended it early; null: none. */
  readonly signalled: EndSignal | null;
  /** Runs of this pass were interrupted by it. */
  readonly cut: boolean;
}

/** One pass of this process, from its first look to its last record. Throws StoreError while the database cannot be used. */
export async function runPass(setup: Setup, store: Store, { emit, asked }: { emit: Emit; asked: Asked | null }): Promise<PassEnd> {
  const { world, ending, close } = await makeWorld(setup, store, { tell: emit, patient: false });
  try {
    const report = await pass(world, asked);
    const cut = report.results.some((result) => result.runs.some((run) => run.end.outcome === "interrupted"));
    return { ...report, signalled: ending.signalled, cut };
  } finally {
    ending.forget();
    await close();
  }
}

/** `patient`: an outcome is tried to be written as long as the process lives, and for `drain_timeout` once it drains. */
async function makeWorld(
  { config, registry }: Setup,
  store: Store,
  { tell, patient }: { tell: Emit; patient: boolean },
): Promise<{ world: World; ending: Ending; close(): Promise<void> }> {
  const { connection } = store.settings;
  let runner: Promise<Runner> | null = null;
  const startRunner = async (): Promise<Runner> => {
    const [{ createRunner }, { passed }, { jobSecrets }] = await Promise.all([
      ...([import("./run/runner.ts"), import("./run/environment.ts"), import("./report/secrets.ts")] as const),
    ]);
    const given = [connection.password, config.httpToken, config.sentryDsn];
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

/** Seconds between two looks of a daemon at all rows. */
const POLL_SECONDS = 20;

/** Passes without end. Resolves when it was told to end and what it started has ended. Throws StoreError if the first look fails. */
export async function runDaemon(
  setup: Setup,
  store: Store,
  { emit, reload }: { emit: Emit; reload(): Promise<Setup> },
): Promise<Pick<PassEnd, "signalled" | "cut">> {
  const alerts = alertsWanted(setup.config) ? (await import("./app/alert-watch.ts")).watchAlerts(setup, store, emit) : null;
  let service: Service | null = null;
  let page: Page | null = null;
  let meters: Meters | null = null;
  const tell: Emit = (name, payload) => {
    service?.hear(name, payload);
    meters?.emit(name, payload);
    page?.heard(name);
    emit(name, payload);
    alerts?.hear(name, payload);
  };
  const { world, ending, close } = await makeWorld(setup, store, { tell, patient: true });
  const [{ Daemon }, { watchRegistry }, { systemd }] = await Promise.all([
    import("./engine/daemon.ts"),
    import("./reload.ts"),
    import("./systemd.ts"),
  ]);
  service = systemd(process.env);
  const { hostLabel: host, http } = setup.config;
  const ready = () => service?.ready(`${setup.registry.jobs.length} jobs`);
  const daemon = new Daemon(world, { poll: POLL_SECONDS, host, ready, turned: () => page?.turned() });
  if (http) {
    const [{ openPageBeside }, { Meters }] = await Promise.all([import("./page.ts"), import("./report/meters.ts")]);
    meters = new Meters();
    page = await openPageBeside({ ...setup, ...{ store, emit, draining: ending.draining, schedules: true, meters } });
  }
  const replace = (next: Setup) => {
    daemon.replace(next.registry);
    page?.replace(next);
    alerts?.replace(next);
  };
  const again = () => {
    service?.reloading();
    return reload();
  };
  const watch = watchRegistry(setup, { reload: again, emit: tell, replace });
  try {
    await daemon.run();
    return { signalled: ending.signalled, cut: ending.aborting.aborted };
  } finally {
    watch.close();
    service.close();
    ending.forget();
    await page?.close();
    await Promise.all([close(), alerts?.close()]);
  }
}

/** The page alone, until a signal. Throws ConfigError if its address cannot be had. */
export async function runServer(setup: Setup, store: Store, { emit, reload }: { emit: Emit; reload(): Promise<Setup> }): Promise<void> {
  const [{ openPage }, { watchRegistry }] = await Promise.all([import("./page.ts"), import("./reload.ts")]);
  const { draining, forget } = listen({ drainTimeout: 0, drain: () => {}, kill: () => {} });
  try {
    const page = await openPage({ ...setup, ...{ store, emit, draining, schedules: false, meters: null } });
    const tell: Emit = (name, payload) => {
      page.heard(name);
      emit(name, payload);
    };
    const watch = watchRegistry(setup, { reload, emit: tell, replace: (next) => page.replace(next) });
    if (!draining.aborted) await once(draining, "abort");
    watch.close();
    await page.close();
  } finally {
    forget();
  }
}
