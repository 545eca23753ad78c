import { expect, it } from "vitest";
import { isInstant, readInstant, readLast } from "#lib/cli/instant.js";

it.each([
  ["2026-11-20", "UTC", "2026-11-20T00:00:00.000Z"],
  ["2026-11-20T03:00", "UTC", "2026-11-20T03:00:00.000Z"],
  ["2026-11-20 03:00:07", "UTC", "2026-11-20T03:00:07.000Z"],
  ["2026-11-20T03:00:07.25Z", "Europe/Berlin", "2026-11-20T03:00:07.250Z"],
  ["2026-11-20T03:00:07.123456+01:00", "UTC", "2026-11-20T02:00:07.123Z"],
  ["2026-11-20T03:00-0330", "UTC", "2026-11-20T06:30:00.000Z"],
  ["2026-11-20T03:00+05", "UTC", "2026-11-19T22:00:00.000Z"],
  ["2026-11-20T03:00", "Europe/Berlin", "2026-11-20T02:00:00.000Z"],
  ["2026-07-20T03:00", "America/New_York", "2026-07-20T07:00:00.000Z"],
  ["2028-02-29", "UTC", "2028-02-29T00:00:00.000Z"],
  // The clock jumps from 02:00 to 03:00: the first valid instant after it.
  ["2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:00:00.000Z"],
  ["2026-03-29T01:59:59", "Europe/Berlin", "2026-03-29T00:59:59.000Z"],
  ["2026-03-29T03:00", "Europe/Berlin", "2026-03-29T01:00:00.000Z"],
  // It shows 02:30 twice: the first of the two.
  ["2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30:00.000Z"],
  ["2026-10-25T03:00", "Europe/Berlin", "2026-10-25T02:00:00.000Z"],
  ["2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04T14:45:00.000Z"],
  // A whole day that never was.
  ["2011-12-30T12:00", "Pacific/Apia", "2011-12-30T10:00:00.000Z"],
])("%s in %s is %s", (text, zone, expected) => {
  expect(readInstant(text, zone).toISOString()).toBe(expected);
});

it.each([
  "",
  "now",
  "2026",
  "2026-11",
  "2026-13-01",
  "2026-02-30",
  "2025-02-29",
  "2026-11-20T24:00",
  "2026-11-20T03",
  "2026-11-20T03:60",
  "03:00",
])("%j is no instant", (text) => {
  expect(isInstant(text)).toBe(false);
});

it.each([
  ["2026-11-20", "UTC", "2026-11-20T23:59:59.999Z"],
  ["2026-11-20Z", "Europe/Berlin", "2026-11-20T23:59:59.999Z"],
  ["2026-12-31", "Europe/Berlin", "2026-12-31T22:59:59.999Z"],
  // Of 23 hours.
  ["2026-03-29", "Europe/Berlin", "2026-03-29T21:59:59.999Z"],
  ["2026-11-20T00:00", "UTC", "2026-11-20T00:00:00.000Z"],
])("the end of a range at %s in %s is %s", (text, zone, expected) => {
  expect(readLast(text, zone).toISOString()).toBe(expected);
});
