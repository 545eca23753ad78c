/** How far a run is: its time, a bar, what it told. Owns that line's words. */
import { inline } from "./safe.ts";

export interface Meter {
  /** Since it started. */
  readonly seconds: number;
  /** Seconds it usually takes; null: nobody knows. */
  readonly usual: number | null;
  /** What the job told last, whatever shape it has. */
  readonly told: unknown;
  /** Columns of the whole line. */
  readonly room: number;
}

const CELLS = 20;
/** Columns below which a bar only takes room from words. */
const ROOM_FOR_BAR = 70;

/** `0:41 of ~1:12   [████    ] 57 %   page 211/370`. Told shares are the job's own; one from earlier runs has a `~`, and never gets there. */
export function meter({ seconds, usual, told, room }: Meter, look: { readonly ascii: boolean }): string {
  const { done, total, message } = (typeof told === "object" && told !== null ? told : {}) as Record<string, unknown>;
  const share = typeof done === "number" && typeof total === "number" && total > 0 ? Math.min(1, Math.max(0, done / total)) : null;
  const guess = usual !== null && usual > 0 ? Math.min(0.99, seconds / usual) : null;
  const known = share ?? guess;
  const percent = known === null ? "" : `${share === null ? "~" : ""}${Math.floor(known * 100)} %`;
  const bar = known === null || room < ROOM_FOR_BAR ? percent : `${barOf(known, look)} ${percent}`;
  const time = usual === null ? clock(seconds) : `${clock(seconds)} of ~${clock(usual)}`;
  const count = typeof done === "number" ? (typeof total === "number" ? `${done}/${total}` : String(done)) : "";
  const words = [count, typeof message === "string" ? inline(message) : ""].filter((part) => part !== "").join(" ");
  return [time, bar, words].filter((part) => part !== "").join("   ");
}

function barOf(share: number, look: { readonly ascii: boolean }): string {
  const full = Math.floor(share * CELLS);
  const half = share * CELLS - full >= 0.5;
  const cells = look.ascii ? ["#", "-"] : ["█", "▌"];
  return `[${`${cells[0]?.repeat(full)}${half ? cells[1] : ""}`.padEnd(CELLS)}]`;
}

/** `0:41`, `1:02:03`. */
function clock(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const [hours, minutes] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  const tail = String(s % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}
