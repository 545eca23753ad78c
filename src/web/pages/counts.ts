/** How many jobs stand how, and the filter by it: radio buttons, so that it works without a script, too. */
import { LOOKS, type StateName } from "../../report/status.ts";
import { html } from "../html.ts";
import type { Html } from "../seam.ts";
import { type Board, ORDER } from "./board.ts";
import type { Book, Slots } from "./slots.ts";

export function countValues({ all }: Board, book: Book): void {
  const of = (state: StateName) => all.filter(({ status }) => status.state === state).length;
  book.put("", { "count:all": all.length });
  for (const state of ORDER) {
    const n = of(state);
    book.put("", { [`count:${state}`]: n, [`chip:${state}`]: { class: n === 0 ? "chip none" : "chip" } });
  }
}

export function countsHtml(slots: Slots): Html {
  const chip = (state: StateName | "all", glyph: string) => {
    const key = state === "all" ? null : `chip:${state}`;
    const inside = html`<input type="radio" name="state" id="f-${state}" value="${state}"${state === "all" && html` checked`}><b aria-hidden="true" class="g s-${state}">${glyph}</b> ${state} ${slots.at(`count:${state}`, "strong")}`;
    if (key === null) return html`<label class="chip">${inside}</label>`;
    return html`<label class="${String(slots.attributes(key).class)}" data-live="${key}">${inside}</label>`;
  };
  return html`<fieldset class="chips"><legend class="sr">Show jobs by state</legend>${chip("all", "")}${ORDER.map((state) => chip(state, LOOKS[state][0]))}</fieldset>`;
}
