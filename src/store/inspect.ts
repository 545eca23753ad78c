/** What a doctor asks of a server: its settings, our tables, our rights. Owns the questions; reads only, judges nothing. */
import { hostClock } from "../clock.ts";
import type { Database, Row } from "./db.ts";
import { migrations, NEWEST, PROGRAM } from "./migrate.ts";

export interface Inspection {
  /** As the server says it: `15.7`. */
  readonly server: string;
  readonly role: string;
  /** A replica, or a session that may not write. */
  readonly readOnly: boolean;
  /** Settings of the server that can lose commits, and are off. */
  readonly unsafe: readonly string[];
  /** Seconds the host's clock is ahead of the server's, at least; negative: behind. 0: within what the way there and back took. */
  readonly ahead: number;
  /** The newest migration the schema has; null: none was ever applied. */
  readonly version: number | null;
  /** Names of migrations this program brings and the schema lacks. */
  readonly pending: readonly string[];
  /** The level of program the schema asks for, if this one is older; null: it is not. */
  readonly needs: number | null;
  /** `INSERT on crontabber_run` and the like. */
  readonly lacking: readonly string[];
}

const ALL = ["SELECT", "INSERT", "UPDATE", "DELETE"];
/** What a role needs that runs jobs; docs/roles.sql grants it. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  crontabber: ALL,
  crontabber_log: ["SELECT", "INSERT"],
  crontabber_run: ALL,
  crontabber_event: ["SELECT", "INSERT"],
  crontabber_request: ALL,
  crontabber_lock: ["SELECT", "INSERT", "DELETE"],
  crontabber_host: ALL,
  crontabber_alert: ALL,
  crontabber_upkeep: ["SELECT", "UPDATE"],
  crontabber_migration: ["SELECT"],
};

const SERVER = `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now, current_setting('server_version') AS server, current_user AS role,
  pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS read_only,
  ARRAY(SELECT s FROM unnest(ARRAY['fsync', 'synchronous_commit', 'full_page_writes']) AS s WHERE current_setting(s) = 'off') AS unsafe`;

export async function inspect(db: Database, schema: string): Promise<Inspection> {
  // The first one opens the connection: its answer would take too long to compare clocks by.
  await db.query("SELECT 1");
  const sent = hostClock().getTime();
  const row = (await db.query(SERVER)).rows[0] as Row;
  const about = {
    server: String(row.server),
    role: String(row.role),
    readOnly: row.read_only === true,
    unsafe: row.unsafe as string[],
    ahead: skew(Number(row.now), sent, hostClock().getTime()),
  };
  const there = await schemaOf(db, schema);
  const pending = migrations().filter(({ version }) => !there.applied.has(version));
  return {
    ...about,
    version: there.applied.size > 0 ? Math.max(...there.applied) : null,
    pending: pending.filter(({ version }) => version <= NEWEST).map(({ name }) => name),
    needs: there.oldest > PROGRAM ? there.oldest : null,
    lacking: await lacking(db, schema),
  };
}

/** The server's clock was read somewhere between the two readings of ours. */
function skew(server: number, sent: number, received: number): number {
  if (server > received) return (received - server) / 1000;
  return server < sent ? (sent - server) / 1000 : 0;
}

async function schemaOf(db: Database, schema: string): Promise<{ applied: Set<number>; oldest: number }> {
  const table = `"${schema.replaceAll('"', '""')}".crontabber_migration`;
  const { rows } = await db.query("SELECT to_regclass($1) IS NOT NULL AS there", [table]);
  if (rows[0]?.there !== true) return { applied: new Set(), oldest: 0 };
  const all = (await db.query(`SELECT version, oldest_program FROM ${table}`)).rows;
  return { applied: new Set(all.map((r) => Number(r.version))), oldest: Math.max(0, ...all.map((r) => Number(r.oldest_program))) };
}

/** Rights on the tables that are there; those on the schema come first, for without them nothing else works. */
async function lacking(db: Database, schema: string): Promise<string[]> {
  const pairs = Object.entries(NEEDED).flatMap(([table, verbs]) => verbs.map((verb) => ({ table, verb })));
  const { rows } = await db.query(
    `SELECT 'USAGE on schema ' || n.nspname AS what FROM pg_namespace n WHERE n.nspname = $1 AND NOT has_schema_privilege(n.oid, 'USAGE')
     UNION ALL SELECT p.verb || ' on ' || c.relname FROM json_to_recordset($2) AS p ("table" text, verb text)
       JOIN pg_class c ON c.relname = p."table" AND c.relkind IN ('r', 'p') JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1
     WHERE NOT has_table_privilege(c.oid, p.verb)`,
    [schema, JSON.stringify(pairs)],
  );
  return rows.map((row) => String(row.what));
}
