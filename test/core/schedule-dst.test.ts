/** Daylight saving, written out by hand: the six zones in spring and autumn, and what timers elsewhere got wrong. */
import { describe, expect, it } from "vitest";
import { due, firstAfter, firstSlot, nextAfter, parseSchedule, slots } from "#lib/core/schedule.js";

const parse = (text: string, zone: string) => parseSchedule({ text, zone, seed: "nightly-report" });
const at = (text: string) => new Date(text);
const iso = (d: Date | null) => d?.toISOString().slice(0, 16) ?? null;
const list = (text: string, zone: string, from: string, until: string) => {
  const s = parse(text, zone);
  const first = firstAfter(s, new Date(at(from).getTime() - 1));
  const all = first === null ? [] : [...slots(s, first, at(until))];
  if (first !== null && all.length > 0) expect(due(s, first, at(until))).toEqual({ newest: all.at(-1), count: all.length });
  return all.map(iso);
};

type Case = [what: string, text: string, from: string, until: string, slots: string[]];

function zone(name: string, cases: Case[]): void {
  describe(name, () => {
    it.each(cases)("%s: %s", (_, text, from, until, expected) => {
      expect(list(text, name, from, until)).toEqual(expected);
    });
  });
}

// 2026-03-29 02:00 +01 -> 03:00 +02; 2026-10-25 03:00 +02 -> 02:00 +01.
zone("Europe/Berlin", [
  [
    "a named time in the gap moves to its end",
    "30 2 * * *",
    "2026-03-28T00:00Z",
    "2026-03-31T00:00Z",
    ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"],
  ],
  [
    "so does a daily one",
    "1d|02:30",
    "2026-03-28T00:00Z",
    "2026-03-31T00:00Z",
    ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"],
  ],
  [
    "several that land there are one",
    "0,15,30 2 * * *",
    "2026-03-29T00:00Z",
    "2026-03-30T00:15Z",
    ["2026-03-29T01:00", "2026-03-30T00:00", "2026-03-30T00:15"],
  ],
  ["landing on a regular slot is one", "0 2,3 * * *", "2026-03-28T22:00Z", "2026-03-29T22:00Z", ["2026-03-29T01:00"]],
  [
    "and counts as one",
    "0 2,3 * * *",
    "2026-03-28T00:00Z",
    "2026-03-30T00:30Z",
    ["2026-03-28T01:00", "2026-03-28T02:00", "2026-03-29T01:00", "2026-03-30T00:00"],
  ],
  [
    "landing beside a regular slot is two",
    "30 2,3 * * *",
    "2026-03-28T22:00Z",
    "2026-03-29T22:00Z",
    ["2026-03-29T01:00", "2026-03-29T01:30"],
  ],
  ["the first time after the gap is no landing", "0 3 * * *", "2026-03-28T22:00Z", "2026-03-29T22:00Z", ["2026-03-29T01:00"]],
  ["every minute of a named hour in the gap is one", "* 2 * * *", "2026-03-28T22:00Z", "2026-03-29T22:00Z", ["2026-03-29T01:00"]],
  [
    "0-23 names every hour",
    "30 0-4 * * *",
    "2026-03-28T23:00Z",
    "2026-03-29T02:30Z",
    ["2026-03-28T23:30", "2026-03-29T00:30", "2026-03-29T01:00", "2026-03-29T01:30", "2026-03-29T02:30"],
  ],
  ["a day that does not match has no landing", "30 2 * * mon", "2026-03-28T00:00Z", "2026-03-31T00:00Z", ["2026-03-30T00:30"]],
  [
    "a wildcard hour has nothing for the skipped one",
    "30 * * * *",
    "2026-03-28T23:00Z",
    "2026-03-29T02:30Z",
    ["2026-03-28T23:30", "2026-03-29T00:30", "2026-03-29T01:30", "2026-03-29T02:30"],
  ],
  ["so has a step", "0 */2 * * *", "2026-03-28T22:00Z", "2026-03-29T03:00Z", ["2026-03-28T23:00", "2026-03-29T02:00"]],
  ["and a question mark", "30 ? * * *", "2026-03-29T00:00Z", "2026-03-29T01:59Z", ["2026-03-29T00:30", "2026-03-29T01:30"]],
  [
    "a named time in the repeated hour fires the first time",
    "30 2 * * *",
    "2026-10-24T00:00Z",
    "2026-10-27T00:00Z",
    ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"],
  ],
  [
    "so does a daily one",
    "1d|02:00",
    "2026-10-24T00:00Z",
    "2026-10-27T00:00Z",
    ["2026-10-24T00:00", "2026-10-25T00:00", "2026-10-26T01:00"],
  ],
  [
    "every minute of a named hour, once",
    "*/20 2 * * *",
    "2026-10-25T00:00Z",
    "2026-10-25T22:00Z",
    ["2026-10-25T00:00", "2026-10-25T00:20", "2026-10-25T00:40"],
  ],
  ["the end of the repeated hour is regular", "0 3 * * *", "2026-10-25T00:00Z", "2026-10-25T22:00Z", ["2026-10-25T02:00"]],
  [
    "a wildcard hour fires in both passes",
    "30 * * * *",
    "2026-10-24T23:00Z",
    "2026-10-25T02:30Z",
    ["2026-10-24T23:30", "2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30"],
  ],
  [
    "so does a step",
    "30 */2 * * *",
    "2026-10-24T22:00Z",
    "2026-10-25T04:00Z",
    ["2026-10-24T22:30", "2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T03:30"],
  ],
  [
    "an interval is elapsed time",
    "12h",
    "2026-10-24T12:00Z",
    "2026-10-26T00:00Z",
    ["2026-10-24T23:59", "2026-10-25T11:59", "2026-10-25T23:59"],
  ],
]);

// 2026-03-08 02:00 -05 -> 03:00 -04; 2026-11-01 02:00 -04 -> 01:00 -05.
zone("America/New_York", [
  ["gap, named", "1d|02:30", "2026-03-07T00:00Z", "2026-03-10T00:00Z", ["2026-03-07T07:30", "2026-03-08T07:00", "2026-03-09T06:30"]],
  ["gap, wildcard", "30 * * * *", "2026-03-08T06:00Z", "2026-03-08T09:00Z", ["2026-03-08T06:30", "2026-03-08T07:30", "2026-03-08T08:30"]],
  ["repeated, named", "1d|01:30", "2026-10-31T00:00Z", "2026-11-03T00:00Z", ["2026-10-31T05:30", "2026-11-01T05:30", "2026-11-02T06:30"]],
  [
    "repeated, wildcard",
    "30 * * * *",
    "2026-11-01T04:00Z",
    "2026-11-01T08:00Z",
    ["2026-11-01T04:30", "2026-11-01T05:30", "2026-11-01T06:30", "2026-11-01T07:30"],
  ],
]);

// Half an hour: 2026-04-05 02:00 +11 -> 01:30 +10:30; 2026-10-04 02:00 +10:30 -> 02:30 +11.
zone("Australia/Lord_Howe", [
  ["gap, named", "15 2 * * *", "2026-10-02T15:30Z", "2026-10-05T00:00Z", ["2026-10-02T15:45", "2026-10-03T15:30", "2026-10-04T15:15"]],
  [
    "gap, the end of it is regular",
    "0,15,30,45 2 * * *",
    "2026-10-03T15:00Z",
    "2026-10-04T00:00Z",
    ["2026-10-03T15:30", "2026-10-03T15:45"],
  ],
  ["gap, wildcard", "0 * * * *", "2026-10-03T14:00Z", "2026-10-03T17:00Z", ["2026-10-03T14:30", "2026-10-03T16:00", "2026-10-03T17:00"]],
  ["repeated, named", "45 1 * * *", "2026-04-03T00:00Z", "2026-04-06T00:00Z", ["2026-04-03T14:45", "2026-04-04T14:45", "2026-04-05T15:15"]],
  [
    "repeated, wildcard",
    "45 * * * *",
    "2026-04-04T14:00Z",
    "2026-04-04T17:00Z",
    ["2026-04-04T14:45", "2026-04-04T15:15", "2026-04-04T16:15"],
  ],
]);

// At midnight: 2018-11-04 00:00 -03 -> 01:00 -02; 2018-02-18 00:00 -02 -> 2018-02-17 23:00 -03.
zone("America/Sao_Paulo", [
  ["gap, named", "1d|00:00", "2018-11-03T00:00Z", "2018-11-06T00:00Z", ["2018-11-03T03:00", "2018-11-04T03:00", "2018-11-05T02:00"]],
  ["gap, @daily", "@daily", "2018-11-03T00:00Z", "2018-11-06T00:00Z", ["2018-11-03T03:00", "2018-11-04T03:00", "2018-11-05T02:00"]],
  ["gap, by the weekday", "15 0 * * sun", "2018-11-03T00:00Z", "2018-11-06T00:00Z", ["2018-11-04T03:00"]],
  ["gap, wildcard", "0 */12 * * *", "2018-11-03T15:00Z", "2018-11-05T02:00Z", ["2018-11-03T15:00", "2018-11-04T14:00", "2018-11-05T02:00"]],
  [
    "repeated, named",
    "30 23 * * *",
    "2018-02-17T00:00Z",
    "2018-02-20T00:00Z",
    ["2018-02-17T01:30", "2018-02-18T01:30", "2018-02-19T02:30"],
  ],
  [
    "repeated, midnight after it",
    "1d|00:00",
    "2018-02-17T00:00Z",
    "2018-02-19T12:00Z",
    ["2018-02-17T02:00", "2018-02-18T03:00", "2018-02-19T03:00"],
  ],
  [
    "repeated, wildcard",
    "30 * * * *",
    "2018-02-18T01:00Z",
    "2018-02-18T04:00Z",
    ["2018-02-18T01:30", "2018-02-18T02:30", "2018-02-18T03:30"],
  ],
  [
    "repeated, wildcard, and then not for a year",
    "30 */23 17 2 *",
    "2018-02-17T12:00Z",
    "2018-03-01T00:00Z",
    ["2018-02-18T01:30", "2018-02-18T02:30"],
  ],
]);

// The line of dates was moved: 1867-10-19 15:30 +14:58:47 -> 1867-10-18 15:30 -09:01:13.
zone("America/Sitka", [
  ["a repeated day", "1d|15:00", "1867-10-18T00:00Z", "1867-10-22T00:00Z", ["1867-10-18T00:01", "1867-10-19T00:01", "1867-10-21T00:01"]],
]);

// 2011-12-30 never was: 2011-12-29 24:00 -10 -> 2011-12-31 00:00 +14.
zone("Pacific/Apia", [
  [
    "no day, no slot",
    "1d|03:00",
    "2011-12-28T12:00Z",
    "2012-01-01T00:00Z",
    ["2011-12-28T13:00", "2011-12-29T13:00", "2011-12-30T13:00", "2011-12-31T13:00"],
  ],
  [
    "not even at midnight",
    "1d|00:00",
    "2011-12-28T00:00Z",
    "2011-12-31T11:00Z",
    ["2011-12-28T10:00", "2011-12-29T10:00", "2011-12-30T10:00", "2011-12-31T10:00"],
  ],
  ["a date that never was", "0 0 30 * *", "2011-11-01T00:00Z", "2012-02-01T00:00Z", ["2011-11-30T10:00", "2012-01-29T10:00"]],
  [
    "hours go on",
    "0 * * * *",
    "2011-12-30T08:00Z",
    "2011-12-30T11:00Z",
    ["2011-12-30T08:00", "2011-12-30T09:00", "2011-12-30T10:00", "2011-12-30T11:00"],
  ],
  ["gap, named", "30 3 * * *", "2012-09-28T12:00Z", "2012-10-01T00:00Z", ["2012-09-28T14:30", "2012-09-29T14:00", "2012-09-30T13:30"]],
  ["repeated, named", "30 3 * * *", "2012-03-30T12:00Z", "2012-04-02T00:00Z", ["2012-03-30T13:30", "2012-03-31T13:30", "2012-04-01T14:30"]],
  [
    "repeated, wildcard",
    "30 * * * *",
    "2012-03-31T13:00Z",
    "2012-03-31T15:45Z",
    ["2012-03-31T13:30", "2012-03-31T14:30", "2012-03-31T15:30"],
  ],
]);

// Two hours: 2026-03-29 01:00 +00 -> 03:00 +02; 2026-10-25 03:00 +02 -> 01:00 +00.
zone("Antarctica/Troll", [
  ["gap, named", "30 1,2 * * *", "2026-03-28T12:00Z", "2026-03-30T12:00Z", ["2026-03-29T01:00", "2026-03-29T23:30", "2026-03-30T00:30"]],
  ["gap, daily", "1d|02:59", "2026-03-28T12:00Z", "2026-03-30T12:00Z", ["2026-03-29T01:00", "2026-03-30T00:59"]],
  ["gap, wildcard", "30 * * * *", "2026-03-29T00:00Z", "2026-03-29T03:00Z", ["2026-03-29T00:30", "2026-03-29T01:30", "2026-03-29T02:30"]],
  [
    "repeated, named",
    "30 1,2 * * *",
    "2026-10-24T12:00Z",
    "2026-10-26T12:00Z",
    ["2026-10-24T23:30", "2026-10-25T00:30", "2026-10-26T01:30", "2026-10-26T02:30"],
  ],
  [
    "repeated, wildcard",
    "30 */2 * * *",
    "2026-10-24T23:00Z",
    "2026-10-25T05:00Z",
    ["2026-10-25T00:30", "2026-10-25T02:30", "2026-10-25T04:30"],
  ],
]);

// The hour before midnight: 2026-03-28 23:00 -02 -> 2026-03-29 00:00 -01.
zone("America/Nuuk", [
  [
    "a slot of the evening is due at midnight",
    "1d|23:30",
    "2026-03-27T12:00Z",
    "2026-03-31T12:00Z",
    ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30", "2026-03-31T00:30"],
  ],
  ["and is one with midnight's own", "0,30 0,23 * * *", "2026-03-29T00:00Z", "2026-03-29T12:00Z", ["2026-03-29T01:00", "2026-03-29T01:30"]],
]);

describe("every n-th day", () => {
  it("keeps its local time and its count of days over both changes", () => {
    expect(list("7d|02:30", "Europe/Berlin", "2026-03-15T00:00Z", "2026-04-06T00:00Z")).toEqual([
      "2026-03-15T01:30",
      "2026-03-22T01:30",
      "2026-03-29T01:00",
      "2026-04-05T00:30",
    ]);
    expect(list("2d|02:30", "Europe/Berlin", "2026-10-23T00:00Z", "2026-10-29T00:00Z")).toEqual([
      "2026-10-23T00:30",
      "2026-10-25T00:30",
      "2026-10-27T01:30",
    ]);
  });
  it("has no slot on a day that never was, and keeps its count", () => {
    expect(list("2d|03:00", "Pacific/Apia", "2011-12-26T12:00Z", "2012-01-04T00:00Z")).toEqual([
      "2011-12-26T13:00",
      "2011-12-28T13:00",
      "2011-12-31T13:00",
      "2012-01-02T13:00",
    ]);
    const landed = nextAfter(parse("7d|03:00", "Pacific/Apia"), at("2011-12-23T13:00Z"));
    expect(iso(landed)).toBe("2012-01-05T13:00");
  });
  it("counts from the day a slot is for, though it was due after midnight", () => {
    expect(iso(nextAfter(parse("7d|23:30", "America/Nuuk"), at("2026-03-29T01:00Z")))).toBe("2026-04-05T00:30");
  });
  it("takes the second pass of a repeated time for a slot moved by hand", () => {
    expect(iso(nextAfter(parse("7d|02:30", "Europe/Berlin"), at("2026-10-25T00:30Z")))).toBe("2026-11-01T01:30");
    expect(iso(nextAfter(parse("7d|02:30", "Europe/Berlin"), at("2026-10-25T01:30Z")))).toBe("2026-10-26T01:30");
  });
});

describe("a daily job that has never run", () => {
  it.each([
    ["in a gap it is due at its end", "02:30", "Europe/Berlin", "2026-03-29T20:00Z", "2026-03-29T01:00"],
    ["before the gap", "02:30", "Europe/Berlin", "2026-03-29T00:10Z", "2026-03-29T01:00"],
    ["in the second pass, today's was the first", "02:30", "Europe/Berlin", "2026-10-25T01:10Z", "2026-10-25T00:30"],
    ["at the day after the one that never was", "03:00", "Pacific/Apia", "2011-12-30T10:00Z", "2011-12-30T13:00"],
    ["on a day without midnight", "00:00", "America/Sao_Paulo", "2018-11-04T03:00Z", "2018-11-04T03:00"],
  ])("%s", (_, time, zoneName, now, expected) => {
    expect(iso(firstSlot(parse(time, zoneName), at(now)))).toBe(expected);
  });
});

describe("what timers elsewhere got wrong", () => {
  const hours = (all: (string | null)[]) =>
    all.slice(1).map((slot, i) => (at(`${slot}Z`).getTime() - at(`${all[i]}Z`).getTime()) / 3_600_000);

  it("a timer at 02:00 is not skipped in the gap", () => {
    const all = list("0 2 * * *", "Europe/Berlin", "2026-03-27T12:00Z", "2026-03-31T12:00Z");
    expect(all).toHaveLength(4);
    expect(hours(all)).toEqual([24, 23, 24]);
  });
  it.each(["0 */4 * * *", "0 0,4,8,12,16,20 * * *"])("a timer every four hours has no hole of 27: %s", (text) => {
    for (const [name, from, until] of [
      ["Europe/Berlin", "2026-03-27T00:00Z", "2026-04-01T00:00Z"],
      ["Europe/Berlin", "2026-10-23T00:00Z", "2026-10-28T00:00Z"],
      ["America/New_York", "2026-03-07T00:00Z", "2026-03-10T00:00Z"],
      ["America/New_York", "2026-10-31T00:00Z", "2026-11-03T00:00Z"],
    ] as const) {
      const between = hours(list(text, name, from, until));
      expect(between.length).toBeGreaterThan(15);
      expect(Math.min(...between)).toBeGreaterThanOrEqual(3);
      expect(Math.max(...between)).toBeLessThanOrEqual(5);
    }
  });
  it("a timer every minute is not silent in the repeated hour", () => {
    for (const [name, change] of [
      ["Europe/Berlin", "2026-10-25T01:00Z"],
      ["Europe/Berlin", "2026-03-29T01:00Z"],
      ["Australia/Lord_Howe", "2026-04-04T15:00Z"],
      ["Antarctica/Troll", "2026-10-25T01:00Z"],
    ] as const) {
      const [from, until] = [-3, 3].map((h) => new Date(at(change).getTime() + h * 3_600_000).toISOString());
      expect(list("* * * * *", name, from as string, until as string)).toHaveLength(361);
    }
  });
  it("a job at 02:00 does not run twice when clocks go back", () => {
    expect(list("0 2 * * *", "Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T22:00Z")).toEqual(["2026-10-25T00:00"]);
  });
});
