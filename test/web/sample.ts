/** A fleet with a past: what a page shows at one moment, with a job in every state. Made of numbers, so that it is the same each time. */
import { randomUUID } from "node:crypto";
import type { Host } from "#lib/core/fleet.js";
import type { Job, Registry } from "#lib/core/job.js";
import type { JobState, Outcome } from "#lib/core/state.js";
import { explain } from "#lib/report/explain.js";
import type { LedgerRun } from "#lib/report/job-json.js";
import type { View } from "#lib/report/view.js";
import type { Chrome, JobPageData, PageData } from "#lib/web/seam.js";
import { makeJob, makeRegistry } from "../helpers/job.ts";
import { fleet, NOW, row, run, states, t, viewOf } from "../report/fleet.ts";

/** Seconds each run of a job took, its outcome one in `bad`; every `every` minutes back from now. */
export function past(
  job: string,
  spec: { every: number; count: number; took: number; bad?: readonly number[]; from?: number },
): LedgerRun[] {
  const { every, count, took, bad = [], from = 1 } = spec;
  return Array.from({ length: count }, (_, i) => {
    const slot = new Date(Math.floor(NOW.getTime() / (every * 60_000)) * every * 60_000 - (i + from - 1) * every * 60_000);
    const wobble = 1 + 0.35 * Math.sin(i * 2.3) + (i % 17 === 5 ? 1.2 : 0);
    const outcome: Outcome = bad.includes(i) ? "failed" : "succeeded";
    const seconds = outcome === "failed" ? took * 0.2 : took * wobble;
    const claimedAt = new Date(slot.getTime() + 1500);
    return run({
      ...{ id: BigInt(48_000 - i * 7), runId: randomUUID(), job, slot, claimedAt, endedAt: new Date(claimedAt.getTime() + seconds * 1000) },
      ...{ took: seconds, outcome, host: i % 2 ? "web-1" : "web-2" },
      ...(outcome === "failed" ? { error: { type: "TypeError", value: "fetch failed", traceback: "    at x (y.ts:1:1)\n" } } : {}),
    });
  });
}

const live = (job: string, since: string, progress: unknown = null): LedgerRun =>
  run({ ...{ id: 48_123n, job, slot: t("03:00:00"), claimedAt: t(since), endedAt: null, outcome: null, took: 10, progress } });

const HISTORY: Readonly<Record<string, readonly LedgerRun[]>> = {
  "fetch-crashes": past("fetch-crashes", { every: 60, count: 40, took: 72, bad: [0, 1] }),
  "build-report": past("build-report", { every: 1440, count: 40, took: 242, from: 2, bad: [9] }),
  foo: [live("foo", "03:12:06", { done: 211, total: 370, message: "page 211" }), ...past("foo", { every: 10, count: 39, took: 41 })],
  "spot-check": past("spot-check", { every: 1440, count: 20, took: 12 }),
  "import-adi": past("import-adi", { every: 1440, count: 40, took: 4.1, bad: [6] }).filter((_, i) => i !== 11 && i !== 12),
  "mail-report": past("mail-report", { every: 1440, count: 30, took: 0.4 }),
  rotate: past("rotate", { every: 60, count: 40, took: 2, bad: [0, 1, 2, 3] }),
  "old-export": past("old-export", { every: 1440, count: 12, took: 300, from: 3 }),
  sync: past("sync", { every: 5, count: 40, took: 8, from: 5 }),
  ingest: [live("ingest", "03:00:01"), ...past("ingest", { every: 60, count: 30, took: 600, from: 2 })],
};

const hosts: readonly Host[] = ["web-1", "web-2", "web-9"].map((label, i) => ({
  ...{ label, version: "1.0.0", mode: i === 0 ? "pass" : "daemon", tags: i === 2 ? ["gpu"] : [], registry: "aa", gap: 60 },
  ...{
    registrySince: t("01:00:00"),
    jobs: new Map(fleet.jobs.map((job) => [job.name, "1"])),
    seenAt: t(i === 2 ? "02:50:00" : "03:12:04"),
  },
})) as Host[];

const BACKFILL = {
  ...{ id: 7n, job: "import-adi", by: "kim@web-1", note: "the feed was late", requestedAt: t("02:30:00"), from: t("2026-11-01 00:00:00") },
  ...{ to: t("2026-11-15 00:00:00"), again: false, force: false, slot: t("2026-11-06 02:00:00"), attempt: 1, notBefore: t("03:00:00") },
  ...{ reached: t("2026-11-06 02:00:00"), total: 14, done: 5, failed: 1, cancelled: false, cancelledBy: null, runId: null, endedAt: null },
  outcome: null,
};

/** Of the last day, as the ledger would tell them. */
export function dayOf(recent: ReadonlyMap<string, readonly LedgerRun[]>): LedgerRun[] {
  const since = NOW.getTime() - 86_400_000;
  const all = [...recent.values()].flat().filter((one) => (one.endedAt ?? NOW).getTime() >= since);
  return all.sort((a, b) => a.claimedAt.getTime() - b.claimedAt.getTime());
}

export function sample(over: Partial<View> = {}): PageData {
  const recent = new Map(Object.entries(HISTORY));
  return { view: { ...viewOf(fleet, states), hosts, ...over }, recent, day: dayOf(recent), backfills: [BACKFILL], ghosts: ["old-job"] };
}

/** All jobs fine. */
export function calm(): PageData {
  const jobs = ["ingest", "report", "mail"].map((name, i, all) =>
    makeJob({ name, schedule: "1h", dependsOn: i === 0 ? [] : [all[i - 1] ?? ""] }),
  );
  const good = jobs.map(({ name }) => good1h(name));
  const recent = new Map(jobs.map(({ name }) => [name, past(name, { every: 60, count: 30, took: 30 })]));
  const view = { ...viewOf(makeRegistry(...jobs), good), hosts: hosts.slice(0, 2) };
  return { view, recent, day: dayOf(recent), backfills: [], ghosts: [] };
}

const good1h = (name: string): JobState =>
  row(name, {
    firstRun: t("2026-10-01 00:00:00"),
    lastRun: t("03:00:02"),
    lastSuccess: t("03:00:02"),
    nextRun: t("04:00:00"),
    slot: t("04:00:00"),
  });

/** As many as wanted: every fifth stands alone, one in forty fails. */
export function many(count: number): PageData {
  const name = (i: number) => `job-${String(i).padStart(3, "0")}-${["ingest", "report", "export", "mail", "check"][i % 5]}`;
  const schedules = ["1h", "10m", "1d|03:00", "30 4 * * *", "5m"];
  const jobs: Job[] = Array.from({ length: count }, (_, i) =>
    makeJob({ name: name(i), schedule: schedules[i % 5] ?? "1h", dependsOn: i % 5 === 0 || i < 5 ? [] : [name(i - (i % 5))] }),
  );
  const registry: Registry = makeRegistry(...jobs);
  const rows = jobs.map((job, i): JobState => {
    const failing = i % 40 === 5;
    const error = { errorCount: 2, attempt: 2, slotErrors: 2, lastError: { type: "Error", value: `no luck ${i}`, traceback: "" } };
    return { ...good1h(job.name), schedule: job.schedule.text, ...(failing ? error : {}) };
  });
  const every = [60, 10, 1440, 1440, 5];
  const recent = new Map(
    jobs.map((job, i) => [
      job.name,
      past(job.name, { every: every[i % 5] ?? 60, count: 40, took: 20 + i, bad: i % 40 === 5 ? [0, 1] : [] }),
    ]),
  );
  return {
    view: { ...viewOf(registry, rows), hosts: hosts.slice(0, 2) },
    recent,
    day: dayOf(recent).slice(-5000),
    backfills: [],
    ghosts: [],
  };
}

export function jobData(data: PageData, name: string): JobPageData {
  const job = data.view.registry.byName.get(name);
  if (!job) throw new Error(`no job ${name}`);
  const runs = data.recent.get(name) ?? [];
  const [newest] = runs;
  const text = "fetching https://crashes.example/api?page=211\n[stderr] giving up after 3 tries\n";
  return {
    ...{ ...data, job, runs, explained: explain(data.view, { job }), output: newest ? { run: newest, text } : null },
    acts: [{ at: t("2026-11-18 10:00:00"), what: "pause", who: "kim@web-1", note: "the feed moves" }],
  };
}

export function chrome(over: Partial<Chrome> = {}): Chrome {
  return {
    ...{ site: "ops@db-1", host: "web-2", version: "1.0.0", zone: "UTC", theme: "auto", actions: { csrf: "csrf-token" }, noActions: null },
    ...{ wall: false, asset: (name: string) => `/assets/x/${name}`, notice: null },
    ...over,
  };
}
