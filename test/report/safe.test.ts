import fc from "fast-check";
import { expect, test } from "vitest";
import { columns, cutBytes, cutColumns, inline, printable, shownName } from "#lib/report/safe.js";

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom("\u001b", "[", "]", "\u009b", "\r", "\n", "\t", "\u0000", "\u202e", "m", "\u0007"),
    fc.string({ unit: "binary", maxLength: 1 }),
  ),
});

test("whatever a job says, nothing of it is a command to a terminal", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      expect(printable(text)).not.toMatch(CONTROL);
      for (const line of [inline(text), shownName(text)]) expect(line).not.toMatch(/[\n\t]/);
      expect(inline(text)).not.toMatch(CONTROL);
      expect(shownName(text)).not.toMatch(CONTROL);
    }),
  );
});

test.each([
  ["\u001b[1;31mred\u001b[0m", "red"],
  ["\u001b]8;;http://x\u0007link\u001b]8;;\u0007", "link"],
  ["50 %\r100 %\r\n", "50 %\n100 %\n"],
  ["a\u0000b\u0007", "a\\x00b\\x07"],
  ["<script>&amp;", "<script>&amp;"],
  ["naïve 日本 💥", "naïve 日本 💥"],
  ["\ud83d", "\\ud83d"],
])("%j is printed as %j", (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test("two names that differ never look the same", () => {
  expect(shownName("a\u001b[31m")).toBe("a\\x1b[31m");
  expect(shownName("a\nb")).toBe("a\\x0ab");
});

test.each([
  ["abc", 3],
  ["naïve", 5],
  ["nai\u0308ve", 5],
  ["日本", 4],
  ["한국", 4],
  ["💥", 2],
  ["✔◐×…", 4],
  ["✅⭐", 4],
  ["❤️ 1️⃣", 5],
  ["🇩🇪👩‍👩‍👧‍👦👍🏽", 6],
  ["e\u0301\u0323\u200b", 1],
  ["ﾊﾟ", 2],
  ["각", 2],
  ["\u1100\u1161\u11a8", 2],
])("%s takes %d columns", (text, width) => {
  expect(columns(text)).toBe(width);
});

test("cuts tear no character", () => {
  expect(cutColumns("日本語", 5)).toBe("日本…");
  expect(cutColumns("日本語", 6)).toBe("日本語");
  expect(cutColumns("a👩‍👩‍👧‍👦b", 3)).toBe("a…");
  expect(cutColumns("e\u0301e\u0301e\u0301", 2)).toBe("e\u0301…");
  expect(cutBytes("ä💥b", 8)).toBe("ä💥b");
  expect(cutBytes("ä💥bc", 7)).toBe("ä…");
});
