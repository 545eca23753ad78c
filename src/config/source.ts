/** Reads one configuration file as lines. Owns encodings and line ends; knows nothing of what the lines say. */
import { isUtf8 } from "node:buffer";
import { readFileSync, statSync } from "node:fs";
import { relative } from "node:path";
import type { Problem } from "../core/errors.ts";
import type { FileStamp } from "../core/learned.ts";

import { printable } from "../core/text.ts";

/** Where something stands: a file, `environment` or `command line`. Line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number | null;
  readonly column?: number;
}

export interface Source {
  /** Absolute. */
  readonly path: string;
  /** As messages name it. */
  readonly shown: string;
  readonly lines: readonly string[];
  readonly stamp: FileStamp;
}

/** A problem at a place. */
export function problemAt(place: Place, message: string, hint?: string): Problem {
  return { ...place, message, ...(hint !== undefined && { hint }) };
}

/** A file as its reader would name it: relative to where he stands if it lies below, else absolute. */
export function shownPath(path: string, cwd: string): string {
  const near = relative(cwd, path);
  return printable(near === "" || near.startsWith("..") ? path : near);
}

/** The file's lines, or what is wrong with it as a whole. A byte order mark and carriage returns are dropped. */
export function readSource(path: string, shown: string): Source | Problem {
  let bytes: Buffer;
  let stamp: FileStamp;
  try {
    const { size, mtimeMs, ctimeMs } = statSync(path);
    stamp = { path, size, mtimeMs, ctimeMs };
    bytes = readFileSync(path);
  } catch (error) {
    return { file: shown, line: null, message: `cannot be read: ${reason(error)}` };
  }
  if (bytes.length >= 2 && (bytes.readUInt16BE(0) === 0xfeff || bytes.readUInt16BE(0) === 0xfffe)) {
    return { file: shown, line: 1, message: "is UTF-16", hint: "save it as UTF-8" };
  }
  if (!isUtf8(bytes)) {
    return { file: shown, line: firstBadLine(bytes), message: "has bytes that are not UTF-8", hint: "save it as UTF-8" };
  }
  const text = bytes.toString("utf8").replace(/^\ufeff/, "");
  const lines = text.split(/\r\n|\n|\r/);
  if (!text.includes("\0")) return { path, shown, lines, stamp };
  const at = lines.findIndex((line) => line.includes("\0"));
  return { file: shown, line: at + 1, column: (lines[at] ?? "").indexOf("\0") + 1, message: "has a NUL byte", hint: "remove it" };
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") return "there is no such file";
  if (code === "EACCES") return "permission denied";
  return code === "EISDIR" ? "it is a folder" : message;
}

function firstBadLine(bytes: Buffer): number {
  for (let line = 1, from = 0; from < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, from);
    const upTo = end === -1 ? bytes.length : end;
    if (!isUtf8(bytes.subarray(from, upTo))) return line;
    from = upTo + 1;
  }
  return 1;
}
