/**
 * The slots that days and times of day of one zone make, daylight saving included. Owns the search and the count;
 * knows nothing of how a schedule is written.
 *
 * Named times fire once a day: a wall that the clock jumps over is due at the first instant after the jump, one that
 * it shows twice at the first. Others fire whenever the clock shows them. A day the zone never had has no slots.
 */
import { DAY, type Span, spanAt } from "./zone.ts";

/** Instants are whole seconds since 1970 (UTC), days count from 1970-01-01, walls are explained in zone.ts. */
export interface Grid {
  readonly zone: string;
  readonly named: boolean;
  /** Ascending, never empty. */
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly seconds: readonly number[];
  /** Days outside are not asked for. */
  readonly firstDay: number;
  readonly lastDay: number;
  day(day: number): boolean;
}

/** 0001-01-01 and 9999-12-31: what the database, ISO texts and `Date` all can hold. */
export const FIRST_DAY = -719_162;
export const LAST_DAY = 2_932_896;
/** The last second of 9999. */
export const LAST_SECOND = (LAST_DAY + 1) * DAY - 1;

/** The first slot at or after instant `x`; null: none before the year 10000. */
export function slotFrom(grid: Grid, x: number): number | null {
  for (let t = x; t <= LAST_SECOND; ) {
    const span = spanAt(grid.zone, t);
    const slot = firstIn(grid, span, t);
    if (slot !== null) return slot <= LAST_SECOND ? slot : null;
    // Two days are more than any jump: nothing of what lies between is skipped, and years without a match cost nothing.
    const wall = wallFrom(grid, span.end + span.offset - 2 * DAY);
    t = Math.max(span.end, wall - 2 * DAY);
  }
  return null;
}

/** How many slots lie in [from, to), and the last of them; `last` is null if there are none. */
export function countSlots(grid: Grid, from: number, to: number): { count: number; last: number | null } {
  let count = 0;
  let last: number | null = null;
  for (let t = Math.max(from, FIRST_DAY * DAY); t < to; ) {
    const span = spanAt(grid.zone, t);
    const end = Math.min(to, span.end);
    const found = countIn(grid, span, t, end);
    count += found;
    if (found > 0) last = lastIn(grid, span, t, end);
    t = span.end;
  }
  return { count, last };
}

/** The day the zone's calendars show at instant `x`. */
export function localDay(zone: string, x: number): number {
  return Math.floor((x + spanAt(zone, x).offset) / DAY);
}

function firstIn(grid: Grid, span: Span, x: number): number | null {
  if (x <= span.start && landsAt(grid, span)) return span.start;
  const wall = wallFrom(grid, Math.max(x + span.offset, lowest(grid, span)));
  return wall < span.end + span.offset ? wall - span.offset : null;
}

function countIn(grid: Grid, span: Span, from: number, to: number): number {
  const found = countWalls(grid, Math.max(from + span.offset, lowest(grid, span)), to + span.offset);
  const opening = span.start + span.offset;
  const landed = from <= span.start && wallFrom(grid, opening) !== opening && landsAt(grid, span);
  return found + (landed ? 1 : 0);
}

/** The last slot in [from, to), where it is known that there is one. */
function lastIn(grid: Grid, span: Span, from: number, to: number): number {
  const wall = wallBefore(grid, to + span.offset, Math.max(from + span.offset, lowest(grid, span)));
  return wall === null ? span.start : wall - span.offset;
}

/** The lowest wall of the span that may fire by itself. */
function lowest(grid: Grid, span: Span): number {
  const opening = span.start + span.offset;
  return grid.named ? Math.max(opening, span.reached) : opening;
}

/** Whether a named time lies in the gap before the span, on a day that has at least one instant. */
function landsAt(grid: Grid, span: Span): boolean {
  const opening = span.start + span.offset;
  if (!grid.named || span.reached >= opening) return false;
  for (let day = Math.floor(span.reached / DAY); day * DAY < opening; day++) {
    const [low, high] = [Math.max(span.reached, day * DAY), Math.min(opening, (day + 1) * DAY)];
    if (high - low < DAY && countWalls(grid, low, high) > 0) return true;
  }
  return false;
}

function countWalls(grid: Grid, from: number, to: number): number {
  if (from >= to) return 0;
  const [first, last] = [Math.floor(from / DAY), Math.floor(to / DAY)];
  let count = 0;
  for (let day = Math.max(first, grid.firstDay); day <= last; day++) {
    if (!isDay(grid, day)) continue;
    const low = day === first ? timesBefore(grid, from - day * DAY) : 0;
    const high = day === last ? timesBefore(grid, to - day * DAY) : perDay(grid);
    count += high - low;
  }
  return count;
}

/** The lowest wall at or above `wall`; Infinity: none. */
function wallFrom(grid: Grid, wall: number): number {
  const day = Math.floor(wall / DAY);
  const index = timesBefore(grid, wall - day * DAY);
  if (index < perDay(grid) && isDay(grid, day)) return day * DAY + time(grid, index);
  return nextDay(grid, day + 1) * DAY + time(grid, 0);
}

/** The highest wall in [low, wall); null: none. */
function wallBefore(grid: Grid, wall: number, low: number): number | null {
  let day = Math.floor(wall / DAY);
  let index = timesBefore(grid, wall - day * DAY);
  while ((day + 1) * DAY > low) {
    if (index > 0 && isDay(grid, day)) {
      const found = day * DAY + time(grid, index - 1);
      return found >= low ? found : null;
    }
    day--;
    index = perDay(grid);
  }
  return null;
}

function isDay(grid: Grid, day: number): boolean {
  return day >= grid.firstDay && day <= grid.lastDay && grid.day(day);
}

function perDay({ hours, minutes, seconds }: Grid): number {
  return hours.length * minutes.length * seconds.length;
}

function nextDay(grid: Grid, from: number): number {
  for (let day = Math.max(from, grid.firstDay); day <= grid.lastDay; day++) if (grid.day(day)) return day;
  return Number.POSITIVE_INFINITY;
}

/** How many times of a day come before second `x` of it. */
function timesBefore(grid: Grid, x: number): number {
  const { hours, minutes, seconds } = grid;
  const [hour, minute, second] = [Math.floor(x / 3600), Math.floor(x / 60) % 60, x % 60];
  const h = below(hours, hour);
  let count = h * minutes.length * seconds.length;
  if (hours[h] !== hour) return count;
  const m = below(minutes, minute);
  count += m * seconds.length;
  return minutes[m] === minute ? count + below(seconds, second) : count;
}

function time({ hours, minutes, seconds }: Grid, index: number): number {
  const minute = Math.floor(index / seconds.length);
  const hour = Math.floor(minute / minutes.length);
  return (hours[hour] ?? 0) * 3600 + (minutes[minute % minutes.length] ?? 0) * 60 + (seconds[index % seconds.length] ?? 0);
}

function below(sorted: readonly number[], x: number): number {
  let n = 0;
  while (n < sorted.length && (sorted[n] ?? x) < x) n++;
  return n;
}
