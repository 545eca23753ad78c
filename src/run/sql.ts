/** Sql jobs. Owns how their text is sent; the transaction around it is transaction.ts. */
import type pg from "pg";
import type { Connection } from "../core/database.ts";
import { lazyClient, loadDriver } from "./session.ts";

export interface SqlResult {
  /** Rows returned or touched by the last statement. */
  readonly rows: number;
  /** Its command tag's first word: `INSERT`, `VACUUM`. */
  readonly command: string;
}

/** All statements of the text, as one message. Returned rows are counted and dropped as they arrive, however many. */
export async function sendSql(client: pg.Client, text: string): Promise<SqlResult> {
  const { Query } = loadDriver();
  await client.connect();
  const query = new Query(text);
  query.on("row", () => {}); // somebody listens, so the driver does not collect
  const ended = new Promise<pg.QueryResult | pg.QueryResult[]>((done, failed) => {
    query.once("end", (result: pg.QueryResult) => done(result));
    query.once("error", failed);
  });
  client.query(query);
  const results = await ended;
  const last = Array.isArray(results) ? results.at(-1) : results;
  return { rows: last?.rowCount ?? 0, command: last?.command ?? "" };
}

/** Asks the server to end a backend's statement, over a connection of its own. Best effort: closing the job's own comes next. */
export async function cancelBackend(connection: Connection, job: string, backend: number): Promise<void> {
  const client = lazyClient(connection, job);
  try {
    await client.query("SELECT pg_cancel_backend($1)", [backend]);
  } catch {
    // The server is out of reach; the check of its clients' sockets or the time limit ends the statement.
  } finally {
    await client.end().catch(() => {}); // it may never have been open
  }
}
