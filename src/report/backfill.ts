/** Backfills: how far they are, and which dates one would run. Owns the texts and the document. */
import { counted } from "./ages.ts";
import { glyphs } from "./paint.ts";
import { inline, shownName } from "./safe.ts";
import { type Cell, type Column, table } from "./table.ts";
import { iso, stamp } from "./times.ts";
import type { Document, Paper } from "./view.ts";

/** What is shown of a backfill. */
export interface BackfillShown {
  readonly id: bigint;
  readonly by: string;
  readonly note: string | null;
  readonly requestedAt: Date;
  readonly from: Date | null;
  readonly to: Date | null;
  readonly again: boolean;
  readonly force: boolean;
  /** The date whose turn it is, or was last; null: none was started. */
  readonly slot: Date | null;
  readonly attempt: number;
  readonly notBefore: Date;
  readonly reached: Date | null;
  /** Null: not counted yet, which the first start does. */
  readonly total: number | null;
  readonly done: number;
  readonly failed: number;
  readonly cancelled: boolean;
  readonly cancelledBy: string | null;
  readonly runId: string | null;
  readonly endedAt: Date | null;
  readonly outcome: string | null;
}

export function backfillDocument(
  job: string,
  { backfills, dates }: { backfills: readonly BackfillShown[]; dates: readonly Date[] | null },
): Document {
  return { schema: "crontabber.backfill/1", job, backfills: backfills.map(backfillJson), dates: dates?.map((date) => iso(date)) ?? null };
}

/** Of all jobs, each with its job's name. */
export function allBackfillsDocument(now: Date, backfills: readonly (BackfillShown & { readonly job: string })[]): Document {
  return { schema: "crontabber.backfills/1", now: iso(now), backfills: backfills.map((one) => ({ job: one.job, ...backfillJson(one) })) };
}

function backfillJson(one: BackfillShown) {
  const { by, note, again, force, attempt, total, done, failed, cancelledBy, runId, outcome } = one;
  return {
    ...{ id: Number(one.id), requested_at: iso(one.requestedAt), by, note, from: iso(one.from), to: iso(one.to), again, force },
    ...{ slot: iso(one.slot), attempt, not_before: iso(one.notBefore), reached: iso(one.reached), total, done, failed, run_id: runId },
    ...{ cancelled_by: cancelledBy, ended_at: iso(one.endedAt), outcome },
  };
}

const COLUMNS: readonly Column[] = [
  { title: "BACKFILL" },
  { title: "FROM" },
  { title: "TO" },
  { title: "DATES", right: true },
  { title: "FAILED", right: true, drop: 2 },
  { title: "BY", drop: 3 },
  { title: "STATE", cut: 24 },
];

export function backfillText(job: string, backfills: readonly BackfillShown[], paper: Paper): string {
  if (backfills.length === 0) return `${shownName(job)} has no backfills.\n`;
  return table(
    COLUMNS,
    backfills.map((one) => row(one, paper)),
    paper,
  )
    .map((line) => `${line}\n`)
    .join("");
}

function row(one: BackfillShown, paper: Paper): Cell[] {
  const at = (t: Date | null) => (t ? stamp(t, paper.zone) : "-");
  const state = {
    text: glyphs(paper, stateOf(one, paper)),
    style: one.outcome === "succeeded" ? "good" : one.outcome ? "waiting" : "busy",
  } as const;
  return [
    `#${one.id}`,
    at(one.from),
    at(one.to),
    `${one.done + one.failed}/${one.total ?? "?"}`,
    String(one.failed),
    inline(one.by),
    state,
  ];
}

function stateOf(one: BackfillShown, { zone }: Paper): string {
  const { outcome, cancelled, cancelledBy, slot, runId, attempt } = one;
  if (outcome === "cancelled") return `⊘ cancelled by ${inline(cancelledBy ?? "?")}`;
  if (outcome !== null) return outcome === "succeeded" ? "✔ succeeded" : `✖ ${outcome}`;
  if (cancelled) return `◐ cancelled, ${slot ? stamp(slot, zone) : "a date"} is still running`;
  if (runId !== null && slot) return `◐ running ${stamp(slot, zone)}`;
  if (slot && attempt > 0) return `waiting to retry ${stamp(slot, zone)}`;
  return one.total === null ? "waiting" : "waiting for the next date";
}

/** What a dry run shows. */
export function datesText(job: string, dates: readonly Date[], { zone }: Paper): string {
  if (dates.length === 0) return `${shownName(job)} has nothing to run in that range.\n`;
  const lines = dates.map((date) => stamp(date, zone));
  return [...lines, `${counted(dates.length, "date")} of ${shownName(job)} (${zone})`].map((line) => `${line}\n`).join("");
}
