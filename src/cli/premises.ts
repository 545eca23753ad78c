/** What a doctor looks at on this host: who can read and change its files, outcomes that wait. Owns the looking; judges nothing. */
import { accessSync, constants, readdirSync, readFileSync, type Stats, statSync } from "node:fs";
import { join, relative } from "node:path";
import type { Config } from "../config/config.ts";
import type { Exposed } from "../report/doctor-host.ts";

const modeOf = ({ mode }: Stats): string => `mode ${(mode & 0o777).toString(8)}`;
/** Null: it is this user's, or root's. */
const strangerOf = ({ uid }: Stats): string | null => (uid === 0 || uid === process.getuid?.() ? null : `user ${uid}`);

/** Configuration files with a secret that others than their owner can read, and those that others can change. */
export function openFiles({ files, database, httpToken, sentryDsn, alerts, cwd }: Config): Exposed[] {
  const password = database?.kind === "server" ? database.connection.password : null;
  const told = [password, password && encodeURIComponent(password), httpToken, sentryDsn, alerts.webhook, alerts.pingUrl];
  const secrets = told.filter((secret) => !!secret);
  return files.flatMap(({ path: file }): Exposed[] => {
    const stat = statSync(file);
    const near = relative(cwd, file);
    const path = near.startsWith("..") ? file : near;
    const stranger = strangerOf(stat);
    const secret = (stat.mode & 0o044) !== 0 && secrets.some((one) => readFileSync(file, "utf8").includes(String(one)));
    return [
      ...(secret ? [{ path, how: "secret" as const, detail: modeOf(stat) }] : []),
      ...((stat.mode & 0o022) !== 0 ? [{ path, how: "writable" as const, detail: modeOf(stat) }] : []),
      ...(stranger === null ? [] : [{ path, how: "foreign" as const, detail: stranger }]),
    ];
  });
}

/** Folders of ours that are not ours alone. What is not there yet is not looked at. */
export function openFolders({ spool, database }: Config): Exposed[] {
  const own = [spool, join(spool, "compiled")].flatMap((path): Exposed[] => {
    const stat = statOf(path);
    if (stat === null) return [];
    const stranger = strangerOf(stat);
    const writable = (stat.mode & 0o022) !== 0 ? [{ path, how: "writable" as const, detail: modeOf(stat) }] : [];
    return stranger === null ? writable : [...writable, { path, how: "foreign", detail: stranger }];
  });
  if (database?.kind !== "embedded") return own;
  // Its server runs as a user of its own where we are root: whose it is says nothing.
  const data = statOf(database.path);
  if (data === null || (data.mode & 0o027) === 0) return own;
  const how = (data.mode & 0o022) !== 0 ? "writable" : "readable";
  return [...own, { path: database.path, how, detail: modeOf(data) }];
}

function statOf(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}

/** Outcomes of this host's runs that the database has not got yet, of whichever database. */
export function spooled(folder: string): { folder: string; writable: boolean; waiting: number; unreadable: string[] } {
  const names = readAll(folder).filter((name) => name.startsWith("outcomes-"));
  const files = names.flatMap((name) => readAll(join(folder, name)).map((file) => join(folder, name, file)));
  return {
    folder,
    writable: isWritable(folder),
    waiting: files.filter((file) => file.endsWith(".json")).length,
    unreadable: files.filter((file) => file.endsWith(".unreadable")),
  };
}

function readAll(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    // Not there: nothing was ever put into it.
    return [];
  }
}

/** One that is not there yet is made when it is needed. */
function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}
