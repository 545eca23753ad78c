/** The dependencies, drawn and as a list. Owns how they look; where they stand is graph.ts. */
import type { Job } from "../../core/job.ts";
import { counted } from "../../report/ages.ts";
import { html } from "../html.ts";
import type { Html } from "../seam.ts";
import type { Board } from "./board.ts";
import { jobKey } from "./board.ts";
import { type Arrow, BOX_HEIGHT, type Drawing, layoutOf } from "./graph.ts";
import { jobHref } from "./links.ts";
import type { Book, Slots } from "./slots.ts";
import { shown } from "./words.ts";

/** Jobs without dependencies that are named before the rest is folded away. */
const OPEN_ALONE = 60;

export function graphValues(board: Board, book: Book): void {
  const { drawings } = layoutOf(board.data.view.registry);
  const arrows = drawings.flatMap((drawing) => drawing.arrows);
  for (const arrow of arrows) book.put("", { [`edge:${arrow.id}`]: { class: standsInTheWay(board, arrow) ? "held" : null } });
}

function standsInTheWay({ byName }: Board, { from, to }: Arrow): boolean {
  return byName.get(to)?.status.blockedBy === from;
}

export function graphHtml(board: Board, slots: Slots): Html {
  const { registry } = board.data.view;
  const { drawings, undrawn, alone } = layoutOf(registry);
  const linked = registry.order.filter((job) => !alone.includes(job));
  return html`<section id="graph" aria-labelledby="h-graph"><div class="bar"><h2 id="h-graph">Dependencies</h2>
${drawings.length > 0 && html`<p class="key dim" aria-hidden="true"><i class="dash"></i>held up</p>`}</div>
${drawings.map((drawing, i) => drawingHtml(drawing, slots, i))}
${undrawn.length > 0 && html`<p class="dim">${counted(undrawn.length, "job")} hang together: too many for a drawing, the list has them.</p>`}
${linked.length > 0 && html`<details class="fold"><summary>The dependencies as a list</summary>${tree(board, linked)}</details>`}
${aloneHtml(alone, slots, linked.length > 0)}</section>`;
}

function drawingHtml({ width, height, boxes, arrows }: Drawing, slots: Slots, i: number): Html {
  const names = boxes.map(({ label }) => label);
  const title = `Dependencies of ${counted(boxes.length, "job")}: ${names.slice(0, 5).join(", ")}${names.length > 5 ? " …" : ""}`;
  return html`<div class="wide graph" tabindex="0" role="group" aria-label="Drawing ${i + 1}: ${title}"><svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="group" aria-label="${title}">
${arrows.map((arrow) => slots.at(`edge:${arrow.id}`, "path", { d: arrow.d }))}
${boxes.map(({ name, label, x, y, width: room }) => {
  const own = slots.scoped(jobKey(name));
  return html`<a href="${jobHref(name)}" data-scope="${jobKey(name)}">${label !== shown(name) && html`<title>${shown(name)}</title>`}<g ${look(own)}><rect x="${x}" y="${y}" width="${room}" height="${BOX_HEIGHT}" rx="5"/>${own.at("glyph", "text", { x: x + 9, y: y + 17, class: "g" })}<text x="${x + 26}" y="${y + 17}">${label}</text></g></a>`;
})}</svg></div>`;
}

const look = (own: Slots): Html => html`data-live="look" class="${String(own.attributes("look").class ?? "")}"`;

function aloneHtml(alone: readonly Job[], slots: Slots, others: boolean): Html | null {
  if (alone.length === 0) return null;
  const chip = ({ name }: Job) => {
    const own = slots.scoped(jobKey(name));
    return html`<li data-scope="${jobKey(name)}"><a href="${jobHref(name)}" ${look(own)}>${own.at("glyph", "b", { "aria-hidden": "true" })} ${shown(name)}</a></li>`;
  };
  const rest = alone.slice(OPEN_ALONE);
  return html`<h3>${others ? "Without dependencies" : "No job depends on another"}</h3><ul class="alone">${alone.slice(0, OPEN_ALONE).map(chip)}</ul>
${rest.length > 0 && html`<details class="fold"><summary>${counted(rest.length, "more job")}</summary><ul class="alone">${rest.map(chip)}</ul></details>`}`;
}

/** Each job below its first parent; below its others it is named, and not told again. */
function tree(board: Board, jobs: readonly Job[]): Html {
  const told = new Set<string>();
  const { byName } = board.data.view.registry;
  const item = (job: Job): Html => {
    const again = told.has(job.name);
    told.add(job.name);
    const children = again ? [] : jobs.filter((other) => other.dependsOn.includes(job.name));
    const words = board.byName.get(job.name)?.status.words ?? "";
    return html`<li><a href="${jobHref(job.name)}">${shown(job.name)}</a> <span class="dim">${again && children.length === 0 ? "see above" : words}</span>${children.length > 0 && html`<ul>${children.map(item)}</ul>`}</li>`;
  };
  return html`<ul class="tree">${jobs.filter((job) => !job.dependsOn.some((name) => byName.has(name))).map(item)}</ul>`;
}
