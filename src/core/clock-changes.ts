/** What daylight saving does to schedules in a span of time: slots that move, meet, come once or twice, or not at all. Pure. */
import { readCron } from "./cron.ts";
import type { Job } from "./job.ts";
import { type CronSchedule, type DailySchedule, firstAfter } from "./schedule.ts";
import { DAY, isUtc, spanAt } from "./zone.ts";

/**
 * `moved`: to the first instant after the gap. `merged`: with another slot that is there. `dropped`: its whole day does not exist.
 * `left out`: an hour that its steps name does not exist. `once`: its time is shown twice, the first counts. `twice`: both count.
 */
export type ClockEffect = "moved" | "merged" | "dropped" | "left out" | "once" | "twice";

export interface ClockSlots {
  readonly job: string;
  readonly effect: ClockEffect;
  /** What the clocks show, or would have shown: `2026-03-29 02:30:00`. */
  readonly walls: readonly string[];
  /** Where the slot lands; null: nowhere, or where it always does. */
  readonly at: Date | null;
}

export interface ClockChange {
  readonly zone: string;
  readonly at: Date;
  readonly kind: "gap" | "repeat";
  /** The walls that do not exist, or come again: from the first up to, not including, the second. */
  readonly from: string;
  readonly to: string;
  readonly slots: readonly ClockSlots[];
}

type Zoned = DailySchedule | CronSchedule;

/** Changes of the jobs' zones in (from, until], by instant, each with the schedules it touches; also those that touch none. */
export function clockChanges(
  jobs: readonly Job[],
  { from, until, hasSlot }: { readonly from: Date; readonly until: Date; hasSlot(job: string, slot: Date): boolean },
): ClockChange[] {
  const byZone = new Map<string, Job[]>();
  for (const job of jobs) {
    const { schedule } = job;
    if (!job.enabled || (schedule.kind !== "daily" && schedule.kind !== "cron") || isUtc(schedule.zone)) continue;
    byZone.set(schedule.zone, [...(byZone.get(schedule.zone) ?? []), job]);
  }
  const changes = [...byZone].flatMap(([zone, its]) =>
    turns(zone, from, until).map((turn): ClockChange => {
      const slots = its.flatMap((job) => touched(job, turn, hasSlot) ?? []);
      const { at, gap, low, high } = turn;
      return { zone, at: new Date(at * 1000), kind: gap ? "gap" : "repeat", from: shown(low), to: shown(high), slots };
    }),
  );
  return changes.sort((a, b) => a.at.getTime() - b.at.getTime() || (a.zone < b.zone ? -1 : 1));
}

/** Seconds: the instant, and the walls that are jumped over or come again. */
interface Turn {
  readonly at: number;
  readonly gap: boolean;
  readonly low: number;
  readonly high: number;
}

function turns(zone: string, from: Date, until: Date): Turn[] {
  const found: Turn[] = [];
  const last = Math.floor(until.getTime() / 1000);
  for (let span = spanAt(zone, Math.floor(from.getTime() / 1000)); span.end <= last; ) {
    const next = spanAt(zone, span.end);
    const [before, after] = [next.start + span.offset, next.start + next.offset];
    if (before < after) found.push({ at: next.start, gap: true, low: before, high: after });
    if (before > after) found.push({ at: next.start, gap: false, low: after, high: before });
    span = next;
  }
  return found;
}

function touched(job: Job, turn: Turn, hasSlot: (job: string, slot: Date) => boolean): ClockSlots | null {
  const schedule = job.schedule as Zoned;
  const walls = wallsIn(schedule, turn.low, turn.high);
  if (walls.length === 0) return null;
  const told = (effect: ClockEffect, which: readonly number[], at: Date | null = null) => ({
    job: job.name,
    effect,
    walls: which.map(shown),
    at,
  });
  if (!isNamed(schedule)) {
    // What runs in every hour goes on in every hour.
    if (schedule.kind === "cron" && readCron(schedule.expression, schedule.seed).hours.length === 24) return null;
    return told(turn.gap ? "left out" : "twice", walls);
  }
  const at = new Date(turn.at * 1000);
  if (!turn.gap) {
    const first = walls.map((wall) => new Date((turn.at - (turn.high - wall)) * 1000));
    return everyDay(schedule) || first.some((slot) => hasSlot(job.name, slot)) ? told("once", walls) : null;
  }
  if (!everyDay(schedule) && !hasSlot(job.name, at)) return null;
  const kept = walls.filter((wall) => !wholeDay(turn, wall));
  if (kept.length === 0) return told("dropped", walls);
  const met = kept.length > 1 || wallsIn(schedule, turn.high, turn.high + 1).length > 0;
  return told(met ? "merged" : "moved", kept, at);
}

/** Times of day on the walls, as a schedule without a zone would have them. */
function wallsIn(schedule: Zoned, low: number, high: number): number[] {
  const plain: Zoned = schedule.kind === "daily" ? { ...schedule, zone: "UTC", days: 1 } : { ...schedule, zone: "UTC" };
  const walls: number[] = [];
  for (let at = firstAfter(plain, new Date(low * 1000 - 1)); at !== null && at.getTime() < high * 1000; at = firstAfter(plain, at)) {
    walls.push(at.getTime() / 1000);
  }
  return walls;
}

const isNamed = (schedule: Zoned): boolean => schedule.kind === "daily" || readCron(schedule.expression, schedule.seed).named;
const everyDay = (schedule: Zoned): boolean => schedule.kind === "cron" || schedule.days === 1;

function wholeDay({ low, high }: Turn, wall: number): boolean {
  const day = Math.floor(wall / DAY) * DAY;
  return low <= day && day + DAY <= high;
}

const shown = (wall: number): string => new Date(wall * 1000).toISOString().slice(0, 19).replace("T", " ");
