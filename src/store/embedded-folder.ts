/**
 * The data folder of the embedded PostgreSQL: what it is called, what stands in it, who keeps it.
 * Only looks; must not create, change or start anything, and stays cheap to import: every user of a running server pays for it.
 */
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { StoreError } from "../core/errors.ts";

/** The server listens on no network, so the port is only part of its socket's name. */
export const PORT = 5432;
/** Superuser and database; nobody but the owner of the folder reaches the socket, so there is no password. */
export const NAME = "crontabber";

export const KEEPER_RECORD = "keeper.json";
export const KEEPER_SOCKET = "keeper.sock";
export const KEEPER_LOCK = "keeper.lock";
export const SERVER_LOG = "server.log";
/** Settings of ours, included by postgresql.conf; also what tells our data folder from another PostgreSQL's. */
export const SETTINGS_FILE = "crontabber.conf";
/** Links and copies of the binaries, where their own folder lacks links. */
export const BINARIES = ".crontabber-bin";
/** initdb works in a folder of this prefix; one that is left over is worth nothing. */
export const STAGING_PREFIX = ".crontabber-initdb-";
/** A finished initdb whose entries are being moved up, `PG_VERSION` last. */
export const STAGED = ".crontabber-staged";

/** Where the living keeper listens, or where the last one did. */
export interface KeeperRecord {
  readonly pid: number;
  /** Folder of the keeper's socket and the server's: the data folder, or a short private one where that path is too long for a socket. */
  readonly sockets: string;
}

/** What a keeper says to each user, one JSON line. */
export type KeeperWord = { readonly state: "ready"; readonly sockets: string } | { readonly state: "failed"; readonly message: string };

/** Exit code of a keeper that found another one at work. */
export const KEEPER_BUSY = 75;
/** Exit code of a keeper that said on stderr, or to its users, why there is no database. */
export const KEEPER_FAILED = 69;

export type FolderKind =
  | "absent"
  /** Nothing in it but what a keeper puts there before initdb. */
  | "empty"
  /** initdb is done, its files are not all in place. */
  | "staged"
  | "data"
  /** A data folder that crontabber has not made. */
  | "other-server"
  | "foreign";

const OURS = new Set([KEEPER_RECORD, KEEPER_SOCKET, KEEPER_LOCK, SERVER_LOG, `${SERVER_LOG}.1`, BINARIES, "lost+found"]);

/** `code` of a file system error, else undefined. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** One name for one folder, whatever links lead to it and whether or not it exists yet. Throws StoreError when it cannot be reached. */
export function realFolder(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch (error) {
    if (codeOf(error) === "ENOENT" && dirname(absolute) !== absolute) return join(realFolder(dirname(absolute)), basename(absolute));
    throw new StoreError(`cannot reach the folder of the embedded database, ${absolute}: ${(error as Error).message}`, { cause: error });
  }
}

/** Throws StoreError when it cannot be read or is no folder. */
export function folderKind(folder: string): FolderKind {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "absent";
    throw new StoreError(`cannot use ${folder} for the embedded database: ${(error as Error).message}`, { cause: error });
  }
  if (names.includes(STAGED)) return "staged";
  if (names.includes("PG_VERSION")) return names.includes(SETTINGS_FILE) ? "data" : "other-server";
  return names.every((name) => OURS.has(name) || name.startsWith(STAGING_PREFIX)) ? "empty" : "foreign";
}

/** Throws StoreError for a folder that is not ours to use. */
export function refuseForeign(folder: string, kind: FolderKind): void {
  if (kind === "foreign") {
    throw new StoreError(
      `${folder} is not empty and holds no embedded database: nothing was touched (name a new or empty folder in database_url = embedded:PATH)`,
    );
  }
  if (kind === "other-server") {
    throw new StoreError(
      `${folder} is the data folder of another PostgreSQL: nothing was touched (connect to that server with database_url = postgres://…, or name a new folder)`,
    );
  }
}

/** null when no keeper has written one. A record can be stale: only its socket tells. */
export function readRecord(folder: string): KeeperRecord | null {
  try {
    const record: unknown = JSON.parse(readFileSync(join(folder, KEEPER_RECORD), "utf8"));
    const { pid, sockets } = record as Partial<KeeperRecord>;
    return typeof pid === "number" && typeof sockets === "string" ? { pid, sockets } : null;
  } catch (error) {
    if (codeOf(error) === "EACCES") {
      throw new StoreError(`${folder} belongs to another user (run as that user, or name a folder of your own)`, { cause: error });
    }
    return null; // none, or cut off by a crash
  }
}
