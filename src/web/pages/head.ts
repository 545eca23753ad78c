/** How a job stands, at the top of its page. Owns this part. */
import type { Registry } from "../../core/job.ts";
import { element, html } from "../html.ts";
import type { Chrome, Html } from "../seam.ts";
import type { Board, Standing } from "./board.ts";
import { jobHref } from "./links.ts";
import type { Slots } from "./slots.ts";
import { apart } from "./table.ts";
import { said, scheduleWords, shown } from "./words.ts";

export function headHtml(chrome: Chrome, one: Standing, { board, slots }: { board: Board; slots: Slots }): Html {
  const { job, key } = one;
  const { registry } = board.data.view;
  const children = registry.jobs.filter((other) => other.dependsOn.includes(job.name)).map((other) => other.name);
  const { class: look } = slots.attributes("look");
  const inside = html`<nav aria-label="Where you are"><a href="/">All jobs</a></nav><div class="bar"><h1>${shown(job.name)}</h1>${quick(chrome, one)}</div>
<p class="standing"><span class="state">${slots.at("glyph", "b", { "aria-hidden": "true" })}${slots.at("word")}</span> ${slots.at("more", "span", { class: "more" })}</p>
${job.description && html`<p>${said(job.description, 500)}</p>`}
<dl class="facts">${fact("Schedule", scheduleWords(job))}
${fact("Next run", html`${slots.at("next", "time")} ${apart(slots, "next", board.now)}`)}
${fact("Last run", html`${slots.at("last", "time")} ${apart(slots, "last", board.now)}`)}
${fact("Took", slots.at("took"))}
${fact("Depends on", names(job.dependsOn, registry))}${fact("Needed by", names(children, registry))}</dl>`;
  return element(
    "section",
    { id: "head", class: look ?? null, "data-scope": key, "data-live": "look", "aria-label": "How it stands" },
    inside,
  );
}

/** To the forms below that are asked for most. */
function quick({ actions, wall }: Chrome, { row, status }: Standing): Html | null {
  if (!actions || wall) return null;
  const on = status.state === "running" || status.state === "lost";
  const first = row?.heldAt ? ["unlock", "Unlock"] : on ? ["cancel", "Cancel"] : ["run", "Run now"];
  const second = row?.pausedAt ? ["resume", "Resume"] : ["pause", "Pause"];
  return html`<p class="end">${[first, second, ["", "More"]].map(([id, word]) => html`<a class="button" href="#${id ? `do-${id}` : "actions"}">${word} …</a> `)}</p>`;
}

const fact = (name: string, value: Html | string): Html => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;

function names(all: readonly string[], { byName }: Registry): Html {
  if (all.length === 0) return html`–`;
  return html`${all.map((name, i) => html`${i > 0 && ", "}${byName.has(name) ? html`<a href="${jobHref(name)}">${shown(name)}</a>` : shown(name)}`)}`;
}
