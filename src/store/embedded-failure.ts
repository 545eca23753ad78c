/** Turns what PostgreSQL's programs wrote before they gave up into an error that says what to do. Reads the log, writes nothing. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { StoreError } from "../core/errors.ts";
import { SERVER_LOG } from "./embedded-folder.ts";

const TAIL_LINES = 12;

// The programs run with LC_ALL=C, so these texts are English; they only choose a hint, never what happens.
const HINTS: readonly (readonly [RegExp, (folder: string) => string])[] = [
  [/No space left on device|Disk quota exceeded/, (folder) => `free space on the disk of ${folder}`],
  [/Read-only file system/, () => "name a folder on a writable file system"],
  [/Permission denied|Operation not permitted/, (folder) => `make ${folder} and its parents accessible to the user named above`],
  [/could not look up effective user ID/, () => "give this uid an entry in /etc/passwd"],
  [/initialized by PostgreSQL version|incompatible with/, () => "install the PostgreSQL version that made it, or name a new folder"],
  [/could not (create|map|resize) .*shared memory|semaphores/, () => "give this machine or container more shared memory"],
];

/** The last lines, without empty ones. */
export function lastLines(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines
    .slice(-TAIL_LINES)
    .map((line) => `  ${line}`)
    .join("\n");
}

/** What the log has gained since it was `from` bytes long. */
export function logSince(folder: string, from: number): string {
  try {
    return readFileSync(join(folder, SERVER_LOG)).subarray(from).toString("utf8");
  } catch {
    return ""; // no log: the disk may be full
  }
}

/** `what` went wrong in `folder`, with the end of `output` and a hint. */
export function failure(folder: string, what: string, output: string): StoreError {
  const hint =
    HINTS.find(([pattern]) => pattern.test(output))?.[1](folder) ??
    "the rest is in the log; a server of your own works too: database_url = postgres://…";
  return new StoreError(`the embedded database in ${folder} cannot be used: ${what} (${hint})\n${lastLines(output)}`.trimEnd());
}
