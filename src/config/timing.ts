/** When a job runs, from all places that may say so: `schedule`, the legacy `frequency` and `time`, and `timezone`. Later places win. */
import { type CronSchedule, parseSchedule, type Schedule, ScheduleError } from "../core/schedule.ts";
import { printable } from "../core/text.ts";
import { Bad, zoneHint } from "./kinds.ts";
import type { Place } from "./source.ts";

/** What one place says; all of it as written. */
export interface Timing {
  readonly schedule?: string | undefined;
  readonly frequency?: string | undefined;
  readonly time?: string | undefined;
  readonly timezone?: string | undefined;
  readonly at: Place;
}

interface Parts {
  /** Before the first `|`: `1d`, a cron expression. */
  head: string;
  time: string | null;
  zone: string | null;
}

export interface Timed {
  /** What `parseSchedule` reads; null: no place says when. */
  readonly text: string | null;
  /** Where the part that decides stands. */
  readonly at: Place;
}

/** Folds the places, first to last. Bad: one place contradicts itself. */
export function foldTiming(places: readonly Timing[], start: Place): Timed | { readonly bad: Bad; readonly at: Place } {
  const only = places.length === 1 ? places[0] : undefined;
  if (only?.schedule && !only.frequency && !only.time && !only.timezone) return { text: only.schedule, at: only.at };
  const now: Parts = { head: "", time: null, zone: null };
  let at = start;
  for (const place of places) {
    const said = [place.schedule, place.frequency, place.time].filter((text) => text !== undefined);
    if (said.length > 0) at = place.at;
    if (place.schedule !== undefined && said.length > 1) {
      return { bad: new Bad("schedule stands beside frequency or time", "keep schedule: it says both"), at: place.at };
    }
    const own = place.schedule === undefined ? null : partsOf(place.schedule);
    if (own?.zone && place.timezone && own.zone !== place.timezone) {
      return {
        bad: new Bad(`the schedule says ${printable(own.zone)}, timezone says ${printable(place.timezone)}`, "keep one of them"),
        at: place.at,
      };
    }
    if (own) Object.assign(now, { ...own, zone: own.zone ?? now.zone });
    if (place.frequency !== undefined) now.head = place.frequency.trim();
    if (place.time !== undefined) now.time = place.time.trim() || null;
    if (place.timezone !== undefined) now.zone = place.timezone;
  }
  if (now.head === "" && now.time !== null) now.head = "1d";
  return { text: now.head === "" ? null : [now.head, now.time, now.zone].filter((part) => part !== null).join("|"), at };
}

const isTime = (part: string | undefined): part is string => part !== undefined && /^\d*:[\d:]*$/.test(part);

/** `1d|03:00|Europe/Berlin`. What has more parts than that stays in the head: the schedule's reader says what is wrong with it. */
function partsOf(text: string): Parts {
  const [first = "", ...rest] = text.split("|").map((part) => part.trim());
  const head = isTime(first) ? "1d" : first;
  const time = isTime(first) ? first : isTime(rest[0]) ? (rest.shift() ?? null) : null;
  if (rest.length > 1 || rest[0] === "" || first === "") return { head: text.trim() || "|", time: null, zone: null };
  return { head, time, zone: rest[0] ?? null };
}

function seeded({ text, display, zone, expression }: CronSchedule, seed: string): CronSchedule {
  return { kind: "cron", text, display, zone, expression, seed };
}

/** Parsed schedules are asked for by the thousand: texts that once passed are trusted, which spares loading what checks them. */
export class Schedules {
  private readonly trusted: ReadonlySet<string>;
  /** Most of a thousand jobs share a few schedules. */
  private readonly parsed = new Map<string, Schedule>();
  /** All that passed in this round, to be remembered. */
  readonly passed = new Set<string>();

  constructor(trusted: ReadonlySet<string>) {
    this.trusted = trusted;
  }

  /** `zone` holds unless the text has one; the seed is the job's name, which `H` is hashed from. */
  parse(text: string, zone: string, seed: string): Schedule | Bad {
    const key = `${/\bH\b/.test(text) ? seed : ""}\n${zone}\n${text}`;
    const known = this.parsed.get(key);
    if (known) return known.kind === "cron" ? seeded(known, seed) : known;
    try {
      const schedule = parseSchedule({ text, zone, seed, trusted: this.trusted.has(key) });
      if (schedule.kind !== "interval" && schedule.kind !== "manual") this.passed.add(key);
      this.parsed.set(key, schedule);
      return schedule;
    } catch (error) {
      if (!(error instanceof ScheduleError)) throw error;
      const last = text.split("|").at(-1)?.trim() ?? "";
      const near = error.message.includes("time zone") ? zoneHint(last) : undefined;
      return new Bad(printable(error.message), near ?? printable(error.hint));
    }
  }
}
