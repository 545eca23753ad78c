/** The page of one job. Owns the order of its parts, and those that are too small for a file. */
import { zoned } from "../../report/times.ts";
import { because, upcoming } from "../../report/upcoming.ts";
import { html } from "../html.ts";
import type { Chrome, Html, JobPageData } from "../seam.ts";
import { actionsHtml } from "./actions.ts";
import { jobBackfillsHtml } from "./backfills.ts";
import { type Board, boardOf } from "./board.ts";
import { definitionHtml } from "./definition.ts";
import { explainHtml } from "./explain.ts";
import { gridHtml } from "./grid.ts";
import { headHtml } from "./head.ts";
import { page } from "./layout.ts";
import { headBook, headOf, shapeOf } from "./live.ts";
import { runningHtml } from "./running.ts";
import { chartHtml, runsHtml } from "./runs.ts";
import { Slots } from "./slots.ts";
import { at, distance } from "./times.ts";
import { errorHtml, outputHtml } from "./trouble.ts";
import { said, shown } from "./words.ts";

const NEXT_RUNS = 5;

export function jobPage(chrome: Chrome, data: JobPageData): Html {
  const board = boardOf(data, chrome.zone, [data.job]);
  const [one] = board.all;
  if (!one) throw new TypeError("a page is of one job");
  const slots = new Slots(headBook(board));
  const main = html`${headHtml(chrome, one, { board, slots: slots.scoped(one.key) })}
${one.status.state === "running" && runningHtml(chrome, board, { slots, only: one.key })}
${errorHtml(one, data)}
<div class="columns"><div>${chartHtml(data)}${nextHtml(data, board)}</div><div>${explainHtml(data.explained, board)}</div></div>
${gridHtml(data, chrome.zone)}
${jobBackfillsHtml(chrome, board, data.job.name)}
${outputHtml(data, chrome.zone)}
${runsHtml(data, chrome.zone)}
${actionsHtml(chrome, data, one)}
${actsHtml(data, chrome.zone)}
${definitionHtml(data.job)}`;
  const watch = { shape: shapeOf(data.view.registry), [`${one.key}:head`]: headOf(one) };
  return page(chrome, { title: shown(data.job.name), main, now: board.now, watch, job: data.job.name });
}

function nextHtml({ view, job }: JobPageData, { now, zone }: Board): Html {
  const runs = upcoming(view, job, NEXT_RUNS);
  const line = (run: (typeof runs)[number]) =>
    html`<li>${run.at ? html`${at(run.at, zone)} <small>${distance(run.at, now)}</small>` : html`then`} <span class="dim">${because(run)}</span></li>`;
  return html`<section aria-labelledby="h-next"><h2 id="h-next">Next runs</h2>${runs.length === 0 ? html`<p class="dim">None is planned.</p>` : html`<ol class="next">${runs.map(line)}</ol>`}</section>`;
}

function actsHtml({ acts }: JobPageData, zone: string): Html | null {
  if (acts.length === 0) return null;
  const line = ({ at: t, what, who, note }: (typeof acts)[number]) =>
    html`<tr><td>${at(t, zone)}</td><td>${said(what)}</td><td>${said(who)}</td><td>${note === null ? "–" : zoned(said(note), zone)}</td></tr>`;
  return html`<section aria-labelledby="h-acts"><h2 id="h-acts">What people did</h2><div class="wide" tabindex="0" role="group" aria-labelledby="h-acts"><table><caption class="sr">What people did to this job; times in ${zone}</caption>
<thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">Who</th><th scope="col">Why</th></tr></thead><tbody>${acts.map(line)}</tbody></table></div></section>`;
}
