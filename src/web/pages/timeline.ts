/** A day of all jobs on one line of time: what ran, what is planned, what is held up. Owns the drawing, and the same as a table. */

import { spanAt } from "../../core/zone.ts";
import { counted } from "../../report/ages.ts";
import type { LedgerRun } from "../../report/job-json.ts";
import { stamp, stampNear } from "../../report/times.ts";
import { element, html } from "../html.ts";
import type { Html } from "../seam.ts";
import { AHEAD, type Board, byUrgency, type Standing } from "./board.ts";
import { jobHref } from "./links.ts";
import type { Book, Mark, Slots } from "./slots.ts";
import { kindOf } from "./sparkline.ts";
import { shown } from "./words.ts";

const HOUR = 3_600_000;
const BEFORE = 18;
const HOURS = 24;
/** Units across: a minute each. */
const WIDTH = HOURS * 60;
const LEAST = 4;
/** Between two bars; with less they are one. */
const GAP = 3;
/** Rows before the rest is folded away. */
const OPEN_ROWS = 40;

/** The window stands still for an hour: only what changes is drawn again. */
function startOf({ now, zone }: Board): number {
  const offset = spanAt(zone, Math.floor(now.getTime() / 1000)).offset * 1000;
  return Math.floor((now.getTime() + offset) / HOUR) * HOUR - offset - (BEFORE - 1) * HOUR;
}

export function timelineValues(board: Board, book: Book): void {
  const start = startOf(board);
  const runs = byJob(board.data.day);
  const nowX = percent(place(board.now, start));
  book.put("", { axis: { draw: axis(board, start) }, "now-line": { x1: nowX, x2: nowX } });
  for (const one of board.all) {
    const { marks, line } = planned(one, board.now, start);
    const draw = lane(one, board, { start, line, runs: runs.get(one.job.name) ?? [] });
    book.put(one.key, { line: { draw }, plans: { draw: diamonds(marks) } });
  }
}

function byJob(runs: readonly LedgerRun[]): Map<string, LedgerRun[]> {
  const found = new Map<string, LedgerRun[]>();
  for (const run of runs) {
    const known = found.get(run.job);
    if (known) known.push(run);
    else found.set(run.job, [run]);
  }
  return found;
}

const place = (t: Date, start: number): number => (t.getTime() - start) / 60_000;
const inside = (x: number): number => Math.min(WIDTH, Math.max(0, x));
const percent = (x: number): string => `${Math.round((10_000 * inside(x)) / WIDTH) / 100}%`;

/** Every third hour on the wall, and a line for each. */
function axis({ zone }: Board, start: number): Mark[] {
  const marks: Mark[] = [];
  for (let hour = 0; hour < HOURS; hour++) {
    const wall = Number(stamp(new Date(start + hour * HOUR), zone).slice(11, 13));
    if (wall % 3 !== 0) continue;
    const x = percent(hour * 60);
    marks.push(["line", { x1: x, x2: x, y1: 14, y2: "100%" }]);
    marks.push(["text", { x, y: 10, class: wall % 6 === 0 ? "even" : "odd" }, `${String(wall).padStart(2, "0")}:00`]);
  }
  return marks;
}

interface Lane {
  readonly start: number;
  readonly line: string;
  readonly runs: readonly LedgerRun[];
}

/** Bars that touch are one: a job of every minute is a line, not a thousand bars. */
function lane(one: Standing, { now }: Board, { start, line, runs }: Lane): Mark[] {
  const bars = { good: new Bars(), odd: new Bars(), busy: new Bars(), bad: new Bars() };
  for (const run of runs) {
    if (run.outcome === "skipped") continue;
    const end = place(run.endedAt ?? now, start);
    if (end >= 0) bars[kindOf(run)].add(inside(place(run.claimedAt, start)), inside(end));
  }
  const kinds = [["held", heldUp(one, now, start)], ["plan", line], ...Object.entries(bars).map(([kind, { d }]) => [kind, d])];
  return kinds.flatMap(([kind = "", d = ""]): Mark[] => (d === "" ? [] : [["path", { class: kind, d }]]));
}

class Bars {
  readonly #bars: { from: number; to: number }[] = [];

  add(from: number, to: number): void {
    const [left, right] = [Math.round(from), Math.round(Math.max(to, from + LEAST))];
    const last = this.#bars.at(-1);
    if (!last || left - last.to >= GAP) this.#bars.push({ from: left, to: right });
    else if (right > last.to) last.to = right;
  }

  /** Each from the end of the one before it: shorter than from the edge. */
  get d(): string {
    let end = 0;
    return this.#bars
      .map(({ from, to }, i) => {
        const step = i === 0 ? `M${from} 9h${to - from}` : `m${from - end} 0h${to - from}`;
        end = to;
        return step;
      })
      .join("");
  }
}

/** Runs that are to come: a mark for each, or a line where there would be too many. */
function planned({ next }: Standing, now: Date, start: number): { marks: readonly number[]; line: string } {
  const from = place(now, start);
  const marks = next.flatMap(({ at: t }) => (t && t >= now && place(t, start) <= WIDTH ? [Math.round(place(t, start))] : []));
  if (next.length < AHEAD || marks.length < AHEAD) return { marks: [...new Set(marks)], line: "" };
  return { marks: [], line: `M${Math.round(Math.max(from, marks[0] ?? from))} 9H${WIDTH}` };
}

const diamonds = (marks: readonly number[]): Mark[] =>
  marks.length === 0 ? [] : [["text", { x: marks.map(percent).join(" "), y: 13 }, "◇".repeat(marks.length)]];

/** From when it should have run until now, or until it is thought to run. */
function heldUp({ status, next: [run] }: Standing, now: Date, start: number): string {
  const waits = status.state === "blocked" || status.state === "late" || (status.state === "failing" && status.blockedBy !== null);
  if (!waits || !status.nextRun || status.nextRun >= now) return "";
  const until = run?.at && run.at > now ? run.at : now;
  return `M${Math.round(inside(place(status.nextRun, start)))} 9H${Math.round(inside(place(until, start)))}`;
}

export function timelineHtml(board: Board, slots: Slots): Html {
  const rows = [...board.all].sort(byUrgency);
  const row = (one: Standing) => laneHtml(one, slots.scoped(one.key));
  const rest = rows.slice(OPEN_ROWS);
  const overlay = element(
    "div",
    { class: "axis", "aria-hidden": "true" },
    slots.at("axis", "svg"),
    html`<svg class="now">${slots.at("now-line", "line", { y1: 14, y2: "100%" })}</svg>`,
  );
  return html`<section id="timeline" aria-labelledby="h-timeline"><div class="bar"><h2 id="h-timeline">Timeline</h2>
<p class="key dim" aria-hidden="true"><span><i class="good"></i>ran</span> <span><i class="bad"></i>failed</span> <span><i class="busy"></i>running</span> <span><i class="held"></i>held up</span> <span><b>◇</b>planned</span></p></div>
<div class="timeline">${overlay}<ol>${rows.slice(0, OPEN_ROWS).map(row)}</ol></div>
${rest.length > 0 && html`<details class="fold"><summary>${counted(rest.length, "more job")}</summary><div class="timeline"><ol>${rest.map(row)}</ol></div></details>`}
<details class="fold"><summary>The timeline as a table</summary>${twin(board, rows)}</details></section>`;
}

function laneHtml({ job, key }: Standing, slots: Slots): Html {
  const bars = slots.at("line", "svg", { viewBox: `0 0 ${WIDTH} 18`, preserveAspectRatio: "none" });
  return element(
    "li",
    { "data-scope": key },
    html`<a href="${jobHref(job.name)}">${shown(job.name)}</a><div aria-hidden="true">${bars}${slots.at("plans", "svg")}</div>`,
  );
}

function twin(board: Board, rows: readonly Standing[]): Html {
  const runs = byJob(board.data.day);
  const near = (t: Date) => stampNear(t, board.now, board.zone);
  const line = ({ job, next }: Standing) => {
    const own = runs.get(job.name) ?? [];
    const bad = own.filter((run) => kindOf(run) === "bad");
    const last = bad.at(-1)?.endedAt;
    const coming = next.flatMap(({ at: t }) => (t ? [near(t)] : [])).slice(0, 3);
    return html`<tr><th scope="row">${shown(job.name)}</th><td>${own.length}</td><td>${bad.length > 0 && bad.length}${last && `, last ${near(last)}`}</td><td>${coming.join(", ")}</td></tr>`;
  };
  return html`<div class="wide" tabindex="0" role="group" aria-label="The timeline as a table"><table><caption class="sr">Runs of the last 24 hours, and what is planned</caption>
<thead><tr><th scope="col">Job</th><th scope="col">Runs</th><th scope="col">Failed</th><th scope="col">Next</th></tr></thead><tbody>${rows.map(line)}</tbody></table></div>`;
}
