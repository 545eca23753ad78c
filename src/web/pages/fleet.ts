/** Hosts, and rows that no job has. Owns these parts of the page and their values. */
import { drift, driftText, silent } from "../../core/fleet.ts";
import { near } from "../../report/ages.ts";
import { html } from "../html.ts";
import type { Html } from "../seam.ts";
import type { Board } from "./board.ts";
import type { Slots, Value, Values } from "./slots.ts";
import { isoSeconds } from "./times.ts";
import { shown, someOf } from "./words.ts";

/** Seconds: all hosts get a new file at about the same time, not in the same instant. */
const SETTLED = 60;
const MOST_DRIFTS = 5;

export function fleetValues({ data: { view, ghosts }, now }: Board): Values {
  const { hosts = [], registry } = view;
  const quiet = new Set(silent(hosts, now));
  const tagsOf = (job: string) => registry.byName.get(job)?.tags ?? [];
  const differs = drift(hosts, { now, settled: SETTLED, tagsOf });
  const items = hosts.map((host): [string, Values] => [
    shown(host.label),
    {
      look: { class: quiet.has(host) ? "s-late" : "s-ok" },
      glyph: quiet.has(host) ? "▲" : "✔",
      name: shown(host.label),
      about: [host.mode === "daemon" ? "daemon" : "cron", shown(host.version), ...host.tags.map(shown)].join(" · "),
      word: quiet.has(host) ? "silent, last seen" : "seen",
      seen: { datetime: isoSeconds(host.seenAt) },
    },
  ]);
  const drifts = differs.slice(0, MOST_DRIFTS).map((one) => `${shown(one.job)}: ${shown(driftText(one))}`);
  return {
    hosts: items.map(([label]) => label),
    ...Object.fromEntries(
      items.flatMap(([label, values]) => Object.entries(values).map(([key, value]): [string, Value] => [`hosts:${label}:${key}`, value])),
    ),
    drift: {
      text:
        drifts.length > 0
          ? `▲ Not the same on all hosts: ${drifts.join("; ")}${differs.length > MOST_DRIFTS ? ` and ${differs.length - MOST_DRIFTS} more` : ""}`
          : "",
      hidden: drifts.length === 0,
    },
    ghosts: { text: ghosts.length > 0 ? `Rows without a job: ${someOf(ghosts.map(shown), 10)}` : "", hidden: ghosts.length === 0 },
  };
}

export function fleetHtml({ now, data: { view } }: Board, slots: Slots): Html {
  const seen = new Map((view.hosts ?? []).map(({ label, seenAt }) => [shown(label), seenAt]));
  const item = (id: string, own: Slots): Html => {
    const at = seen.get(id);
    const ago = at ? `${near((now.getTime() - at.getTime()) / 1000)} ago` : "";
    return html`<li data-scope="hosts:${id}"><span data-live="look" class="${String(own.attributes("look").class ?? "")}">${own.at("glyph", "b", { "aria-hidden": "true" })} ${own.at("name", "strong")}</span> ${own.at("word", "span", { class: "dim" })} ${own.at("seen", "time")}<small>${ago}</small> ${own.at("about", "span", { class: "dim" })}</li>`;
  };
  return html`<section id="hosts" aria-labelledby="h-hosts"><h2 id="h-hosts">Hosts</h2>
${(view.hosts ?? []).length === 0 && html`<p class="dim">No host has said anything of itself yet.</p>`}
<ul class="hosts" data-live="hosts">${slots.list("hosts", item)}</ul>
${slots.at("drift", "p", { class: "odd" })}${slots.at("ghosts", "p", { class: "dim" })}</section>`;
}
