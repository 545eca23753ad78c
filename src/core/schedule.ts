/** Schedules: which instants they ask for. Pure: the moment is always an argument. How they are written is schedule-text.ts. */
import { type Cron, matchesDay, readCron } from "./cron.ts";
import { countSlots, FIRST_DAY, type Grid, LAST_DAY, LAST_SECOND, localDay, slotFrom } from "./grid.ts";
import type { CronSchedule, DailySchedule, Schedule } from "./schedule-text.ts";
import { DAY } from "./zone.ts";

export { ScheduleError } from "./schedule-error.ts";
export {
  type CronSchedule,
  type DailySchedule,
  type IntervalSchedule,
  type ManualSchedule,
  parseSchedule,
  type Schedule,
  type ScheduleSource,
} from "./schedule-text.ts";
export { isZone } from "./zone.ts";

/**
 * The first slot of a job that has never run, seen at `now`: an interval is due at once, a daily job today (which may
 * have passed: then it is due), a cron job at its first slot after `now`. Null: manual, or nothing before the year 10000.
 */
export function firstSlot(s: Schedule, now: Date): Date | null {
  switch (s.kind) {
    case "manual":
      return null;
    case "interval":
      return date(now.getTime());
    case "daily":
      return date(now.getTime()) && slotOfDay(s, localDay(s.zone, floor(now)));
    case "cron":
      return firstAfter(s, now);
  }
}

/**
 * The next slot on the grid that `slot` stands on, whenever it was run: nothing drifts. A daily slot that somebody moved
 * off its time of day is followed by the first regular one after it. Null: manual, or nothing before the year 10000.
 */
export function nextAfter(s: Schedule, slot: Date): Date | null {
  if (s.kind === "manual" || s.kind === "interval") return firstAfter(s, slot);
  return instant(slotFrom(gridAt(s, slot), floor(slot) + 1));
}

/**
 * The first slot strictly after `t` of a schedule that has no slots yet (it is new, or was edited): an interval counts from `t`,
 * `7d|03:00` takes the next 03:00. Null: manual, or nothing before the year 10000.
 */
export function firstAfter(s: Schedule, t: Date): Date | null {
  if (s.kind === "manual") return null;
  if (s.kind === "interval") return date(t.getTime() + s.every);
  return instant(slotFrom(grid(s), floor(t) + 1));
}

/**
 * What has come due by `now` on the grid that starts at `open`: the newest slot and how many there are, `open` included.
 * Null: nothing has, `open` lies ahead or the schedule is manual. Counts instead of walking: years of missed minutes cost milliseconds.
 */
export function due(s: Schedule, open: Date, now: Date): { newest: Date; count: number } | null {
  const passed = now.getTime() - open.getTime();
  if (s.kind === "manual" || !(passed >= 0)) return null;
  if (s.kind === "interval") {
    const steps = Math.floor(passed / s.every);
    return { newest: new Date(open.getTime() + steps * s.every), count: steps + 1 };
  }
  const { count, last } = countSlots(gridAt(s, open), floor(open) + 1, Math.min(floor(now), LAST_SECOND) + 1);
  return { newest: last === null ? open : new Date(last * 1000), count: count + 1 };
}

/** The slots of the grid that starts at `from`, oldest first: `from` itself up to and including `until`. */
export function* slots(s: Schedule, from: Date, until: Date): Generator<Date> {
  if (s.kind === "manual") return;
  const days = s.kind === "interval" ? null : gridAt(s, from);
  for (let slot: Date | null = from; slot !== null && slot <= until; ) {
    yield slot;
    slot = days === null ? nextAfter(s, slot) : instant(slotFrom(days, floor(slot) + 1));
  }
}

/** Schedules are plain data that never changes: what one means is made out once. */
const grids = new WeakMap<DailySchedule | CronSchedule, Grid>();

/** Every day or every cron day; that only each n-th counts is gridAt's. */
function grid(s: DailySchedule | CronSchedule): Grid {
  const known = grids.get(s);
  if (known) return known;
  const made = gridOf(s);
  grids.set(s, made);
  return made;
}

function gridOf(s: DailySchedule | CronSchedule): Grid {
  const days = { zone: s.zone, firstDay: FIRST_DAY, lastDay: LAST_DAY };
  if (s.kind === "daily") return { ...days, named: true, hours: [s.hour], minutes: [s.minute], seconds: [0], day: () => true };
  const cron: Cron = readCron(s.expression, s.seed);
  const { named, hours, minutes, seconds } = cron;
  return { ...days, named, hours, minutes, seconds, day: (day) => matchesDay(cron, day) };
}

/** The grid with its n-th days counted from the slot `from`, or from the first regular slot after it if `from` is none. */
function gridAt(s: DailySchedule | CronSchedule, from: Date): Grid {
  const all = grid(s);
  if (s.kind === "cron" || s.days === 1) return all;
  const anchor = dayOf(all, from) ?? dayOf(all, instant(slotFrom(all, floor(from) + 1)));
  if (anchor === null) return all;
  return { ...all, day: (day) => (day - anchor) % s.days === 0 };
}

/** The local day a slot is for; null: it is no slot. A time in a gap before midnight is due on the next day. */
function dayOf(all: Grid, slot: Date | null): number | null {
  if (slot === null || slot.getTime() % 1000 !== 0) return null;
  const shown = localDay(all.zone, floor(slot));
  const isFor = (day: number) => slotFrom({ ...all, firstDay: day, lastDay: day }, floor(slot)) === floor(slot);
  return [shown, shown - 1].find(isFor) ?? null;
}

function slotOfDay(s: DailySchedule, day: number): Date | null {
  // Two days before is before the day's first instant in every zone.
  return instant(slotFrom({ ...grid(s), firstDay: day, lastDay: day }, (day - 2) * DAY));
}

function floor(t: Date): number {
  return Math.floor(t.getTime() / 1000);
}

function instant(seconds: number | null): Date | null {
  return seconds === null ? null : date(seconds * 1000);
}

/** Null for what ISO texts and the database cannot hold: after the year 9999, or no date at all. */
function date(ms: number): Date | null {
  return ms < (LAST_SECOND + 1) * 1000 ? new Date(ms) : null;
}
