/** The words of simulate's options: what runs take, what fails, what makes it end with 1. Owns their spelling; simulates nothing. */
import { didYouMean } from "../config/suggest.ts";
import { UsageError } from "../core/errors.ts";
import type { Job } from "../core/job.ts";
import { parseDuration, quoted } from "../core/text.ts";
import { isInstant, readInstant } from "./instant.ts";

/** Seconds of a job that has no history. */
const UNKNOWN = 1;
const LONGEST = 366 * 86_400;

/** How long a run of a job takes, in seconds. `medians`: by name, of those that are known. Throws UsageError. */
export function durationsOf(text: string | null, medians: ReadonlyMap<string, number>): (job: Job) => number {
  if (text === null || text === "history") return ({ name }) => medians.get(name) ?? UNKNOWN;
  const seconds = /^\d+$/.test(text) ? Number(text) : parseDuration(text);
  if (seconds === null || seconds > LONGEST) {
    throw new UsageError(`--durations cannot be ${quoted(text)}: it takes history, or a time such as 90, 90s or 5m`);
  }
  return () => seconds;
}

/** Which attempts fail: `JOB` always, `JOB@SLOT` the first attempt for that slot. Throws UsageError. */
export function failuresOf(
  text: string | null,
  { zone, jobNamed }: { zone: string; jobNamed(name: string): Job },
): (job: string, slot: Date, attempt: number) => boolean {
  const always = new Set<string>();
  const once = new Set<string>();
  for (const item of words(text)) {
    const at = item.lastIndexOf("@");
    const slot = at > 0 ? item.slice(at + 1) : null;
    if (slot === null) always.add(jobNamed(item).name);
    else if (!isInstant(slot))
      throw new UsageError(`--fail: ${quoted(slot)} is no date and time: write JOB@2026-11-20T03:00, or JOB alone`);
    else once.add(`${readInstant(slot, zone).getTime()} ${jobNamed(item.slice(0, at)).name}`);
  }
  return (job, slot, attempt) => always.has(job) || (attempt === 1 && once.has(`${slot.getTime()} ${job}`));
}

export const FINDINGS = ["collisions", "late", "never", "skipped", "failed", "clock", "changes"] as const;
export type FindingKind = (typeof FINDINGS)[number];

/** Throws UsageError. */
export function kindsOf(text: string | null): FindingKind[] {
  return words(text).map((word) => {
    const kind = FINDINGS.find((known) => known === word);
    if (!kind)
      throw new UsageError(`--fail-on cannot be ${quoted(word)}: ${didYouMean(word, FINDINGS, `it takes ${FINDINGS.join(", ")}`)}`);
    return kind;
  });
}

const words = (text: string | null): string[] =>
  (text ?? "")
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
