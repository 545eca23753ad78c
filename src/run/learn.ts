/** Learns what job modules define by importing them in child processes. Owns pinning trouble to one file, so that it spoils no other. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Duplex, Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { after } from "../clock.ts";
import type { Learned } from "../core/learned.ts";
import { ownAccount } from "./account.ts";
import { Capture } from "./capture.ts";
import { record } from "./describe.ts";
import { type Env, passed, plainEnvironment } from "./environment.ts";
import { readJsonLines, writeJsonLine } from "./lines.ts";
import { signalGroup } from "./procs.ts";

export interface Lesson {
  readonly files: readonly string[];
  readonly cacheDir: string | null;
}
export type LessonAnswer =
  | { readonly begin: string }
  /** `crashed`: the child ended with it. */
  | { readonly file: string; readonly crashed: boolean; readonly learned: Learned };

export interface LearnSettings {
  /** Milliseconds one module may take. */
  readonly timeoutMs: number;
  /** Names of variables of this process that modules may see; beside them they see what every job sees, and no credentials. */
  readonly envPass?: readonly string[];
  /** As the runner's. */
  readonly cacheDir?: string | null;
  /** IANA name; default UTC. */
  readonly zone?: string;
}

const MAIN = fileURLToPath(new URL("./learn-main.js", import.meta.url));

/** When descriptor 4 closes, for whoever asked is gone, the whole group ends: a module in an endless loop hears of nothing else. */
const LIFELINE = '(read -r never <&4; kill -9 0) & exec "$@" 4<&-';
const OUTPUT_BYTES = 4 * 1024;

/** By the files' absolute paths. Never rejects for what a module does: throw, hang, exit, flood. */
export async function learn(files: readonly string[], settings: LearnSettings): Promise<ReadonlyMap<string, Learned>> {
  const learned = new Map<string, Learned>();
  let left = [...new Set(files)];
  while (left.length > 0) {
    const [first] = left;
    const round = await learnRound(left, settings);
    for (const [file, found] of round.learned) learned.set(file, found);
    // What ended a child may have been left behind by a module before: only a child's first module is to blame for certain.
    if (round.trouble && (round.trouble.file === first || !round.trouble.file)) learned.set(first ?? "", round.trouble.learned);
    left = left.filter((file) => !learned.has(file));
  }
  return learned;
}

interface Round {
  readonly learned: ReadonlyMap<string, Learned>;
  /** `file`: at which the child ended; null: before it came to one. */
  readonly trouble: { readonly file: string | null; readonly learned: Learned } | null;
}

async function learnRound(files: readonly string[], settings: LearnSettings): Promise<Round> {
  const learned = new Map<string, Learned>();
  const capture = new Capture();
  let current: string | null = null;
  let crash: Learned | null = null;
  const child = start(environment(settings));
  const [, out, err, wire] = child.stdio as unknown as [null, Readable, Readable, Duplex];
  out.on("data", (chunk: Buffer) => capture.write("stdout", chunk));
  err.on("data", (chunk: Buffer) => capture.write("stderr", chunk));
  const patience = new Patience(settings.timeoutMs, () => end(child));
  readJsonLines(wire, (message) => {
    const answer = message as LessonAnswer;
    patience.renew();
    if ("begin" in answer) current = answer.begin;
    else if (answer.crashed) crash = answer.learned;
    else {
      learned.set(answer.file, answer.learned);
      current = null;
    }
  });
  const exited = once(child, "exit");
  const heard = once(wire, "close").catch(() => {}); // reset instead of closed: nothing more will come either way
  await writeJsonLine(wire, { files, cacheDir: settings.cacheDir ?? null } satisfies Lesson);
  const [code, signal] = (await exited) as [number | null, string | null];
  patience.end();
  end(child);
  await heard;
  for (const stream of [out, err, child.stdio[4]]) stream?.destroy();
  if (learned.size === files.length) return { learned, trouble: null };
  const status = signal ? `killed by ${signal}` : `exit code ${code}`;
  const how = patience.lost
    ? record("ImportTimeout", `importing it takes longer than ${settings.timeoutMs / 1000} s`, tail(capture))
    : record("ImportCrash", `importing it ended the process: ${status}`, tail(capture));
  return { learned, trouble: { file: current, learned: crash ?? { ok: false, error: how } } };
}

/** How long one module may take; each word from the child starts it again. */
class Patience {
  readonly #ms: number;
  readonly #lose: () => void;
  #cancel = () => {};
  lost = false;

  constructor(ms: number, lose: () => void) {
    this.#ms = ms;
    this.#lose = lose;
    this.renew();
  }

  renew(): void {
    this.end();
    this.#cancel = after(this.#ms, () => {
      this.lost = true;
      this.#lose();
    });
  }

  end(): void {
    this.#cancel();
  }
}

function tail(capture: Capture): string {
  return [capture.tail("stdout", OUTPUT_BYTES), capture.tail("stderr", OUTPUT_BYTES)].filter(Boolean).join("\n");
}

function start(env: Env): ChildProcess {
  const args = ["-c", LIFELINE, "sh", process.execPath, MAIN];
  const child = spawn("/bin/sh", args, { cwd: "/", env, detached: true, stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"] });
  for (const stream of child.stdio) stream?.on("error", () => {}); // it ended: its exit says so
  return child;
}

function end({ pid }: ChildProcess): void {
  if (pid !== undefined) signalGroup(pid, "SIGKILL");
}

function environment({ zone = "UTC", envPass = [] }: LearnSettings): Env {
  return { ...plainEnvironment(ownAccount(), zone), ...passed(envPass, process.env) };
}
