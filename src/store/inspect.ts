/** What a doctor asks of a server: its settings, our tables, our rights. Owns the questions; reads only, judges nothing. */
import { hostClock } from "../clock.ts";
import type { Database, Row } from "./db.ts";
import { migrations, NEWEST, PROGRAM } from "./migrate.ts";

export interface Inspection {
  /** As the server says it: `15.7`. */
  readonly server: string;
  /** The same as a number: `150007`. */
  readonly number: number;
  readonly role: string;
  readonly superuser: boolean;
  /** A replica, or a session that may not write. */
  readonly readOnly: boolean;
  /** Settings of the server that can lose commits, and are off. */
  readonly unsafe: readonly string[];
  readonly autovacuum: boolean;
  /** Connections the server has left for those who are no superusers. */
  readonly free: number;
  /** Seconds of `idle_session_timeout` and of `transaction_timeout`; 0: off, or the server knows none. */
  readonly idleSeconds: number;
  readonly transactionSeconds: number;
  /** Between us and the server, or the pooler in between and it. */
  readonly encrypted: boolean;
  /** From another machine. */
  readonly remote: boolean;
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
  /** What the roles of docs/roles.sql, where they are used, lack, or have and should not; one line a role and kind. */
  readonly roles: readonly { readonly role: string; readonly what: string; readonly excess: boolean }[];
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

/** Settings are those of this session. */
const SERVER = `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now, current_setting('server_version') AS server, current_user AS role,
  current_setting('server_version_num')::int AS number, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
  pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS read_only, current_setting('autovacuum') = 'on' AS autovacuum,
  (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int - (SELECT sum(numbackends) FROM pg_stat_database))::int AS free,
  ${["idle_session_timeout", "transaction_timeout"].map((name) => `coalesce((SELECT setting::float8 / 1000 FROM pg_settings WHERE name = '${name}'), 0) AS ${name}`).join(", ")},
  coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted,
  coalesce(inet_client_addr() <> inet_server_addr() AND NOT inet_client_addr() <<= '127.0.0.0/8', false) AS remote,
  ARRAY(SELECT s FROM unnest(ARRAY['fsync', 'synchronous_commit', 'full_page_writes']) AS s WHERE current_setting(s) = 'off') AS unsafe`;

/** Who may do what by docs/roles.sql, as far as it can be told table by table; `excess`: who may not. */
const OF_ROLES = [
  ...Object.entries(NEEDED).flatMap(([table, verbs]) => [
    ...verbs.map((verb) => ({ role: "crontabber_runner", table, verb, excess: false })),
    ...["INSERT", "UPDATE", "DELETE"].map((verb) => ({ role: "crontabber_viewer", table, verb, excess: true })),
    // What jobs print may hold anything: of the ledger the viewer has columns only.
    { role: "crontabber_viewer", table, verb: "SELECT", excess: table === "crontabber_run" },
  ]),
  ...["crontabber_log", "crontabber_event"].flatMap((table) =>
    ["UPDATE", "DELETE"].map((verb) => ({ role: "crontabber_runner", table, verb, excess: true })),
  ),
];

export async function inspect(db: Database, schema: string): Promise<Inspection> {
  // The first one opens the connection: its answer would take too long to compare clocks by.
  await db.query("SELECT 1");
  const sent = hostClock().getTime();
  const row = (await db.query(SERVER)).rows[0] as Row;
  const about = {
    server: String(row.server),
    number: Number(row.number),
    superuser: row.superuser === true,
    autovacuum: row.autovacuum === true,
    free: Number(row.free),
    ...{ idleSeconds: Number(row.idle_session_timeout), transactionSeconds: Number(row.transaction_timeout) },
    ...{ encrypted: row.encrypted === true, remote: row.remote === true },
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
    roles: await rolesOf(db, schema),
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

/** Only of roles that can read the jobs' rows in this schema: others of these names are somebody else's. */
async function rolesOf(db: Database, schema: string): Promise<Inspection["roles"]> {
  const { rows } = await db.query(
    `SELECT p.role, p.excess, string_agg(p.verb || ' on ' || c.relname, ', ' ORDER BY c.relname, p.verb) AS what
     FROM json_to_recordset($2) AS p (role text, "table" text, verb text, excess boolean)
       JOIN pg_roles r ON r.rolname = p.role AND NOT r.rolsuper
       JOIN pg_namespace n ON n.nspname = $1
       JOIN pg_class c ON c.relname = p."table" AND c.relkind IN ('r', 'p') AND c.relnamespace = n.oid
       JOIN pg_class j ON j.relname = 'crontabber' AND j.relkind IN ('r', 'p') AND j.relnamespace = n.oid
     WHERE has_schema_privilege(r.oid, n.oid, 'USAGE') AND has_table_privilege(r.oid, j.oid, 'SELECT')
       AND has_table_privilege(r.oid, c.oid, p.verb) = p.excess
     GROUP BY p.role, p.excess ORDER BY p.role, p.excess`,
    [schema, JSON.stringify(OF_ROLES)],
  );
  return rows.map((row) => ({ role: String(row.role), what: String(row.what), excess: row.excess === true }));
}
