/** Real connections, kept between schedules, and one that watches the others. Owns them all. */
import type { Socket } from "node:net";
import pg from "pg";
import type { Result } from "#lib/store/db.js";

const INT8 = 20;
/** As the store's own connections have it. */
const types = {
  getTypeParser: (oid: number, format?: string) => (oid === INT8 ? BigInt : pg.types.getTypeParser(oid, format as "text")),
} as pg.CustomTypesConfig;

export interface Line {
  readonly client: pg.Client;
  readonly backend: number;
  /** A transaction is open on it. */
  open: boolean;
}

export class Lines {
  readonly #url: string;
  readonly #idle: Line[] = [];
  readonly #all = new Set<pg.Client>();
  #watch: pg.Client | null = null;

  constructor(url: string) {
    this.#url = url;
  }

  async take(): Promise<Line> {
    const idle = this.#idle.pop();
    if (idle) return idle;
    const client = await this.#connect();
    const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
    return { client, backend: Number(rows[0]?.pid), open: false };
  }

  /** Back for the next schedule; what it had open is undone. */
  async give(line: Line): Promise<void> {
    if (line.open) await line.client.query("ROLLBACK");
    line.open = false;
    this.#idle.push(line);
  }

  /** The client is gone, as when its process was killed; resolves when the server has noticed. */
  async drop(line: Line): Promise<void> {
    this.#all.delete(line.client);
    (line.client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
    // A backend in the middle of a statement would only notice at its end.
    await this.ask("SELECT pg_terminate_backend($1)", [line.backend]);
    let gone = false;
    while (!gone) gone = (await this.ask("SELECT FROM pg_stat_activity WHERE pid = $1", [line.backend])).rowCount === 0;
  }

  async isBlocked(backend: number): Promise<boolean> {
    const { rows } = await this.ask("SELECT cardinality(pg_blocking_pids($1)) > 0 AS blocked", [backend]);
    return rows[0]?.blocked === true;
  }

  /** On the connection that watches: never part of a schedule. */
  async ask(text: string, params: readonly unknown[] = []): Promise<Result> {
    this.#watch ??= await this.#connect();
    const { rows, rowCount } = await this.#watch.query(text, [...params]);
    return { rows: rows as Record<string, unknown>[], rowCount: rowCount ?? 0 };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map((client) => client.end()));
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.#url, types });
    client.on("error", () => {}); // dropped on purpose
    await client.connect();
    await client.query("SET timezone TO 'UTC'; SET datestyle TO 'ISO'");
    this.#all.add(client);
    return client;
  }
}
