/**
 * What a schedule must ask for, found the slow way: every minute of a window is looked up in Intl, and each is judged by itself.
 * Shares no code with src/, reads no expressions: the generators give text and meaning together.
 */
import fc from "fast-check";

export const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** What the clock on the wall shows at an instant, as if it were UTC. Both in milliseconds, at whole minutes. */
export interface Tick {
  readonly at: number;
  readonly wall: number;
}

/** Every minute of [from, to). */
export function ticks(zone: string, from: number, to: number): readonly Tick[] {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  const minutes = Array.from({ length: (to - from) / MINUTE }, (_, i) => from + i * MINUTE);
  return minutes.map((at) => ({ at, wall: Date.parse(`${format.format(at).replace(" ", "T")}Z`) }));
}

/** A schedule by its meaning. `hits` is asked for a wall, as milliseconds. */
export interface Meaning {
  readonly named: boolean;
  readonly seconds: readonly number[];
  readonly day: (wall: Date) => boolean;
  readonly minute: (wall: Date) => boolean;
}

/** The slots in [from, to], in order; the window must be two days away from the ends of the table. */
export function expected(m: Meaning, table: readonly Tick[], from: number, to: number): number[] {
  const minutes = Array.from({ length: DAY / MINUTE }, (_, i) => i * MINUTE).filter((time) => m.minute(new Date(time)));
  const days = [...new Set(table.map(({ wall }) => dayOf(wall)))].filter((day) => m.day(new Date(day)));
  const walls = days.flatMap((day) => minutes.map((time) => day + time));
  const found = m.named ? walls.flatMap((wall) => oncePer(wall, table, m.seconds)) : everyTime(new Set(walls), table, m.seconds);
  return [...new Set(found)].filter((at) => at >= from && at <= to).sort((a, b) => a - b);
}

function everyTime(walls: ReadonlySet<number>, table: readonly Tick[], seconds: readonly number[]): number[] {
  return table.filter(({ wall }) => walls.has(wall)).flatMap(({ at }) => seconds.map((s) => at + s * 1000));
}

/** When a wall is shown first; if it never is, when the clock first shows a later one. */
function oncePer(wall: number, table: readonly Tick[], seconds: readonly number[]): number[] {
  const first = firstShown(table).get(wall);
  if (first !== undefined) return seconds.map((s) => first + s * 1000);
  const later = table.find((tick) => tick.wall > wall);
  return later === undefined ? [] : [later.at];
}

const shown = new WeakMap<readonly Tick[], Map<number, number>>();

function firstShown(table: readonly Tick[]): Map<number, number> {
  let first = shown.get(table);
  if (first === undefined) {
    first = new Map(table.toReversed().map(({ wall, at }) => [wall, at]));
    shown.set(table, first);
  }
  return first;
}

export function dayOf(wall: number): number {
  return Math.floor(wall / DAY) * DAY;
}

/** Instants at which clocks jump, or near which something odd is. */
export const TRANSITIONS: readonly (readonly [zone: string, at: string])[] = [
  ["Europe/Berlin", "2026-03-29T01:00Z"],
  ["Europe/Berlin", "2026-10-25T01:00Z"],
  ["America/New_York", "2026-03-08T07:00Z"],
  ["America/New_York", "2026-11-01T06:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T15:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T15:30Z"],
  ["America/Sao_Paulo", "2018-02-18T02:00Z"],
  ["America/Sao_Paulo", "2018-11-04T03:00Z"],
  ["Pacific/Apia", "2011-12-30T10:00Z"],
  ["Pacific/Apia", "2012-03-31T14:00Z"],
  ["Pacific/Apia", "2012-09-29T14:00Z"],
  ["Antarctica/Troll", "2026-03-29T01:00Z"],
  ["Antarctica/Troll", "2026-10-25T01:00Z"],
  // An hour before midnight is skipped and shown twice; midnight itself is shown twice; a skipped day; Ramadan; a jump of 15 minutes.
  ["America/Nuuk", "2026-03-29T01:00Z"],
  ["America/Nuuk", "2026-10-25T01:00Z"],
  ["America/St_Johns", "2010-11-07T02:31Z"],
  ["Pacific/Kwajalein", "1993-08-21T12:00Z"],
  ["Africa/Casablanca", "2024-03-10T02:00Z"],
  ["Asia/Kathmandu", "1985-12-31T18:30Z"],
  ["UTC", "2026-03-29T01:00Z"],
];

interface Piece {
  readonly text: string;
  readonly has: (value: number, wall: Date) => boolean;
}
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const any = fc.constant<Piece>({ text: "*", has: () => true });
const one = (low: number, high: number) => fc.integer({ min: low, max: high }).map((n): Piece => ({ text: `${n}`, has: (v) => v === n }));
const range = (low: number, high: number) =>
  fc
    .tuple(fc.integer({ min: low, max: high }), fc.integer({ min: low, max: high }), fc.integer({ min: 1, max: 5 }))
    .map(([x, y, step]): Piece => {
      const [a, b] = [Math.min(x, y), Math.max(x, y)];
      return { text: step === 1 ? `${a}-${b}` : `${a}-${b}/${step}`, has: (v) => v >= a && v <= b && (v - a) % step === 0 };
    });
const stepped = (low: number, steps: readonly number[]) =>
  fc.constantFrom(...steps).map((step): Piece => ({ text: `*/${step}`, has: (v) => (v - low) % step === 0 }));
const list = (item: fc.Arbitrary<Piece>) =>
  fc.array(item, { minLength: 1, maxLength: 3 }).map(
    (items): Piece => ({
      text: items.map((p) => p.text).join(","),
      has: (v, wall) => items.some((p) => p.has(v, wall)),
    }),
  );

const lastOfMonth = (wall: Date) => new Date(Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth() + 1, 0)).getUTCDate();
const lastDay = fc.constant<Piece>({ text: "L", has: (v, wall) => v === lastOfMonth(wall) });
const weekday = fc.integer({ min: 0, max: 7 }).chain((n) => {
  const text = fc.constantFrom(`${n}`, DAYS[n % 7] ?? "", (DAYS[n % 7] ?? "").toUpperCase());
  const nth = fc.integer({ min: 1, max: 5 });
  const is = (v: number) => v === n % 7;
  return fc.oneof(
    { weight: 4, arbitrary: text.map((t): Piece => ({ text: t, has: is })) },
    text.map((t): Piece => ({ text: `${t}L`, has: (v, wall) => is(v) && wall.getUTCDate() > lastOfMonth(wall) - 7 })),
    fc
      .tuple(text, nth)
      .map(([t, k]): Piece => ({ text: `${t}#${k}`, has: (v, wall) => is(v) && Math.floor((wall.getUTCDate() - 1) / 7) + 1 === k })),
  );
});
const month = fc
  .integer({ min: 1, max: 12 })
  .chain((n) => fc.constantFrom(`${n}`, MONTHS[n - 1] ?? "").map((text): Piece => ({ text, has: (v) => v === n })));

const minuteField = fc.oneof(list(one(0, 59)), list(range(0, 59)), stepped(0, [7, 15, 20, 30]), any);
const hourField = fc.oneof(
  { weight: 4, arbitrary: list(one(0, 3)) },
  { weight: 2, arbitrary: list(one(0, 23)) },
  list(range(0, 23)),
  { weight: 2, arbitrary: stepped(0, [2, 3, 4, 6]) },
  { weight: 3, arbitrary: any },
);
const dayField = fc.oneof(
  { weight: 5, arbitrary: any },
  list(fc.oneof(one(1, 31), range(1, 31), lastDay)),
  stepped(1, [2, 3]),
  any.map((p) => ({ ...p, text: "?" })),
);
const monthField = fc.oneof({ weight: 5, arbitrary: any }, list(fc.oneof(month, range(1, 12))), stepped(1, [2, 3]));
const weekdayField = fc.oneof(
  { weight: 5, arbitrary: any },
  list(fc.oneof({ weight: 3, arbitrary: weekday }, range(0, 6))),
  stepped(0, [2, 3]),
);
const secondField = fc.oneof(
  { weight: 4, arbitrary: fc.constant(null) },
  list(one(0, 59)),
  fc.constant<Piece>({ text: "*/20", has: (v) => v % 20 === 0 }),
);

/** Random expressions of 5 and 6 fields, with what they mean. */
export const crons: fc.Arbitrary<{ text: string; meaning: Meaning }> = fc
  .tuple(secondField, minuteField, hourField, dayField, monthField, weekdayField)
  .map(([s, m, h, dom, mon, dow]) => {
    const loose = /^[*?]/.test(dom.text) || /^[*?]/.test(dow.text);
    const day = (wall: Date) => {
      if (!mon.has(wall.getUTCMonth() + 1, wall)) return false;
      const hit = [dom.has(wall.getUTCDate(), wall), dow.has(wall.getUTCDay(), wall)];
      return loose ? hit.every(Boolean) : hit.some(Boolean);
    };
    const minute = (wall: Date) => h.has(wall.getUTCHours(), wall) && m.has(wall.getUTCMinutes(), wall);
    const seconds = s === null ? [0] : Array.from({ length: 60 }, (_, i) => i).filter((i) => s.has(i, new Date(0)));
    const fields = [...(s === null ? [] : [s]), m, h, dom, mon, dow];
    return { text: fields.map((f) => f.text).join(" "), meaning: { named: !h.text.includes("*"), seconds, day, minute } };
  });

/** `Nd|HH:MM`, its days counted from `anchor` (a day's wall, at midnight). */
export function dailyMeaning(days: number, hour: number, minute: number, anchor: number): Meaning {
  return {
    named: true,
    seconds: [0],
    day: (wall) => ((dayOf(wall.getTime()) - anchor) / DAY) % days === 0,
    minute: (wall) => wall.getUTCHours() === hour && wall.getUTCMinutes() === minute,
  };
}
