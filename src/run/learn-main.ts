/** The child that imports job modules, one after the other. Owns telling which file it is at, so that a module that ends it is known by name. */
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import type { FileStamp, Learned } from "../core/learned.ts";
import { describe, record } from "./describe.ts";
import { learnExport } from "./exports.ts";
import { importedFiles } from "./imports.ts";
import type { Lesson, LessonAnswer } from "./learn.ts";
import { readJsonLines } from "./lines.ts";
import { createLoader, type Loader } from "./load.ts";

const WIRE = 3;
const wire = new Socket({ fd: WIRE });
let current: { file: string; imports: FileStamp[] } | null = null;

/** Synchronous: the next statement may be one of a module that ends the process. */
function say(answer: LessonAnswer): void {
  const line = Buffer.from(`${JSON.stringify(answer)}\n`);
  for (let sent = 0; sent < line.length; ) sent += tryWrite(line.subarray(sent));
}

function tryWrite(bytes: Buffer): number {
  try {
    return writeSync(WIRE, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return 0; // the reader is slower than we are
    throw error;
  }
}

/** The module did not throw: it ended the process, or threw where nobody could catch it. */
function crashed(learned: Extract<Learned, { ok: false }>["error"]): void {
  if (!current) return;
  const { file, imports } = current;
  current = null;
  say({ file, crashed: true, learned: { ok: false, error: learned, imports } });
}

async function learnFile(loader: Loader, file: string): Promise<Learned> {
  const imports = importedFiles(file, loader.resolve);
  current = { file, imports };
  say({ begin: file });
  try {
    const found = Object.entries(await loader.load(file)).map(([name, value]) => [name, learnExport(value)] as const);
    return { ok: true, exports: Object.fromEntries(found.filter(([, learned]) => learned !== null)), imports } as Learned;
  } catch (error) {
    const { type, value, traceback } = describe(error);
    return { ok: false, error: { type, value, traceback }, imports };
  }
}

async function learnAll({ files, cacheDir }: Lesson): Promise<void> {
  for (const file of files) {
    const learned = await learnFile(await createLoader(file, cacheDir), file);
    if (!current) return;
    current = null;
    say({ file, crashed: false, learned });
  }
  process.exit(0);
}

process.on("uncaughtException", (error) => {
  crashed(describe(error));
  process.exit(1);
});
process.on("exit", (code) => crashed(record("ExitedEarly", `process.exit(${code}) was called while it was imported`)));
process.on("beforeExit", () => crashed(record("NeverSettled", "its top-level await can never settle")));
wire.on("error", () => {}); // whoever asked is gone; the shell that holds our lifeline ends us
readJsonLines(wire, (message) => {
  wire.unref();
  void learnAll(message as Lesson);
});
