/** `ctx.exec`: a program run by a job, in the job's own group, without a shell. Owns its limits and what a failure says. */
import { once } from "node:events";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { after } from "../clock.ts";
import { ExecError, type ExecOptions, type ExecResult } from "./define.ts";
import { spawnPiped } from "./pipes.ts";
import { RUN_ID } from "./procs.ts";
import { lastBytes } from "./sanitise.ts";

const MAX_BUFFER = 16 * 1024 * 1024;
const KILL_GRACE_MS = 5_000;
/** A program in the background may hold the pipes open after the one we wait for has ended. */
const DRAIN_MS = 250;

/** `signal`: told to stop, nothing new is started; what runs gets the runner's own SIGTERM and SIGKILL, for it is in the job's group. */
export async function exec(
  { command, args, signal }: { command: string; args: readonly string[]; signal: AbortSignal },
  options: ExecOptions = {},
): Promise<ExecResult> {
  signal.throwIfAborted();
  const { input, check = true, maxBuffer = MAX_BUFFER, timeout, cwd } = options;
  // The run id stays, whatever the job does to its environment: by it a program that escapes is found.
  const env = { ...process.env, ...options.env, [RUN_ID]: process.env[RUN_ID] };
  const stdin = input === undefined ? "ignore" : "pipe";
  const { child, stdout, stderr } = await spawnPiped({ file: command, args, stdin, env, ...(cwd !== undefined && { cwd }) });
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  let why: string | null = null;
  const cancels: (() => void)[] = [];
  const end = (reason: string) => {
    if (why !== null) return;
    why = reason;
    child.kill("SIGTERM");
    cancels.push(after(KILL_GRACE_MS, () => child.kill("SIGKILL")));
  };
  if (timeout !== undefined) cancels.push(after(timeout * 1000, () => end(`timed out after ${timeout} s`)));
  const outputs = [stdout, stderr].map((stream) => collect(stream, maxBuffer, end));
  child.stdin?.on("error", () => {}); // it ended without reading its input: its exit code says so
  child.stdin?.end(input);
  const [code, killedBy] = await exited;
  const closed = Promise.all(outputs.map((output) => output.closed));
  await Promise.race([closed, new Promise<void>((done) => cancels.push(after(DRAIN_MS, done)))]);
  for (const cancel of cancels) cancel();
  for (const stream of [stdout, stderr]) stream.destroy();
  const [out = "", err = ""] = outputs.map((output) => Buffer.concat(output.chunks).toString("utf8"));
  // As a shell tells it.
  const result = { code: code ?? 128 + (constants.signals[killedBy ?? "SIGKILL"] ?? 0), stdout: out, stderr: err };
  const trouble = why ?? (result.code === 0 || !check ? null : killedBy ? `killed by ${killedBy}` : `exit code ${code}`);
  if (trouble === null) return result;
  throw new ExecError(complaint(command, trouble, err), { ...result, signal: killedBy, command, args: [...args] });
}

function collect(stream: Readable, limit: number, end: (reason: string) => void): { chunks: Buffer[]; closed: Promise<unknown> } {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limit) return end(`printed more than maxBuffer, ${limit} bytes`);
    chunks.push(chunk);
  });
  stream.on("error", () => {}); // followed by close
  return { chunks, closed: once(stream, "close").catch(() => {}) }; // the same error: said above
}

function complaint(command: string, trouble: string, stderr: string): string {
  const last = lastBytes(stderr.trimEnd(), 2048);
  return `${command}: ${trouble}${last ? `\n${last}` : ""}`;
}
