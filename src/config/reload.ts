/** Notices that a configuration, or a module it names, is not what it was. Watches nothing by itself: whoever waits asks. */
import type { FileStamp } from "../core/learned.ts";
import { stampOf } from "./memory.ts";

/** Whether any of the files was changed, replaced, removed, or has appeared, since its stamp was taken. */
export function changedSince(stamps: Iterable<FileStamp>): boolean {
  for (const { path, size, mtimeMs } of stamps) {
    const now = stampNow(path);
    if (now.size !== size || now.mtimeMs !== mtimeMs) return true;
  }
  return false;
}

/** The stamp of a file that may be missing: its size is -1 then. */
export function stampNow(path: string): FileStamp {
  return stampOf(path) ?? { path, size: -1, mtimeMs: 0 };
}
