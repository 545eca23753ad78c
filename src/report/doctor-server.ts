/** What is wrong with the database: the server, our tables, rights. Owns what counts as wrong; asks nothing. */
import type { Inspection } from "../store/inspect.ts";
import { bad, either, type Finding, ok, warning } from "./doctor-findings.ts";

export interface ExaminedServer {
  /** A text says why the database cannot be used. */
  readonly database: Inspection | string;
  readonly autoMigrate: boolean;
  /** Whether notices get through; null: nobody tried. */
  readonly listens: boolean | null;
  /** Connections that one daemon of this host may hold. */
  readonly connections: number;
  /** A server of our own: nobody else reaches it. */
  readonly embedded: boolean;
}

const SKEW_SECONDS = 5;
const OLDEST_SERVER = 140_000;
/** Seconds between two renewals, at least: a session that is cut sooner loses its lease. */
const IDLE_SECONDS = 60;

export function examineServer(found: ExaminedServer): Finding[] {
  const { database } = found;
  if (typeof database === "string") {
    return [
      bad("database", database, { why: "nothing runs", fix: "see that the server runs and the configuration names it" }),
      ...notices(found),
    ];
  }
  return [
    ...server(database),
    ...durability(database),
    ...clock(database),
    ...limits(database, found),
    ...(found.embedded ? [] : encryption(database)),
    ...schema(database, found),
    ...rights(database),
    ...roles(database, found),
    ...notices(found),
  ];
}

function server({ server: version, number, role, readOnly }: Inspection): Finding[] {
  if (readOnly) {
    const advice = { why: "no claim can be made: nothing runs", fix: "connect to the primary: several hosts may be named" };
    return [bad("database", `PostgreSQL ${version} takes no writes`, advice)];
  }
  if (number < OLDEST_SERVER) {
    return [
      bad("database", `PostgreSQL ${version} is too old`, {
        why: "statements of ours do not work there",
        fix: "use PostgreSQL 14 or newer",
      }),
    ];
  }
  return [ok("database", `PostgreSQL ${version}, as ${role}`)];
}

function durability({ unsafe, autovacuum }: Inspection): Finding[] {
  const off = unsafe.join(", ");
  const lost = off
    ? warning("durability", `${off} is off: a crash of the server can lose runs it has confirmed, and start them again`, {
        why: "every promise about slots rests on commits that last",
        fix: `set ${off} to on`,
      })
    : ok("durability", "commits survive a crash of the server");
  if (autovacuum) return [lost];
  const advice = { why: "the rows of jobs change all the time: their table grows without it", fix: "set autovacuum to on" };
  return [lost, warning("upkeep", "autovacuum is off", advice)];
}

function clock({ ahead }: Inspection): Finding[] {
  if (Math.abs(ahead) <= SKEW_SECONDS) return [ok("clock", "this host and the database agree on the time")];
  const far = `this host's clock is ${Math.abs(ahead).toFixed(0)} s ${ahead > 0 ? "ahead of" : "behind"} the database's`;
  const text = `${far}; schedules follow the database's, logs of this host do not`;
  return [warning("clock", text, { why: "its lines and those of others do not fit together", fix: "let NTP set this host's clock" })];
}

function limits({ free, idleSeconds, transactionSeconds }: Inspection, { connections }: ExaminedServer): readonly Finding[] {
  const found = [
    ...(free < connections
      ? [
          warning("limits", `the server has room for ${free} more connections, a daemon of this host may want ${connections}`, {
            why: "without one nothing can be claimed, renewed or recorded",
            fix: "raise max_connections, lower concurrency, or put a pooler in between",
          }),
        ]
      : []),
    ...(idleSeconds > 0 && idleSeconds < IDLE_SECONDS
      ? [
          warning("limits", `idle_session_timeout is ${idleSeconds} s`, {
            why: "it cuts connections that wait for the next renewal",
            fix: "ALTER ROLE … SET idle_session_timeout = 0",
          }),
        ]
      : []),
    ...(transactionSeconds > 0
      ? [
          warning("limits", `transaction_timeout is ${transactionSeconds} s`, {
            why: "transactional jobs and sql jobs that take longer fail, whatever their own timeout says",
            fix: "ALTER ROLE … SET transaction_timeout = 0",
          }),
        ]
      : []),
  ];
  return either(found, "limits", "the server leaves room for this host");
}

function encryption({ encrypted, remote }: Inspection): Finding[] {
  if (!remote || encrypted) return [];
  const advice = {
    why: "the password, and what jobs read and write, can be read on the way",
    fix: "add sslmode=verify-full (or require) to database_url",
  };
  return [warning("encryption", "the connection to the database is not encrypted", advice)];
}

function schema({ version, pending, needs }: Inspection, { autoMigrate }: ExaminedServer): Finding[] {
  const by = autoMigrate ? "crontabber migrate; the next pass does it, too" : "crontabber migrate";
  if (needs !== null) {
    const advice = {
      why: "an older program would write rows that newer ones misread: it is refused",
      fix: "upgrade crontabber on this host",
    };
    return [bad("schema", `the tables need a newer crontabber (level ${needs})`, advice)];
  }
  if (pending.length > 0) {
    const why = autoMigrate ? null : "this program does not run before";
    return [warning("schema", `migrations are missing: ${pending.join(", ")}`, { why, fix: by })];
  }
  return [ok("schema", `at migration ${version ?? 0}`)];
}

function rights({ lacking }: Inspection): readonly Finding[] {
  const found = lacking.map((what) =>
    bad("rights", `the role lacks ${what}`, { why: "what needs it fails", fix: `GRANT ${what} to it, or psql -f docs/roles.sql` }),
  );
  return either(found, "rights", "the role may do what it must");
}

function roles({ roles: found, superuser }: Inspection, { embedded }: ExaminedServer): readonly Finding[] {
  const ruler =
    superuser && !embedded
      ? [
          warning("roles", "the role is a superuser", {
            why: "sql jobs and ctx.db can do anything, on all databases of the server",
            fix: "connect as a role of docs/roles.sql",
          }),
        ]
      : [];
  const told = found.map(({ role, what, excess }) =>
    warning("roles", excess ? `${role} may ${what}, and should not` : `${role} lacks ${what}`, {
      why: excess ? "who may look could steer, or read what jobs print" : "hosts or pages that connect as it fail",
      fix: "psql -f docs/roles.sql, as the owner of the tables",
    }),
  );
  return either([...ruler, ...told], "roles", "no role may more or less than it should");
}

function notices({ listens }: ExaminedServer): Finding[] {
  if (listens === null) return [];
  if (listens) return [ok("notices", "LISTEN works: daemons wake at once")];
  return [ok("notices", "LISTEN does not get through (a pooler in transaction mode?): daemons look by themselves, which is enough")];
}
