/** Where an embedded database puts its sockets: in the data folder, which is private and the same for cron, terminals and services alike. */
import { lstatSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PORT, readRecord } from "./embedded-folder.ts";

/** The smallest limit of a socket's path, macOS'; a longer one is silently cut. */
const LONGEST = 103;
const SHORT_PREFIX = "crontabber-";

/** Whether a folder that an earlier keeper named is still nobody's but ours. */
function isPrivate(folder: string): boolean {
  const seen = lstatSync(folder, { throwIfNoEntry: false });
  return seen?.isDirectory() === true && seen.uid === process.geteuid?.() && (seen.mode & 0o077) === 0;
}

/**
 * The folder for the sockets. Where the data folder's path is too long, or has a comma, which psql takes for a list of hosts, a short one of a random name, which the keeper's record
 * tells (no fixed name: a stranger could have made it first). The last keeper's is used again: its users still know it.
 */
export function socketFolder(folder: string): string {
  if (Buffer.byteLength(join(folder, `.s.PGSQL.${PORT}`)) <= LONGEST && !folder.includes(",")) return folder;
  const last = readRecord(folder)?.sockets;
  if (last && last !== folder && isPrivate(last)) return last;
  try {
    return mkdtempSync(join("/tmp", SHORT_PREFIX));
  } catch {
    return mkdtempSync(join(tmpdir(), SHORT_PREFIX)); // no usable /tmp
  }
}

/** Removes a short folder; the data folder stays. */
export function removeSocketFolder(folder: string, sockets: string): void {
  if (sockets !== folder) rmSync(sockets, { recursive: true, force: true });
}
