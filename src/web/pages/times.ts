/** Instants and spans on a page. Owns their markup; the client goes on telling the distances from the database's time. */
import { near, secondsBetween } from "../../report/ages.ts";
import { iso, stamp, stampNear } from "../../report/times.ts";
import { html } from "../html.ts";
import type { Html } from "../seam.ts";
import type { Board } from "./board.ts";
import type { Value } from "./slots.ts";

type Moment = Pick<Board, "now" | "zone">;

/** In seconds: nobody reads more, and a page has many. */
export const isoSeconds = (t: Date): string => iso(t).replace(/\.\d+Z$/, "Z");

/** `in 5m`, `3s ago` (or `3s late`), `now`. */
export function distance(t: Date, now: Date, due = false): string {
  const away = t.getTime() - now.getTime();
  if (Math.abs(away) < 1000) return "now";
  return away > 0 ? `in ${near(secondsBetween(now, t))}` : `${near(secondsBetween(t, now))} ${due ? "late" : "ago"}`;
}

/** The value of a `<time>` that lives; null: `–`. */
export function timeValue(t: Date | null, { now, zone }: Moment): Value {
  return t === null ? { text: "–", datetime: null } : { text: stampNear(t, now, zone), datetime: isoSeconds(t) };
}

/** Absolute, and how far from now behind it. */
export function when(t: Date, { now, zone }: Moment): Html {
  return html`<time datetime="${isoSeconds(t)}">${stampNear(t, now, zone)}</time> <small>${distance(t, now)}</small>`;
}

/** Absolute alone, with its date. */
export function at(t: Date, zone: string): Html {
  return html`<time datetime="${isoSeconds(t)}">${stamp(t, zone)}</time>`;
}
