/** What the hosts of a fleet say of themselves, compared: silent ones, jobs that differ, jobs that no host can run. Pure. */
import type { Job } from "./job.ts";

/** One host as it was at its last look. */
export interface Host {
  readonly label: string;
  readonly version: string;
  readonly mode: "pass" | "daemon";
  readonly tags: readonly string[];
  /** Hash over the definitions of all its jobs. */
  readonly registry: string;
  /** Since when it has this registry. */
  readonly registrySince: Date;
  /** Hash of each job's definition, by the job's name. */
  readonly jobs: ReadonlyMap<string, string>;
  readonly seenAt: Date;
  /** Seconds between its last two looks; null: it has looked once. */
  readonly gap: number | null;
}

/** A job that is not the same on all live hosts. Labels, sorted. */
export interface Drift {
  readonly job: string;
  /** Hosts that do not know it. */
  readonly missing: readonly string[];
  /** Hosts by how they define it, the largest group first; one group only: all that have it agree. */
  readonly groups: readonly (readonly string[])[];
}

/** A job that runs nowhere now. */
export interface Homeless {
  readonly job: string;
  readonly tags: readonly string[];
  /** What every live host lacks, in words. */
  readonly why: string;
}

/** Seconds without a look after which a host counts as silent, and at most after which: cron may call it rarely. */
const SILENT_SECONDS = 180;
const SILENT_AT_MOST = 86_400;

/** Hosts that have not looked for three times as long as they usually take, and not for three minutes. By label. */
export function silent(hosts: readonly Host[], now: Date): Host[] {
  return sorted(hosts.filter((host) => !isLive(host, now)));
}

export function live(hosts: readonly Host[], now: Date): Host[] {
  return sorted(hosts.filter((host) => isLive(host, now)));
}

function isLive({ seenAt, gap }: Host, now: Date): boolean {
  const patience = Math.max(SILENT_SECONDS, Math.min(3 * (gap ?? 0), SILENT_AT_MOST));
  return now.getTime() - seenAt.getTime() <= 1000 * patience;
}

/**
 * Jobs that some live hosts do not have, or have otherwise; by name. A host without the tags a job asks for need not know it.
 * Hosts whose registry is younger than `settled` seconds are left out: a fleet is not changed in one instant.
 */
export function drift(hosts: readonly Host[], { now, settled, tagsOf }: DriftQuestion): Drift[] {
  const judged = live(hosts, now).filter(({ registrySince }) => now.getTime() - registrySince.getTime() >= 1000 * settled);
  // The common case costs a comparison a host.
  if (new Set(judged.map(({ registry }) => registry)).size < 2) return [];
  const names = [...new Set(judged.flatMap(({ jobs }) => [...jobs.keys()]))].sort();
  return names.flatMap((job) => {
    const tags = tagsOf(job);
    const missing = judged.filter((host) => !host.jobs.has(job) && carries(host, tags)).map(({ label }) => label);
    const groups = groupsOf(judged, job);
    return missing.length > 0 || groups.length > 1 ? [{ job, missing, groups }] : [];
  });
}

export interface DriftQuestion {
  readonly now: Date;
  /** Seconds. */
  readonly settled: number;
  /** The tags a job asks for, as far as they are known here. */
  tagsOf(job: string): readonly string[];
}

function groupsOf(hosts: readonly Host[], job: string): string[][] {
  const groups = new Map<string, string[]>();
  for (const { label, jobs } of hosts) {
    const hash = jobs.get(job);
    if (hash !== undefined) groups.set(hash, [...(groups.get(hash) ?? []), label]);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length || (String(a) < String(b) ? -1 : 1));
}

/**
 * Enabled jobs that no live host may run; with `known` also those that none has yet, which is so for a moment after each edit of a file.
 * Nothing while no host is live at all: then everything stands, and that is told otherwise.
 */
export function homeless(jobs: readonly Job[], hosts: readonly Host[], { now, known }: { now: Date; known: boolean }): Homeless[] {
  const alive = live(hosts, now);
  if (alive.length === 0) return [];
  return jobs.flatMap(({ name, tags, enabled }) => {
    if (!enabled) return [];
    const fit = alive.filter((host) => carries(host, tags));
    if (fit.some((host) => !known || host.jobs.has(name))) return [];
    const why =
      fit.length === 0 ? `no live host carries ${tags.join(", ")}` : `no live host${tags.length ? " with its tags" : ""} has it yet`;
    return [{ job: name, tags, why }];
  });
}

const carries = ({ tags: own }: Host, tags: readonly string[]): boolean => tags.every((tag) => own.includes(tag));

function sorted(hosts: readonly Host[]): Host[] {
  return [...hosts].sort((a, b) => (a.label < b.label ? -1 : 1));
}

/** `web-1, web-2` in words: who lacks the job, and who has it otherwise. */
export function driftText({ missing, groups }: Drift): string {
  const lacks = missing.length > 0 ? [`missing on ${missing.join(", ")}`] : [];
  const differs = groups.length > 1 ? [`different: ${groups.map((labels) => labels.join(", ")).join(" | ")}`] : [];
  return [...lacks, ...differs].join("; ");
}

/**
 * The text a job's hash is made of: what makes two hosts treat it differently. The same on every host that has the same files, wherever
 * they are installed: neither paths of modules nor the folder it runs in are part of it.
 */
export function definition(job: Job): string {
  const { name, kind, label, command, sql, schedule, dependsOn, tags, locks, enabled, backfill, retry, errorRetryTime } = job;
  const { maxAttempts, onLost, maxLost, startDeadline, timeout, lease, transaction, env, envPass, user, options } = job;
  return JSON.stringify([
    ...[name, kind, label, command, sql, schedule.text, schedule.zone, [...dependsOn].sort(), [...tags].sort(), [...locks].sort()],
    ...[enabled, backfill, retry, errorRetryTime, maxAttempts, onLost, maxLost, startDeadline, timeout, lease, transaction],
    ...[byKey(env), [...envPass].sort(), user, byKey(options)],
  ]);
}

/** Members in the order of their names: a file may write them in any. */
function byKey(values: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
}
