/** One child process at the head of a group and session of its own. Owns how it is started and how its output is read; decides no end. */
import { stat } from "node:fs/promises";
import type { Duplex, Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { StreamName } from "../core/streams.ts";
import type { Env } from "./environment.ts";
import { spawnPiped } from "./pipes.ts";

export interface ChildPlan {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Env;
  /** Called with what it prints, as it comes. */
  onOutput(name: StreamName, chunk: Buffer): void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Child {
  /** Its process group, too. */
  readonly pid: number;
  /** Its file descriptor 3: the word to go, and what it has to say. */
  readonly wire: Duplex;
  /** Resolves when the process itself has ended; others of its group may not have. */
  readonly exited: Promise<Exit>;
  /** Resolves when its output and its wire are read to their ends, at the latest after `ms`; then nobody reads them any more. Read the wire. */
  drained(ms: number): Promise<void>;
}

/**
 * Resolves when the process exists. Its stdin is /dev/null; it has to wait for a line on descriptor 3 before it works, and to exit if that
 * closes. Throws, saying what was tried, if it cannot be started.
 */
export async function spawnChild({ onOutput, ...plan }: ChildPlan): Promise<Child> {
  await assertFolder(plan.cwd);
  const { child, stdout, stderr } = await spawnPiped({ ...plan, stdin: "ignore", wire: true, detached: true });
  const exited = new Promise<Exit>((done) => child.once("exit", (code, signal) => done({ code, signal })));
  const wire = child.stdio[3] as Duplex;
  wire.on("error", () => {}); // it ended while being spoken to: its exit says so
  const closed = Promise.all([
    listen(stdout, (chunk) => onOutput("stdout", chunk)),
    listen(stderr, (chunk) => onOutput("stderr", chunk)),
    new Promise((done) => wire.once("close", done)),
  ]);
  const drained = async (ms: number) => {
    const enough = new AbortController();
    const waited = sleep(ms, undefined, { signal: enough.signal }).catch(() => {}); // aborted: the streams were faster
    await Promise.race([closed, waited]);
    enough.abort();
    for (const stream of [stdout, stderr, wire]) stream.destroy();
  };
  return { pid: child.pid as number, wire, exited, drained };
}

/** `spawn` blames the program when it is the folder that is missing. */
async function assertFolder(cwd: string): Promise<void> {
  const found = await stat(cwd).catch(() => null); // whatever the reason, it cannot be entered
  if (!found?.isDirectory()) throw new Error(`cwd = ${cwd}: no such folder`);
}

function listen(stream: Readable, take: (chunk: Buffer) => void): Promise<void> {
  stream.on("data", take);
  stream.on("error", () => {}); // followed by close
  return new Promise((done) => stream.once("close", () => done()));
}
