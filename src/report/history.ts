/** A job's runs, newest first. Owns the table of `history`, its sums and its document. */
import { counted, took } from "./ages.ts";
import { type LedgerRun, runJson } from "./job-json.ts";
import { glyphs, type Style } from "./paint.ts";
import { inline, shownName } from "./safe.ts";
import { type Cell, type Column, type Styled, table } from "./table.ts";
import { stamp } from "./times.ts";
import type { Document, Paper } from "./view.ts";

export interface Sums {
  /** Attempts, those that are on included; ranges of skipped slots are none. */
  readonly runs: number;
  readonly ended: number;
  readonly succeeded: number;
  /** Seconds, over what ended by itself; null: nothing did. */
  readonly median: number | null;
  readonly p95: number | null;
  readonly slowest: LedgerRun | null;
}

export function sums(all: readonly LedgerRun[]): Sums {
  const runs = all.filter((run) => run.outcome !== "skipped");
  const ended = runs.filter((run) => run.outcome !== null);
  // How long it took until a run was found lost says nothing about the job.
  const timed = ended.filter((run) => run.outcome !== "lost").sort((a, b) => a.took - b.took);
  const share = (part: number) => timed[Math.max(0, Math.ceil(timed.length * part) - 1)]?.took ?? null;
  const succeeded = ended.filter((run) => run.outcome === "succeeded").length;
  return { runs: runs.length, ended: ended.length, succeeded, median: share(0.5), p95: share(0.95), slowest: timed.at(-1) ?? null };
}

/** `job` null: of all jobs. */
export function historyDocument(job: string | null, runs: readonly LedgerRun[]): Document {
  const { slowest, ...rest } = sums(runs);
  const summary = { ...rest, slowest: slowest && { id: Number(slowest.id), took: slowest.took } };
  return { schema: "crontabber.history/1", job, runs: runs.map(runJson), summary };
}

const COLUMNS = (zone: string, named: boolean): readonly Column[] => [
  ...[{ title: "RUN" }, ...(named ? [{ title: "JOB" }] : []), { title: "SLOT" }, { title: `STARTED (${zone})`, drop: 3 }],
  ...[
    { title: "TOOK", right: true, drop: 1 },
    { title: "HOST", drop: 4 },
    { title: "BY", drop: 2 },
    { title: "RESULT", cut: 24 },
  ],
];

/** `job` null: of all jobs, each run with its job's name. */
export function historyText(job: string | null, runs: readonly LedgerRun[], paper: Paper): string {
  if (runs.length === 0) return job === null ? "There are no recorded runs.\n" : `${shownName(job)} has no recorded runs.\n`;
  return [...runsTable(runs, paper, job === null), footer(sums(runs), paper)].map((line) => `${line}\n`).join("");
}

/** The table alone: lines without ends. `named`: with each run's job. */
export function runsTable(runs: readonly LedgerRun[], paper: Paper, named = false): string[] {
  const rows = runs.map((run) => {
    const [number = "", ...rest] = row(run, paper);
    return named ? [number, shownName(run.job), ...rest] : [number, ...rest];
  });
  return table(COLUMNS(paper.zone, named), rows, paper);
}

function row(run: LedgerRun, paper: Paper): Cell[] {
  const host = inline(run.host ?? "-");
  const number = `#${run.id}`;
  const started = stamp(run.claimedAt, paper.zone);
  if (run.outcome === "skipped") return [number, stamp(run.slot, paper.zone), "-", "-", host, "-", result(run, paper)];
  const by = run.trigger + (run.attempt > 1 ? ` ${run.attempt}` : "");
  return [number, stamp(run.slot, paper.zone), started, took(run.took), host, by, result(run, paper)];
}

const LOOKS: Readonly<Record<NonNullable<LedgerRun["outcome"]>, readonly [string, Style]>> = {
  ...{ succeeded: ["✔", "good"], failed: ["✖", "bad"], "timed-out": ["✖", "bad"], interrupted: ["⊘", "waiting"] },
  ...{ cancelled: ["⊘", "waiting"], lost: ["✖", "bad"], skipped: ["↷", "waiting"] },
};

/** Glyph and words of how a run ended, or stands. */
export function result(run: LedgerRun, paper: Paper): Styled {
  if (run.outcome === null) return { text: glyphs(paper, `◐ running${progress(run.progress)}`), style: "busy" };
  const [glyph, style] = LOOKS[run.outcome];
  return { text: `${glyphs(paper, glyph)} ${run.outcome === "skipped" ? skipped(run, paper) : ended(run, run.outcome)}`, style };
}

function ended({ error, missed, lateOutcome, resetAt }: LedgerRun, outcome: string): string {
  const what = error && outcome === "failed" ? inline(error.type) : outcome;
  const value = error?.value ? `: ${inline(error.value.slice(0, 500))}` : "";
  const covers = missed > 0 ? `, stands in for ${counted(missed, "older slot")}` : "";
  return what + value + covers + (lateOutcome ? `, ended too late as ${lateOutcome}` : "") + (resetAt ? ", before a reset" : "");
}

/** A range that nobody ran is one row; its slot is the newest. */
function skipped({ missed, missedFrom, error }: LedgerRun, { zone }: Paper): string {
  const since = missedFrom ? ` since ${stamp(missedFrom, zone)}` : "";
  return `skipped ${counted(missed + 1, "slot")}${since}${error ? `: ${inline(error.value)}` : ""}`;
}

/** `57 %, page 211`: what the job told last; whatever shape it has. */
function progress(told: unknown): string {
  if (typeof told !== "object" || told === null) return "";
  const { done, total, message } = told as { done?: unknown; total?: unknown; message?: unknown };
  const share = typeof done === "number" && typeof total === "number" && total > 0 ? ` ${Math.floor((100 * done) / total)} %` : "";
  const bare = share === "" && typeof done === "number" ? ` ${done}` : share;
  return bare + (typeof message === "string" && message !== "" ? `, ${inline(message)}` : "");
}

function footer({ runs, ended: over, succeeded, median, p95, slowest }: Sums, paper: Paper): string {
  const parts = [
    counted(runs, "run"),
    ...(over > 0 ? [`${Math.floor((100 * succeeded) / over)} % ok`] : []),
    ...(median !== null && p95 !== null ? [`median ${took(median)}`, `p95 ${took(p95)}`] : []),
    ...(slowest ? [`slowest #${slowest.id} ${took(slowest.took)}`] : []),
  ];
  return glyphs(paper, parts.join(" · "));
}
