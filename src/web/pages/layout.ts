/** What every page has around it: head, header, footer, the help for keys. Owns the frame; each page fills it. */

import { spanAt } from "../../core/zone.ts";
import { stamp } from "../../report/times.ts";
import { element, html, nothing } from "../html.ts";
import type { Chrome, Html } from "../seam.ts";
import { isoSeconds } from "./times.ts";
import { shown } from "./words.ts";

export interface Frame {
  readonly title: string;
  readonly main: Html;
  /** The database's time when the page was made; null: nothing is known of it, and nothing on the page lives. */
  readonly now: Date | null;
  /** Keys of places whose change makes the page fetch itself again, with their values now. */
  readonly watch?: Readonly<Record<string, string>>;
  /** Whose output is told as it is printed. */
  readonly job?: string;
}

/** Classic scripts of the page, and the worker: each stands for itself. */
const SCRIPTS = ["clock.js", "patch.js", "live.js", "table.js", "keys.js"];

export function page(chrome: Chrome, { title, main, now, watch = {}, job }: Frame): Html {
  const { theme, wall, asset, zone } = chrome;
  const live = now !== null;
  const head = html`<head><meta charset="utf-8"><title>${title} · ${shown(chrome.site)}</title><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="referrer" content="same-origin"><link rel="stylesheet" href="${asset("page.css")}"><link rel="icon" href="${asset("icon.svg")}">
${live && html`<noscript><meta http-equiv="refresh" content="15"></noscript>`}${live && SCRIPTS.map((name) => html`<script type="module" src="${asset(name)}"></script>`)}</head>`;
  const body = element(
    "body",
    {
      class: wall ? "wall" : null,
      ...(live
        ? {
            "data-now": isoSeconds(now),
            "data-offset": offsetAt(zone, now),
            "data-events": "/events",
            "data-job": job,
            "data-worker": asset("worker.js"),
          }
        : {}),
      "data-watch": live ? JSON.stringify(watch) : null,
    },
    html`<a class="skip" href="#main">Skip to the content</a>${header(chrome, now)}${notice(chrome)}<main id="main" tabindex="-1">${main}</main>${live ? footer(chrome) : nothing}${live ? help() : nothing}`,
  );
  return html`<!doctype html>
${element("html", { lang: "en", "data-theme": theme }, head, body)}
`;
}

const offsetAt = (zone: string, t: Date): number => spanAt(zone, Math.floor(t.getTime() / 1000)).offset;

function header({ site, host, zone, wall, theme }: Chrome, now: Date | null): Html {
  const clock =
    now &&
    html`<p id="signal" class="signal"><b aria-hidden="true">●</b> <span id="signal-word">as of</span> <time id="clock" datetime="${isoSeconds(now)}">${stamp(now, zone).slice(11)}</time> <span class="dim">${zone}</span></p>`;
  return html`<header><p class="brand"><a href="/">crontabber</a> <span class="site">${shown(site)}</span></p>${clock}
<p class="tools"><span class="dim">${shown(host)}</span>${now && !wall && html` <button id="keys-open" hidden>Keys</button> `}</p>${themeForm(theme)}</header>
<p id="say" class="sr" role="status" aria-live="polite"></p>`;
}

const THEMES = ["auto", "light", "dark"] as const;

/** The next one; the client needs no reload for it. */
function themeForm(theme: Chrome["theme"]): Html {
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "auto";
  return html`<form method="post" action="/theme" class="theme"><button id="theme" name="theme" value="${next}">Theme: ${theme}</button></form>`;
}

function notice({ notice: told }: Chrome): Html | null {
  return (
    told &&
    html`<p class="notice ${told.kind}" role="${told.kind === "bad" ? "alert" : "status"}">${told.kind === "good" ? "✔" : "✖"} ${told.text}</p>`
  );
}

function footer({ version, actions, noActions }: Chrome): Html {
  const leave =
    actions &&
    html`<form method="post" action="/logout"><input type="hidden" name="csrf" value="${actions.csrf}"><button>Log out</button></form>`;
  return html`<footer><p>crontabber ${version} · <a href="/api/jobs">jobs as JSON</a> · <a href="/api/runs">runs</a> · <a href="/metrics">metrics</a> · <a href="/healthz">health</a></p>${noActions && html`<p class="dim">${noActions}</p>`}${leave}</footer>`;
}

const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["/", "filter jobs"],
  ["j k", "next, previous job"],
  ["Enter", "open the job"],
  ["g o", "overview"],
  ["g j", "jobs"],
  ["g t", "timeline"],
  ["g d", "dependencies"],
  ["g h", "hosts"],
  ["r", "run the job (asks on its page)"],
  ["p", "pause the job (asks on its page)"],
  ["?", "this help"],
  ["Esc", "clear the filter, close"],
];

function help(): Html {
  return html`<dialog id="keys" aria-labelledby="h-keys"><h2 id="h-keys">Keys</h2><dl>${KEYS.map(([keys, does]) => html`<div><dt><kbd>${keys}</kbd></dt><dd>${does}</dd></div>`)}</dl>
<form method="dialog"><label><input type="checkbox" id="keys-on" checked> Keys are on</label> <button>Close</button></form></dialog>`;
}
