/** Would it run now, and why not. Owns how the answer looks; the facts are report/explain.ts's. */
import { near, secondsBetween } from "../../report/ages.ts";
import type { Explained } from "../../report/explain.ts";
import { zoned } from "../../report/times.ts";
import { html } from "../html.ts";
import type { Html } from "../seam.ts";
import type { Board } from "./board.ts";
import { jobHref } from "./links.ts";
import { when } from "./times.ts";
import { said, shown } from "./words.ts";

export function explainHtml(told: Explained, board: Board): Html {
  const noes = told.checks.filter((check) => check.no !== null).length;
  const answer = told.verdict.due
    ? html`<strong class="s-ok">Yes</strong>`
    : html`<strong class="s-failing">No</strong>: ${noes} of ${told.checks.length} checks ${noes === 1 ? "says" : "say"} no`;
  return html`<section id="explain" aria-labelledby="h-explain"><h2 id="h-explain">Would it run now?</h2><p>${answer}</p>
<ul class="checks">${told.checks.map((check) => html`<li>${mark(check.no === null)} <strong>${check.name}</strong> <span class="dim">${detail(told, check, board)}</span>${check.name === "dependencies" && parents(told, board)}</li>`)}
${told.fleet.map((text) => html`<li><b class="s-late" aria-hidden="true">▲</b> <strong>fleet</strong> ${zoned(said(text), board.zone)}</li>`)}</ul>
${told.forecast.map(({ at, text }) => html`<p class="ahead">${at ? when(at, board) : "Next"}: ${said(text)}</p>`)}
${told.tries.length > 0 && html`<p class="dim">Try ${told.tries.map((command, i) => html`${i > 0 && " · "}<code>crontabber ${said(command)}</code>`)}</p>`}</section>`;
}

const mark = (yes: boolean): Html =>
  yes
    ? html`<b class="s-ok" aria-hidden="true">✔</b><span class="sr">yes: </span>`
    : html`<b class="s-failing" aria-hidden="true">✖</b><span class="sr">no: </span>`;

/** The plan as a moment; everything else as the judge said it. */
function detail({ state }: Explained, { name, no, detail: yes }: Explained["checks"][number], board: Board): Html {
  if (name === "due" && state.nextRun) return html`next run ${when(state.nextRun, board)}`;
  return html`${zoned(said(no?.detail ?? yes), board.zone)}`;
}

function parents(told: Explained, { now, zone }: Board): Html | null {
  if (told.parents.length === 0) return null;
  const facts = ({ no, state }: Explained["parents"][number]) => {
    if (no) return zoned(said(no.detail), zone);
    return state?.lastSuccess ? `last success ${near(secondsBetween(state.lastSuccess, now))} ago` : "never succeeded";
  };
  return html`<ul>${told.parents.map((parent) => html`<li>${mark(parent.no === null)} <a href="${jobHref(parent.name)}">${shown(parent.name)}</a> <span class="dim">${facts(parent)}</span></li>`)}</ul>`;
}
