/** The table of `list` and its document: jobs and how they stand. */
import { near, secondsBetween, took } from "./ages.ts";
import { bars, type Past } from "./bars.ts";
import { chosen, type Standing, type Wish, WORST } from "./choose.ts";
import { jobJson } from "./job-json.ts";
import { glyphs, paint } from "./paint.ts";
import { columns, inline, shownName } from "./safe.ts";
import { jobState, LOOKS, ownership, type StateName, type Status } from "./status.ts";
import { type Cell, type Column, type Styled, table } from "./table.ts";
import { iso, stampNear } from "./times.ts";
import type { Document, Paper, View } from "./view.ts";

/** Of each job's last runs so many are shown. */
export const RECENT = 12;

export const LIST_COLUMNS = ["job", "schedule", "next", "last", "took", "recent", "state"] as const;
export type ListColumn = (typeof LIST_COLUMNS)[number];

/** What is shown of whom. */
export interface ListWish extends Wish {
  /** By job, the newest first; null: not asked for. */
  readonly recent: ReadonlyMap<string, readonly Past[]> | null;
  /** In this order; empty: all that fit. */
  readonly columns: readonly ListColumn[];
}

const EVERYTHING: ListWish = { patterns: [], states: [], order: "file", recent: null, columns: [] };

export function listDocument(view: View, wish: Partial<ListWish> = {}): Document {
  const { states, now } = view.snapshot;
  const { recent, ...rest } = { ...EVERYTHING, ...wish };
  const jobs = chosen(standings(view), rest).map(({ job, status }) => ({
    ...jobJson(job, states.get(job.name) ?? null, status),
    ...(recent && { recent_runs: (recent.get(job.name) ?? []).toReversed() }),
  }));
  return { schema: "crontabber.list/1", now: iso(now), jobs };
}

const standings = (view: View): Standing[] => view.registry.jobs.map((job) => ({ job, status: jobState(view, job) }));

/** With a line that counts the jobs and says what to ask next. */
export function listTable(view: View, paper: Paper, wish: Partial<ListWish> = {}): string {
  const wanted = { ...EVERYTHING, ...wish };
  if (view.registry.jobs.length === 0) return "No jobs are configured.\n";
  const all = chosen(standings(view), wanted);
  if (all.length === 0) return "No job is like that.\n";
  const looks = columnsFor(paper);
  const asked = wanted.columns.length > 0 ? wanted.columns : LIST_COLUMNS.filter((name) => name !== "recent" || wanted.recent);
  const head = asked.map((name) => looks[name]);
  const rows = all.map((standing) => {
    const cells = row(view, paper, { ...standing, recent: wanted.recent?.get(standing.job.name) ?? [] });
    return asked.map((name) => cells[name]);
  });
  const lines = table(head, rows, paper);
  return [...lines, "", ...footer(all, paper)].map((line) => `${line}\n`).join("");
}

function columnsFor({ zone, width }: Paper): Readonly<Record<ListColumn, Column>> {
  return {
    job: { title: "JOB" },
    schedule: { title: "SCHEDULE", drop: 4 },
    next: { title: `NEXT RUN (${zone})`, drop: 2 },
    last: { title: "LAST RUN", drop: 5 },
    took: { title: "TOOK", drop: 6 },
    recent: { title: "RECENT RUNS", drop: 3, cut: "RECENT RUNS".length, cutStart: true },
    state: { title: "STATE", cut: width < 60 ? 12 : 24 },
  };
}

interface Told extends Standing {
  readonly recent: readonly Past[];
}

function row(view: View, paper: Paper, { job, status, recent }: Told): Readonly<Record<ListColumn, Cell>> {
  const { now, states } = view.snapshot;
  const state = states.get(job.name) ?? null;
  const lastRun = state?.lastRun ?? null;
  const on = state !== null && ownership(view, state) === "live" && state.ongoingAge !== null ? state.ongoingAge : null;
  return {
    job: shownName(job.name),
    schedule: `${inline(job.schedule.display)}${job.backfill ? " backfill" : ""}`,
    next: nextRun(status, now, paper),
    last: status.state === "running" ? "now" : lastRun ? `${near(secondsBetween(lastRun, now))} ago` : "-",
    took: on !== null ? glyphs(paper, `${took(on)}…`) : recent[0] ? took(recent[0].took) : "-",
    recent: bars(recent, paper),
    state: stateCell(status, paper),
  };
}

function nextRun({ state, nextRun: at }: Status, now: Date, paper: Paper): string {
  if (!at || state === "running" || state === "disabled" || state === "paused" || state === "held") return "-";
  const distance =
    at > now ? `in ${near(secondsBetween(now, at))}` : at.getTime() === now.getTime() ? "now" : `${near(secondsBetween(at, now))} late`;
  return `${stampNear(at, now, paper.zone)}  ${distance}`;
}

/** Glyph and words, in the state's colour. */
export function stateCell({ state, words }: Pick<Status, "state" | "words">, paper: Paper): Styled {
  const [glyph, style] = LOOKS[state];
  return { text: glyphs(paper, `${glyph} ${words}`), style };
}

/** On one line where there is room. */
function footer(all: readonly Standing[], paper: Paper): string[] {
  const count = (state: StateName) => all.filter(({ status }) => status.state === state).length;
  const names = Object.keys(LOOKS) as StateName[];
  const counts = names.filter((name) => count(name) > 0).map((name) => `${count(name)} ${name}`);
  const total = wrapped([`${all.length} ${all.length === 1 ? "job" : "jobs"}: ${counts[0]}`, ...counts.slice(1)], paper);
  const ask = question(all);
  const fits = total.length === 1 && columns(total[0] ?? "") + 5 + columns(ask) <= paper.width;
  return fits ? [`${total[0]}     ${paint(paper, "faint", ask)}`] : [...total, paint(paper, "faint", ask)];
}

function wrapped(parts: readonly string[], paper: Paper): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const longer = `${lines.at(-1)}${glyphs(paper, " · ")}${part}`;
    if (lines.length > 0 && columns(longer) <= paper.width) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}

/** About the job in the worst trouble. */
function question(all: readonly Standing[]): string {
  const worst = WORST.flatMap((state) => all.find(({ status }) => status.state === state) ?? [])[0];
  if (!worst || worst.status.state === "ok") return "what next? crontabber next";
  const name = shownName(worst.job.name);
  const { state } = worst.status;
  if (state === "running") return `what does it say? crontabber logs ${name} --follow`;
  return state === "failing" || state === "held" ? `what did it say? crontabber logs ${name}` : `why? crontabber explain ${name}`;
}
