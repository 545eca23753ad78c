/**
 * The keeper of an embedded database: one process per data folder that owns its server. Every user holds a connection to it,
 * which the kernel closes however the user ends. It starts the server, tells each user when it is ready, starts it again when it
 * dies, and stops it when the last user has left. Entry: `node embedded-keeper.js FOLDER`. Must not read user's data.
 */
import { appendFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server as Listener, type Socket } from "node:net";
import { join } from "node:path";
import { StoreError } from "../core/errors.ts";
import { KEEPER_BUSY, KEEPER_FAILED, KEEPER_RECORD, KEEPER_SOCKET, type KeeperWord, SERVER_LOG } from "./embedded-folder.ts";
import { takeLock } from "./embedded-lock.ts";
import { findServer, type Server, startServer } from "./embedded-server.ts";
import { removeSocketFolder, socketFolder } from "./embedded-sockets.ts";

/** After the last user: commands that follow each other find the server up. */
const GRACE_MS = 1_000;
/** A server that dies this often, each time within a minute of its start, is given up. */
const MOST_CRASHES = 5;
const CRASH_WINDOW_MS = 60_000;
const LARGEST_LOG = 10 * 1024 * 1024;

class Keeper {
  readonly #folder: string;
  readonly #sockets: string;
  readonly #users = new Set<Socket>();
  readonly #listener: Listener;
  #word: KeeperWord | null = null;
  /** Called when the number of users has changed. */
  #changed: () => void = () => {};

  constructor(folder: string, sockets: string) {
    this.#folder = folder;
    this.#sockets = sockets;
    this.#listener = createServer((user) => this.#welcome(user));
  }

  /** From here on users wait for us rather than start a keeper of their own. */
  async listen(): Promise<void> {
    const socket = join(this.#sockets, KEEPER_SOCKET);
    rmSync(socket, { force: true });
    await new Promise<void>((done, fail) => {
      this.#listener.once("error", fail);
      this.#listener.listen(socket, done);
    });
    const record = join(this.#folder, KEEPER_RECORD);
    writeFileSync(`${record}.new`, JSON.stringify({ pid: process.pid, sockets: this.#sockets }), { mode: 0o600 });
    renameSync(`${record}.new`, record);
  }

  /** Serves until the last user has left and the server is down. Rejects when the server cannot be had. */
  async serve(adopted: Server | null): Promise<void> {
    let server = adopted;
    let crashes = 0;
    do {
      server ??= await startServer(this.#folder, this.#sockets);
      const since = performance.now();
      this.note(`server ${server.pid} is up`);
      this.#say({ state: "ready", sockets: this.#sockets });
      const left = await Promise.race([server.ended.then(() => false), this.#lastUserLeft()]);
      this.#word = null;
      this.note(left ? `the last user has left: stopping server ${server.pid}` : `server ${server.pid} ended unexpectedly`);
      if (left) await server.stop();
      crashes = left || performance.now() - since > CRASH_WINDOW_MS ? 0 : crashes + 1;
      if (crashes >= MOST_CRASHES) throw new StoreError(`PostgreSQL keeps ending by itself: see ${join(this.#folder, SERVER_LOG)}`);
      server = null;
    } while (this.#users.size > 0); // somebody came while it stopped
  }

  /** Tells everybody who waits, and who comes within the grace period, why there is no database. */
  async fail(message: string): Promise<void> {
    this.note(message);
    this.#say({ state: "failed", message });
    await new Promise((done) => setTimeout(done, GRACE_MS));
  }

  /** Leaves nothing but the data, the lock's file and the log. */
  close(): void {
    rmSync(join(this.#folder, KEEPER_RECORD), { force: true });
    this.#listener.close();
    for (const user of this.#users) user.destroy();
    removeSocketFolder(this.#folder, this.#sockets);
  }

  note(text: string): void {
    try {
      appendFileSync(join(this.#folder, SERVER_LOG), `${new Date().toISOString()} keeper [${process.pid}] ${text}\n`, { mode: 0o600 });
    } catch {
      // a full disk must not end the server
    }
  }

  #welcome(user: Socket): void {
    this.#users.add(user);
    user.on("error", () => {}); // `close` follows
    user.once("close", () => {
      this.#users.delete(user);
      this.#changed();
    });
    user.once("end", () => user.destroy());
    user.resume();
    if (this.#word) user.write(`${JSON.stringify(this.#word)}\n`);
    this.#changed();
  }

  #say(word: KeeperWord): void {
    this.#word = word;
    for (const user of this.#users) user.write(`${JSON.stringify(word)}\n`);
  }

  /** Resolves with true when there has been no user for the grace period. */
  #lastUserLeft(): Promise<true> {
    return new Promise((done) => {
      let grace: NodeJS.Timeout | undefined;
      this.#changed = () => {
        clearTimeout(grace);
        if (this.#users.size === 0) grace = setTimeout(() => done(true), GRACE_MS);
      };
      this.#changed();
    });
  }
}

function rotateLog(folder: string): void {
  const log = join(folder, SERVER_LOG);
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > LARGEST_LOG) renameSync(log, `${log}.1`);
}

/** Exit code. Before it listens it complains on stderr to whoever started it; afterwards to its users and the log. */
async function main(folder: string): Promise<number> {
  process.umask(0o077);
  // The host's shutdown signals everybody: the users leave, and then the server is stopped in order.
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
  if (!(await takeLock(folder))) return KEEPER_BUSY;
  rotateLog(folder);
  const adopted = await findServer(folder);
  const keeper = new Keeper(folder, adopted?.sockets ?? socketFolder(folder));
  await keeper.listen();
  process.stdout.on("error", () => {}); // who started us may be gone already
  process.stdout.write("listening\n");
  try {
    await keeper.serve(adopted);
    return 0;
  } catch (error) {
    await keeper.fail(error instanceof Error ? error.message : String(error));
    return KEEPER_FAILED;
  } finally {
    keeper.close();
  }
}

try {
  process.exit(await main(process.argv[2] ?? ""));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = error instanceof StoreError ? KEEPER_FAILED : 1;
}
