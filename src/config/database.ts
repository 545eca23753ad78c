/** Which database: gathers what file, environment and command line say of it. Connects to nothing. */
import { userInfo } from "node:os";
import { resolve } from "node:path";
import type { Connection, ServerAddress } from "../core/database.ts";
import type { Problem } from "../core/errors.ts";
import { parseUrl, type UrlParts } from "./database-url.ts";
import type { Interpolator } from "./interpolate.ts";
import { problemAt } from "./source.ts";
import { nameOf } from "./sources.ts";
import type { Section, Value } from "./tree.ts";
import { splitList } from "./values.ts";

export type Database =
  | { readonly kind: "server"; readonly connection: Connection }
  /** A private server in this folder (absolute). */
  | { readonly kind: "embedded"; readonly path: string };

type Part = "host" | "port" | "dbname" | "user" | "password";

/** The keys of each part; the later ones are those of older versions of the Python tool. */
const KEYS: Readonly<Record<Part, readonly string[]>> = {
  host: ["host", "database_hostname", "database_host"],
  port: ["port", "database_port"],
  dbname: ["dbname", "database_name"],
  user: ["user", "database_username", "database_user"],
  password: ["password", "database_password"],
};
export const DATABASE_KEYS: ReadonlySet<string> = new Set(["database_url", ...Object.values(KEYS).flat()]);
/** Sections inside `[crontabber]` that may hold them, too. */
export const DATABASE_SECTIONS: ReadonlySet<string> = new Set(["database", "postgresql"]);

const RANK = { file: 0, environment: 1, "command line": 2 } as const;

interface Found {
  readonly section: Section;
  readonly key: string;
  readonly value: Value;
  readonly text: string;
}

export interface FoundDatabase {
  /** Null: none is configured, or what is cannot be read. */
  readonly database: Database | null;
  readonly problems: readonly Problem[];
  /** Where each part came from, by the keys above: `crontabber.ini:3`. */
  readonly origins: ReadonlyMap<string, string>;
}

/**
 * The parts of the highest source win. A `database_url` names a whole target: keys of lower sources (and their
 * passwords) are not mixed into it. The PG* variables only fill what nobody else says.
 */
export function findDatabase(root: Section, interpolator: Interpolator, env: NodeJS.ProcessEnv): FoundDatabase {
  const found = (keys: readonly string[]): Found | null => search(root, interpolator, keys);
  const origins = new Map<string, string>();
  const problems: Problem[] = [];
  const url = found(["database_url"]);
  if (url) origins.set("database_url", originOf(url.value));
  if (url?.text.startsWith("embedded:")) return { ...embedded(url), origins };
  const parts: Partial<Record<Part | "sslmode", string>> = {};
  if (url) {
    const read = parseUrl(url.text);
    if (typeof read === "string") problems.push(problemAt(url.value.at, `${nameOf(url.section, url.key, url.value)}: ${read}`, URL_HINT));
    else Object.assign(parts, read satisfies UrlParts);
  }
  for (const part of Object.keys(KEYS) as Part[]) {
    const key = found(KEYS[part]);
    const ranks = key && url ? RANK[key.value.source] - RANK[url.value.source] : 0;
    if (!key || ranks < 0 || (url && ranks === 0 && parts[part] !== undefined)) continue;
    parts[part] = key.text;
    origins.set(part, originOf(key.value));
  }
  const named = parts.host || parts.dbname || env.PGHOST || env.PGHOSTADDR || env.PGDATABASE;
  if (problems.length > 0 || (!url && !named)) return { database: null, problems, origins };
  const servers = serversOf(parts.host || env.PGHOST || env.PGHOSTADDR || "localhost", parts.port || env.PGPORT || "5432");
  if (typeof servers === "string") {
    const at = found(KEYS.port)?.value.at ?? url?.value.at ?? { file: "environment", line: null };
    return { database: null, problems: [problemAt(at, servers, "write one port for all hosts, or one for each")], origins };
  }
  const user = parts.user || env.PGUSER || systemUser(env);
  const connection: Connection = {
    servers,
    user,
    database: parts.dbname || env.PGDATABASE || user,
    password: parts.password || env.PGPASSWORD || null,
    sslmode: parts.sslmode || env.PGSSLMODE || null,
  };
  return { database: { kind: "server", connection }, problems, origins };
}

const URL_HINT = "write postgres://user:password@host:5432/dbname, with %40 for an @ in the password, or embedded:./folder";

/** What to say where a database is needed and none is configured. */
export function noDatabase(file: string): Problem {
  return {
    file,
    line: null,
    message: "no database is configured",
    hint:
      "write database_url = postgres://user:password@host/dbname into [crontabber], or host, port, dbname, user and password, " +
      "or set PGHOST and PGDATABASE; database_url = embedded:./pgdata starts a private one",
  };
}

function embedded(url: Found): Pick<FoundDatabase, "database" | "problems"> {
  const path = url.text.slice("embedded:".length).trim();
  if (path !== "") return { database: { kind: "embedded", path: resolve(url.value.folder, path) }, problems: [] };
  return { database: null, problems: [problemAt(url.value.at, "database_url: embedded: names no folder", "write embedded:./pgdata")] };
}

/** The first of the highest source that is not empty: `[crontabber]`, the sections inside it, then the Python tool's places. */
function search(root: Section, interpolator: Interpolator, keys: readonly string[]): Found | null {
  const top = root.sections.get("crontabber");
  const inside = (outer: string): Section | undefined => root.sections.get(outer)?.sections.get("postgresql");
  const places = [top, ...[...DATABASE_SECTIONS].map((name) => top?.sections.get(name)), inside("resource"), inside("secrets")];
  let best: Found | null = null;
  for (const section of places) {
    for (const key of keys) {
      const value = section?.values.get(key);
      if (!section || !value || (best && RANK[value.source] <= RANK[best.value.source])) continue;
      const text = interpolator.text(section, value)?.trim() ?? "";
      if (text !== "") best = { section, key, value, text };
    }
  }
  return best;
}

/** Hosts and ports of a fail-over list: one port for all, or as many as there are hosts. */
function serversOf(hosts: string, ports: string): ServerAddress[] | string {
  const names = splitList(hosts).map((item) => item.text);
  const numbers = splitList(ports).map((item) => item.text);
  if (numbers.length !== 1 && numbers.length !== names.length) return `port: ${numbers.length} ports for ${names.length} hosts`;
  const servers: ServerAddress[] = [];
  for (const [i, name] of names.entries()) {
    const [, host = name, own] = /^([^:]+):(\d+)$/.exec(name) ?? [];
    const port = own ?? numbers[i] ?? numbers[0] ?? "";
    if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) return `port: ${JSON.stringify(port)} is not a port`;
    servers.push({ host, port: Number(port) });
  }
  return servers;
}

function systemUser(env: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username;
  } catch {
    return env.USER ?? "postgres"; // a uid without an entry in passwd, as containers have
  }
}

export function originOf(value: Value): string {
  return value.source === "file" ? `${value.at.file}:${value.at.line}` : value.source;
}
