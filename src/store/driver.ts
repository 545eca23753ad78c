/** The driver: its settings, what its errors mean, and one statement on one client. Knows no pool and no choice of servers. */
import { Socket } from "node:net";
import pg from "pg";
import { after } from "../clock.ts";
import type { Connection, ServerAddress } from "../core/database.ts";
import { StoreError } from "../core/errors.ts";
import { NoServer, type Standing, standingBy } from "../core/servers.ts";

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
  /** It has happened here, and the replica that it should have waited for may not have it: seeing it proves nothing. */
  readonly unreplicated: boolean;
  constructor(message: string, { cause, unreplicated = false }: { cause?: unknown; unreplicated?: boolean } = {}) {
    super(message, { cause });
    this.unreplicated = unreplicated;
  }
}

const INT8 = 20;
/** int8 as bigint here only; a job's own client keeps the driver's defaults. */
export const TYPES = {
  getTypeParser: (oid: number, format?: string) =>
    oid === INT8 && format !== "binary" ? BigInt : pg.types.getTypeParser(oid, format as "text"),
} as pg.CustomTypesConfig;

/** Milliseconds after which a connection attempt, or a statement nobody answers, is given up: `pg` waits for ever by itself. */
export const CONNECT_MS = 5_000;
export const QUERY_MS = 15_000;
/** Where others can be asked, too, none is waited for so long. */
const PROBE_MS = 3_000;
/** The other side may be gone: a good-bye is not waited for longer. */
export const GOODBYE_MS = 500;

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
    types: TYPES,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

/** SQLSTATE of what the driver threw; undefined: no answer from the server at all. Values, never message texts. EPIPE is none: all have a digit. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && /^(?=.*[0-9])[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/**
 * The connection, the server, its mood or its settings, not the statement: the same may succeed later. An account, a right or a database
 * that is missing (28, 3D000, 42501) is somebody's to repair, a full or broken disk (53, 58, XX), too.
 */
export function isTransient(error: unknown): boolean {
  if (error instanceof CommitUnknown) return true;
  const state = sqlState(error);
  // The driver's own words have no type of their own; a TypeError and its like are mistakes of ours.
  if (state === undefined) return error instanceof StoreError || (error instanceof Error && error.constructor === Error);
  return /^(08|28|3D|53|57P|58|XX|40001|40P01|42501|55P03|57014|25006|25P0[34])/.test(state);
}

/** The session is of no use any more: gone, going, in no state to go on, or on a server that takes no writes. */
export function isPoison(error: unknown): boolean {
  const state = sqlState(error);
  return state === undefined || /^(08|57P|25P0[34]|53|25006)/.test(state);
}

/** Where the server's COMMIT waits for its replica; a constant of the server's source, the same in every language. */
const REPLICA_WAIT = "SyncRepWaitForLSN";

export async function commit(client: pg.ClientBase, text: string): Promise<void> {
  let unreplicated = false;
  const notice = ({ routine }: { routine?: string | undefined }) => {
    unreplicated ||= routine === REPLICA_WAIT;
  };
  client.on("notice", notice);
  let tag: string;
  try {
    tag = (await client.query(text)).command;
  } catch (error) {
    if (sqlState(error) === undefined || /^(08|57P)/.test(sqlState(error) ?? "")) {
      throw new CommitUnknown("the answer to COMMIT was lost", { cause: error });
    }
    throw error;
  } finally {
    client.off("notice", notice);
  }
  // A transaction that had failed inside answers COMMIT with ROLLBACK, and no error.
  if (tag === "ROLLBACK") throw new StoreError("the transaction was rolled back at COMMIT");
  if (unreplicated) throw new CommitUnknown("COMMIT was told not to wait for the synchronous replica any longer", { unreplicated });
}

/** What the driver throws leaves here as a StoreError with its SQLSTATE: whoever can do something about it looks at that. */
export async function ask(client: pg.ClientBase, text: string, params: readonly unknown[]): Promise<Result> {
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

export function unusable(error: unknown, connection: Connection): StoreError {
  if (error instanceof StoreError) return error;
  const where = connection.servers.map((s) => `${s.host}:${s.port}`).join(", ");
  if (error instanceof NoServer) {
    return new StoreError(`cannot use the database "${connection.database}" as "${connection.user}": ${error.message}`, {
      cause: error,
      code: error.readOnly ? "25006" : sqlState(error.cause),
    });
  }
  const said = error instanceof AggregateError ? error.errors.map((e: Error) => e.message).join("; ") : (error as Error).message;
  return new StoreError(`cannot use the database "${connection.database}" at ${where} as "${connection.user}": ${said}`, {
    cause: error,
    code: sqlState(error),
  });
}

/** What a server says of itself, over a connection of its own. */
export async function standingOf(connection: Connection, server: ServerAddress, name: string): Promise<Standing> {
  const client = new pg.Client({ ...clientConfig(connection, server, name), connectionTimeoutMillis: PROBE_MS, query_timeout: PROBE_MS });
  client.on("error", () => {}); // told by connect or query
  try {
    await client.connect();
    return await standingBy((text) => client.query(text));
  } finally {
    void client.end().catch(() => {}); // it may never have been open
  }
}

/** A client of its own whose `end()` never waits for a network that is gone. Not connected yet. */
export function lineTo(config: pg.ClientConfig): pg.Client {
  const socket = new Socket();
  const client = new pg.Client({ ...config, stream: () => socket });
  client.on("error", () => {}); // told by the statement that fails next
  const end = client.end.bind(client) as () => Promise<void>;
  const bounded = async () => {
    const giveUp = after(GOODBYE_MS, () => socket.destroy());
    await end().finally(giveUp);
  };
  return Object.assign(client, { end: bounded }) as pg.Client;
}
