/**
 * The postgres process of a data folder: start it, find one that a dead keeper left, stop it. Only under the keeper's lock.
 * Must not know who uses it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, closeSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StoreError } from "../core/errors.ts";
import { chooseBinaries } from "./embedded-binaries.ts";
import { failure, logSince } from "./embedded-failure.ts";
import { folderKind, PORT, refuseForeign, SERVER_LOG } from "./embedded-folder.ts";
import { CLEAN_ENV, initialise, moveUp } from "./embedded-initdb.ts";
import { isAlive, isServerOf, listens, readNote } from "./embedded-process.ts";

const LOOK_EVERY_MS = 25;
/** How long a server without a keeper may be neither up nor down before we give up on it. */
const LIMBO_MS = 60_000;
/** After a crash its orphans may hold the shared memory for a moment. */
const CRASH_RETRIES = 20;
const CRASH_RETRY_MS = 250;
/** A fast shutdown that takes longer becomes an immediate one: committed work is safe either way. */
const FAST_SHUTDOWN_MS = 60_000;

export interface Server {
  readonly pid: number;
  /** Folder of its socket. */
  readonly sockets: string;
  /** Resolves when the process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Fast shutdown; resolves when the process has ended. */
  stop(): Promise<void>;
}

function serverOf(pid: number, sockets: string, ended: Promise<void>): Server {
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(pid, name);
    } catch {
      // it has just ended by itself
    }
  };
  const stop = async () => {
    signal("SIGINT");
    const impatience = setTimeout(() => signal("SIGQUIT"), FAST_SHUTDOWN_MS);
    await ended;
    clearTimeout(impatience);
  };
  return { pid, sockets, ended, stop };
}

/** Not our child: no event tells when it ends. */
async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(LOOK_EVERY_MS * 10);
}

/**
 * The server that still runs in `folder` although its keeper is dead, once it is ready; null when there is none. A leftover
 * postmaster.pid whose number now belongs to a stranger is removed: PostgreSQL itself would refuse to start beside it.
 */
export async function findServer(folder: string): Promise<Server | null> {
  for (let waited = 0; waited < LIMBO_MS; waited += LOOK_EVERY_MS) {
    const note = readNote(folder);
    if (!note) return null;
    const ours = isAlive(note.pid) && isServerOf(folder, note.pid);
    if (ours && note.ready && (await listens(note.sockets))) return serverOf(note.pid, note.sockets, untilGone(note.pid));
    if (!ours && (await listens(note.sockets))) {
      throw new StoreError(`a server for ${folder} runs where this process cannot see it, perhaps in another container: stop it first`);
    }
    if (!ours) {
      if (isAlive(note.pid)) rmSync(join(folder, "postmaster.pid"), { force: true });
      return null;
    }
    await sleep(LOOK_EVERY_MS);
  }
  throw failure(folder, "a PostgreSQL server without a keeper neither starts nor stops", logSince(folder, 0));
}

interface Start {
  readonly folder: string;
  readonly sockets: string;
  readonly bin: string;
}

function launch({ folder, sockets, bin }: Start): ChildProcess {
  for (const leftover of [`.s.PGSQL.${PORT}`, `.s.PGSQL.${PORT}.lock`]) rmSync(join(sockets, leftover), { force: true });
  const list = `"${sockets.replaceAll('"', '""')}"`; // a list of folders, each quoted
  const settings = { listen_addresses: "", unix_socket_directories: list, unix_socket_permissions: "0700", port: String(PORT) };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const log = openSync(join(folder, SERVER_LOG), "a", 0o600);
  // A session of its own: Ctrl-C in the terminal that started it must not reach it.
  const child = spawn(join(bin, "postgres"), ["-D", folder, ...args], {
    cwd: folder,
    env: CLEAN_ENV,
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  return child;
}

/** The running server, or null when it ended before it was ready. Recovery after a crash may take its time. */
async function tryStart(start: Start): Promise<Server | null> {
  const child = launch(start);
  let over = false;
  const ended = new Promise<void>((done) => {
    const finished = () => {
      over = true;
      done();
    };
    child.once("error", finished);
    child.once("exit", finished);
  });
  while (!over) {
    const note = readNote(start.folder);
    if (child.pid !== undefined && note?.pid === child.pid && note.ready) return serverOf(child.pid, start.sockets, ended);
    await Promise.race([ended, sleep(LOOK_EVERY_MS)]);
  }
  return null;
}

function logSize(folder: string): number {
  return statSync(join(folder, SERVER_LOG), { throwIfNoEntry: false })?.size ?? 0;
}

/** Makes the data folder if there is none, starts its server and waits until it takes connections. Throws StoreError. */
export async function startServer(folder: string, sockets: string): Promise<Server> {
  const kind = folderKind(folder);
  refuseForeign(folder, kind);
  chmodSync(folder, 0o700);
  if (kind === "staged") moveUp(folder);
  const made = kind !== "empty" && kind !== "absent";
  const major = made ? Number.parseInt(readFileSync(join(folder, "PG_VERSION"), "utf8"), 10) : null;
  const binaries = chooseBinaries(folder, major);
  if (!made) await initialise(folder, binaries);
  const crashed = readNote(folder) !== null;
  const from = logSize(folder);
  for (let left = crashed ? CRASH_RETRIES : 0; ; left -= 1) {
    // One that a keeper killed in the middle of a start has left may come up before ours.
    const server = (await tryStart({ folder, sockets, bin: binaries.bin })) ?? (await findServer(folder));
    if (server) return server;
    if (left <= 0) throw failure(folder, "PostgreSQL did not start", logSince(folder, from));
    await sleep(CRASH_RETRY_MS);
  }
}
