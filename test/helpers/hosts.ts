/** Hosts as a fleet has them: real processes with a label of their own over one configuration. Owns what it starts, by pid. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const PASS_LOOP = fileURLToPath(new URL("../fixtures/pass-loop.mjs", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Process {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
}

export interface Site {
  /** A temp folder with crontabber.ini in it. */
  readonly folder: string;
  write(name: string, text: string): void;
  /** Lines of a file that jobs append to; none if it is not there yet. */
  lines(name: string): string[];
  /** `crontabber ARGS` as the host of that label. */
  start(host: string, args?: readonly string[], env?: Record<string, string>): Process;
  run(host: string, args?: readonly string[], env?: Record<string, string>): Promise<Ended>;
  /** The same with the program of another build. */
  startWith(cli: string, host: string, args?: readonly string[]): Process;
  /** A process that makes a pass for each call. */
  loop(host: string): Promise<{ pass(): Promise<Record<string, unknown>>; process: Process }>;
  close(): Promise<void>;
}

export function makeSite(ini: string): Site {
  const folder = mkdtempSync(join(tmpdir(), "crontabber-site-"));
  const started: Process[] = [];
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write("crontabber.ini", ini);
  const spawnHost = (host: string, argv: readonly string[], env: Record<string, string> = {}): Process => {
    const home = { HOME: folder, XDG_STATE_HOME: join(folder, `state-${host}`), CRONTABBER_HOST: host, PATH: process.env.PATH ?? "" };
    const child = spawn(process.execPath, [...argv], { cwd: folder, env: { ...home, ...env }, stdio: ["pipe", "pipe", "pipe"] });
    const made = { child, pid: child.pid as number, ended: collect(child), kill: (signal: NodeJS.Signals) => void child.kill(signal) };
    started.push(made);
    return made;
  };
  const start: Site["start"] = (host, args = [], env = {}) => spawnHost(host, [CLI, ...args], env);
  return {
    folder,
    write,
    lines: (name) => readLines(join(folder, name)),
    start,
    run: (host, args, env) => start(host, args, env).ended,
    startWith: (cli, host, args = []) => spawnHost(host, [cli, ...args]),
    loop: async (host) => {
      const process = spawnHost(host, [PASS_LOOP, join(folder, "crontabber.ini")]);
      const answers = createInterface({ input: process.child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
      const next = async () => {
        const { value, done } = await answers.next();
        if (done) throw new Error(`host ${host} ended: ${(await process.ended).stderr}`);
        return JSON.parse(value as string) as Record<string, unknown>;
      };
      await next();
      const pass = () => {
        process.child.stdin?.write("go\n");
        return next();
      };
      return { process, pass };
    },
    close: async () => {
      for (const { child } of started) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill("SIGCONT");
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n").filter(Boolean);
  } catch {
    // Not written yet.
    return [];
  }
}

async function collect(child: ChildProcess): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const closed = once(child, "close");
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  // What it wrote last may still be on its way; a grandchild that keeps the pipe open is not waited for.
  await Promise.race([closed, new Promise((done) => setTimeout(done, 2_000).unref())]);
  return { code, signal, stdout, stderr };
}
