/** The page of one job. Owns the order of its parts, and those that are too small for a file. */
import { zoned } from "../../report/times.ts";
import { because, upcoming } from "../../report/upcoming.ts";
import { element, html } from "../html.ts";
import type { Chrome, Html, JobPageData } from "../seam.ts";
import { actionsHtml } from "./actions.ts";
import { jobBackfillsHtml } from "./backfills.ts";
import { type Board, boardOf, type Standing } from "./board.ts";
import { definitionHtml } from "./definition.ts";
import { explainHtml } from "./explain.ts";
import { gridHtml } from "./grid.ts";
import { page } from "./layout.ts";
import { jobHref } from "./links.ts";
import { headOf, shapeOf, valuesOf } from "./live.ts";
import { runningHtml } from "./running.ts";
import { chartHtml, runsHtml } from "./runs.ts";
import { Slots } from "./slots.ts";
import { apart } from "./table.ts";
import { at, distance } from "./times.ts";
import { errorHtml, outputHtml } from "./trouble.ts";
import { said, scheduleWords, shown } from "./words.ts";

const NEXT_RUNS = 5;

export function jobPage(chrome: Chrome, data: JobPageData): Html {
  const board = boardOf(data, chrome.zone);
  const one = board.byName.get(data.job.name);
  if (!one) throw new TypeError("the job of a page is one of its registry");
  const slots = new Slots(valuesOf(board));
  const main = html`${headHtml(one, board, slots.scoped(one.key))}
${one.status.state === "running" && runningHtml(chrome, board, { slots, only: one.key })}
${errorHtml(one, data)}
<div class="columns"><div>${chartHtml(data)}${nextHtml(data, board)}</div><div>${explainHtml(data.explained, board)}</div></div>
${actionsHtml(chrome, data, one)}
${jobBackfillsHtml(chrome, board, data.job.name)}
${gridHtml(data, chrome.zone)}
${outputHtml(data, chrome.zone)}
${runsHtml(data, chrome.zone)}
${actsHtml(data, chrome.zone)}
${definitionHtml(data.job)}`;
  const watch = { shape: shapeOf(board), [`${one.key}:head`]: headOf(one) };
  return page(chrome, { title: shown(data.job.name), main, now: board.now, watch, job: data.job.name });
}

function headHtml(one: Standing, board: Board, slots: Slots): Html {
  const { job, key } = one;
  const { class: look } = slots.attributes("look");
  const children = board.all.filter((other) => other.job.dependsOn.includes(job.name)).map((other) => other.job.name);
  const title = html`<nav aria-label="Where you are"><a href="/">All jobs</a></nav><h1>${shown(job.name)}</h1>
<p class="standing"><span class="state">${slots.at("glyph", "b", { "aria-hidden": "true" })}${slots.at("word")}</span> ${slots.at("more", "span", { class: "more" })}</p>
${job.description && html`<p>${said(job.description, 500)}</p>`}
<dl class="facts">${fact("Schedule", html`${scheduleWords(job)}`)}
${fact("Next run", html`${slots.at("next", "time")} ${apart(slots, "next", board.now)}`)}
${fact("Last run", html`${slots.at("last", "time")} ${apart(slots, "last", board.now)}`)}
${fact("Took", slots.at("took"))}
${fact("Depends on", names(job.dependsOn, board))}${fact("Needed by", names(children, board))}</dl>`;
  return element(
    "section",
    { class: `head ${String(look)}`, "data-scope": key, "data-live": "look", "aria-label": "How it stands" },
    title,
  );
}

const fact = (name: string, value: Html): Html => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;

function names(all: readonly string[], { byName }: Board): Html {
  if (all.length === 0) return html`–`;
  return html`${all.map((name, i) => html`${i > 0 && ", "}${byName.has(name) ? html`<a href="${jobHref(name)}">${shown(name)}</a>` : shown(name)}`)}`;
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
    html`<tr><td class="num">${at(t, zone)}</td><td>${said(what)}</td><td>${said(who)}</td><td>${note === null ? "–" : zoned(said(note), zone)}</td></tr>`;
  return html`<section aria-labelledby="h-acts"><h2 id="h-acts">What people did</h2><div class="wide" tabindex="0" role="region" aria-labelledby="h-acts"><table><caption class="sr">What people did to this job; times in ${zone}</caption>
<thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">Who</th><th scope="col">Why</th></tr></thead><tbody>${acts.map(line)}</tbody></table></div></section>`;
}
