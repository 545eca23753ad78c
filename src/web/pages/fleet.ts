/** Hosts, and rows that no job has. Owns these parts of the page and their values. */
import { drift, driftText, type Host, silent } from "../../core/fleet.ts";
import { near } from "../../report/ages.ts";
import { html } from "../html.ts";
import type { Html } from "../seam.ts";
import type { Board } from "./board.ts";
import type { Book, Slots, Values } from "./slots.ts";
import { isoSeconds } from "./times.ts";
import { shown, someOf } from "./words.ts";

/** Seconds: all hosts get a new file at about the same time, not in the same instant. */
const SETTLED = 60;
const MOST_DRIFTS = 5;

export function fleetValues({ data: { view, ghosts }, now }: Board, book: Book): void {
  const { hosts = [], registry } = view;
  const quiet = new Set(silent(hosts, now));
  const tagsOf = (job: string) => registry.byName.get(job)?.tags ?? [];
  const differs = drift(hosts, { now, settled: SETTLED, tagsOf });
  for (const host of hosts) book.put(`hosts:${shown(host.label)}`, hostValues(host, quiet.has(host)));
  const drifts = differs.slice(0, MOST_DRIFTS).map((one) => `${shown(one.job)}: ${shown(driftText(one))}`);
  book.put("", {
    hosts: hosts.map(({ label }) => shown(label)),
    drift: {
      text:
        drifts.length > 0
          ? `▲ Not the same on all hosts: ${drifts.join("; ")}${differs.length > MOST_DRIFTS ? ` and ${differs.length - MOST_DRIFTS} more` : ""}`
          : "",
      hidden: drifts.length === 0,
    },
    ghosts: { text: ghosts.length > 0 ? `Rows without a job: ${someOf(ghosts.map(shown), 10)}` : "", hidden: ghosts.length === 0 },
  });
}

function hostValues({ label, mode, version, tags, seenAt }: Host, quiet: boolean): Values {
  return {
    look: { class: quiet ? "s-late" : "s-ok" },
    glyph: quiet ? "▲" : "✔",
    name: shown(label),
    about: [mode === "daemon" ? "daemon" : "cron", shown(version), ...tags.map(shown)].join(" · "),
    word: quiet ? "silent, last seen " : "seen ",
    seen: { datetime: isoSeconds(seenAt) },
  };
}

export function fleetHtml({ now, data: { view } }: Board, slots: Slots): Html {
  const seen = new Map((view.hosts ?? []).map(({ label, seenAt }) => [shown(label), seenAt]));
  const item = (id: string, own: Slots): Html => {
    const at = seen.get(id);
    const ago = at ? `${near((now.getTime() - at.getTime()) / 1000)} ago` : "";
    return html`<li data-scope="hosts:${id}"><span data-live="look" class="${String(own.attributes("look").class ?? "")}">${own.at("glyph", "b", { "aria-hidden": "true" })} ${own.at("name", "strong")}</span> <span class="dim">${own.at("word")}${own.at("seen", "time")}<small>${ago}</small></span> ${own.at("about", "span", { class: "dim" })}</li>`;
  };
  return html`<section id="hosts" aria-labelledby="h-hosts"><h2 id="h-hosts">Hosts</h2>
${(view.hosts ?? []).length === 0 && html`<p class="dim">No host has said anything of itself yet.</p>`}
<ul class="hosts" data-live="hosts">${slots.list("hosts", item)}</ul>
${slots.at("drift", "p", { class: "odd" })}${slots.at("ghosts", "p", { class: "dim" })}</section>`;
}
