/** Notices that a configuration, or a module it names, is not what it was. Watches nothing by itself: whoever waits asks. */
import type { FileStamp } from "../core/learned.ts";
import type { Config } from "./config.ts";
import { sameStamp, stampOf } from "./memory.ts";
import { SETTINGS, type Settings } from "./settings.ts";

/** Whether any of the files was changed, replaced, removed, or has appeared, since its stamp was taken. */
export function changedSince(stamps: Iterable<FileStamp>): boolean {
  for (const stamp of stamps) if (!sameStamp(stampNow(stamp.path), stamp)) return true;
  return false;
}

/** The stamp of a file that may be missing: its size is -1 then. */
export function stampNow(path: string): FileStamp {
  return stampOf(path) ?? { path, size: -1, mtimeMs: 0, ctimeMs: 0 };
}

/** The others are part of the jobs, or asked for when they are needed. */
const FIXED: readonly (keyof Settings)[] = [
  ...(["concurrency", "drainTimeout", "envPass", "historyDays", "maxOngoingAgeHours", "schema", "autoMigrate"] as const),
  ...(["tags", "hostLabel", "spool", "http", "httpActions", "httpToken", "httpHosts"] as const),
];

/** What a process holds on to as long as it lives and that is another now, by the names in the file: it waits for the next start. */
export function waitingForRestart(started: Config, now: Config): string[] {
  const differ = (a: unknown, b: unknown) => JSON.stringify(a) !== JSON.stringify(b);
  const settings = FIXED.filter((key) => differ(started[key], now[key])).map((key) => SETTINGS[key].name);
  return differ(started.database, now.database) ? [...settings, "database_url"] : settings;
}
