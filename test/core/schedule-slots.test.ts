/** Which instants schedules ask for, without daylight saving: the first, the next, what is due, and the ends of the calendar. */
import { describe, expect, it } from "vitest";
import { due, firstAfter, firstSlot, nextAfter, parseSchedule, slots } from "#lib/core/schedule.js";

const parse = (text: string, zone = "UTC") => parseSchedule({ text, zone, seed: "nightly-report" });
const iso = (d: Date | null) => d?.toISOString().replace(/:00\.000Z$/, "Z") ?? null;
const at = (text: string) => new Date(text);
const list = (text: string, from: string, until: string, zone = "UTC") => {
  const s = parse(text, zone);
  const first = firstAfter(s, at(from));
  return first === null ? [] : [...slots(s, first, at(until))].map(iso);
};
const owed = (text: string, open: string, now: string, zone = "UTC") => {
  const found = due(parse(text, zone), at(open), at(now));
  return found === null ? null : [iso(found.newest), found.count];
};

describe("a job that has never run", () => {
  const now = at("2026-05-06T12:34:56.789Z");
  it.each([
    ["an interval is due at once", "1h", "UTC", "2026-05-06T12:34:56.789Z"],
    ["a daily time that has passed today is due", "1d|03:00", "UTC", "2026-05-06T03:00Z"],
    ["a daily time that is to come waits", "1d|13:00", "UTC", "2026-05-06T13:00Z"],
    ["a weekly time counts from today", "7d|03:00", "UTC", "2026-05-06T03:00Z"],
    ["today is the zone's today", "1d|03:00", "Pacific/Kiritimati", "2026-05-06T13:00Z"],
    ["today is the zone's today, west", "1d|23:00", "Pacific/Pago_Pago", "2026-05-07T10:00Z"],
    ["a cron job waits for its next slot", "0 3 * * *", "UTC", "2026-05-07T03:00Z"],
    ["manual has none", "manual", "UTC", null],
  ])("%s", (_, text, zone, expected) => {
    expect(iso(firstSlot(parse(text, zone), now))).toBe(expected);
  });
  it("a daily job is due at its very minute, a cron job waits for the next one", () => {
    expect(iso(firstSlot(parse("1d|03:00"), at("2026-05-06T03:00Z")))).toBe("2026-05-06T03:00Z");
    expect(iso(firstSlot(parse("0 3 * * *"), at("2026-05-06T03:00Z")))).toBe("2026-05-07T03:00Z");
  });
});

describe("the next slot", () => {
  it.each([
    ["an interval keeps its seconds", "1h", "2026-05-06T12:34:56.789Z", "2026-05-06T13:34:56.789Z"],
    ["a week is seven times 24 hours", "1w", "2026-03-27T12:00Z", "2026-04-03T12:00Z"],
    ["a day later, same time", "1d|03:00", "2026-05-06T03:00Z", "2026-05-07T03:00Z"],
    ["seven days later", "7d|03:00", "2026-05-06T03:00Z", "2026-05-13T03:00Z"],
    ["a slot moved by hand: the first regular one after it", "7d|03:00", "2026-05-06T03:01Z", "2026-05-07T03:00Z"],
    ["moved to before it", "7d|03:00", "2026-05-06T02:59Z", "2026-05-06T03:00Z"],
    ["moved by a millisecond", "7d|03:00", "2026-05-06T03:00:00.001Z", "2026-05-07T03:00Z"],
    ["cron: strictly after", "0 3 * * *", "2026-05-06T03:00Z", "2026-05-07T03:00Z"],
    ["cron: a millisecond before", "0 3 * * *", "2026-05-06T02:59:59.999Z", "2026-05-06T03:00Z"],
    ["over a leap day", "2d|00:00", "2028-02-28T00:00Z", "2028-03-01T00:00Z"],
    ["over new year", "1d|23:59", "2026-12-31T23:59Z", "2027-01-01T23:59Z"],
    ["before 1970", "1d|03:00", "1969-12-31T03:00Z", "1970-01-01T03:00Z"],
    ["before 1970, cron", "30 5 * * *", "1901-01-01T00:00:00.500Z", "1901-01-01T05:30Z"],
    ["manual has none", "manual", "2026-05-06T03:00Z", null],
  ])("%s", (_, text, from, expected) => {
    expect(iso(nextAfter(parse(text), at(from)))).toBe(expected);
  });

  it.each([
    ["an interval counts from then", "1h", "2026-05-06T12:34Z", "2026-05-06T13:34Z"],
    ["7d|03:00 takes the next 03:00", "7d|03:00", "2026-05-06T12:34Z", "2026-05-07T03:00Z"],
    ["strictly after", "7d|03:00", "2026-05-06T03:00Z", "2026-05-07T03:00Z"],
    ["cron", "0 3 * * sun", "2026-05-06T03:00Z", "2026-05-10T03:00Z"],
    ["manual has none", "manual", "2026-05-06T03:00Z", null],
  ])("of an edited schedule: %s", (_, text, from, expected) => {
    expect(iso(firstAfter(parse(text), at(from)))).toBe(expected);
  });
});

describe("what cron fields mean", () => {
  it.each([
    ["names, in any case", "0 9 * JAN mon", "2026-01-01", "2026-02-10", ["05", "12", "19", "26"]],
    ["7 is Sunday", "0 9 * 1 7", "2026-01-01", "2026-02-01", ["04", "11", "18", "25"]],
    ["0 and 7 together", "0 9 * 1 0,7", "2026-01-01", "2026-02-01", ["04", "11", "18", "25"]],
    ["a range that ends on Sunday", "0 9 1-15 1 sat-sun", "2026-01-01", "2026-01-08T10:00Z", "01 02 03 04 05 06 07 08".split(" ")],
    ["sat-sun alone", "0 9 * 1 sat-sun", "2026-01-01", "2026-01-15", ["03", "04", "10", "11"]],
    ["a range with a step", "0 9 1-10/3 1 *", "2026-01-01", "2026-02-01", ["01", "04", "07", "10"]],
    ["a start with a step", "0 9 20/5 1 *", "2026-01-01", "2026-02-01", ["20", "25", "30"]],
    ["overlapping lists", "0 9 1-3,2,3-4 1 *", "2026-01-01", "2026-02-01", ["01", "02", "03", "04"]],
    ["? is *", "0 9 ? 1 5", "2026-01-01", "2026-01-20", ["02", "09", "16"]],
    ["both days restricted: either", "0 9 15 1 mon", "2026-01-01", "2026-02-01", ["05", "12", "15", "19", "26"]],
    ["a day field that starts with *: both", "0 9 */2 1 mon", "2026-01-01", "2026-02-01", ["05", "19"]],
    ["a weekday field that starts with *: both", "0 9 1-12 1 */3", "2026-01-01", "2026-02-01", ["03", "04", "07", "10", "11"]],
    ["L", "0 9 L 1,2 *", "2026-01-01", "2026-03-05", ["31", "28"]],
    ["L in a leap year", "0 9 L 2 *", "2028-01-01", "2028-03-05", ["29"]],
    ["L in a list", "0 9 15,L 1 *", "2026-01-01", "2026-03-05", ["15", "31"]],
    ["the last Friday", "0 9 * 1,2 5L", "2026-01-01", "2026-03-05", ["30", "27"]],
    ["the last Friday by name, with another day", "0 9 * 1 friL,mon", "2026-01-01", "2026-02-01", ["05", "12", "19", "26", "30"]],
    ["the second Monday", "0 9 * 1,2 mon#2", "2026-01-01", "2026-03-05", ["12", "09"]],
    ["the first Sunday as 7#1", "0 9 * 1,2 7#1", "2026-01-01", "2026-03-05", ["04", "01"]],
    ["two nth weekdays", "0 9 * 1 1#1,3#3", "2026-01-01", "2026-02-01", ["05", "21"]],
    ["the fifth Friday, where there is one", "0 9 * 1-5 5#5", "2026-01-01", "2026-06-01", ["30", "29"]],
    ["31 skips the months without", "0 9 31 * *", "2026-01-01", "2026-06-01", ["31", "31", "31"]],
  ])("%s", (_, text, from, until, days) => {
    expect(list(text, from, until).map((slot) => slot?.slice(8, 10))).toEqual(days);
  });

  it.each([
    ["@hourly", ["2026-01-01T01:00Z", "2026-01-01T02:00Z"]],
    ["@daily", ["2026-01-02T00:00Z", "2026-01-03T00:00Z"]],
    ["@midnight", ["2026-01-02T00:00Z", "2026-01-03T00:00Z"]],
    ["@weekly", ["2026-01-04T00:00Z", "2026-01-11T00:00Z"]],
    ["@monthly", ["2026-02-01T00:00Z", "2026-03-01T00:00Z"]],
    ["@yearly", ["2027-01-01T00:00Z", "2028-01-01T00:00Z"]],
    ["@annually", ["2027-01-01T00:00Z", "2028-01-01T00:00Z"]],
    ["0 0 29 2 *", ["2028-02-29T00:00Z", "2032-02-29T00:00Z"]],
    ["0 0 * 2 1#5", ["2044-02-29T00:00Z", "2072-02-29T00:00Z"]],
  ])("%s", (text, expected) => {
    const first = firstAfter(parse(text), at("2026-01-01T00:00Z"));
    expect([iso(first), iso(first && nextAfter(parse(text), first))]).toEqual(expected);
  });

  it("six fields begin with seconds", () => {
    expect(list("*/20 59 23 * * *", "2026-01-01T23:00Z", "2026-01-02T00:00Z")).toEqual([
      "2026-01-01T23:59Z",
      "2026-01-01T23:59:20.000Z",
      "2026-01-01T23:59:40.000Z",
    ]);
    expect(list("* * * * * *", "2026-01-01T23:59:57.500Z", "2026-01-02T00:00:01Z")).toHaveLength(4);
  });
});

describe("what is due", () => {
  it.each([
    ["an interval: the newest on its grid", "1h", "2026-05-06T00:30Z", "2026-05-06T04:29Z", ["2026-05-06T03:30Z", 4]],
    ["exactly on a slot", "1h", "2026-05-06T00:30Z", "2026-05-06T04:30Z", ["2026-05-06T04:30Z", 5]],
    ["the open slot alone", "1h", "2026-05-06T00:30Z", "2026-05-06T00:30Z", ["2026-05-06T00:30Z", 1]],
    ["not yet", "1h", "2026-05-06T00:30Z", "2026-05-06T00:29:59.999Z", null],
    ["daily", "1d|03:00", "2026-05-01T03:00Z", "2026-05-06T02:59Z", ["2026-05-05T03:00Z", 5]],
    ["weekly", "7d|03:00", "2026-05-01T03:00Z", "2026-05-22T03:00Z", ["2026-05-22T03:00Z", 4]],
    ["weekly, moved by hand", "7d|03:00", "2026-05-01T04:00Z", "2026-05-22T03:00Z", ["2026-05-16T03:00Z", 4]],
    ["cron", "0 9 * * mon-fri", "2026-05-01T09:00Z", "2026-05-06T09:00Z", ["2026-05-06T09:00Z", 4]],
    ["cron, moved by hand: the open slot counts", "0 9 * * mon-fri", "2026-05-01T10:00Z", "2026-05-04T09:00Z", ["2026-05-04T09:00Z", 2]],
    ["cron, nothing after the moved one", "0 9 * * *", "2026-05-01T10:00:00.500Z", "2026-05-01T23:00Z", ["2026-05-01T10:00:00.500Z", 1]],
    ["manual", "manual", "2026-05-01T10:00Z", "2026-05-01T23:00Z", null],
  ])("%s", (_, text, open, now, expected) => {
    expect(owed(text, open, now)).toEqual(expected);
  });

  it("is counted, not walked: half a century of seconds", () => {
    expect(owed("* * * * * *", "1970-01-01T00:00Z", "2026-01-01T00:00Z")).toEqual(["2026-01-01T00:00Z", 1_767_225_601]);
    expect(owed("1s", "1970-01-01T00:00Z", "2026-01-01T00:00Z")).toEqual(["2026-01-01T00:00Z", 1_767_225_601]);
    // Every second passes in every zone: skipped hours are as many as repeated ones, and each is elapsed time.
    expect(owed("* * * * * *", "1976-01-01T00:00Z", "2026-01-01T00:00Z", "America/New_York")).toEqual(["2026-01-01T00:00Z", 1_577_923_201]);
    expect(owed("1d|02:30", "1976-01-01T07:30Z", "2026-01-01T08:00Z", "America/New_York")).toEqual(["2026-01-01T07:30Z", 18_264]);
    expect(owed("0 0 29 2 *", "1972-02-29T00:00Z", "2026-01-01T00:00Z")).toEqual(["2024-02-29T00:00Z", 14]);
  });
});

describe("slots", () => {
  it("begin with the given one, wherever it lies, and end with the last one allowed", () => {
    const of = (text: string, from: string, until: string) => [...slots(parse(text), at(from), at(until))].map(iso);
    expect(of("1h", "2026-05-06T00:30Z", "2026-05-06T02:30Z")).toEqual(["2026-05-06T00:30Z", "2026-05-06T01:30Z", "2026-05-06T02:30Z"]);
    expect(of("7d|03:00", "2026-05-01T03:00Z", "2026-05-15T02:59Z")).toEqual(["2026-05-01T03:00Z", "2026-05-08T03:00Z"]);
    expect(of("7d|03:00", "2026-05-01T04:00Z", "2026-05-09T03:00Z")).toEqual([
      "2026-05-01T04:00Z",
      "2026-05-02T03:00Z",
      "2026-05-09T03:00Z",
    ]);
    expect(of("1h", "2026-05-06T00:30Z", "2026-05-06T00:29Z")).toEqual([]);
    expect(of("0 3 * * *", "2026-05-06T00:30Z", "2026-05-06T00:29Z")).toEqual([]);
    expect(of("manual", "2026-05-06T00:30Z", "2026-05-07T00:29Z")).toEqual([]);
  });
});

describe("the ends of the calendar", () => {
  it.each(["1w", "1d|03:00", "7d|03:00", "0 3 * * *", "* * * * * *"])("%s: nothing after the year 9999", (text) => {
    const end = at("9999-12-31T23:59:59.999Z");
    for (const zone of ["UTC", "America/New_York", "Pacific/Kiritimati"]) {
      expect(nextAfter(parse(text, zone), end)).toBeNull();
      expect(firstAfter(parse(text, zone), end)).toBeNull();
      expect([...slots(parse(text, zone), end, new Date(8.64e15))]).toEqual([end]);
      expect(due(parse(text, zone), at("9999-12-30T12:00Z"), new Date(8.64e15))?.count).toBeGreaterThan(0);
    }
  });
  it("no date gives no date", () => {
    const never = new Date(Number.NaN);
    for (const text of ["1w", "7d|03:00", "0 3 * * *", "manual"]) {
      for (const zone of ["UTC", "Europe/Berlin"]) {
        const s = parse(text, zone);
        expect([nextAfter(s, never), firstAfter(s, never), firstSlot(s, never), due(s, never, never), [...slots(s, never, never)]]).toEqual(
          [null, null, null, null, []],
        );
      }
    }
  });
  it("offsets of the time before time zones, with their odd seconds, are followed", () => {
    // Amsterdam was 19 min 32 s ahead until 1937 (or is told as Brussels today), Monrovia 44 min 30 s behind until 1972.
    expect(iso(firstAfter(parse("0 12 * * *", "Africa/Monrovia"), at("1971-06-01T00:00Z")))).toBe("1971-06-01T12:44:30.000Z");
    expect(iso(firstAfter(parse("1d|12:00", "Africa/Monrovia"), at("1972-06-01T00:00Z")))).toBe("1972-06-01T12:00Z");
    for (const year of ["0001", "1000", "1799", "1800", "1850", "1900", "1936"]) {
      const s = parse("0 12 * * *", "Europe/Amsterdam");
      const open = firstAfter(s, at(`${year}-01-01T00:00Z`)) as Date;
      expect(due(s, open, at(`${year}-02-01T00:00Z`))?.count).toBe(31);
      expect([...slots(s, open, at(`${year}-02-01T00:00Z`))]).toHaveLength(31);
    }
  });
  it("does not depend on the zone of the process", () => {
    const before = process.env.TZ;
    const answers = ["Asia/Kathmandu", "America/Los_Angeles", "Pacific/Apia", "UTC"].map((TZ) => {
      process.env.TZ = TZ;
      return JSON.stringify(
        ["1d|02:30", "30 */2 * * *", "0 0 L * *"].map((text) => list(text, "2026-03-01", "2026-04-01", "Europe/Berlin")),
      );
    });
    process.env.TZ = before;
    expect(new Set(answers).size).toBe(1);
  });
});
