/** Random schedules, zones and windows against the oracle, and the laws that bind the questions to each other. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { due, firstAfter, firstSlot, nextAfter, parseSchedule, type Schedule, slots } from "#lib/core/schedule.js";
import { crons, DAY, dailyMeaning, dayOf, expected, type Meaning, MINUTE, type Tick, TRANSITIONS, ticks } from "./schedule-oracle.js";

const parse = (text: string, zone: string) => parseSchedule({ text, zone, seed: "nightly-report" });
const times = (all: Iterable<Date>) => [...all].map((d) => d.getTime());
const transition = fc.constantFrom(...TRANSITIONS).map(([zone, at]) => ({ zone, at: Date.parse(at) }));
const moment = (from: number, to: number) => fc.integer({ min: from, max: to });

/** Everything that can be asked about [from, to] must follow from the list of what the oracle found there. */
function agree(s: Schedule, wanted: readonly number[], [from, to]: readonly [number, number], pick: number): void {
  const first = firstAfter(s, new Date(from - 1))?.getTime() ?? Number.POSITIVE_INFINITY;
  if (wanted.length === 0) {
    expect(first).toBeGreaterThan(to);
    return;
  }
  expect(times(slots(s, new Date(first), new Date(to)))).toEqual(wanted);
  const now = from + Math.floor(pick * (to - from));
  const passed = wanted.filter((t) => t <= now);
  const ahead = wanted.find((t) => t > now);
  const open = wanted[Math.floor(pick * pick * passed.length)];
  if (open !== undefined && open <= now) {
    expect(due(s, new Date(open), new Date(now))).toEqual({
      newest: new Date(passed.at(-1) ?? 0),
      count: passed.filter((t) => t >= open).length,
    });
  } else if (open !== undefined) expect(due(s, new Date(open), new Date(now))).toBeNull();
  if (ahead !== undefined) expect(firstAfter(s, new Date(now))?.getTime()).toBe(ahead);
}

const tables = new Map<string, readonly Tick[]>();
/** Twelve days around a change. */
function table(zone: string, at: number): readonly Tick[] {
  const known = tables.get(`${zone} ${at}`) ?? ticks(zone, at - 6 * DAY, at + 6 * DAY);
  tables.set(`${zone} ${at}`, known);
  return known;
}

describe("cron", () => {
  it("the changes the tests stand around are there", () => {
    for (const [zone, at] of TRANSITIONS) {
      const [before, after] = ticks(zone, Date.parse(at) - MINUTE, Date.parse(at) + MINUTE);
      expect([zone, (after?.wall ?? 0) - (before?.wall ?? 0) !== MINUTE]).toEqual([zone, zone !== "UTC"]);
    }
  });

  it("asks for what the oracle finds around every change of a clock", () => {
    fc.assert(
      fc.property(
        crons,
        transition,
        moment(0, 3 * DAY),
        fc.double({ min: 0, max: 1, noNaN: true }),
        ({ text, meaning }, { zone, at }, lead, pick) => {
          fc.pre(fires(text));
          const window = [at - lead, at + 3 * DAY] as const;
          agree(parse(text, zone), expected(meaning, table(zone, at), ...window), window, pick);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("asks for what the oracle finds in any zone at any time", () => {
    const zones = Intl.supportedValuesOf("timeZone");
    const start = moment(Date.UTC(1975, 0, 1) / MINUTE, Date.UTC(2037, 0, 1) / MINUTE).map((minute) => minute * MINUTE);
    fc.assert(
      fc.property(
        crons,
        fc.constantFrom(...zones),
        start,
        fc.double({ min: 0, max: 1, noNaN: true }),
        ({ text, meaning }, zone, from, pick) => {
          fc.pre(fires(text));
          const window = [from, from + 2 * DAY] as const;
          agree(parse(text, zone), expected(meaning, ticks(zone, from - 2 * DAY, from + 4 * DAY), ...window), window, pick);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("daily", () => {
  it("every n-th day asks for what the oracle finds", () => {
    const start = fc.record({
      days: fc.integer({ min: 1, max: 4 }),
      hour: fc.integer({ min: 0, max: 23 }),
      minute: fc.constantFrom(0, 15, 30, 59),
    });
    fc.assert(
      fc.property(
        start,
        transition,
        fc.integer({ min: -3, max: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        ({ days, hour, minute }, { zone, at }, shift, pick) => {
          const now = at + shift * DAY;
          const today = dayOf(table(zone, at).find((tick) => tick.at >= now)?.wall ?? 0);
          const all = expected(dailyMeaning(days, hour, minute, today), table(zone, at), at - 4 * DAY, at + 4 * DAY);
          const s = parse(`${days}d|${hour}:${minute}`, zone);
          const open = firstSlot(s, new Date(now))?.getTime() ?? 0;
          const wanted = all.filter((t) => t >= open);
          expect(times(slots(s, new Date(open), new Date(at + 4 * DAY)))).toEqual(wanted);
          const until = open + Math.floor(pick * (at + 4 * DAY - open));
          const passed = wanted.filter((t) => t <= until);
          expect(due(s, new Date(open), new Date(until))).toEqual({ newest: new Date(passed.at(-1) ?? 0), count: passed.length });
          expect(wanted.slice(0, -1).map((t) => nextAfter(s, new Date(t))?.getTime())).toEqual(wanted.slice(1));
        },
      ),
      { numRuns: 250 },
    );
  });
});

describe("laws", () => {
  const texts = fc.oneof(
    fc.tuple(fc.integer({ min: 1, max: 500 }), fc.constantFrom("s", "m", "h", "d")).map(([n, unit]) => `${n}${unit}`),
    fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 23 })).map(([n, hour]) => `${n}d|${hour}:30`),
    crons.map(({ text }) => text).filter(fires),
  );
  const zone = fc.constantFrom(...new Set(TRANSITIONS.map(([name]) => name)));
  const start = moment(Date.UTC(1971, 0, 1), Date.UTC(2036, 0, 1));

  it("what is due now is what was due before and what came due since", () => {
    fc.assert(
      fc.property(texts, zone, start, moment(0, 900 * DAY), moment(0, 900 * DAY), (text, name, from, some, more) => {
        const s = parse(text, name);
        const open = firstAfter(s, new Date(from));
        if (open === null) return;
        const [mid, end] = [new Date(open.getTime() + some), new Date(open.getTime() + some + more)];
        const [before, whole] = [due(s, open, mid), due(s, open, end)];
        const next = before && nextAfter(s, before.newest);
        const since = next && due(s, next, end);
        expect(whole).toEqual({ newest: since?.newest ?? before?.newest, count: (before?.count ?? 0) + (since?.count ?? 0) });
        if (whole !== null) expect(nextAfter(s, whole.newest)?.getTime()).toBeGreaterThan(end.getTime());
      }),
      { numRuns: 300 },
    );
  });

  it("slots, nextAfter and due walk the same grid, and nothing drifts", () => {
    fc.assert(
      fc.property(texts, zone, start, (text, name, from) => {
        const s = parse(text, name);
        const open = firstAfter(s, new Date(from));
        if (open === null) return;
        const walked: Date[] = [];
        for (const slot of slots(s, open, new Date(open.getTime() + 40 * DAY))) {
          walked.push(slot);
          if (walked.length === 200) break;
        }
        walked.slice(1).forEach((slot, i) => {
          expect(nextAfter(s, walked[i] as Date)).toEqual(slot);
        });
        const last = walked.at(-1) as Date;
        expect(due(s, open, last)).toEqual({ newest: last, count: walked.length });
        expect(due(s, open, new Date(open.getTime() - 1))).toBeNull();
        if (s.kind === "interval") expect(last.getTime()).toBe(open.getTime() + (walked.length - 1) * s.every);
      }),
      { numRuns: 300 },
    );
  });

  it("equal texts ask for equal slots", () => {
    fc.assert(
      fc.property(texts, zone, start, (text, name, from) => {
        const [written, again] = [parse(text, name), parse(text.replaceAll(" ", "  "), name)];
        const canonical = parse(written.text, "Asia/Tokyo");
        expect([again.text, canonical.text]).toEqual([written.text, written.text]);
        expect(firstAfter(canonical, new Date(from))).toEqual(firstAfter(written, new Date(from)));
      }),
      { numRuns: 200 },
    );
  });
});

/** Random days can ask for 31 February, which is refused: judged over the years in which every calendar occurs. */
function fires(text: string): boolean {
  try {
    return parse(text, "UTC").kind === "cron";
  } catch {
    // Refused. That nothing else is refused is tested where the oracle is asked.
    return false;
  }
}

describe("what never fires", () => {
  it("is refused exactly if the oracle finds no day", () => {
    const days = Array.from({ length: 28 * 366 }, (_, i) => new Date(Date.UTC(2000, 0, 1) + i * DAY));
    const rare = crons.map(({ text, meaning }): { text: string; meaning: Meaning } => ({ text, meaning }));
    fc.assert(
      fc.property(rare, ({ text, meaning }) => {
        expect([text, fires(text)]).toEqual([text, days.some((day) => meaning.day(day))]);
      }),
      { numRuns: 500 },
    );
  });
});
