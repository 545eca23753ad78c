/** Children that write into real pipes. Node gives them sockets, on which `echo oops > /dev/stderr` fails ("No such device or address"). */
import { type ChildProcess, execFile, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";

export interface Piped {
  readonly child: ChildProcess;
  /** End when every process that holds the other end is gone. */
  readonly stdout: Readable;
  readonly stderr: Readable;
}

type Plan = Omit<SpawnOptions, "stdio"> & {
  readonly file: string;
  readonly args: readonly string[];
  readonly stdin: "ignore" | "pipe";
  /** Descriptor 3 is a pipe both ways. */
  readonly wire?: boolean;
};

/** Resolves when the process exists; throws if it cannot be started. */
export async function spawnPiped({ file, args, stdin, wire, ...options }: Plan): Promise<Piped> {
  const pipes = await openPipes();
  const ends = pipes ? pipes.map((pipe) => pipe.writeEnd) : (["pipe", "pipe"] as const);
  let child: ChildProcess | undefined;
  try {
    child = spawn(file, args, { ...options, stdio: [stdin, ...ends, ...(wire ? ["pipe" as const] : [])] });
    await once(child, "spawn");
    const [stdout, stderr] = pipes ? pipes.map((pipe) => pipe.reader) : [child.stdout, child.stderr];
    return { child, stdout: stdout as Readable, stderr: stderr as Readable };
  } catch (error) {
    for (const { reader } of pipes ?? []) reader.destroy();
    throw error;
  } finally {
    // Only the child's own copies may keep the pipes open.
    for (const { writeEnd } of pipes ?? []) closeSync(writeEnd);
  }
}

interface Pipe {
  readonly writeEnd: number;
  readonly reader: Socket;
}

type Pair = readonly [stdout: Pipe, stderr: Pipe];

/** Who asks at the same moment gets his from the same call: a process for each pair would cost as much as the child itself. */
let batch: { count: number; readonly made: Promise<(Pair | null)[]> } | null = null;

/** For stdout and stderr. Null where this system will not make any (no `mkfifo`, a full temp folder): sockets must do then. */
async function openPipes(): Promise<Pair | null> {
  if (!batch) {
    const mine: { count: number; made: Promise<(Pair | null)[]> } = { count: 0, made: Promise.resolve([]) };
    mine.made = new Promise((done) => setImmediate(done)).then(() => {
      batch = null;
      return makePairs(mine.count);
    });
    batch = mine;
  }
  const place = batch.count++;
  return (await batch.made)[place] ?? null;
}

async function makePairs(count: number): Promise<(Pair | null)[]> {
  let folder: string | undefined;
  try {
    // Private, so that the pipes themselves may be open to all: a job of another user reopens its own through /dev/stdout.
    const home = await mkdtemp(join(tmpdir(), "crontabber-"));
    folder = home;
    const names = Array.from({ length: count }, (_, place) => [join(home, `out${place}`), join(home, `err${place}`)] as const);
    await promisify(execFile)("mkfifo", ["-m", "666", ...names.flat()], { env: { PATH: "/usr/local/bin:/usr/bin:/bin" } });
    return names.map(openPair);
  } catch {
    return []; // said above: there is another way
  } finally {
    if (folder) await rm(folder, { recursive: true, force: true }).catch(() => {}); // a left-over folder harms nobody
  }
}

/** Null: no descriptors are left. */
function openPair(names: readonly [string, string]): Pair | null {
  const opened: Pipe[] = [];
  try {
    for (const name of names) opened.push(openPipe(name));
    return opened as unknown as Pair;
  } catch {
    for (const { writeEnd, reader } of opened) {
      closeSync(writeEnd);
      reader.destroy();
    }
    return null;
  }
}

/** The reading end first: opening the other one would wait for it. */
function openPipe(name: string): Pipe {
  const readEnd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const writeEnd = openSync(name, constants.O_WRONLY);
    return { writeEnd, reader: new Socket({ fd: readEnd, readable: true, writable: false }) };
  } catch (error) {
    closeSync(readEnd);
    throw error;
  }
}
