/**
 * A throw-away PostgreSQL of its own on 127.0.0.1, from binaries on this machine. Owns its processes and its folder:
 * both are gone after `stop()`, and also when the process that asked for it is killed (its pipe closes).
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, closeSync, cpSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { alive, childrenOf } from "./processes.ts";

/** PostgreSQL refuses root: then it runs as this one. */
const NOBODY = 65_534;
const PASSWORD = "crontabber-test";

/** Shared by every server of the tests: what a session must survive, and speed instead of durability. */
const SETTINGS: Readonly<Record<string, string>> = {
  timezone: "America/Los_Angeles",
  datestyle: "SQL, DMY",
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  max_connections: "200",
  shared_buffers: "32MB",
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
};

export interface TestServer {
  /** A superuser on the maintenance database `postgres`, over TCP. */
  readonly url: string;
  readonly port: number;
  /** The server and all its sessions die at once, without a word. */
  crash(): Promise<void>;
  /** Ends in order, all sessions with it; its folder stays. */
  shutDown(): Promise<void>;
  /** Up again after a crash or a shutdown, on the same port with the same data. Throws when it does not come up. */
  restart(): Promise<void>;
  /** Fast shutdown; removes the folder. Safe to call twice. */
  stop(): Promise<void>;
}

/** Folder of `initdb` and `postgres`: the newest of the system, else the platform package's. */
async function binaries(home: string): Promise<string> {
  const root = "/usr/lib/postgresql";
  try {
    const newest = readdirSync(root)
      .filter((name) => Number(name) >= 14)
      .sort((a, b) => Number(b) - Number(a))
      .map((name) => join(root, name, "bin"))
      .find((bin) => readdirSync(bin).includes("initdb"));
    if (newest) return newest;
  } catch {
    // no system PostgreSQL
  }
  const { chooseBinaries } = await import("#lib/store/embedded-binaries.js");
  const { bin } = chooseBinaries(home, null);
  if (process.getuid?.() !== 0) return bin;
  // what root installed may be closed to the user the server runs as
  const copy = join(home, "postgresql");
  cpSync(dirname(bin), copy, { recursive: true, dereference: true });
  return join(copy, "bin");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Waits until the server answers; false when it has ended instead. */
async function answers(url: string, server: ChildProcess): Promise<boolean> {
  while (server.exitCode === null && server.signalCode === null) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    try {
      await client.connect();
      await client.end();
      return true;
    } catch {
      await sleep(20); // not listening yet: PostgreSQL has no event to wait for
    }
  }
  return false;
}

/** Ends the server and removes the folder when the pipe of whoever asked for it closes: a run killed with -9 leaves nothing behind. */
function watchdog(pid: number, home: string): ChildProcess {
  const script = 'cat >/dev/null; kill -INT "$1"; while kill -0 "$1" 2>/dev/null; do sleep 0.1; done; rm -rf "$2"';
  return spawn("sh", ["-c", script, "sh", String(pid), home], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
}

/** A data folder with the binaries that made it, and as whom they run. */
export interface Cluster {
  readonly bin: string;
  readonly data: string;
  readonly home: string;
  readonly who: { uid?: number; gid?: number };
}

interface Launch extends Cluster {
  readonly settings: Readonly<Record<string, string>>;
}

/** The postmaster with its watchdog. */
interface Running {
  readonly pid: number;
  /** Whether it came up; false: it ended instead, and everything of it is gone. */
  readonly up: boolean;
  /** Ends it and waits for that; its folder stays. */
  end(signal: NodeJS.Signals): Promise<void>;
}

async function run({ bin, data, home, who, settings }: Launch, port: number): Promise<Running> {
  const args = Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const log = openSync(join(home, "server.log"), "a");
  const server = spawn(join(bin, "postgres"), ["-D", data, ...args], { ...who, cwd: home, detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  const ended = new Promise<void>((done) => {
    server.once("error", () => done());
    server.once("exit", () => done());
  });
  const dog = watchdog(server.pid ?? 0, home);
  const end = async (signal: NodeJS.Signals) => {
    dog.kill("SIGKILL");
    server.kill(signal);
    await ended;
  };
  const up = server.pid !== undefined && (await answers(urlOf(port), server));
  if (!up) await end("SIGINT");
  return { pid: server.pid ?? 0, up, end };
}

const urlOf = (port: number): string => `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`;

/** null when it ended instead of answering: most likely somebody took the port first. */
async function launch(how: Launch): Promise<TestServer | null> {
  const port = await freePort();
  let server = await run(how, port);
  if (!server.up) return null;
  const crash = async () => {
    const sessions = childrenOf(server.pid);
    await server.end("SIGKILL");
    for (const pid of sessions) if (alive(pid)) process.kill(pid, "SIGKILL");
    while (sessions.some(alive)) await sleep(10);
  };
  const restart = async () => {
    server = await run(how, port);
    if (!server.up)
      throw new Error(`PostgreSQL did not come up again:\n${readFileSync(join(how.home, "server.log"), "utf8").slice(-4_000)}`);
  };
  const stop = async () => {
    await server.end("SIGINT");
    rmSync(how.home, { recursive: true, force: true });
  };
  return { url: urlOf(port), port, crash, restart, shutDown: () => server.end("SIGINT"), stop };
}

/** A data folder that has never been started. Whoever asked for it removes `home`, or lets a server's `stop()` do it. */
export async function initCluster(): Promise<Cluster> {
  const who = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  // root's own temp folder may be closed to everybody else
  const home = mkdtempSync(join(who.uid ? "/tmp" : tmpdir(), "crontabber-pg-"));
  const data = join(home, "data");
  const pwfile = join(home, "password");
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(pwfile, PASSWORD);
  if (who.uid) for (const path of [home, data, pwfile]) chownSync(path, who.uid, who.gid);
  const init = ["-D", data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", pwfile, "-E", "UTF8", "--locale=C", "--no-sync"];
  try {
    const bin = await binaries(home);
    execFileSync(join(bin, "initdb"), init, { ...who, cwd: home, stdio: "pipe" });
    return { bin, data, home, who };
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

/** Starts it on a free port; `settings` come on top of the hostile ones. Throws with the server's log, and removes the folder, when it does not come up. */
export async function startCluster(cluster: Cluster, settings: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  for (let left = 5; left > 0; left -= 1) {
    const started = await launch({ ...cluster, settings: { ...SETTINGS, ...settings } });
    if (started) return started;
  }
  const log = readFileSync(join(cluster.home, "server.log"), "utf8");
  rmSync(cluster.home, { recursive: true, force: true });
  throw new Error(`PostgreSQL did not start:\n${log}`);
}

/** Starts one. `settings` come on top of the hostile ones. Throws with the server's log when it does not come up. */
export async function startServer(settings: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  return startCluster(await initCluster(), settings);
}
