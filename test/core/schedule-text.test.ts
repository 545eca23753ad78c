/** How schedules are written: what is read, what is refused and with which advice, and what that costs. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { firstAfter, parseSchedule, ScheduleError, slots } from "#lib/core/schedule.js";

const parse = (text: string, zone = "UTC") => parseSchedule({ text, zone, seed: "nightly-report" });

function refusal(text: string): ScheduleError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof ScheduleError) return error;
    throw error;
  }
  throw new Error(`'${text}' was accepted`);
}

describe("what can be written", () => {
  it.each([
    ["30s", "interval", "30s", "30s"],
    ["5m", "interval", "5m", "5m"],
    ["3h", "interval", "3h", "3h"],
    ["2d", "interval", "2d", "2d"],
    ["1w", "interval", "1w", "1w"],
    ["05m", "interval", "5m", "05m"],
    ["3653d", "interval", "3653d", "3653d"],
    ["5m|Europe/Berlin", "interval", "5m", "5m Europe/Berlin"],
    ["1d|03:00", "daily", "1d|03:00|UTC", "1d @ 03:00"],
    ["7d|3:00", "daily", "7d|03:00|UTC", "7d @ 3:00"],
    ["1w|03:00", "daily", "7d|03:00|UTC", "1w @ 03:00"],
    ["48h|03:00", "daily", "2d|03:00|UTC", "48h @ 03:00"],
    ["03:45", "daily", "1d|03:45|UTC", "1d @ 03:45"],
    ["1:1", "daily", "1d|01:01|UTC", "1d @ 1:1"],
    ["23:59", "daily", "1d|23:59|UTC", "1d @ 23:59"],
    [" 1d | 03:00 | Europe/Berlin ", "daily", "1d|03:00|Europe/Berlin", "1d @ 03:00 Europe/Berlin"],
    ["03:00|Europe/Berlin", "daily", "1d|03:00|Europe/Berlin", "1d @ 03:00 Europe/Berlin"],
    ["0 4 * * *", "cron", "0 4 * * *|UTC", "0 4 * * *"],
    ["  0  4 *\t* * ", "cron", "0 4 * * *|UTC", "0 4 * * *"],
    ["15 0 4 * * *", "cron", "15 0 4 * * *|UTC", "15 0 4 * * *"],
    ["30 7 * * mon-fri|Europe/Stockholm", "cron", "30 7 * * mon-fri|Europe/Stockholm", "30 7 * * mon-fri Europe/Stockholm"],
    ["@hourly", "cron", "@hourly|UTC", "@hourly"],
    ["@daily|America/New_York", "cron", "@daily|America/New_York", "@daily America/New_York"],
    ["manual", "manual", "manual", "manual"],
    ["manual|Europe/Berlin", "manual", "manual", "manual Europe/Berlin"],
  ])("reads %j", (written, kind, text, display) => {
    expect(parse(written)).toMatchObject({ kind, text, display });
  });

  it("takes the zone that is written, else the one that is given, and shows it if it is not UTC", () => {
    expect(parse("03:00", "Europe/Berlin")).toMatchObject({ zone: "Europe/Berlin", display: "1d @ 03:00 Europe/Berlin" });
    expect(parse("03:00|UTC", "Europe/Berlin")).toMatchObject({ zone: "UTC", display: "1d @ 03:00", text: "1d|03:00|UTC" });
    expect(parse("* * * * *", "Asia/Kolkata")).toMatchObject({ zone: "Asia/Kolkata", text: "* * * * *|Asia/Kolkata" });
  });

  it("an interval does not depend on the given zone, in text or display", () => {
    expect(parse("1h", "Europe/Berlin")).toEqual({ kind: "interval", text: "1h", display: "1h", zone: "Europe/Berlin", every: 3_600_000 });
  });

  it("its canonical text reads as itself", () => {
    for (const text of ["30s", "1w", "7d|3:00|Europe/Berlin", "1:1", "@weekly", "H H * * 5L", "1 2 3 * * mon#2|Asia/Tokyo", "manual"]) {
      const first = parse(text);
      expect(parse(first.text, "America/New_York").text).toBe(first.text);
    }
  });
});

describe("what is refused", () => {
  const table: [string, string, RegExp][] = [
    ["", "the schedule is empty", /^write 30s, 5m/],
    ["   ", "the schedule is empty", /^write 30s, 5m/],
    ["0m", "'0m' never passes", /manual/],
    ["1d2h", "'1d2h' is not a schedule", /one number and one unit/],
    ["d1", "'d1' is not a schedule", /1d$/],
    ["10", "'10' is not a schedule", /10m for minutes/],
    ["10 m", "'10 m' is not a schedule", /^write 10m$/],
    ["5M", "'5M' is not a schedule", /^write 5m$/],
    ["1.5h", "'1.5h' is not a schedule", /^write 30s/],
    ["-5m", "'-5m' is not a schedule", /^write 30s/],
    ["every day", "'every day' is not a schedule", /^write 30s/],
    ["3654d", "'3654d' is longer than ten years", /manual/],
    ["99999999999999999999d", "'99999999999999999999d' is longer than ten years", /manual/],
    ["1h|03:00", "'1h|03:00': a time of day goes with whole days only", /1d\|03:00/],
    ["36h|03:00", "'36h|03:00': a time of day goes with whole days only", /36h without the time/],
    ["0d|03:00", "'0d|03:00' never passes", /manual/],
    ["manual|03:00", "'manual|03:00': a time of day goes with whole days only", /1d\|03:00/],
    ["0 4 * * *|03:00", "'0 4 * * *|03:00': a time of day goes with whole days only", /cron/],
    ["24:00", "'24:00' is not a time of day", /00:00 to 23:59/],
    ["1d|03:60", "'03:60' is not a time of day", /00:00 to 23:59/],
    ["1d|03:00:30", "'03:00:30' is not a time of day", /HH:MM/],
    ["1d|:30", "':30' is not a time of day", /HH:MM/],
    ["1d|3am", "'3am' is not a time zone", /HH:MM/],
    ["1d|03:00|Mars/Olympus", "'Mars/Olympus' is not a time zone", /IANA/],
    ["5m|Mars/Olympus", "'Mars/Olympus' is not a time zone", /IANA/],
    ["1d|03:00|europe/berlin", "'europe/berlin' is not a time zone", /IANA/],
    ["1d|03:00|EUROPE/Berlin", "'EUROPE/Berlin' is not a time zone", /IANA/],
    ["1d|03:00|+02:00", "'+02:00' is not a time zone", /IANA/],
    ["1d|03:00|UTC|x", "'1d|03:00|UTC|x' has too many parts", /at most/],
    ["03:00|04:00", "'03:00|04:00' has too many parts", /at most/],
    ["1d|03:00|04:00", "'1d|03:00|04:00' has too many parts", /at most/],
    ["1d|", "'1d|' has an empty part", /drop/],
    ["1d||UTC", "'1d||UTC' has an empty part", /drop/],
    ["|03:00", "'|03:00' has an empty part", /drop/],
    ["@reboot", "'@reboot' is not a schedule", /boot unit/],
    ["@every 5m", "'@every 5m' is not a schedule", /^write 5m$/],
    ["@dayly", "'@dayly' is not a schedule", /@daily/],
    ["* * *", "'* * *' is not a schedule", /this has 3 fields/],
    ["* * * * * * *", "'* * * * * * *' is not a schedule", /this has 7 fields/],
    ["60 * * * *", "the minute of '60 * * * *' cannot be '60'", /0-59/],
    ["0 24 * * *", "the hour of '0 24 * * *' cannot be '24'", /0-23/],
    ["0 0 0 * *", "the day of month of '0 0 0 * *' cannot be '0'", /1-31/],
    ["0 0 * 13 *", "the month of '0 0 * 13 *' cannot be '13'", /1-12/],
    ["0 0 * foo *", "the month of '0 0 * foo *' cannot be 'foo'", /jan-dec/],
    ["0 0 * * 8", "the day of week of '0 0 * * 8' cannot be '8'", /0-7/],
    ["60 0 0 * * *", "the second of '60 0 0 * * *' cannot be '60'", /0-59/],
    ["*/0 * * * *", "the minute of '*/0 * * * *' cannot be '*/0'", /0-59/],
    ["5-1 * * * *", "the minute of '5-1 * * * *' cannot be '5-1'", /0-59/],
    ["1,,2 * * * *", "the minute of '1,,2 * * * *' cannot be ''", /lists/],
    ["5H * * * *", "the minute of '5H * * * *' cannot be '5H'", /H$/],
    ["L * * * *", "the minute of 'L * * * *' cannot be 'L'", /0-59/],
    ["0 0 LW * *", "the day of month of '0 0 LW * *' cannot be 'LW'", /L, the last day/],
    ["0 0 * * mon#6", "the day of week of '0 0 * * mon#6' cannot be 'mon#6'", /second Monday/],
    ["0 0 * * L", "the day of week of '0 0 * * L' cannot be 'L'", /last Friday/],
    ["0 0 31 2 *", "'0 0 31 2 *' never fires", /no month/],
    ["0 0 30,31 2 *", "'0 0 30,31 2 *' never fires", /no month/],
    ["0 0 31 4,6,9,11 *", "'0 0 31 4,6,9,11 *' never fires", /no month/],
    ["0 0 31 feb ?", "'0 0 31 feb ?' never fires", /no month/],
    ["0 0 */30 2 mon#5", "'0 0 */30 2 mon#5' never fires", /no month/],
  ];
  it.each(table)("%j", (text, message, hint) => {
    const error = refusal(text);
    expect(error.message).toBe(message);
    expect(error.hint).toMatch(hint);
  });

  it.each(["0 0 29 2 *", "0 0 * 2 1#5", "0 0 L 2 *", "0 0 31 2 mon", "0 0 30 2 5L", "0 0 31 * *"])("but %j does fire", (text) => {
    expect(parse(text).text).toBe(`${text}|UTC`);
  });
});

describe("what it costs", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const child = (code: string) => {
    const script = `import { parseSchedule, firstAfter, due } from "#lib/core/schedule.js"; import { createRequire } from "node:module";
      const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes("cron-parser"));
      ${code}`;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { cwd: root, encoding: "utf8" });
    return stdout.trim() || stderr;
  };

  it("trusted texts load neither cron-parser nor time zone data until a slot is asked for", () => {
    const answer = child(`
      const real = Intl.DateTimeFormat; let formats = 0;
      Intl.DateTimeFormat = function (...a) { formats++; return new real(...a); };
      const trusted = (text) => parseSchedule({ text, zone: "Europe/Berlin", seed: "a", trusted: true });
      const all = ["0 4 * * *", "H H * * *|Asia/Tokyo", "1d|03:00", "5m", "@daily", "manual"].map(trusted);
      const before = [loaded(), formats];
      firstAfter(all[0], new Date(0));
      console.log(JSON.stringify([before, loaded(), formats]));`);
    expect(JSON.parse(answer)).toEqual([[false, 0], true, 1]);
  });

  it("UTC never loads time zone data, intervals and daily jobs never cron-parser", () => {
    const answer = child(`
      Intl.DateTimeFormat = function () { throw new Error("time zone data"); };
      for (const text of ["5m", "1d|03:00", "manual"]) {
        const s = parseSchedule({ text, zone: "UTC", seed: "a" });
        firstAfter(s, new Date(0)); due(s, new Date(0), new Date(1e12));
      }
      const before = loaded();
      due(parseSchedule({ text: "0 4 * * *", zone: "UTC", seed: "a" }), new Date(0), new Date(1e12));
      console.log(JSON.stringify([before, loaded()]));`);
    expect(JSON.parse(answer)).toEqual([false, true]);
  });

  it("a trusted text is read as the same schedule", () => {
    for (const text of ["5m", "7d|3:00|Europe/Berlin", "@weekly", "H 3 * * mon-fri|Asia/Tokyo", "manual"]) {
      const source = { text, zone: "UTC", seed: "a" };
      expect(parseSchedule({ ...source, trusted: true })).toEqual(parseSchedule(source));
    }
  });

  it("a trusted text that was wrong after all throws when a slot is asked for", () => {
    const wrong = parseSchedule({ text: "0 0 31 2 *", zone: "UTC", seed: "a", trusted: true });
    expect(() => firstAfter(wrong, new Date(0))).toThrow(ScheduleError);
  });
});

describe("equal texts plan equal slots", () => {
  const slotsOf = (text: string, seed: string) => {
    const s = parseSchedule({ text, zone: "Europe/Berlin", seed });
    const from = firstAfter(s, new Date("2026-03-01T00:00Z"));
    return [s.text, from === null ? [] : [...slots(s, from, new Date("2026-06-01T00:00Z"))].map((d) => d.toISOString())];
  };
  it("however they were written", () => {
    expect(slotsOf("1w|3:00", "a")).toEqual(slotsOf("7d | 03:00|Europe/Berlin", "a"));
    expect(slotsOf("0  4 * *  *", "a")).toEqual(slotsOf("0 4 * * *|Europe/Berlin", "a"));
  });
  it("H is the same for a name on every host, another for another name, and seldom the same for many", () => {
    expect(slotsOf("H H * * *", "ingest")).toEqual(slotsOf("H H * * *", "ingest"));
    const names = Array.from({ length: 60 }, (_, i) => `job-${i}`);
    const times = new Set(names.map((name) => JSON.stringify(slotsOf("H H * * *", name))));
    expect(times.size).toBeGreaterThan(50);
    expect(slotsOf("H H * * *", "")).toEqual(slotsOf("H H * * *", ""));
  });
  it("H is a day that every month has, for every name", () => {
    for (let i = 0; i < 100; i++) {
      const [, all] = slotsOf("0 12 H * *", `job-${i}`);
      expect(all).toHaveLength(3);
    }
  });
  it("H stays in its range, with its step", () => {
    for (let i = 0; i < 40; i++) {
      const s = parseSchedule({ text: "H(10-19) H/6 * * *", zone: "UTC", seed: `job-${i}` });
      const day = [...slots(s, firstAfter(s, new Date("2026-03-01T00:00Z")) as Date, new Date("2026-03-01T23:59Z"))];
      expect(day).toHaveLength(4);
      const hours = day.map((d) => d.getUTCHours());
      expect(hours.map((h) => h - (hours[0] as number))).toEqual([0, 6, 12, 18]);
      expect(day.every((d) => d.getUTCMinutes() >= 10 && d.getUTCMinutes() <= 19)).toBe(true);
    }
  });
});
