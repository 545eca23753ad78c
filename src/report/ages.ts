/** Spans of time in words. Owns the wording only; all spans are seconds. */

const UNITS: readonly (readonly [string, number])[] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/**
 * The largest unit and the one right below it, if that is not zero: `2 weeks, 3 days`, `1 year`. Fractions are dropped; what is
 * not above zero is `0 seconds`. A month has 30 days, a year 365. Scripts parse this text: it never changes.
 */
export function age(seconds: number): string {
  const whole = Math.floor(seconds);
  const first = UNITS.findIndex(([, size]) => whole >= size);
  const [unit, below] = [UNITS[first], UNITS[first + 1]];
  if (!unit) return "0 seconds";
  const rest = below ? Math.floor((whole % unit[1]) / below[1]) : 0;
  const larger = counted(Math.floor(whole / unit[1]), unit[0]);
  return below && rest > 0 ? `${larger}, ${counted(rest, below[0])}` : larger;
}

/** `1 day`, `2 days`. */
export function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** From one instant to a later one, whole seconds, never below zero. */
export function secondsBetween(from: Date, to: Date): number {
  return Math.max(0, Math.floor((to.getTime() - from.getTime()) / 1000));
}

/** Roughly how far away: `42s`, `5m`, `1h 48m`, `22h`, `3d`. */
export function near(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m`;
  const [hours, minutes] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  if (hours < 24) return minutes === 0 || hours > 9 ? `${hours}h` : `${hours}h ${minutes}m`;
  return `${Math.floor(hours / 24)}d`;
}

/** How long something took: `0.4s`, `12s`, `4m 02s`, `1h 11m`, `2d 03h`. */
export function took(seconds: number): string {
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)}s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m ${two(s % 60)}s`;
  if (s < 86_400) return `${Math.floor(s / 3600)}h ${two(Math.floor(s / 60) % 60)}m`;
  return `${Math.floor(s / 86_400)}d ${two(Math.floor(s / 3600) % 24)}h`;
}

/** A span that somebody wrote: `90s`, `5m`, `2h`, `1d`; nothing is rounded. */
export function span(seconds: number): string {
  const whole = UNITS.slice(3).find(([, size]) => seconds >= size && seconds % size === 0);
  return whole ? `${seconds / whole[1]}${whole[0][0]}` : `${seconds}s`;
}

const two = (n: number): string => String(n).padStart(2, "0");
