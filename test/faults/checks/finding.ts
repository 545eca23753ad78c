/** What a check says when a promise was broken. */
import type { Evidence, RunRow } from "../evidence.ts";

export interface Finding {
  readonly check: string;
  readonly job: string;
  /** Enough to find the place in the ledger and in the bodies' file. */
  readonly detail: string;
}

export type Check = (evidence: Evidence) => Finding[];

export const iso = (ms: number): string => new Date(ms).toISOString().slice(11);

export const told = (run: RunRow): string =>
  `#${run.id} ${iso(run.slot)} attempt ${run.attempt} ${run.trigger} on ${run.host} ${iso(run.claimedAt)}..${run.endedAt === null ? "" : iso(run.endedAt)} ${run.outcome}`;

export function groups<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const item of items) {
    const at = key(item);
    const there = found.get(at);
    if (there) there.push(item);
    else found.set(at, [item]);
  }
  return found;
}
