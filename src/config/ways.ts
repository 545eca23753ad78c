/** Where it shows that a file, or the way to it, has changed: folders, and names in them. Owns following links; watches nothing. */
import { lstatSync, readlinkSync, type Stats, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, sep } from "node:path";

/** Names of interest by the real path of their folder. */
export type Ways = ReadonlyMap<string, ReadonlySet<string>>;

/** As the kernel has it. */
const MOST_LINKS = 40;

/**
 * For each file (absolute) its folder, and every folder that holds a symbolic link on the way to it: a deploy may switch any of them.
 * Where something is missing: the folder in which it would appear.
 */
export function waysTo(files: Iterable<string>): Ways {
  const ways = new Map<string, Set<string>>();
  const note = (folder: string, name: string) => {
    const names = ways.get(folder) ?? new Set();
    ways.set(folder, names.add(name));
  };
  const folders = new Map<string, string | null>();
  for (const file of files) {
    const given = dirname(file);
    let real = folders.get(given);
    if (real === undefined) {
      real = follow(given, note);
      folders.set(given, real);
    }
    if (real === null) continue;
    note(real, basename(file));
    if (look(join(real, basename(file)))?.isSymbolicLink()) follow(join(real, basename(file)), note);
  }
  return ways;
}

/** What the folders are now: another text after one of them was replaced by another of its name. */
export function identity(ways: Ways): string {
  return [...ways].map(([folder, names]) => `${folder} ${inode(folder)} ${[...names].join("/")}`).join("\n");
}

/** The real path, every link on the way noted; null: something on the way is missing, and where is noted. */
function follow(path: string, note: (folder: string, name: string) => void): string | null {
  let at: string = sep;
  const left = path.split(sep);
  for (let links = 0; left.length > 0; ) {
    const part = left.shift() ?? "";
    const next = join(at, part);
    if (next === at) continue;
    const found = look(next);
    if (!found) note(at, part);
    if (!found) return null;
    if (!found.isSymbolicLink()) {
      at = next;
      continue;
    }
    note(at, part);
    const target = readlinkSync(next);
    if (++links > MOST_LINKS) return null;
    if (isAbsolute(target)) at = sep;
    left.unshift(...target.split(sep));
  }
  return at;
}

function look(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null; // not there, or not for us to see
  }
}

function inode(folder: string): string {
  try {
    const { dev, ino } = statSync(folder);
    return `${dev}:${ino}`;
  } catch {
    return "gone"; // between one look and the next
  }
}
