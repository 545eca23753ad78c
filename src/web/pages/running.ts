/** What runs now: how far, since when, where. Owns this part of the page and its values. */
import { took } from "../../report/ages.ts";
import { sums } from "../../report/history.ts";
import { html } from "../html.ts";
import type { Chrome, Html } from "../seam.ts";
import type { Board, Standing } from "./board.ts";
import { actionForm } from "./forms.ts";
import { actionHref, jobHref } from "./links.ts";
import type { Book, Slots, Value, Values } from "./slots.ts";
import { isoSeconds } from "./times.ts";
import { said, shown } from "./words.ts";

const isRunning = ({ status, row }: Standing): boolean => status.state === "running" && row?.ongoing !== null;

export function runningValues(board: Board, book: Book): void {
  const on = board.all.filter(isRunning);
  book.put("", {
    running: on.map(({ key }) => key),
    "running:none": { text: on.length === 0 ? "Nothing runs now." : "", hidden: on.length > 0 },
  });
  for (const one of on) book.put(`running:${one.key}`, itemValues(one, board));
}

function itemValues(one: Standing, { now }: Board): Values {
  const { job, row, status, live } = one;
  const since = row?.ongoing ?? live?.claimedAt ?? now;
  const typical = sums(one.runs.filter((run) => run.outcome === "succeeded")).median;
  const told = progressOf(live?.progress);
  return {
    job: { text: shown(job.name), href: jobHref(job.name) },
    host: said(row?.host ?? "a host of the Python tool", 60),
    since: { datetime: isoSeconds(since) },
    of: typical === null ? "" : `of ~${took(typical)}`,
    bar: barValue(told, typical, since),
    share: told.share === null ? "" : `${Math.floor(100 * told.share)} %`,
    message: [told.message, status.errors > 0 ? `failed ×${status.errors} before` : ""].filter((part) => part !== "").join(" · "),
    output: { text: "Output", href: `${jobHref(job.name)}#output` },
    cancel: { action: actionHref(job.name, "cancel") },
  };
}

interface Progress {
  readonly share: number | null;
  readonly message: string;
}

/** What the job told last, whatever shape it has. */
export function progressOf(told: unknown): Progress {
  if (typeof told !== "object" || told === null) return { share: null, message: "" };
  const { done, total, message } = told as { done?: unknown; total?: unknown; message?: unknown };
  const counted = typeof done === "number" && typeof total === "number" && total > 0;
  const share = counted ? Math.min(1, Math.max(0, done / total)) : null;
  const bare = !counted && typeof done === "number" ? String(done) : "";
  return { share, message: [bare, typeof message === "string" ? said(message, 120) : ""].filter((part) => part !== "").join(" ") };
}

/** Without a word of the job: its time against what it usually takes, which the client counts. */
function barValue({ share }: Progress, typical: number | null, since: Date): Value {
  if (share !== null) return { value: Math.round(share * 1000), max: 1000, "data-since": null };
  if (typical === null || typical < 1) return { value: null, max: 1, "data-since": null };
  return { max: Math.ceil(typical), "data-since": isoSeconds(since) };
}

/** Whole seconds: `41s`, `4m 02s`. */
const elapsed = (since: Date, now: Date): string => took(Math.floor((now.getTime() - since.getTime()) / 1000)).replace(/\.\ds$/, "s");

/** `only`: the key of the one job whose run is shown, on its page. */
export function runningHtml(chrome: Chrome, board: Board, { slots, only }: { slots: Slots; only?: string }): Html {
  const item = (id: string, own: Slots): Html => itemHtml(chrome, board, { id, own });
  const list = html`${slots.at("running:none", "p", { class: "dim" })}
<ul class="running" data-live="running">${slots.list("running", item)}</ul>`;
  const one = only !== undefined && html`<ul class="running">${item(only, slots.scoped(`running:${only}`))}</ul>`;
  return html`<section id="running" aria-labelledby="h-running"><h2 id="h-running">Running now</h2>${one || list}</section>`;
}

function itemHtml(chrome: Chrome, { now }: Board, { id, own }: { id: string; own: Slots }): Html {
  const began = own.attributes("since").datetime;
  const since = typeof began === "string" ? new Date(began) : null;
  const seconds = since && own.attributes("bar")["data-since"] ? Math.floor((now.getTime() - since.getTime()) / 1000) : null;
  return html`<li data-scope="running:${id}"><div><b class="g s-running" aria-hidden="true">◐</b> ${own.at("job", "a", { class: "name" })} <span class="dim">on ${own.at("host")}</span></div>
<div class="clock">${own.at("since", "time", { class: "elapsed" }, since ? elapsed(since, now) : "")} ${own.at("of", "span", { class: "dim" })}</div>
<div class="far">${own.at("bar", "progress", { "aria-label": "progress", value: seconds })} ${own.at("share")} ${own.at("message", "span", { class: "message dim" })}</div>
<div class="end">${own.at("output", "a", { class: "button" })}${cancelForm(chrome, own)}</div></li>`;
}

function cancelForm({ actions }: Chrome, own: Slots): Html | null {
  if (!actions) return null;
  const { action } = own.attributes("cancel");
  return actionForm({ csrf: actions.csrf, action: typeof action === "string" ? action : null, live: "cancel", label: "Cancel" });
}
