/** What the code of the jobs says: from memory where nothing has changed, else by having the modules imported. Imports nothing itself. */
import type { FileStamp, Learn, LearnError, Learned } from "../core/learned.ts";
import type { Entry } from "./entries.ts";
import { Bad } from "./kinds.ts";
import type { Exports, Memory } from "./memory.ts";
import type { Modules } from "./modules.ts";
import { stampNow } from "./reload.ts";

/** `pass`: memory is believed. `configtest`: every module is imported. */
export type Mode = "pass" | "configtest";

/**
 * Exports null: the module cannot be imported and never could. Broken null: what stands here is what the module says today.
 * Stamps: the files whose change may change it.
 */
export type Definition = { readonly stamps: readonly FileStamp[] } & (
  | { readonly exports: Exports; readonly broken: LearnError | null }
  | { readonly exports: null; readonly broken: LearnError }
);

/** A module that hangs while it is imported must not hold the pass. */
const IMPORT_MS = 30_000;

interface Sources {
  readonly mode: Mode;
  readonly memory: Memory;
  readonly learn: Learn;
}

/** What is known of the module of an entry. */
export interface Found {
  /** Null: there is none, and nothing is remembered of one. */
  readonly file: string | null;
  readonly definition: Definition;
  /** What to do about a broken one, if anything can be said. */
  readonly hint?: string | undefined;
}

/** By entry. A module that cannot be found or imported is defined by what it said last. */
export async function defineAll(entries: readonly Entry[], modules: Modules, sources: Sources): Promise<Map<Entry, Found>> {
  const files = new Map<Entry, string>();
  const found = new Map<Entry, Found>();
  for (const entry of entries) {
    const file = modules.find(entry);
    if (file instanceof Bad) found.set(entry, gone(modules.candidates(entry), file, sources.memory));
    else files.set(entry, file);
  }
  const definitions = await define(new Set(files.values()), sources);
  for (const [entry, file] of files) {
    const definition = definitions.get(file);
    if (definition) found.set(entry, { file, definition });
  }
  return found;
}

function gone(candidates: readonly string[], { message, hint }: Bad, memory: Memory): Found {
  const file = candidates.find((candidate) => memory.last(candidate)) ?? null;
  const exports = file === null ? null : memory.last(file);
  return { file, definition: { exports, broken: { type: "", value: message, traceback: "" }, stamps: candidates.map(stampNow) }, hint };
}

async function define(files: ReadonlySet<string>, { mode, memory, learn }: Sources): Promise<Map<string, Definition>> {
  const definitions = new Map<string, Definition>();
  const stale: string[] = [];
  for (const file of files) {
    const exports = mode === "pass" ? memory.fresh(file) : null;
    if (exports) definitions.set(file, { exports, broken: null, stamps: memory.stamps(file) });
    else stale.push(file);
  }
  if (stale.length === 0) return definitions;
  const learned = await ask(learn, stale);
  for (const file of stale) definitions.set(file, definitionOf(file, learned(file), memory));
  return definitions;
}

function definitionOf(file: string, learned: Learned, memory: Memory): Definition {
  if (!learned.ok) return { exports: memory.last(file), broken: learned.error, stamps: learned.imports ?? [stampNow(file)] };
  memory.remember(file, learned);
  return { exports: learned.exports, broken: null, stamps: learned.imports };
}

async function ask(learn: Learn, files: readonly string[]): Promise<(file: string) => Learned> {
  const failed = (type: string, value: string): Learned => ({ ok: false, error: { type, value, traceback: "" } });
  try {
    const told = await learn(files, { timeoutMs: IMPORT_MS });
    return (file) => told.get(file) ?? failed("Error", "the process that imports it ended without a word about it");
  } catch (error) {
    const { name, message } = error as Error; // no process to be had: nobody's module is to blame, and yesterday's definitions still hold
    return () => failed(name, message);
  }
}
