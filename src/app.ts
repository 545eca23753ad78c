/** The composition root: from an invocation to a configuration, a store and a pass. With app/ the only code that knows everything. */

import { compiledFolder, makeWorld } from "./app/world.ts";
import { systemClock } from "./clock.ts";
import { type Config, loadConfig, realFolder, refuse } from "./config/config.ts";
import { buildRegistry, memoryPath } from "./config/registry.ts";
import type { Connection } from "./core/database.ts";
import { ConfigError, type Problem } from "./core/errors.ts";
import type { Emit } from "./core/events.ts";
import type { Registry } from "./core/job.ts";
import type { FileStamp } from "./core/learned.ts";
import { type Asked, type PassReport, pass } from "./engine/pass.ts";
import type { EndSignal } from "./signals.ts";
import type { Store } from "./store/store.ts";

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
