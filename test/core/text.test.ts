import { describe, expect, it } from "vitest";
import { hasControl, kebabCase, parseDuration, printable, quoted } from "#lib/core/text.js";

describe("kebabCase", () => {
  it.each([
    ["NightlyReport", "nightly-report"],
    ["HTTPServerCheck", "http-server-check"],
    ["ingest", "ingest"],
    ["parseXML", "parse-xml"],
    ["Report2Daily", "report2-daily"],
    ["snake_case_job", "snake-case-job"],
    ["$money", "money"],
    ["ÄrendeRapport", "ärende-rapport"],
    ["_", ""],
  ])("%s is %s", (name, expected) => expect(kebabCase(name)).toBe(expected));
});

describe("parseDuration", () => {
  it.each<[string, number | null]>([
    ["300", 300],
    ["10s", 10],
    ["30m", 1800],
    ["2h", 7200],
    ["1d", 86_400],
    ["1w", 604_800],
    ["1.5h", 5400],
    [" 5 m ", 300],
    ["0", 0],
    ["1h30m", null],
    ["-5", null],
    ["m5", null],
    ["1e3", null],
    ["5y", null],
    ["", null],
  ])("%j is %j seconds", (text, expected) => expect(parseDuration(text)).toBe(expected));
});

it("quoted text cannot steer a terminal and is cut", () => {
  expect(quoted("a\u001b[31mb\u009b\u202e")).toBe('"a\\u001b[31mb\\u009b\\u202e"');
  expect(quoted("x".repeat(100), 10)).toBe(`"${"x".repeat(9)}…"`);
  expect(printable("a\nb\u001b<i>'")).toBe("a\\u000ab\\u001b<i>'");
  expect(["a\nb", "a\u007f", "ok <b> \"'"].map(hasControl)).toEqual([true, true, false]);
});
