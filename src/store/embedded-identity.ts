/**
 * As whom a keeper and its server run. PostgreSQL refuses root, so root gives them an unprivileged account, and, where that
 * account cannot reach the data or the program (a clone in /root), no more of root's power than reaching them takes.
 */
import { lchownSync, lstatSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { StoreError } from "../core/errors.ts";
import type { FolderKind } from "./embedded-folder.ts";

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** One way to run a program; they are tried in order. */
export interface Way {
  /** Completes "PostgreSQL could not be started …". */
  readonly label: string;
  /** Put before the command. */
  readonly prefix: readonly string[];
  /** Given to spawn; null leaves the user as it is. */
  readonly as: Account | null;
  /** Who must own the data folder; null leaves it as it is. */
  readonly owner: Account | null;
}

const NOBODY: Account = { uid: 65_534, gid: 65_534 };
const CAP_DAC_OVERRIDE = 1n << 1n;
const CAP_DAC_READ_SEARCH = 1n << 2n;

function passwd(): Map<string, Account> {
  try {
    const rows = readFileSync("/etc/passwd", "utf8").split("\n");
    return new Map(rows.map((row) => row.split(":")).map(([name = "", , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]));
  } catch {
    return new Map(); // a container without accounts
  }
}

/** An existing folder's owner, so that its user and root share one database; else a system account meant for nothing else. */
function accountFor(folder: string): Account {
  const seen = lstatSync(folder, { throwIfNoEntry: false });
  if (seen && seen.uid !== 0) return { uid: seen.uid, gid: seen.gid };
  const accounts = passwd();
  const named = ["postgres", "_postgres", "nobody"].map((name) => accounts.get(name));
  return named.find((account) => account !== undefined && account.uid > 0 && account.gid > 0) ?? NOBODY;
}

/** The weakest capability of ours that passes closed folders; null when we have none. */
function searchCapability(): string | null {
  try {
    const [, held] = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    const bits = BigInt(`0x${held}`);
    if (bits & CAP_DAC_READ_SEARCH) return "dac_read_search";
    return bits & CAP_DAC_OVERRIDE ? "dac_override" : null;
  } catch {
    return null; // no Linux
  }
}

function withCapability({ uid, gid }: Account, capability: string): readonly string[] {
  const only = `-all,+${capability}`;
  const limits = [`--inh-caps=${only}`, `--ambient-caps=${only}`, `--bounding-set=${only}`];
  // PostgreSQL asks access(2) about its own binary, which ignores capabilities unless no_setuid_fixup is set.
  return ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", ...limits, "--securebits=+no_setuid_fixup", "--"];
}

/** The ways to run a keeper for this folder, best first. */
export function waysFor(folder: string, kind: FolderKind): Way[] {
  if (process.geteuid?.() !== 0) return [{ label: "by this user", prefix: [], as: null, owner: null }];
  const account = accountFor(folder);
  const who = `as uid ${account.uid}`;
  const ways: Way[] = [{ label: who, prefix: [], as: account, owner: account }];
  const capability = searchCapability();
  if (capability) ways.push({ label: `${who} with ${capability}`, prefix: withCapability(account, capability), as: null, owner: account });
  const seen = lstatSync(folder, { throwIfNoEntry: false });
  if (process.platform !== "linux" || (seen && seen.uid !== 0)) return ways;
  // Still root for the files, somebody else for PostgreSQL; also for a root that is alone in its own user namespace.
  const prefix = ["unshare", "--user", `--map-user=${NOBODY.uid}`, `--map-group=${NOBODY.gid}`, "--"];
  const mapped: Way = { label: "in a user namespace", prefix, as: null, owner: { uid: 0, gid: 0 } };
  const madeThatWay = kind === "data" || kind === "staged";
  return madeThatWay ? [mapped, ...ways] : [...ways, mapped];
}

function chownTree(path: string, { uid, gid }: Account): void {
  const seen = lstatSync(path);
  if (seen.isDirectory()) for (const name of readdirSync(path)) chownTree(join(path, name), { uid, gid });
  if (seen.uid !== uid) lchownSync(path, uid, gid);
}

/** Makes the folder, private, and gives it to the way's owner. Throws StoreError when it belongs to somebody else. */
export function prepareFolder(folder: string, way: Way): void {
  mkdirSync(join(folder, ".."), { recursive: true });
  if (!lstatSync(folder, { throwIfNoEntry: false })) {
    try {
      mkdirSync(folder, { mode: 0o700 });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error; // a neighbour was first
    }
  }
  const { uid } = lstatSync(folder);
  if (way.owner) {
    if (uid !== way.owner.uid) chownTree(folder, way.owner);
  } else if (uid !== process.geteuid?.()) {
    throw new StoreError(
      `${folder} belongs to uid ${uid}: an embedded database is used by its owner or root (run as that user, or name a folder of your own)`,
    );
  }
}
