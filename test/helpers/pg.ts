/** A database of its own for each test file, on the server that global-setup.ts started. Owns the databases it creates. */
import { randomUUID } from "node:crypto";
import pg from "pg";
import type { NeedsSession } from "./sessions.ts";

export interface TestDatabase {
  /**
   * `postgres://…` of a superuser on this database, over TCP unless `TEST_DATABASE_URL` says otherwise. What the program under test is
   * given: with `TEST_POOLER` it leads through the pooler.
   */
  readonly url: string;
  /** The same, never through a pooler, for what needs a session of its own. */
  session(why: NeedsSession): string;
  readonly name: string;
  /** A new client, connected directly, for what the test itself does and sees; ended by `drop()` if the test has not. A connection lost meanwhile is no unhandled error. */
  client(): Promise<pg.Client>;
  /** Ends the clients and removes the database, whoever is still connected. */
  drop(): Promise<void>;
}

/** `postgres://…` of a superuser on the maintenance database. */
export function serverUrl(): string {
  const url = process.env.CRONTABBER_TEST_PG;
  if (!url) throw new Error("CRONTABBER_TEST_PG is not set: run the tests with vitest, whose globalSetup starts a server");
  return url;
}

function pooled(direct: string): string {
  const port = process.env.CRONTABBER_TEST_POOLER;
  if (!port) return direct;
  const url = new URL(direct);
  url.host = `127.0.0.1:${port}`;
  return url.href;
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 20_000 });
  client.on("error", () => {
    // a test may stop the server under it, or drop the database
  });
  await client.connect();
  return client;
}

async function asAdmin(...statements: string[]): Promise<void> {
  const admin = await connect(serverUrl());
  try {
    for (const statement of statements) await admin.query(statement);
  } finally {
    await admin.end();
  }
}

/** Creates an empty database whose sessions have a hostile zone and date style. Call `drop()` in `afterAll`. */
export async function freshDatabase(): Promise<TestDatabase> {
  const name = `t_${randomUUID().replaceAll("-", "").slice(0, 16)}`;
  await asAdmin(
    `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`,
    `ALTER DATABASE ${name} SET timezone TO 'America/Los_Angeles'`,
    `ALTER DATABASE ${name} SET datestyle TO 'SQL, DMY'`,
  );
  const url = new URL(serverUrl());
  url.pathname = `/${name}`;
  const direct = url.href;
  const clients: pg.Client[] = [];
  return {
    url: pooled(direct),
    session: () => direct,
    name,
    client: async () => {
      const client = await connect(direct);
      clients.push(client);
      return client;
    },
    drop: async () => {
      await Promise.allSettled(clients.map((client) => client.end()));
      await asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}
