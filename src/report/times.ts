/** Instants as people and programs read them. Owns the formats; the zone is always an argument, the process's own is never used. */
import { isUtc, spanAt } from "../core/zone.ts";

/** `2026-11-20 03:00:00`, on the wall of the zone. */
export function stamp(t: Date, zone: string): string {
  const seconds = Math.floor(t.getTime() / 1000);
  const wall = new Date((seconds + spanAt(zone, seconds).offset) * 1000);
  return wall.toISOString().slice(0, -5).replace("T", " ");
}

/** The time of day alone if it lies on the local day of `now`; else the date, and no seconds where there are none. */
export function stampNear(t: Date, now: Date, zone: string): string {
  const [whole, today] = [stamp(t, zone), stamp(now, zone)];
  const day = today.indexOf(" ");
  return whole.slice(0, day) === today.slice(0, day) ? whole.slice(day + 1) : whole.replace(/:00$/, "");
}

/** With the zone behind it, where no column's title names it. */
export function stampWithZone(t: Date, zone: string): string {
  return `${stamp(t, zone)} ${isUtc(zone) ? "UTC" : zone}`;
}

/** The text with the ISO 8601 instants in it, as judgements have them, on the wall of the zone. */
export function zoned(text: string, zone: string): string {
  return text.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, (t) => stampWithZone(new Date(t), zone));
}

/** ISO 8601 in UTC for documents. */
export function iso(t: Date): string;
export function iso(t: Date | null): string | null;
export function iso(t: Date | null): string | null {
  return t === null ? null : t.toISOString();
}
