/** The page of all jobs. Owns the order of its parts. */
import { html } from "../html.ts";
import type { Chrome, Html, PageData } from "../seam.ts";
import { backfillsHtml } from "./backfills.ts";
import { countsHtml } from "./counts.ts";
import { fleetHtml } from "./fleet.ts";
import { graphHtml } from "./graph-svg.ts";
import { page } from "./layout.ts";
import { shapeOf, wholeOf } from "./live.ts";
import { runningHtml } from "./running.ts";
import { Slots } from "./slots.ts";
import { tableHtml } from "./table.ts";
import { timelineHtml } from "./timeline.ts";
import { verdictHtml } from "./verdict.ts";

export function overview(chrome: Chrome, data: PageData): Html {
  const { board, book } = wholeOf(data, chrome.zone);
  const slots = new Slots(book);
  const main = html`<h1 class="sr">All jobs of ${chrome.site}</h1>${verdictHtml(slots)}
${runningHtml(chrome, board, { slots })}
${backfillsHtml(slots)}
${countsHtml(slots)}${tableHtml(chrome, board, slots)}
${
  board.all.length > 0 &&
  html`${timelineHtml(board, slots)}
${graphHtml(board, slots)}`
}
${fleetHtml(board, slots)}`;
  return page(chrome, { title: "Jobs", main, now: board.now, watch: { shape: shapeOf(data.view.registry) } });
}
