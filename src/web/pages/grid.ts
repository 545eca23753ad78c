/** The dates of a job and what became of each: a calendar for jobs of a day or more, hours of days for the rest. Owns which cell a slot falls in. */

import { slots } from "../../core/schedule.ts";
import type { LedgerRun } from "../../report/job-json.ts";
import { stamp } from "../../report/times.ts";
import { html } from "../html.ts";
import type { Html, JobPageData } from "../seam.ts";
import { kindOf } from "./sparkline.ts";

/** What became of the slots of one cell. */
type Fate = "good" | "bad" | "busy" | "odd" | "covered" | "open" | "missing" | "none";

const LOOKS: Readonly<Record<Fate, readonly [glyph: string, word: string]>> = {
  ...{ good: ["✔", "ran"], bad: ["✖", "failed"], busy: ["◐", "running"], odd: ["⊘", "skipped or cancelled"] },
  ...{ covered: ["↷", "covered by a later run"], open: ["◌", "still owed"], missing: ["!", "missing"], none: ["", "nothing asked for"] },
};
const DAY = 86_400_000;
const MOST_DAYS = 13 * 7;
const MOST_HOUR_DAYS = 14;
/** Slots that are looked at: a job of every minute has more in two weeks than a grid can tell. */
const MOST_SLOTS = 25_000;

export function gridHtml(data: JobPageData, zone: string): Html | null {
  const { job, runs, view } = data;
  const every =
    job.schedule.kind === "interval" ? job.schedule.every : job.schedule.kind === "daily" ? job.schedule.days * DAY : spacing(runs);
  if (job.schedule.kind === "manual" || runs.length === 0) return null;
  const daily = every >= 0.9 * DAY;
  const cells = cellsOf(data, zone, daily);
  const today = stamp(view.snapshot.now, zone).slice(0, 10);
  const days = daysFrom([...cells.keys()].sort()[0]?.slice(0, 10) ?? today, today, daily ? MOST_DAYS : MOST_HOUR_DAYS);
  const told = [...cells.values()];
  const missing = told.filter((fate) => fate === "missing").length;
  const summary =
    missing === 0
      ? "No date is missing."
      : `${missing} ${daily ? (missing === 1 ? "date is" : "dates are") : missing === 1 ? "hour has a gap" : "hours have gaps"}${daily ? " missing." : "."}`;
  return html`<section id="grid" aria-labelledby="h-grid"><div class="bar"><h2 id="h-grid">Dates</h2><p class="dim">${summary}</p></div>
<div class="wide" tabindex="0" role="group" aria-labelledby="h-grid">${daily ? calendar(days, cells) : hours(days, cells)}</div>
<p class="key dim" aria-hidden="true">${(Object.keys(LOOKS) as Fate[]).filter((fate) => told.includes(fate)).map((fate) => html`<b class="cell ${fate}">${LOOKS[fate][0]}</b><span>${LOOKS[fate][1]}</span>`)}</p></section>`;
}

/** Between the newest slots, for cron lines; infinite: nothing tells. */
function spacing(runs: readonly LedgerRun[]): number {
  const [a, b] = [...new Set(runs.map((run) => run.slot.getTime()))];
  return a !== undefined && b !== undefined ? Math.abs(a - b) : Number.POSITIVE_INFINITY;
}

/** By local day, or by local day and hour. A cell with several slots shows the worst of them. */
function cellsOf({ job, runs, view }: JobPageData, zone: string, daily: boolean): Map<string, Fate> {
  const { now, states } = view.snapshot;
  const key = (t: Date) => stamp(t, zone).slice(0, daily ? 10 : 13);
  const cells = new Map<string, Fate>();
  const put = (t: Date, fate: Fate) => {
    const known = cells.get(key(t));
    if (known === undefined || WORST.indexOf(fate) < WORST.indexOf(known)) cells.set(key(t), fate);
  };
  const ledger = fates(runs);
  const oldest = new Date(Math.min(...runs.map((run) => run.slot.getTime())));
  const open = states.get(job.name)?.slot ?? null;
  const ranges = runs.filter((run) => run.missedFrom !== null || run.outcome === "skipped");
  const inRange = (t: Date) => ranges.find(({ slot, missedFrom }) => t <= slot && t >= (missedFrom ?? slot));
  const touched = new Set([...ledger.keys()].map((t) => key(new Date(t))));
  const since = new Date(Math.max(oldest.getTime(), now.getTime() - (daily ? MOST_DAYS : MOST_HOUR_DAYS) * DAY));
  let seen = 0;
  for (const slot of slots(job.schedule, oldest, now)) {
    if (++seen > MOST_SLOTS) break;
    if (slot < since || ledger.has(slot.getTime())) continue;
    const cover = inRange(slot);
    if (cover) put(slot, cover.outcome === "skipped" ? "odd" : "covered");
    else if (open && slot >= open) put(slot, "open");
    else if (!touched.has(key(slot))) put(slot, "missing");
  }
  for (const [t, fate] of ledger) if (t >= since.getTime()) put(new Date(t), fate);
  return cells;
}

const WORST: readonly Fate[] = ["missing", "bad", "busy", "open", "odd", "covered", "good", "none"];

/** Of each slot that was started: a success counts whatever else was tried. Runs come newest first. */
function fates(runs: readonly LedgerRun[]): Map<number, Fate> {
  const found = new Map<number, Fate>();
  for (const run of runs) {
    if (run.resetAt !== null) continue;
    const [t, kind] = [run.slot.getTime(), kindOf(run)];
    if (!found.has(t) || kind === "good") found.set(t, kind);
  }
  return found;
}

/** Local dates, the newest last, at most so many. */
function daysFrom(first: string, last: string, most: number): string[] {
  const end = Date.parse(`${last}T00:00:00Z`);
  const begin = Math.max(Date.parse(`${first}T00:00:00Z`), end - (most - 1) * DAY);
  const days: string[] = [];
  for (let t = begin; t <= end; t += DAY) days.push(new Date(t).toISOString().slice(0, 10));
  return days;
}

const cell = (fate: Fate, when: string, shown: string): Html =>
  html`<td class="cell ${fate}" title="${when}: ${LOOKS[fate][1]}"><small aria-hidden="true">${shown}</small><b>${LOOKS[fate][0]}</b><span class="sr">${LOOKS[fate][1]}</span></td>`;

/** A row a week, from Monday. */
function calendar(days: readonly string[], cells: ReadonlyMap<string, Fate>): Html {
  const weekday = (day: string) => (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
  const weeks: string[][] = [];
  for (const day of days) {
    if (weeks.length === 0 || weekday(day) === 0) weeks.push([]);
    weeks.at(-1)?.push(day);
  }
  const row = (week: readonly string[]) => {
    const first = weekday(week[0] ?? "");
    return html`<tr><th scope="row">${week[0]}</th>${first > 0 && html`<td colspan="${first}"></td>`}${week.map((day) => cell(cells.get(day) ?? "none", day, day.slice(8)))}</tr>`;
  };
  return html`<table class="grid"><caption class="sr">What became of each date</caption><thead><tr><th scope="col">Week from</th>${["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].map((day) => html`<th scope="col">${day}</th>`)}</tr></thead><tbody>${weeks.reverse().map(row)}</tbody></table>`;
}

function hours(days: readonly string[], cells: ReadonlyMap<string, Fate>): Html {
  const all = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0"));
  const row = (day: string) =>
    html`<tr><th scope="row">${day}</th>${all.map((hour) => cell(cells.get(`${day} ${hour}`) ?? "none", `${day} ${hour}:00`, ""))}</tr>`;
  return html`<table class="grid hours"><caption class="sr">What became of the slots of each hour</caption><thead><tr><th scope="col">Day</th>${all.map((hour) => html`<th scope="col">${hour}</th>`)}</tr></thead><tbody>${[...days].reverse().map(row)}</tbody></table>`;
}
