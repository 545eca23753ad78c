/** Pages that say or ask one thing: a failure, a confirmation, the token. Owns these three. */

import { LOOKS } from "../../report/status.ts";
import { html } from "../html.ts";
import type { Chrome, Confirm, Html, PageData } from "../seam.ts";
import { boardOf } from "./board.ts";
import { page } from "./layout.ts";
import { actionHref, jobHref } from "./links.ts";
import { saidWhole, shown } from "./words.ts";

export function failure(chrome: Chrome, { status, title, text }: { status: number; title: string; text: string }): Html {
  const main = html`<section class="card"><p class="dim">${status}</p><h1>${title}</h1><p class="pre">${saidWhole(text)}</p><p><a class="button" href="/">All jobs</a></p></section>`;
  return page(chrome, { title, main, now: null });
}

export function login(chrome: Chrome, failed: boolean): Html {
  const main = html`<section class="card"><h1>${shown(chrome.site)}</h1><p>This page asks for the token that stands in the configuration as <code>http_token</code>.</p>
${failed && html`<p class="notice bad" role="alert">✖ That was not the token.</p>`}
<form method="post" action="/login" class="stack"><label>Your name, for the record of what is done <input name="name" maxlength="60" autocomplete="username"></label><label>Token <input type="password" name="token" required autofocus autocomplete="current-password"></label><button class="strong">Open</button></form></section>`;
  return page(chrome, { title: "Token", main, now: null });
}

export function confirm(chrome: Chrome, data: PageData, { job, action, consequences, fields }: Confirm): Html {
  const status = boardOf(data, chrome.zone, [job]).all[0]?.status;
  const [before, after] = wordsOf(action);
  const kept = Object.entries(fields).filter(([name]) => name !== "csrf");
  const csrf = chrome.actions && html`<input type="hidden" name="csrf" value="${chrome.actions.csrf}">`;
  const main = html`<section class="card"><h1>${before} ${shown(job.name)}${after}?</h1>
${status && html`<p class="s-${status.state}"><b aria-hidden="true">${LOOKS[status.state][0]}</b> ${status.words}</p>`}
<ul class="consequences">${consequences.map((line) => html`<li>${line}</li>`)}</ul>
<form method="post" action="${actionHref(job.name, action)}" class="row">${csrf}${kept.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<button class="strong">${before}${after}</button> <a class="button" href="${jobHref(job.name)}">No, go back</a></form></section>`;
  return page(chrome, { title: `${before} ${shown(job.name)}${after}?`, main, now: null });
}

/** As its button on the job's page has it, around the job's name. */
function wordsOf(action: string): readonly [before: string, after: string] {
  if (action === "force") return ["Run", " anyway"];
  if (action === "mark-success") return ["Mark", " as succeeded"];
  return [`${action.charAt(0).toUpperCase()}${action.slice(1)}`, ""];
}
