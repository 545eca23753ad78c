/** Job modules: the only importer of user code, in child processes only. Owns how a file becomes exports, and which export is a job. */
import { readFile, realpath } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Jiti } from "jiti";

/** `import "crontabber"` means this very package, from any folder. */
const INDEX = fileURLToPath(new URL("../index.js", import.meta.url));

export type Exports = Readonly<Record<string, unknown>>;

export interface Loader {
  /** The exports of a `.ts .mts .js .mjs .cjs` file, given by its absolute path. Throws what the module throws. */
  load(file: string): Promise<Exports>;
  /** The file that an import in `parent` means; null: none that can be found. */
  resolve(specifier: string, parent: string): string | null;
}

/** `cacheDir` keeps compiled modules: a private folder, since what lies in it is run. Null: every start compiles again. */
export async function createLoader(base: string, cacheDir: string | null): Promise<Loader> {
  const { createJiti } = await import("jiti");
  const jiti = createJiti(base, { alias: { crontabber: INDEX }, fsCache: cacheDir ?? false, interopDefault: false });
  return {
    load: (file) => load(jiti, file),
    resolve: (specifier, parent) => jiti.esmResolve(specifier, { parentURL: parent, try: true }) ?? null,
  };
}

async function load(jiti: Jiti, file: string): Promise<Exports> {
  // As Node does. What it imports later, too, is of the release it was started from, whatever a link on the way says by then.
  const real = await settled(file);
  if (extname(real) === ".cjs") return (await jiti.import(real)) as Exports;
  // Always compiled: tried as it is first, a module that throws would run a second time as its own fallback.
  const source = await readFile(real, "utf8");
  return (await jiti.evalModule(source, { id: real, filename: real, async: true, forceTranspile: true })) as Exports;
}

/** Its real path, unless that says less about what is in it. */
async function settled(file: string): Promise<string> {
  const real = await realpath(file);
  return extname(real) === extname(file) ? real : file;
}

/** What a job's export may be called as; `ctx` is handed through. */
export type Run = (ctx: unknown) => unknown;

/** The `run` of an export: of a definition or any object that has one, or the export itself if it is a function. Null: it is no job. */
export function runOf(value: unknown): Run | null {
  if (typeof value === "function") return isClass(value) ? null : (value as Run);
  if (typeof value !== "object" || value === null) return null;
  const { run } = value as { run?: unknown };
  return typeof run === "function" ? (ctx) => run.call(value, ctx) : null;
}

/** Throws, in words for the author, if the export is not there or is no job. */
export function pickRun(exports: Exports, name: string, file: string): Run {
  const value = exports[name];
  const run = runOf(value);
  if (run) return run;
  if (value === undefined) {
    const names = Object.keys(exports).join(", ");
    throw new TypeError(`${file} has no export "${name}"${names ? `; it has ${names}` : ""}`);
  }
  const what = isClass(value)
    ? "a class"
    : value === null
      ? "null"
      : typeof value === "object"
        ? "an object without run()"
        : `a ${typeof value}`;
  throw new TypeError(`export "${name}" of ${file} is ${what}: export defineJob({ … run(ctx) { … } }), or an async function`);
}

function isClass(value: unknown): boolean {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}
