/** The table of jobs, a row each. Owns its columns and their values; the client sorts and filters what is there. */
import { took } from "../../report/ages.ts";
import { LOOKS } from "../../report/status.ts";
import { element, html } from "../html.ts";
import type { Chrome, Html } from "../seam.ts";
import { type Board, byUrgency, type Standing } from "./board.ts";
import { jobHref } from "./links.ts";
import type { Book, Slots, Values } from "./slots.ts";
import { sparkHtml, sparkline } from "./sparkline.ts";
import { distance, timeValue } from "./times.ts";
import { said, shown } from "./words.ts";

export function jobValues(board: Board, book: Book): void {
  for (const one of board.all) book.put(one.key, rowValues(one, board));
}

/** Those of a job's row and of the head of its page. */
function rowValues(one: Standing, board: Board): Values {
  const { status, row, runs } = one;
  const still = ["running", "disabled", "paused", "held"].includes(status.state);
  const last = runs.find((run) => run.endedAt !== null && run.outcome !== "skipped");
  return {
    look: { class: `s-${status.state}` },
    glyph: LOOKS[status.state][0],
    word: status.state,
    more: status.words.slice(status.state.length).replace(/^:? /, ""),
    next: timeValue(still ? null : status.nextRun, board),
    last: timeValue(row?.lastRun ?? null, board),
    took: last ? took(last.took) : "",
    spark: sparkline(runs),
  };
}

const COLUMNS = ["Job", "State", "Next run", "Last run", "Took", "Recent runs", "Schedule"] as const;

export function tableHtml(chrome: Chrome, board: Board, slots: Slots): Html {
  const rows = [...board.all].sort(byUrgency);
  return html`<section id="jobs" aria-labelledby="h-jobs">
<div class="bar"><h2 id="h-jobs">Jobs</h2><label class="filter"><span class="sr">Filter jobs by name</span><input type="search" id="filter" placeholder="Filter" autocomplete="off" spellcheck="false"></label></div>
<div class="wide" tabindex="0" role="group" aria-labelledby="h-jobs">
<table class="jobs"><caption class="sr">All jobs; times in ${chrome.zone}</caption>
<thead><tr>${COLUMNS.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${rows.map((one) => rowHtml(one, board, slots.scoped(one.key)))}</tbody></table></div>
<p id="none" class="dim" ${board.all.length > 0 && html`hidden`}>${board.all.length > 0 ? "No job matches." : "They come here when the configuration names some."}</p></section>`;
}

function rowHtml(one: Standing, { now }: Board, slots: Slots): Html {
  const { job } = one;
  const { class: look } = slots.attributes("look");
  const cells = html`<th scope="row"><a href="${jobHref(job.name)}">${shown(job.name)}</a></th>
<td>${slots.at("glyph", "b", { "aria-hidden": "true" })}${slots.at("word", "strong")} ${slots.at("more")}</td>
<td>${slots.at("next", "time")} ${apart(slots, "next", now)}</td>
<td>${slots.at("last", "time")} ${apart(slots, "last", now)}</td>
${slots.at("took", "td")}<td>${sparkHtml(slots)}</td>
<td>${said(job.schedule.display, 40)}${job.backfill && " ⟲"}</td>`;
  return element("tr", { "data-scope": one.key, "data-live": "look", class: look ?? null }, cells);
}

/** How far the time at the place before it is from now; a planned one that has passed is late. */
export function apart(slots: Slots, key: string, now: Date): Html {
  const { datetime } = slots.attributes(key);
  const late = key === "next";
  return html`<small${late && html` class="due"`}>${typeof datetime === "string" && distance(new Date(datetime), now, late)}</small>`;
}
