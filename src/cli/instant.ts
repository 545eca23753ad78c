/** Instants as people type them. Owns the spelling and the zone's gaps; reads no clock. */
import { parseDuration } from "../core/text.ts";
import { spanAt } from "../core/zone.ts";

const DAY_MS = 86_400_000;
const FORM = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3})\d*)?)?)?\s*(Z|z|[+-]\d\d(?::?\d\d)?)?$/;

/** Whether it can be read at all: `2026-11-20`, `2026-11-20T03:00`, with seconds, with `Z` or `+01:00` behind. */
export function isInstant(text: string): boolean {
  return wallOf(text) !== null;
}

/**
 * The instant; `zone` (IANA) counts where the text names none. A time that the clock skips is the first valid instant after it,
 * one that it shows twice is the first of the two. Throws RangeError for what `isInstant` refuses.
 */
export function readInstant(text: string, zone: string): Date {
  const wall = wallOf(text);
  if (wall === null) throw new RangeError(`${text} is no instant`);
  if (wall.offset !== null) return new Date(wall.ms - wall.offset * 1000);
  const seconds = Math.floor(wall.ms / 1000);
  const [before, after] = [spanAt(zone, seconds - 86_400).offset, spanAt(zone, seconds + 86_400).offset];
  for (const offset of [Math.max(before, after), Math.min(before, after)]) {
    if (spanAt(zone, seconds - offset).offset === offset) return new Date(wall.ms - offset * 1000);
  }
  return new Date(spanAt(zone, seconds - before).start * 1000);
}

/** The newest instant that the text may mean: a date alone is that whole day. Else as `readInstant`. */
export function readLast(text: string, zone: string): Date {
  const wall = wallOf(text);
  if (wall === null || text.includes(":")) return readInstant(text, zone);
  const next = new Date(wall.ms + DAY_MS).toISOString().slice(0, 10);
  const { offset } = wall;
  return new Date((offset === null ? readInstant(next, zone).getTime() : wall.ms + DAY_MS - offset * 1000) - 1);
}

/** What the text shows, as if it were UTC, and its offset in seconds; null for the offset: it names none. */
function wallOf(text: string): { ms: number; offset: number | null } | null {
  const match = FORM.exec(text.trim());
  if (!match) return null;
  const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", zone] = match;
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  // The engine lets 31 February roll over into March.
  if (Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(day) || Number(year) < 1) return null;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const ms = date.getTime() + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 + Number(fraction.padEnd(3, "0"));
  return { ms, offset: zone === undefined ? null : offsetOf(zone) };
}

function offsetOf(zone: string): number {
  if (/^z$/i.test(zone)) return 0;
  const digits = zone.slice(1).replace(":", "");
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2) || 0) * 60;
  return zone.startsWith("-") ? -seconds : seconds;
}

/** An instant, or a span with its unit: `90m`, `2h`, `1d`. */
export function isMoment(text: string): boolean {
  return isInstant(text) || spanOf(text) !== null;
}

/** As `readInstant`; a span is so long before or after `now`. */
export function readMoment(text: string, zone: string, { now, way }: { now: Date; way: "ago" | "ahead" }): Date {
  const seconds = spanOf(text);
  if (seconds === null) return readInstant(text, zone);
  return new Date(now.getTime() + (way === "ago" ? -seconds : seconds) * 1000);
}

/** Seconds; null: no span, or one of more than ten years. */
function spanOf(text: string): number | null {
  const seconds = /[smhdw]$/.test(text) ? parseDuration(text) : null;
  return seconds !== null && seconds <= 10 * 366 * 86_400 ? seconds : null;
}
