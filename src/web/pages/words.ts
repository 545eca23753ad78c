/** Our own words, and foreign text made fit to stand among them. Owns which texts are masked and how a schedule is said. */

import type { Job } from "../../core/job.ts";
import { span } from "../../report/ages.ts";
import { masked } from "../../report/mask.ts";
import { inline, printable, shownName } from "../../report/safe.ts";

/** What a job, its code or its author says, on one line: secrets masked, at most `most` characters. */
export function said(text: string, most = 300): string {
  const line = masked(inline(text));
  return line.length > most ? `${line.slice(0, most)}…` : line;
}

/** The same on several lines, whole. */
export const saidWhole = (text: string): string => masked(printable(text));

/** A value that a job returned or was configured with, as text. */
export function saidValue(value: unknown): string {
  return saidWhole(typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? String(value)));
}

export const shown = shownName;

/** `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** `a, b and 3 more`. */
export function someOf(words: readonly string[], most: number): string {
  return words.length <= most ? listed(words) : `${words.slice(0, most).join(", ")} and ${words.length - most} more`;
}

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const NAMES = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** `every 10 minutes`, `every day at 03:00`; a cron line that says more than a sentence can stays one. */
export function scheduleWords({ schedule, backfill }: Pick<Job, "schedule" | "backfill">): string {
  const once = backfill ? ", one run for every missed slot" : "";
  switch (schedule.kind) {
    case "manual":
      return "only on request";
    case "interval":
      return `every ${spelt(schedule.every / 1000)}${once}`;
    case "daily":
      return `every ${schedule.days === 1 ? "day" : `${schedule.days} days`} at ${clock(schedule.hour, schedule.minute)}, ${schedule.zone}${once}`;
    case "cron":
      return `${cronWords(schedule.expression) ?? `by ${inline(schedule.expression)}`}, ${schedule.zone}${once}`;
  }
}

const UNITS: Readonly<Record<string, string>> = { s: "second", m: "minute", h: "hour", d: "day" };

function spelt(seconds: number): string {
  const [, n = "", unit = "s"] = /^([\d.]+)(\w)$/.exec(span(seconds)) ?? [];
  return n === "1" ? (UNITS[unit] ?? unit) : `${n} ${UNITS[unit] ?? unit}s`;
}

/** One time of day on some weekdays, or one minute of every hour; null: more than that. */
function cronWords(expression: string): string | null {
  if (expression.startsWith("@"))
    return `every ${{ "@hourly": "hour", "@daily": "day", "@midnight": "day", "@weekly": "Sunday", "@monthly": "first of a month", "@yearly": "1 January", "@annually": "1 January" }[expression] ?? expression}`;
  const [minute = "", hour = "", day, month, weekday = "*", more] = expression.split(" ");
  if (more !== undefined || day !== "*" || month !== "*" || !/^\d+$/.test(minute)) return null;
  if (hour === "*" && weekday === "*") return `every hour at minute ${minute}`;
  const days = weekdayWords(weekday.toLowerCase());
  return /^\d+$/.test(hour) && days ? `${days} at ${clock(Number(hour), Number(minute))}` : null;
}

function weekdayWords(field: string): string | null {
  if (field === "*") return "every day";
  const days = field.split(",").map((part) => {
    const ends = part.split("-").map((end) => (NAMES.includes(end) ? NAMES.indexOf(end) : /^[0-7]$/.test(end) ? Number(end) % 7 : -1));
    return ends.length > 2 || ends.includes(-1) ? null : ends.map((end) => WEEKDAYS[end]).join(" to ");
  });
  return days.includes(null) ? null : listed(days as string[]);
}

const clock = (hour: number, minute: number): string => `${two(hour)}:${two(minute)}`;
const two = (n: number): string => String(n).padStart(2, "0");
