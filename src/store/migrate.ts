/** Bringing a database to the shape this program needs. Owns the order and the lock; the statements are in migrations/. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ConfigError } from "../core/errors.ts";
import type { Database, Queryable } from "./db.ts";

/** What this program understands; raised when a migration breaks older programs, named there as `-- oldest-program: N`. */
export const PROGRAM = 1;

const FOLDER = fileURLToPath(new URL("../../migrations", import.meta.url));
/** Any constant that nobody else uses on this database: ASCII of "crontabb". */
const LOCK = "7165064744944722530";

/** Milliseconds an index over an adopted history may take, and how much longer we wait for the server to say so. */
const STATEMENT_MS = 600_000;
const GRACE_MS = 5_000;

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly text: string;
  /** The oldest program that works with the schema from here on. */
  readonly oldestProgram: number;
}

/** All migrations of this release, oldest first. */
export function migrations(folder = FOLDER): Migration[] {
  const names = readdirSync(folder).filter((name) => /^\d{4}_.*\.sql$/.test(name));
  return names.sort().map((name) => {
    const text = readFileSync(`${folder}/${name}`, "utf8");
    const oldest = /^-- oldest-program: (\d+)$/m.exec(text)?.[1];
    return { version: Number(name.slice(0, 4)), name: name.replace(/\.sql$/, ""), text, oldestProgram: Number(oldest ?? 1) };
  });
}

/** The newest migration this release brings: what `snapshot` compares with. Kept in step by a test. */
export const NEWEST = 7;

/**
 * Applies what is missing, each migration in a transaction of its own under the advisory lock; safe from any number of hosts at once.
 * Returns the names of those applied by this call. Throws ConfigError if the schema needs a newer program.
 */
export async function migrate(db: Database, schema: string, all: readonly Migration[] = migrations()): Promise<string[]> {
  const applied: string[] = [];
  for (const migration of all) {
    if (await db.transaction((tx) => apply(tx, schema, migration), { queryMs: STATEMENT_MS + GRACE_MS })) applied.push(migration.name);
  }
  return applied;
}

async function apply(tx: Queryable, schema: string, migration: Migration): Promise<boolean> {
  const quoted = `"${schema.replaceAll('"', '""')}"`;
  // Indexes over an adopted history take their time, and twenty hosts wait for one.
  await tx.query("SELECT set_config('lock_timeout', '60000', true), set_config('statement_timeout', $1, true)", [String(STATEMENT_MS)]);
  await tx.query("SELECT pg_advisory_xact_lock($1::bigint)", [LOCK]);
  const { rows } = await tx.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [schema]);
  if (rows.length === 0) await tx.query(`CREATE SCHEMA ${quoted}`);
  await tx.query("SELECT set_config('search_path', $1, true)", [quoted]);
  const table = (await tx.query("SELECT to_regclass($1) IS NOT NULL AS there", [`${quoted}.crontabber_migration`])).rows[0];
  if (table?.there !== true) {
    await tx.query(`CREATE TABLE crontabber_migration (version integer PRIMARY KEY, name text NOT NULL, oldest_program integer NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT clock_timestamp())`);
  }
  const seen = (
    await tx.query("SELECT max(oldest_program) AS oldest, bool_or(version = $1) AS done FROM crontabber_migration", [migration.version])
  ).rows[0];
  refuseNewer(seen?.oldest);
  if (seen?.done === true) return false;
  await tx.query(migration.text);
  await tx.query("INSERT INTO crontabber_migration (version, name, oldest_program) VALUES ($1, $2, $3)", [
    ...[migration.version, migration.name, migration.oldestProgram],
  ]);
  return true;
}

/** A schema that is newer than this program is fine, unless it says that it is not. */
export function refuseNewer(oldest: unknown): void {
  if (typeof oldest !== "number" || oldest <= PROGRAM) return;
  const message = `the database's schema needs a newer crontabber (level ${oldest}, this one is level ${PROGRAM})`;
  throw new ConfigError([{ file: "database", line: null, message, hint: "upgrade crontabber on this host" }]);
}
