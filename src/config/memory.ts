/**
 * What was learned from the modules of one configuration, kept in a file between passes. Only ever a shortcut: a file that is
 * missing, damaged or not writable costs time and nothing else.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { FileStamp, LearnedExport } from "../core/learned.ts";
import { vouchForZone } from "../core/zone.ts";

export type Exports = Readonly<Record<string, LearnedExport>>;

/** Raised when what is remembered, or what it means, changes. */
const FORMAT = 2;

interface Remembered {
  readonly format: number;
  /** The configuration's real folder. Two releases that were unpacked in the same instant may look the same in all else. */
  readonly home: string;
  /** Path, size, mtime, ctime: each distinct one once, since a thousand jobs share most of their imports. */
  readonly stamps: readonly (readonly [string, number, number, number])[];
  readonly modules: Readonly<Record<string, { readonly exports: Exports; readonly imports: readonly number[] }>>;
  readonly schedules: readonly string[];
}

interface Known {
  readonly exports: Exports;
  readonly imports: readonly FileStamp[];
}

/** Where the memory of a configuration lives. Two configurations never share one. */
export function memoryPath(spool: string, configFile: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(configFile)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return join(spool, `registry-${basename(configFile).replace(/[^\w.-]/g, "_")}-${hash.toString(16)}.json`);
}

export class Memory {
  private readonly path: string | null;
  private readonly home: string;
  private readonly modules = new Map<string, Known>();
  private readonly states = new Map<string, FileStamp | null>();
  private dirty = false;
  /** Texts of schedules that passed before. */
  readonly schedules = new Set<string>();

  /** Path null: nothing is remembered. `home`: the configuration's real folder. */
  constructor(path: string | null, home: string) {
    this.path = path;
    this.home = home;
    const read = path === null ? null : readMemory(path);
    if (!read) return;
    // What was learned in another folder is old, and still better than nothing.
    const known = read.home === home ? read.stamps : [];
    const stamps = known.map(([path, size, mtimeMs, ctimeMs]) => ({ path, size, mtimeMs, ctimeMs }));
    for (const [file, { exports, imports }] of Object.entries(read.modules)) {
      this.modules.set(file, { exports, imports: imports.flatMap((index) => stamps[index] ?? []) });
    }
    for (const text of read.schedules) {
      this.schedules.add(text);
      // It passed with the zone of its second line, or with the one behind its last |.
      for (const zone of text.split(/[\n|]/)) vouchForZone(zone.trim());
    }
  }

  /** What the module told last, if nothing it imported has changed since; else null. */
  fresh(file: string): Exports | null {
    const known = this.modules.get(file);
    return known && known.imports.length > 0 && known.imports.every((stamp) => this.unchanged(stamp)) ? known.exports : null;
  }

  /** What the module told last, however long ago; null: it never did. */
  last(file: string): Exports | null {
    return this.modules.get(file)?.exports ?? null;
  }

  /** The files whose change makes the module say something else. */
  stamps(file: string): readonly FileStamp[] {
    return this.modules.get(file)?.imports ?? [];
  }

  remember(file: string, known: Known): void {
    this.modules.set(file, known);
    this.dirty = true;
  }

  /** Keeps what `used` names and forgets the rest. Returns why it could not be written; null: it was, or nothing was new. */
  save(used: ReadonlySet<string>, schedules: ReadonlySet<string>): string | null {
    if (this.path === null || !(this.dirty || [...schedules].some((text) => !this.schedules.has(text)))) return null;
    const temporary = `${this.path}.${process.pid}.tmp`;
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
      writeFileSync(temporary, JSON.stringify(this.pack(used, schedules)), { mode: 0o600 });
      renameSync(temporary, this.path);
      return null;
    } catch (error) {
      discard(temporary);
      return (error as Error).message;
    }
  }

  private pack(used: ReadonlySet<string>, schedules: ReadonlySet<string>): Remembered {
    const index = new Map<string, number>();
    const stamps: [string, number, number, number][] = [];
    const indexOf = ({ path, size, mtimeMs, ctimeMs }: FileStamp): number => {
      const key = `${path}\n${size}\n${mtimeMs}\n${ctimeMs}`;
      const known = index.get(key) ?? stamps.push([path, size, mtimeMs, ctimeMs]) - 1;
      index.set(key, known);
      return known;
    };
    const kept = [...this.modules].filter(([file]) => used.has(file));
    const modules = kept.map(([file, { exports, imports }]) => [file, { exports, imports: imports.map(indexOf) }]);
    return { format: FORMAT, home: this.home, stamps, modules: Object.fromEntries(modules), schedules: [...schedules] };
  }

  private unchanged(stamp: FileStamp): boolean {
    let now = this.states.get(stamp.path);
    if (now === undefined) {
      now = stampOf(stamp.path);
      this.states.set(stamp.path, now);
    }
    return now !== null && sameStamp(now, stamp);
  }
}

function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // what kept it from being written keeps it from being removed: the caller tells why
  }
}

/** Whether it is, for all we can see, the same file. */
export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs;
}

/** The file as it is now; null: there is none. */
export function stampOf(path: string): FileStamp | null {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat ? { path, size: stat.size, mtimeMs: stat.mtimeMs, ctimeMs: stat.ctimeMs } : null;
  } catch {
    return null; // a folder on the way that we may not enter: as good as gone
  }
}

function readMemory(path: string): Remembered | null {
  try {
    const read = JSON.parse(readFileSync(path, "utf8")) as Partial<Remembered> | null;
    const whole = read?.format === FORMAT && Array.isArray(read.stamps) && Array.isArray(read.schedules) && isModules(read.modules);
    return whole ? (read as Remembered) : null;
  } catch {
    return null; // no file yet, or half of one: everything is learned afresh
  }
}

function isModules(modules: unknown): boolean {
  if (typeof modules !== "object" || modules === null) return false;
  return Object.values(modules).every(
    (known) => typeof known?.exports === "object" && known.exports !== null && Array.isArray(known.imports),
  );
}
