/** How schedules are written: reads a text into a Schedule, or says what is wrong with it. Asks for no slots and no clock. */
import { MACROS, readCron } from "./cron.ts";
import { ScheduleError } from "./schedule-error.ts";
import { DAY, isUtc, isZone } from "./zone.ts";

interface Common {
  /**
   * Canonical text, kept in the row it planned: equal texts plan equal slots. Has the zone for daily and cron
   * schedules, whose slots depend on it. `H` stays `H`: the job's name, which it is hashed from, is that of the row.
   */
  readonly text: string;
  /** As the text listing shows it: `7d @ 03:00`, the zone behind it if it is not UTC. */
  readonly display: string;
  /** IANA name. */
  readonly zone: string;
}
/** Elapsed time: daylight saving does not touch it. */
export interface IntervalSchedule extends Common {
  readonly kind: "interval";
  /** Milliseconds from slot to slot. */
  readonly every: number;
}
/** Every `days` local days, at one time of day. */
export interface DailySchedule extends Common {
  readonly kind: "daily";
  readonly days: number;
  readonly hour: number;
  readonly minute: number;
}
export interface CronSchedule extends Common {
  readonly kind: "cron";
  /** 5 or 6 fields, or a macro as in `@daily`; one space between fields. */
  readonly expression: string;
  /** What `H` is hashed from. */
  readonly seed: string;
}
/** Runs on request only: asks for no slots. */
export interface ManualSchedule extends Common {
  readonly kind: "manual";
}
/** A parsed schedule. Made by `parseSchedule` only; plain data. */
export type Schedule = IntervalSchedule | DailySchedule | CronSchedule | ManualSchedule;

export interface ScheduleSource {
  /** All that follows the first `|` of an entry: `1h`, `1d|03:00|Europe/Berlin`, `30 7 * * mon-fri`. */
  readonly text: string;
  /** IANA name; holds if the text names no zone. */
  readonly zone: string;
  /** The job's name. */
  readonly seed: string;
  /**
   * This text with this zone has passed here before. Fields of a cron expression and the zone's name are then not looked at
   * (loading what that needs takes longer than an idle pass): should they be wrong after all, asking for a slot throws.
   */
  readonly trusted?: boolean;
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: DAY, w: 7 * DAY };
// Longer ones are slips of the keyboard, and some would leave the calendar.
const LONGEST = 3653 * DAY;
const FORMS = "write 30s, 5m, 3h, 2d, 1w, 1d|03:00, a cron expression of 5 or 6 fields, @daily and the like, or manual";

/** Reads a schedule. Throws ScheduleError. */
export function parseSchedule(source: ScheduleSource): Schedule {
  const { text } = source;
  const [head = "", ...rest] = text.split("|").map((part) => part.trim().replace(/\s+/g, " "));
  if ([head, ...rest].every((part) => part === "")) throw new ScheduleError("the schedule is empty", FORMS);
  if ([head, ...rest].includes("")) throw new ScheduleError(`'${text}' has an empty part`, "drop the | that nothing stands behind");
  const time = isTime(head) ? head : rest[0] !== undefined && isTime(rest[0]) ? rest.shift() : undefined;
  const written = rest.shift();
  if (rest.length > 0 || (written !== undefined && isTime(written))) {
    throw new ScheduleError(`'${text}' has too many parts`, "at most a schedule, a time of day and a zone: 1d|03:00|Europe/Berlin");
  }
  const zone = written ?? source.zone;
  const read: Reading = { ...source, text, zone, written, time };
  if (written !== undefined) checkZone(read);
  if (isTime(head)) return daily(read, "1d", 1);
  const interval = /^(\d+)([smhdw])$/.exec(head);
  if (interval !== null) return every(read, interval);
  if (time !== undefined)
    throw new ScheduleError(`'${text}': a time of day goes with whole days only`, "write 1d|03:00, or a cron expression alone");
  if (head === "manual") return { kind: "manual", text: "manual", display: shown("manual", written), zone };
  if (head.startsWith("@") ? MACROS.has(head) : /^\S+( \S+){4,5}$/.test(head)) return cron(read, head);
  throw new ScheduleError(`'${text}' is not a schedule`, advice(head));
}

interface Reading extends ScheduleSource {
  /** The zone as the text names it. */
  readonly written: string | undefined;
  readonly time: string | undefined;
}

function every(read: Reading, [head = "", digits = "", unit = ""]: readonly string[]): Schedule {
  const amount = Number(digits);
  const seconds = amount * (SECONDS[unit] ?? 0);
  if (seconds === 0)
    throw new ScheduleError(`'${read.text}' never passes`, "write at least 1s, or manual for a job that only runs on request");
  if (seconds > LONGEST)
    throw new ScheduleError(`'${read.text}' is longer than ten years`, "write manual for a job that only runs on request");
  if (read.time === undefined) {
    const display = shown(head, read.written);
    return { kind: "interval", text: `${amount}${unit}`, display, zone: read.zone, every: seconds * 1000 };
  }
  if (seconds % DAY !== 0) {
    throw new ScheduleError(
      `'${read.text}': a time of day goes with whole days only`,
      `write 1d|${read.time}, or ${head} without the time`,
    );
  }
  return daily(read, head, seconds / DAY);
}

function daily(read: Reading, head: string, days: number): DailySchedule {
  const { time = "", zone } = read;
  const found = /^(\d{1,2}):(\d{1,2})$/.exec(time);
  const [hour, minute] = [Number(found?.[1]), Number(found?.[2])];
  if (!(hour < 24 && minute < 60)) throw new ScheduleError(`'${time}' is not a time of day`, "write HH:MM, from 00:00 to 23:59");
  checkZone(read);
  const canonical = [hour, minute].map((n) => String(n).padStart(2, "0")).join(":");
  return { kind: "daily", text: `${days}d|${canonical}|${zone}`, display: shown(`${head} @ ${time}`, zone), zone, days, hour, minute };
}

function cron(read: Reading, expression: string): CronSchedule {
  const { zone, seed } = read;
  checkZone(read);
  if (read.trusted !== true) readCron(expression, seed);
  return { kind: "cron", text: `${expression}|${zone}`, display: shown(expression, zone), zone, expression, seed };
}

function checkZone({ zone, trusted }: Reading): void {
  if (trusted === true || isZone(zone)) return;
  throw new ScheduleError(`'${zone}' is not a time zone`, "write an IANA name such as Europe/Berlin, or UTC; a time of day is HH:MM");
}

function shown(text: string, zone: string | undefined): string {
  return zone === undefined || isUtc(zone) ? text : `${text} ${zone}`;
}

function isTime(part: string): boolean {
  return /^\d*:[\d:]*$/.test(part);
}

/** What the writer of something unreadable probably wants to know. */
function advice(head: string): string {
  const [, amount, unit] = /^@every (\d+)([smhdw])$/.exec(head) ?? /^(\d+) ?([smhdw])$/i.exec(head) ?? [];
  const [, letter, behind] = /^([smhdw])(\d+)$/.exec(head) ?? [];
  if (head === "@reboot") return "nothing here starts with a host; run the job from a boot unit with 'crontabber run', or write manual";
  if (amount !== undefined && unit !== undefined) return `write ${amount}${unit.toLowerCase()}`;
  if (letter !== undefined && behind !== undefined) return `the number comes first: ${behind}${letter}`;
  if (head.startsWith("@")) return `known are ${[...MACROS.keys()].join(" ")}`;
  if (/^\d+$/.test(head)) return `the unit is missing: ${head}m for minutes, or s h d w`;
  if (/^(\d+[smhdw]){2,}$/.test(head)) return "one number and one unit: 26h, not 1d2h";
  if (/^[\d*]\S*( \S+)+$/.test(head)) return `this has ${head.split(" ").length} fields; a cron expression has 5, or 6 with seconds first`;
  return FORMS;
}
