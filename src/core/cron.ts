/**
 * Cron expressions: what their fields mean. Owns the fields and which days match; instants and zones are the grid's.
 * cron-parser reads the fields, one list item at a time; loading it takes longer than a whole idle pass, so it is loaded at the first use.
 */
import { createRequire } from "node:module";
import { ScheduleError } from "./schedule-error.ts";
import { DAY } from "./zone.ts";

/** The sets of an expression. Masks have bit n for value n; lists ascend and are never empty. */
export interface Cron {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** 1 to 12. */
  readonly months: number;
  /** 1 to 31. */
  readonly days: number;
  /** `L`: the last day of the month. */
  readonly lastDay: boolean;
  /** 0 is Sunday. */
  readonly weekdays: number;
  /** `5L`: the last Friday of the month. */
  readonly lastWeekdays: number;
  /** `mon#2`: by number of the week, 1 to 5; index 0 is not used. */
  readonly nthWeekdays: readonly number[];
  /** Both day fields must match. False: both are restricted, one is enough. */
  readonly bothDays: boolean;
  /** The hour field has no `*` and no `?`: fires once for each named time of each day. */
  readonly named: boolean;
}

/** The names cron has for common expressions. */
export const MACROS: ReadonlyMap<string, string> = new Map([
  ["@hourly", "0 * * * *"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@weekly", "0 0 * * 0"],
  ["@monthly", "0 0 1 * *"],
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
]);

interface Field {
  readonly name: string;
  readonly takes: string;
  readonly item: RegExp;
}

const NUMBER = String.raw`\d{1,2}`;
const NAME = String.raw`(?:\d{1,2}|[A-Za-z]{3})`;
const RANGE = (value: string) => String.raw`(?:[*?]|${value}(?:-${value})?|H(?:\(\d{1,2}-\d{1,2}\))?)(?:/\d{1,3})?`;
const field = (name: string, takes: string, item: string): Field => ({ name, takes, item: new RegExp(`^(?:${item})$`) });

const FIELDS: readonly Field[] = [
  field("second", "0-59", RANGE(NUMBER)),
  field("minute", "0-59", RANGE(NUMBER)),
  field("hour", "0-23", RANGE(NUMBER)),
  field("day of month", "1-31 and L, the last day", `${RANGE(NUMBER)}|L`),
  field("month", "1-12 and jan-dec", RANGE(NAME)),
  field(
    "day of week",
    "0-7 (0 and 7 are Sunday), sun-sat, 5L for the last Friday, 1#2 for the second Monday",
    `${RANGE(NAME)}|${NAME}(?:L|#[1-5])|H#[1-5]`,
  ),
];

const cache = new Map<string, Cron>();

/**
 * Reads an expression of 5 or 6 fields (seconds first) or a macro. `seed` decides what `H` stands for.
 * Throws ScheduleError for what cannot be read and for what never fires. Loads cron-parser at the first call.
 */
export function readCron(expression: string, seed: string): Cron {
  const key = `${seed}\n${expression}`;
  let cron = cache.get(key);
  if (cron === undefined) {
    cron = read(expression, seed);
    cache.set(key, cron);
  }
  return cron;
}

/** Whether the expression fires on a day (counted from 1970-01-01, in its zone). */
export function matchesDay(cron: Cron, day: number): boolean {
  const date = new Date(day * DAY * 1000);
  const month = date.getUTCMonth();
  if (!has(cron.months, month + 1)) return false;
  const ofMonth = date.getUTCDate();
  const weekday = date.getUTCDay();
  const left = daysIn(date.getUTCFullYear(), month) - ofMonth;
  const byDay = has(cron.days, ofMonth) || (cron.lastDay && left === 0);
  const byWeekday =
    has(cron.weekdays, weekday) ||
    (left < 7 && has(cron.lastWeekdays, weekday)) ||
    has(cron.nthWeekdays[Math.ceil(ofMonth / 7)] ?? 0, weekday);
  return cron.bothDays ? byDay && byWeekday : byDay || byWeekday;
}

function read(expression: string, seed: string): Cron {
  const fields = (MACROS.get(expression) ?? expression).split(" ");
  if (fields.length === 5) fields.unshift("0");
  if (fields.length !== 6) {
    throw new ScheduleError(`'${expression}' has ${fields.length} fields`, "a cron expression has 5 fields, or 6 with seconds first");
  }
  const sets = fields.map((text, position) => items(expression, text, position, seed));
  const numbers = (position: number) => [...new Set((sets[position] ?? []).filter((v) => typeof v === "number"))].sort((a, b) => a - b);
  const [, , hour = "", dayField = "", , weekdayField = ""] = fields;
  const special = (sets[5] ?? []).filter((v) => typeof v === "string");
  const nth = (n: number) => mask(special.filter((v) => v.endsWith(`#${n}`)).map((v) => Number.parseInt(v, 10) % 7));
  const cron: Cron = {
    seconds: numbers(0),
    minutes: numbers(1),
    hours: numbers(2),
    days: mask(numbers(3)),
    lastDay: sets[3]?.includes("L") ?? false,
    months: mask(numbers(4)),
    weekdays: mask(numbers(5).map((v) => v % 7)),
    lastWeekdays: mask(special.filter((v) => v.endsWith("L")).map((v) => Number.parseInt(v, 10) % 7)),
    nthWeekdays: [0, 1, 2, 3, 4, 5].map(nth),
    // As in Vixie cron a field that starts with a star counts as unrestricted, `*/2` included.
    bothDays: /^[*?]/.test(dayField) || /^[*?]/.test(weekdayField),
    named: !/[*?]/.test(hour),
  };
  if (!fires(cron)) throw new ScheduleError(`'${expression}' never fires`, "no month it names has such a day");
  return cron;
}

/** The values of one field: numbers, `L`, `5L`, `1#2`. Items are read one by one, since cron-parser refuses lists that overlap. */
function items(expression: string, text: string, position: number, seed: string): (number | string)[] {
  const spec = FIELDS[position];
  if (spec === undefined) return [];
  return text.split(",").flatMap((item) => {
    const refuse = () =>
      new ScheduleError(
        `the ${spec.name} of '${expression}' cannot be '${item}'`,
        `${spec.name} takes ${spec.takes}; lists a,b ranges a-b steps */n and H`,
      );
    if (!spec.item.test(item)) throw refuse();
    try {
      return parseItem(item, position, seed);
    } catch {
      // What cron-parser says names neither the field nor the item.
      throw refuse();
    }
  });
}

function parseItem(item: string, position: number, seed: string): (number | string)[] {
  const fields = ["0", "*", "*", "*", "*", "*"];
  fields[position] = plain(item, position);
  // An empty seed would make H random.
  const { fields: parsed } = parser().parse(fields.join(" "), { hashSeed: seed || "-", tz: "UTC", currentDate: new Date(0) });
  const { second, minute, hour, dayOfMonth, month, dayOfWeek } = parsed;
  const values = [second, minute, hour, dayOfMonth, month, dayOfWeek][position]?.values ?? [];
  if (position === 5 && dayOfWeek.nthDay > 0) return values.map((v) => `${v}#${dayOfWeek.nthDay}`);
  return [...values];
}

/** Readings cron-parser does not share: `sat-sun` ends on day 7, a hashed day is one that every month has, and Sunday counts once. */
function plain(item: string, position: number): string {
  if (position === 5) return item === "H" ? "H(0-6)" : item.replace(/-sun(?=\/|$)/i, "-7");
  return position === 3 && item === "H" ? "H(1-28)" : item;
}

let loaded: typeof import("cron-parser").CronExpressionParser | undefined;

function parser(): typeof import("cron-parser").CronExpressionParser {
  if (loaded === undefined) {
    const require = createRequire(import.meta.url);
    // luxon, which cron-parser is built on, would ask for the system's language, and that loads all data of Intl.
    const luxon = createRequire(require.resolve("cron-parser"))("luxon") as { Settings: { defaultLocale: string } };
    luxon.Settings.defaultLocale = "en-US";
    loaded = (require("cron-parser") as typeof import("cron-parser")).CronExpressionParser;
  }
  return loaded;
}

/** These 28 years have every kind of year there is: each weekday on 1 January, with and without 29 February. */
function fires(cron: Cron): boolean {
  const first = Date.UTC(2000, 0, 1) / DAY / 1000;
  const last = Date.UTC(2027, 11, 31) / DAY / 1000;
  for (let day = first; day <= last; day++) if (matchesDay(cron, day)) return true;
  return false;
}

function daysIn(year: number, month: number): number {
  if (month === 1) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 3 || month === 5 || month === 8 || month === 10 ? 30 : 31;
}

function mask(values: readonly number[]): number {
  return values.reduce((bits, value) => bits | (1 << value), 0);
}

function has(bits: number, value: number): boolean {
  return (bits & (1 << value)) !== 0;
}
