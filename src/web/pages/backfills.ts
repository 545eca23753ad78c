/** Backfills: which dates, how far. Owns this part of the pages and its values. */

import { stamp } from "../../report/times.ts";
import { html } from "../html.ts";
import type { Chrome, Html, PageData } from "../seam.ts";
import type { Board } from "./board.ts";
import { actionForm } from "./forms.ts";
import { actionHref, jobHref } from "./links.ts";
import type { Book, Slots, Values } from "./slots.ts";
import { said, shown } from "./words.ts";

type Shown = PageData["backfills"][number];

export function backfillValues({ data: { backfills }, zone }: Board, book: Book): void {
  book.put("", { backfills: backfills.map(({ id }) => String(id)), "backfills:shown": { hidden: backfills.length === 0 } });
  for (const one of backfills) book.put(`backfills:${one.id}`, itemValues(one, zone));
}

function itemValues(one: Shown, zone: string): Values {
  const { job, from, to, total, done, failed, by, note } = one;
  const day = (t: Date | null) =>
    t
      ? stamp(t, zone)
          .replace(/ 00:00:00$/, "")
          .replace(/:00$/, "")
      : "…";
  return {
    job: { text: shown(job), href: jobHref(job) },
    range: `${day(from)} – ${day(to)}`,
    bar: total === null ? { value: null, max: 1 } : { value: done + failed, max: Math.max(1, total) },
    count: `${done + failed} of ${total ?? "?"}`,
    failed: failed > 0 ? `✖ ${failed} failed` : "",
    state: stateWords(one, zone),
    by: `by ${said(by, 60)}${note ? `: ${said(note, 120)}` : ""}`,
  };
}

function stateWords({ outcome, cancelled, cancelledBy, runId, slot, attempt, total }: Shown, zone: string): string {
  if (outcome === "cancelled") return `⊘ cancelled by ${said(cancelledBy ?? "?", 60)}`;
  if (outcome !== null) return outcome === "succeeded" ? "✔ done" : `✖ ${outcome}`;
  if (cancelled) return "⊘ cancelled, one date is still running";
  if (runId !== null && slot) return `◐ running ${stamp(slot, zone)}`;
  if (slot && attempt > 0) return `◌ waits to retry ${stamp(slot, zone)}`;
  return total === null ? "◌ waits for its first pass" : "◌ waits for the next date";
}

/** On the overview of all jobs; on a job's page of that one. */
export function backfillsHtml(slots: Slots): Html {
  const item = (
    id: string,
    own: Slots,
  ): Html => html`<li data-scope="backfills:${id}">${own.at("job", "a", { class: "name" })} ${own.at("range")}
${own.at("bar", "progress", { "aria-label": "dates run" })} ${own.at("count")} ${own.at("failed", "span", { class: "s-failing" })} ${own.at("state")} ${own.at("by", "span", { class: "dim" })}</li>`;
  const hidden = (slots.get("backfills:shown") as { hidden?: boolean } | null)?.hidden === true;
  return html`<section id="backfills" aria-labelledby="h-backfills" data-live="backfills:shown"${hidden && html` hidden`}><h2 id="h-backfills">Backfills</h2>
<ul class="backfills" data-live="backfills">${slots.list("backfills", item)}</ul></section>`;
}

/** On a job's page: with a way to cancel those that go on. */
export function jobBackfillsHtml({ actions }: Chrome, { data, zone }: Board, name: string): Html | null {
  const own = data.backfills.filter(({ job }) => job === name);
  if (own.length === 0) return null;
  const cancel = (one: Shown) => {
    if (!actions || one.outcome !== null || one.cancelled) return null;
    const fields = html`<input type="hidden" name="id" value="${one.id}">`;
    return actionForm({ csrf: actions.csrf, action: actionHref(name, "cancel-backfill"), label: "Cancel", fields });
  };
  const item = (one: Shown): Html => {
    const { range, count, failed, state, by } = itemValues(one, zone) as Record<string, string>;
    return html`<li><span>#${one.id}</span> <span>${range}</span> <progress aria-label="dates run" value="${one.done + one.failed}" max="${one.total ?? 1}"></progress> ${count} ${failed} ${state} <span class="dim">${by}</span>${cancel(one)}</li>`;
  };
  return html`<section aria-labelledby="h-backfills"><h2 id="h-backfills">Backfills</h2><ul class="backfills">${own.map(item)}</ul></section>`;
}
