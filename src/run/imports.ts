/**
 * Which files of the project a module imports, directly or not. Owns the search: the texts are scanned before anything is imported, so that
 * it tells of modules that throw, too, and whatever a cache has. A file too many costs an import too many, never a wrong definition.
 */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { isAbsolute, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { FileStamp } from "../core/learned.ts";

const SPECIFIER = /(?:\bfrom|\bimport|\b(?:import|require)\s*\()\s*["']([^"'\n]+)["']/g;
const MAX_FILES = 2_000;

/** `resolve` says which file an import means; null: none. Installed packages are not of the project. */
export function importedFiles(entry: string, resolve: (specifier: string, parent: string) => string | null): FileStamp[] {
  const stamps = new Map<string, FileStamp>();
  const named = namer(entry);
  const open = [entry];
  for (let file = open.pop(); file !== undefined && stamps.size < MAX_FILES; file = open.pop()) {
    const read = stamps.has(file) ? null : readStamped(file);
    if (!read) continue;
    stamps.set(file, read.stamp);
    for (const [, specifier = ""] of read.text.matchAll(SPECIFIER)) {
      const found = locate(resolve, specifier, file);
      if (found) open.push(named(found));
    }
  }
  return [...stamps.values()];
}

/**
 * Imports are found by their real paths, which stay what they are when a link on the way to them is switched to another release: they are
 * named by the way that led to `entry`.
 */
function namer(entry: string): (file: string) => string {
  const given = entry.split(sep);
  const real = (realPath(entry) ?? entry).split(sep);
  while (given.length > 1 && real.length > 1 && given.at(-1) === real.at(-1)) {
    given.pop();
    real.pop();
  }
  const [from, to] = [[...real, ""].join(sep), [...given, ""].join(sep)];
  return (file) => (file.startsWith(from) ? to + file.slice(from.length) : file);
}

function realPath(file: string): string | null {
  try {
    return realpathSync(file);
  } catch {
    return null; // gone, or not ours to see: the import itself will say so
  }
}

function locate(resolve: (specifier: string, parent: string) => string | null, specifier: string, parent: string): string | null {
  if (specifier.startsWith("node:") || specifier === "crontabber") return null;
  let found: string | null;
  try {
    found = resolve(specifier, parent);
  } catch {
    return null; // no such file: the import itself will say so
  }
  const path = found?.startsWith("file:") ? fileURLToPath(found) : found;
  return path && isAbsolute(path) && !path.includes("/node_modules/") ? path : null;
}

/** The stamp first: a file that changes in between counts as changed. */
function readStamped(path: string): { stamp: FileStamp; text: string } | null {
  try {
    const { size, mtimeMs, ctimeMs } = statSync(path);
    return { stamp: { path, size, mtimeMs, ctimeMs }, text: readFileSync(path, "utf8") };
  } catch {
    return null; // gone, or not ours to read: the import itself will say so
  }
}
