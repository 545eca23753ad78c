/** A job's own database sessions. Owns how a client is opened, on first use; the statements of the protocol are the store's. */
import { createRequire } from "node:module";
import type pg from "pg";
import { systemClock } from "../clock.ts";
import type { Connection, ServerAddress } from "../core/database.ts";
import { chooseServer, type Standing, standingBy } from "../core/servers.ts";

type Driver = typeof pg;
let driver: Driver | undefined;

/** Some 40 ms to load: jobs that never use a database do not pay for it. Synchronous, for `ctx.db` is a getter. */
export function loadDriver(): Driver {
  driver ??= createRequire(import.meta.url)("pg") as Driver;
  return driver;
}

const CONNECT_MS = 10_000;
/** One of several servers is waited for no longer, and not as long once another was found that takes writes. */
const PROBE_MS = 3_000;
const PATIENCE_MS = 250;

/** Ends a statement whose client is gone: within half a second of a kill, where the server's system can tell (Linux can). */
export const CHECK_INTERVAL = "500ms";

/**
 * A `pg.Client` that connects on its first query, to the first server that takes writes. A lost connection fails the next query, not the
 * process. `connect()` may be called, and may be called twice.
 */
export function lazyClient(connection: Connection, job: string): pg.Client {
  const { Client } = loadDriver();
  const [first] = connection.servers;
  if (!first) throw new Error("no database server is configured");
  const client = new Client(settings(connection, first, job));
  client.on("error", () => {}); // told by the query that fails next
  client.on("notice", (notice) => process.stderr.write(`${notice.severity ?? "NOTICE"}:  ${notice.message}\n`));
  const connect = client.connect.bind(client) as () => Promise<unknown>;
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  let ready: Promise<void> | null = null;
  let open = false;

  const connected = (): Promise<void> => {
    ready ??= (async () => {
      const server = await writable(connection, job);
      Object.assign(client, { host: server.host, port: server.port });
      await connect();
      // Some systems cannot watch a socket; the statement then ends by its time limit.
      await (query(`SET client_connection_check_interval = '${CHECK_INTERVAL}'`) as Promise<unknown>).catch(() => {});
      open = true;
    })();
    return ready;
  };
  const lazyQuery = (...args: unknown[]): unknown => (open ? query(...args) : queryOnce(connected, query, args));
  const lazyConnect = (done?: (error: unknown) => void): unknown => {
    if (!done) return connected().then(() => client);
    connected().then(() => done(null), done);
    return undefined;
  };
  return Object.assign(client, { query: lazyQuery, connect: lazyConnect }) as pg.Client;
}

/** A query of any of the driver's three styles, sent as soon as there is a connection. */
function queryOnce(connected: () => Promise<void>, query: (...args: unknown[]) => unknown, args: unknown[]): unknown {
  const [first] = args;
  const submittable = first as { submit?: unknown; handleError?(error: unknown): void } | null;
  if (typeof submittable?.submit === "function") {
    connected().then(
      () => query(...args),
      (error: unknown) => submittable.handleError?.(error),
    );
    return first;
  }
  const done = args.at(-1);
  if (typeof done !== "function") return connected().then(() => query(...args));
  connected().then(
    () => query(...args),
    (error: unknown) => done(error),
  );
  return undefined;
}

function settings(connection: Connection, server: ServerAddress, job: string): pg.ClientConfig {
  const { user, database, password, sslmode } = connection;
  return {
    host: server.host,
    port: server.port,
    user,
    database,
    ...(password !== null && { password }),
    ...(sslmode !== null && sslmode !== "disable" && { ssl: { rejectUnauthorized: sslmode.startsWith("verify") } }),
    application_name: `crontabber:${job}`.slice(0, 63),
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

/** With one server there is nothing to choose. Throws NoServer. */
async function writable(connection: Connection, job: string): Promise<ServerAddress> {
  const { servers } = connection;
  const [first] = servers;
  if (first && servers.length === 1) return first;
  const ask = (server: ServerAddress) => standingOf(connection, server, job);
  const chosen = await chooseServer({ servers, ask, patience: () => systemClock.sleep(PATIENCE_MS), newest: null, current: null });
  return chosen.server;
}

async function standingOf(connection: Connection, server: ServerAddress, job: string): Promise<Standing> {
  const client = new (loadDriver().Client)({
    ...settings(connection, server, job),
    connectionTimeoutMillis: PROBE_MS,
    query_timeout: PROBE_MS,
  });
  client.on("error", () => {}); // told by connect or query
  try {
    await client.connect();
    return await standingBy((text) => client.query(text));
  } finally {
    void client.end().catch(() => {}); // it may never have been open
  }
}
