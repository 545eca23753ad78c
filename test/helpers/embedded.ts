/** Users of an embedded database as processes of their own. Owns the processes it starts and the temp folders it makes. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, lchownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { platformPackage } from "#lib/store/embedded-binaries.js";
import { readRecord } from "#lib/store/embedded-folder.js";
import { isAlive, readNote } from "#lib/store/embedded-process.js";

export const NOBODY = 65_534;
export const isRoot = process.getuid?.() === 0;

const LIBRARY = fileURLToPath(import.meta.resolve("#lib/store/embedded.js"));

// Says its URL or its error in one line, outlives Ctrl-C as a draining daemon does, ends with its stdin.
const SCRIPT = `
const { openEmbedded } = await import(process.argv[1]);
process.on("SIGINT", () => console.log("interrupted"));
try {
  const handle = await openEmbedded(process.argv[2]);
  console.log(JSON.stringify({ url: handle.url }));
  if (process.argv[3] !== "go") process.stdin.resume().on("end", () => process.exit());
} catch (error) {
  console.log(JSON.stringify({ error: error.name + ": " + error.message }));
}`;

export interface UserOptions {
  /** Path of the compiled embedded.js; default: the one under test, or a copy that `uid` can reach. */
  readonly library?: string;
  /** Put before node. */
  readonly prefix?: readonly string[];
  readonly uid?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs to its end instead of staying. */
  readonly go?: boolean;
}

export interface User {
  readonly child: ChildProcess;
  readonly url: string;
  /** Resolves when it has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

const children = new Set<ChildProcess>();
/** Temp folder → data folder somewhere in it. */
const folders = new Map<string, string>();

/** Resolves with its next line. */
export function nextLine(child: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    child.stdout?.once("data", (chunk: Buffer) => done(chunk.toString("utf8").trim()));
    child.once("close", () => fail(new Error("it ended without a word")));
  });
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Where the platform package is installed, if it is. */
export const PACKAGE = join(ROOT, "node_modules", platformPackage());

/** Our compiled code and the platform package as an installation of its own; returns its embedded.js. */
export function installIn(folder: string): string {
  const copy = join(folder, "node_modules", platformPackage());
  cpSync(join(ROOT, "dist"), join(folder, "dist"), { recursive: true });
  cpSync(join(ROOT, "package.json"), join(folder, "package.json"));
  mkdirSync(dirname(copy), { recursive: true });
  // links instead of 60 MB where the file system allows
  const linked = spawnSync("cp", ["-rl", PACKAGE, copy]).status === 0;
  if (!linked && existsSync(PACKAGE)) cpSync(PACKAGE, copy, { recursive: true, verbatimSymlinks: true });
  return join(folder, "dist", "store", "embedded.js");
}

let everybodys: string | undefined;

/** An installation that every user can reach: this one may be in a folder of root's. */
export function everybodysLibrary(): string {
  if (!everybodys) {
    const home = dirname(closedFolder());
    chmodSync(home, 0o755);
    everybodys = installIn(home);
  }
  return everybodys;
}

/** Starts a user in a process group of its own; rejects with what `openEmbedded` threw there. */
export async function startUser(folder: string, options: UserOptions = {}): Promise<User> {
  const library = options.library ?? (options.uid === undefined ? LIBRARY : everybodysLibrary());
  const node = [process.execPath, "--input-type=module", "-e", SCRIPT, library, folder, options.go ? "go" : "stay"];
  const [program = "", ...args] = [...(options.prefix ?? []), ...node];
  const as = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
  const env = { ...process.env, ...options.env };
  const child = spawn(program, args, { ...as, env, cwd: "/", detached: true, stdio: ["pipe", "pipe", "inherit"] });
  children.add(child);
  const ended = new Promise<void>((done) => {
    child.once("close", () => {
      children.delete(child);
      done();
    });
  });
  const word = JSON.parse(await nextLine(child)) as { url?: string; error?: string };
  if (word.url === undefined) throw new Error(word.error);
  const kill = (signal: NodeJS.Signals = "SIGKILL") => {
    child.kill(signal);
    return ended;
  };
  return { child, url: word.url, kill };
}

/** A path that does not exist yet, in a temp folder that only `owner` (default: this user) and root can enter. */
export function closedFolder(name = "db", owner?: number): string {
  const closed = mkdtempSync(join(tmpdir(), "crontabber-embedded-"));
  const folder = join(closed, name);
  folders.set(closed, folder);
  if (owner !== undefined) lchownSync(closed, owner, owner);
  return folder;
}

export async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {
    // a test may kill the server
  });
  await client.connect();
  try {
    const { rows } = await client.query(sql);
    return rows;
  } finally {
    await client.end();
  }
}

/** There is no event for a process that is not our child. */
export async function until(what: () => boolean): Promise<void> {
  while (!what()) await sleep(20);
}

export const gone = (pid: number) => until(() => !isAlive(pid));
export const log = (folder: string) => readFileSync(join(folder, "server.log"), "utf8");
/** How often a server came up in this folder. */
export const starts = (folder: string) => log(folder).split("ready to accept connections").length - 1;

/** Process ids of the folder's server and keeper. */
export function pids(folder: string): { server: number; keeper: number } {
  return { server: readNote(folder)?.pid ?? 0, keeper: readRecord(folder)?.pid ?? 0 };
}

/** How many users the folder's keeper has, or will have as soon as it looks. */
export function connections(folder: string): number {
  const lines = readFileSync("/proc/net/unix", "utf8").split("\n");
  return lines.filter((line) => line.endsWith(join(folder, "keeper.sock"))).length - 1; // without the listener
}

/** Resolves when neither the server nor the keeper runs. */
export async function stopped(folder: string): Promise<void> {
  const { server, keeper } = pids(folder);
  if (server) await gone(server);
  if (keeper) await gone(keeper);
}

/** Ends every user a test has started; their servers stop by themselves. */
export async function endUsers(): Promise<void> {
  await Promise.all(
    [...children].map((child) => {
      const closed = new Promise((done) => child.once("close", done));
      child.kill("SIGKILL");
      return closed;
    }),
  );
}

/** Waits until nothing runs in any of the folders, and removes them. */
export async function removeFolders(): Promise<void> {
  for (const [closed, folder] of folders) {
    const { server, keeper } = pids(folder);
    if (isAlive(server) && !isAlive(keeper)) process.kill(server, "SIGINT"); // a failed test may have left it
    await stopped(folder);
    rmSync(closed, { recursive: true, force: true });
  }
  folders.clear();
  everybodys = undefined;
}
