/** Connections and transactions. Owns the pool and the lines beside it; what the driver's errors mean is driver.ts's. Holds no statement of the protocol. */
import { once } from "node:events";
import pg from "pg";
import { systemClock } from "../clock.ts";
import type { Connection, ServerAddress } from "../core/database.ts";
import { Aim, type Choice } from "./aim.ts";
import {
  ask,
  CONNECT_MS,
  clientConfig,
  commit,
  GOODBYE_MS,
  isPoison,
  lineTo,
  QUERY_MS,
  type Queryable,
  type Result,
  sqlState,
  standingOf,
  unusable,
} from "./driver.ts";
import type { Statements } from "./sql.ts";

export { CommitUnknown, isTransient, type Queryable, type Result, type Row, sqlState } from "./driver.ts";

/** A connection at rest for so long is closed. */
const IDLE_MS = 9_000;
/** A connection attempt for renewals leaves time for another one. */
const LINE_LEAST_MS = 1_000;

interface Target {
  readonly server: ServerAddress;
  readonly pool: pg.Pool;
  /** Connections beside the pool. */
  readonly lines: Set<pg.Client>;
}

export class Database {
  readonly #connection: Connection;
  readonly #name: string;
  readonly #sql: Statements;
  readonly #max: number;
  readonly #keep: number;
  readonly #aim: Aim;
  #target: Target | null = null;

  constructor(connection: Connection, settings: { name: string; sql: Statements; max: number; keep: number }) {
    this.#connection = connection;
    this.#name = settings.name;
    this.#sql = settings.sql;
    this.#max = settings.max;
    this.#keep = settings.keep;
    this.#aim = new Aim(connection.servers, (server) => standingOf(connection, server, settings.name));
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
    const choice = this.#aim.choice();
    try {
      const { server, lines } = this.#targetOf((await choice).server);
      const connectionTimeoutMillis = Math.min(Math.max(queryMs, LINE_LEAST_MS), CONNECT_MS);
      const client = lineTo({ ...this.#config(server), connectionTimeoutMillis, query_timeout: queryMs });
      await client.connect().catch(async (error: unknown) => {
        await client.end().catch(() => {}); // it was never open
        throw error;
      });
      lines.add(client);
      client.once("end", () => lines.delete(client));
      return client;
    } catch (error) {
      throw this.#unusable(error, choice);
    }
  }

  /** Opens connections until so many are at rest, as far as the pool goes. Throws if there are none to be had. */
  async warm(count: number): Promise<void> {
    const { pool } = this.#targetOf((await this.#aim.choice()).server);
    // All at once: one that is back before the next is asked for would be taken twice. Where there is no room, none waits for another.
    const clients = await Promise.allSettled(Array.from({ length: Math.min(count, this.#max) }, () => pool.connect()));
    for (const client of clients) if (client.status === "fulfilled") client.value.release();
    for (const client of clients) if (client.status === "rejected") throw unusable(client.reason, this.#connection);
  }

  async close(): Promise<void> {
    const pool = this.#target?.pool;
    this.#target = null;
    // A statement that is still on its way when nobody needs it any more is not waited for.
    if (pool) await Promise.race([pool.end(), systemClock.sleep(GOODBYE_MS)]);
  }

  async #with<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const choice = this.#aim.choice();
    const client = await this.#checkout(choice);
    let poisoned = false;
    try {
      return await work(client);
    } catch (error) {
      poisoned = isPoison(error);
      if (poisoned) this.#doubt(choice, error);
      throw error;
    } finally {
      client.release(poisoned);
    }
  }

  async #checkout(choice: Choice): Promise<pg.PoolClient> {
    try {
      const { pool } = this.#targetOf((await choice).server);
      return await connected(pool);
    } catch (error) {
      throw this.#unusable(error, choice);
    }
  }

  #unusable(error: unknown, choice: Choice): Error {
    this.#doubt(choice, error);
    return unusable(error, this.#connection);
  }

  /** A server that is only full stays the one. */
  #doubt(choice: Choice, error: unknown): void {
    if (sqlState(error) !== TOO_MANY) this.#aim.forget(choice);
  }

  /** Whoever is still at another server finishes there by himself; lines that would never notice are cut. */
  #targetOf(server: ServerAddress): Target {
    const old = this.#target;
    if (old?.server === server) return old;
    const pool = new pg.Pool({
      ...this.#config(server),
      query_timeout: QUERY_MS,
      max: this.#max,
      min: this.#keep,
      idleTimeoutMillis: IDLE_MS,
    });
    pool.on("error", () => {}); // an idle connection went away: the next statement opens another
    // One that breaks while it is in use fails its statement, and tells us once more.
    pool.on("connect", (client) => client.on("error", () => {}));
    this.#target = { server, pool, lines: new Set() };
    old?.pool.end().catch(() => {});
    for (const line of old?.lines ?? []) void line.end().catch(() => {}); // it may be gone already
    return this.#target;
  }

  #config(server: ServerAddress): pg.ClientConfig {
    return clientConfig(this.#connection, server, this.#name);
  }
}

const TOO_MANY = "53300";

/** A client of the pool. Where the server has no room for another connection, one that the pool has will do. */
async function connected(pool: pg.Pool): Promise<pg.PoolClient> {
  const giveUp = AbortSignal.timeout(CONNECT_MS);
  for (;;) {
    try {
      return await pool.connect();
    } catch (error) {
      if (sqlState(error) !== TOO_MANY || pool.totalCount === 0 || giveUp.aborted) throw error;
      await once(pool, "release", { signal: giveUp }).catch(() => {}); // nobody gave one back: tried a last time
    }
  }
}
