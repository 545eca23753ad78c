/** Whose processes jobs are: the system's accounts. Reads files of the system only; changes no identity. */
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** The account this process runs as. A container's uid without an entry is called by its number and lives in `/`. */
export function ownAccount(): Account {
  try {
    const { username, uid, gid, homedir, shell } = userInfo();
    return { name: username, uid, gid, home: homedir, shell: shell ?? "/bin/sh" };
  } catch {
    // No entry in the system's user data base.
    const uid = process.getuid?.() ?? 0;
    return { name: String(uid), uid, gid: process.getgid?.() ?? 0, home: "/", shell: "/bin/sh" };
  }
}

/** The account of a job's `user`. Throws, with what to do, where there is none or this process may not become it. */
export function accountNamed(name: string): Account {
  const own = ownAccount();
  if (own.name === name) return own;
  if (own.uid !== 0) throw new Error(`user = ${name}: only root can run a job as another user, this is ${own.name}`);
  const entry = passwd().find(([entryName]) => entryName === name);
  const [, , uid, gid, , home, shell] = entry ?? [];
  if (!entry) throw new Error(`user = ${name}: no such user in /etc/passwd`);
  return { name, uid: Number(uid), gid: Number(gid), home: home || "/", shell: shell || "/bin/sh" };
}

function passwd(): string[][] {
  const text = readFileSync("/etc/passwd", "utf8");
  return text.split("\n").map((line) => line.split(":"));
}

/** The system's language, wherever this process was started from; `C.UTF-8` where the system names none. */
export function systemLang(): string {
  for (const file of ["/etc/locale.conf", "/etc/default/locale"]) {
    const lang = /^\s*LANG=["']?([^"'\s#]+)/m.exec(optional(file))?.[1];
    if (lang) return lang;
  }
  return "C.UTF-8";
}

function optional(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // not this kind of system
  }
}
