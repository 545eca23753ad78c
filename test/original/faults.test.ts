/** The list of faults names a test for each of them; here the list itself is tested: nothing left out, nothing that is not there. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const rows = readFileSync(at("original/faults.md"), "utf8")
  .split("\n")
  .filter((line) => /^\| [\dV]/.test(line))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
  .map(([, numbers = "", fault = "", , tests = ""]) => ({ numbers: numbers.split(" "), fault, tests: tests.split("<br>") }));

const upTo = (n: number, letter = ""): string[] => Array.from({ length: n }, (_, i) => `${letter}${i + 1}`);

it("has all 45 faults, and all 19 of the second list", () => {
  const numbers = [...new Set(rows.flatMap((row) => row.numbers))];
  expect(numbers.filter((n) => !n.startsWith("V"))).toEqual(upTo(45));
  expect(numbers.filter((n) => n.startsWith("V")).sort()).toEqual(upTo(19, "V").sort());
});

describe.each(rows)("$numbers.0: $fault", ({ tests }) => {
  it.each(tests)("%s", (test) => {
    const [, file = "", name = ""] = /^`(\S+) › (.+)`$/.exec(test) ?? [];
    expect(existsSync(at(`${file}.test.ts`)), test).toBe(true);
    const titles = [...readFileSync(at(`${file}.test.ts`), "utf8").matchAll(/["`]([^"`\n]{4,})["`]/g)].map(([, title]) => title);
    expect(
      titles.some((title) => title?.includes(name)),
      test,
    ).toBe(true);
  });
});
