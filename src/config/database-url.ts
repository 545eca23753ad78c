/** Reads and writes `postgres://` addresses, libpq's several hosts included, which the URL of the platform refuses. */
import type { Connection } from "../core/database.ts";

export interface UrlParts {
  /** Comma-separated if there are several. */
  host?: string;
  port?: string;
  dbname?: string;
  user?: string;
  password?: string;
  sslmode?: string;
}

const SHAPE = /^postgres(?:ql)?:\/\/([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/;
const PARAMETERS = ["host", "port", "dbname", "user", "password", "sslmode"] as const;

/** The parts it names, or what is wrong with it; a message never holds the address itself, which may hold a password. */
export function parseUrl(url: string): UrlParts | string {
  const [whole, authority = "", path = "", query = ""] = SHAPE.exec(url) ?? [];
  if (whole === undefined) return /^postgres/.test(url) ? "is not a postgres:// address" : "does not begin with postgres:// or embedded:";
  const parts: UrlParts = {};
  try {
    const at = authority.lastIndexOf("@");
    if (at !== -1) readLogin(authority.slice(0, at), parts);
    const wrong = readHosts(authority.slice(at + 1), parts);
    if (wrong !== null) return wrong;
    if (path !== "") parts.dbname = decodeURIComponent(path);
    for (const pair of query.split("&")) {
      const [name, value = ""] = pair.split("=").map(decodeURIComponent);
      const known = PARAMETERS.find((parameter) => parameter === name);
      if (known !== undefined) parts[known] = value;
    }
  } catch {
    return "has a % that begins no %XX code"; // URIError of decodeURIComponent, the only thing thrown above
  }
  return parts;
}

function readLogin(login: string, parts: UrlParts): void {
  const colon = login.indexOf(":");
  const user = decodeURIComponent(colon === -1 ? login : login.slice(0, colon));
  if (user !== "") parts.user = user;
  if (colon !== -1) parts.password = decodeURIComponent(login.slice(colon + 1));
}

function readHosts(list: string, parts: UrlParts): string | null {
  if (list === "") return null;
  const hosts: string[] = [];
  const ports: string[] = [];
  for (const item of list.split(",")) {
    const [whole, bracketed, plain = "", port] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d*))?$/.exec(item) ?? [];
    if (whole === undefined) return "has a host and port that cannot be read";
    hosts.push(decodeURIComponent(bracketed ?? plain) || "localhost");
    ports.push(port || "5432");
  }
  parts.host = hosts.join(",");
  if (/:\d/.test(list.replace(/\[[^\]]*\]/g, ""))) parts.port = ports.join(",");
  return null;
}

/** The address of a connection, its password included. */
export function urlOf({ servers, user, password, database, sslmode }: Connection): string {
  const host = (name: string): string => (name.includes(":") ? `[${name}]` : encodeURIComponent(name));
  const login = `${encodeURIComponent(user)}${password === null ? "" : `:${encodeURIComponent(password)}`}`;
  const hosts = servers.map((server) => `${host(server.host)}:${server.port}`).join(",");
  return `postgres://${login}@${hosts}/${encodeURIComponent(database)}${sslmode === null ? "" : `?sslmode=${sslmode}`}`;
}
