/** Connections and transactions. Owns the driver's settings and what its errors mean; holds no statement of the protocol. */
import pg from "pg";
import type { Connection, ServerAddress } from "../core/database.ts";
import { StoreError } from "../core/errors.ts";
import type { Statements } from "./sql.ts";

export type Row = Record<string, unknown>;
export interface Result {
  readonly rows: Row[];
  readonly rowCount: number;
}
/** What a statement needs to be run on. */
export interface Queryable {
  query(text: string, params?: readonly unknown[]): Promise<Result>;
}

/** COMMIT was sent, its answer never came: it may have happened or not. Look before doing anything. */
export class CommitUnknown extends Error {
  override readonly name = "CommitUnknown";
}

const INT8 = 20;
/** int8 as bigint here only; a job's own client keeps the driver's defaults. */
const TYPES = {
  getTypeParser: (oid: number, format?: string) =>
    oid === INT8 && format !== "binary" ? BigInt : pg.types.getTypeParser(oid, format as "text"),
} as pg.CustomTypesConfig;

/** Milliseconds after which a connection attempt, or a statement nobody answers, is given up: `pg` waits for ever by itself. */
const CONNECT_MS = 5_000;
const QUERY_MS = 15_000;
/** A connection at rest for so long is closed. */
const IDLE_MS = 9_000;

export function clientConfig(connection: Connection, server: ServerAddress, name: string): pg.ClientConfig {
  const ssl = connection.sslmode;
  return {
    host: server.host,
    port: server.port,
    user: connection.user,
    database: connection.database,
    ...(connection.password !== null && { password: connection.password }),
    ...(ssl !== null && ssl !== "disable" && { ssl: { rejectUnauthorized: ssl.startsWith("verify") } }),
    application_name: name.slice(0, 60),
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

/** SQLSTATE of what the driver threw; undefined: no answer from the server at all. Values, never message texts. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** The connection, the server or its mood, not the statement: worth another try on a new connection. */
export function isTransient(error: unknown): boolean {
  if (error instanceof CommitUnknown) return true;
  const state = sqlState(error);
  return state === undefined || /^(08|53|57P|40001|40P01|55P03|57014|25006|25P0[34])/.test(state);
}

export class Database {
  readonly #connection: Connection;
  readonly #name: string;
  readonly #sql: Statements;
  readonly #max: number;
  readonly #keep: number;
  #pool: pg.Pool | null = null;
  #opening: Promise<pg.Pool> | null = null;

  constructor(connection: Connection, settings: { name: string; sql: Statements; max: number; keep: number }) {
    this.#connection = connection;
    this.#name = settings.name;
    this.#sql = settings.sql;
    this.#max = settings.max;
    this.#keep = settings.keep;
  }

  /** One statement in its own transaction. */
  async query(text: string, params: readonly unknown[] = []): Promise<Result> {
    return this.#with((client) => ask(client, text, params));
  }

  /**
   * A short transaction with the scheduler's time-outs. Throws CommitUnknown if COMMIT was sent and nobody answered;
   * a connection that failed is thrown away, never reused.
   */
  async transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.#with(async (client) => {
      const tx: Queryable = { query: (text, params = []) => ask(client, text, params) };
      await ask(client, this.#sql.begin, []);
      let value: T;
      try {
        value = await work(tx);
      } catch (error) {
        // On a connection that is gone there is nothing to roll back; the first error is the one to tell.
        await client.query(this.#sql.rollback).catch(() => {});
        throw error;
      }
      await commit(client, this.#sql.commit);
      return value;
    });
  }

  /** A connection of its own, for renewals: nothing a job or a record does can keep it waiting. A statement is given up after `queryMs`. */
  async dedicated(queryMs: number): Promise<pg.Client> {
    const server = await this.#server();
    const client = this.#client(server, queryMs);
    client.on("error", () => {}); // told by the statement that fails next
    await this.#connect(client, server);
    return client;
  }

  /** Opens connections until so many are at rest, as far as the pool goes. Throws if there are none to be had. */
  async warm(count: number): Promise<void> {
    const wanted = Math.min(count, this.#max);
    // All at once: one that is back before the next is asked for would be taken twice.
    const clients = await Promise.allSettled(Array.from({ length: wanted }, () => this.#checkout()));
    for (const client of clients) if (client.status === "fulfilled") client.value.release();
    for (const client of clients) if (client.status === "rejected") throw client.reason;
  }

  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = null;
    this.#opening = null;
    await pool?.end();
  }

  async #with<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#checkout();
    let poisoned = false;
    try {
      return await work(client);
    } catch (error) {
      poisoned = sqlState(error) === undefined || /^(08|57P|25P0[34]|53|25006)/.test(sqlState(error) ?? "");
      if (sqlState(error) === "25006" && this.#connection.servers.length > 1) await this.#forget();
      throw error;
    } finally {
      client.release(poisoned);
    }
  }

  async #checkout(): Promise<pg.PoolClient> {
    try {
      this.#opening ??= this.#open();
      return await (await this.#opening).connect();
    } catch (error) {
      await this.#forget();
      throw unusable(error, this.#connection);
    }
  }

  async #forget(): Promise<void> {
    const pool = this.#pool;
    this.#pool = null;
    this.#opening = null;
    // Clients still out finish by themselves; nobody waits for them here.
    pool?.end().catch(() => {});
  }

  async #open(): Promise<pg.Pool> {
    const server = await this.#server();
    const config = { ...clientConfig(this.#connection, server, this.#name), query_timeout: QUERY_MS, types: TYPES };
    const pool = new pg.Pool({ ...config, max: this.#max, min: this.#keep, idleTimeoutMillis: IDLE_MS });
    pool.on("error", () => {}); // an idle connection went away: the next statement opens another
    // One that breaks while it is in use fails its statement, and tells us once more.
    pool.on("connect", (client) => client.on("error", () => {}));
    this.#pool = pool;
    return pool;
  }

  /** With one server there is nothing to choose; of several, the first that takes writes. */
  async #server(): Promise<ServerAddress> {
    const { servers } = this.#connection;
    const [first] = servers;
    if (!first) throw new StoreError("no database server is configured");
    if (servers.length === 1) return first;
    let last: unknown;
    for (const server of servers) {
      const client = this.#client(server);
      client.on("error", () => {});
      try {
        await this.#connect(client, server);
        const { rows } = await client.query("SHOW transaction_read_only");
        if ((rows[0] as { transaction_read_only?: string })?.transaction_read_only !== "on") return server;
        last = new StoreError(`${server.host}:${server.port} is read-only`);
      } catch (error) {
        last = error;
      } finally {
        await client.end().catch(() => {});
      }
    }
    throw last;
  }

  #client(server: ServerAddress, queryMs = QUERY_MS): pg.Client {
    return new pg.Client({ ...clientConfig(this.#connection, server, this.#name), query_timeout: queryMs, types: TYPES });
  }

  async #connect(client: pg.Client, server: ServerAddress): Promise<void> {
    try {
      await client.connect();
    } catch (error) {
      await client.end().catch(() => {});
      throw unusable(error, { ...this.#connection, servers: [server] });
    }
  }
}

async function commit(client: pg.ClientBase, text: string): Promise<void> {
  let tag: string;
  try {
    tag = (await client.query(text)).command;
  } catch (error) {
    if (sqlState(error) === undefined || /^(08|57P)/.test(sqlState(error) ?? "")) {
      throw new CommitUnknown("the answer to COMMIT was lost", { cause: error });
    }
    throw error;
  }
  // A transaction that had failed inside answers COMMIT with ROLLBACK, and no error.
  if (tag === "ROLLBACK") throw new StoreError("the transaction was rolled back at COMMIT");
}

/** What the driver throws leaves here as a StoreError with its SQLSTATE: whoever can do something about it looks at that. */
async function ask(client: pg.ClientBase, text: string, params: readonly unknown[]): Promise<Result> {
  try {
    // Without parameters the simple protocol: a text may then hold several statements.
    const result = params.length > 0 ? await client.query(text, [...params]) : await client.query(text);
    return { rows: result.rows as Row[], rowCount: result.rowCount ?? 0 };
  } catch (error) {
    const code = sqlState(error);
    const message = code === "25006" ? "the database is read-only" : `the database said: ${(error as Error).message}`;
    throw new StoreError(message, { cause: error, code });
  }
}

function unusable(error: unknown, connection: Connection): StoreError {
  if (error instanceof StoreError) return error;
  const where = connection.servers.map((s) => `${s.host}:${s.port}`).join(", ");
  const said = error instanceof AggregateError ? error.errors.map((e: Error) => e.message).join("; ") : (error as Error).message;
  return new StoreError(`cannot use the database "${connection.database}" at ${where} as "${connection.user}": ${said}`, {
    cause: error,
    code: sqlState(error),
  });
}
