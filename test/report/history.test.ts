import { expect, test } from "vitest";
import { historyText, sums } from "#lib/report/history.js";
import { logsText } from "#lib/report/logs.js";
import { columns } from "#lib/report/safe.js";
import { history, run, t, UTC } from "./fleet.ts";

test.each([80, 120, 200])("the table at %d columns", async (width) => {
  const text = historyText("fetch-crashes", history, { ...UTC, width });
  await expect(text).toMatchFileSnapshot(`../goldens/history-${width}.txt`);
  for (const line of text.split("\n")) expect(columns(line)).toBeLessThanOrEqual(width);
});

test("on the wall of another zone, in ASCII", async () => {
  const text = historyText("fetch-crashes", history, { ...UTC, zone: "Europe/Berlin", ascii: true, width: Number.POSITIVE_INFINITY });
  expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  await expect(text).toMatchFileSnapshot("../goldens/history-berlin-ascii.txt");
});

test("no runs", () => {
  expect(historyText("a", [], UTC)).toBe("a has no recorded runs.\n");
});

test("sums: what is on or was skipped is no end, what was found lost says nothing about durations", () => {
  expect(sums(history)).toMatchObject({ runs: 6, ended: 5, succeeded: 3, median: 71, p95: 581, slowest: { id: 47_911n } });
  const many = Array.from({ length: 50 }, (_, i) => run({ id: BigInt(i), took: i + 1, outcome: i === 7 ? "failed" : "succeeded" }));
  expect(sums(many)).toMatchObject({ runs: 50, ended: 50, succeeded: 49, median: 25, p95: 48 });
  expect(historyText("a", many, UTC)).toMatch(/\n50 runs · 98 % ok · median 25s · p95 48s · slowest #49 50s\n$/);
  expect(sums([run({ outcome: null })])).toMatchObject({ runs: 1, ended: 0, median: null, slowest: null });
});

test("only all is 100 %", () => {
  const almost = Array.from({ length: 1000 }, (_, i) => run({ outcome: i === 0 ? "failed" : "succeeded" }));
  expect(historyText("a", almost, UTC)).toContain("1000 runs · 99 % ok");
  expect(historyText("a", [run()], UTC)).toContain("1 run · 100 % ok");
});

test.each([
  [{ outcome: "timed-out", error: { type: "Timeout", value: "30m are over", traceback: "" } }, "✖ timed-out: 30m are over"],
  [{ outcome: "cancelled", error: { type: "Cancelled", value: "by ops", traceback: "" } }, "⊘ cancelled: by ops"],
  [{ outcome: "interrupted" }, "⊘ interrupted"],
  [{ outcome: "failed", error: { type: "\u001b[31mT\u001b[0m", value: "a\nb\u0000", traceback: "" } }, "✖ T: a b\\x00"],
  [
    { outcome: "skipped", attempt: 0, error: { type: "Skipped", value: "start-deadline", traceback: "" } },
    "↷ skipped 1 slot: start-deadline",
  ],
  [{ outcome: null, progress: "half" }, "◐ running"],
  [{ outcome: null, progress: { done: 7, message: "x\u001b[2J" } }, "◐ running 7, x"],
] as const)("%j", (over, words) => {
  expect(historyText("a", [run(over)], UTC).split("\n")[1]).toMatch(new RegExp(`  ${words.replace(/[\\[]/g, "\\$&")}$`));
});

test("logs: which run, what it printed, what went wrong", async () => {
  const output = "page 1\n\u001b[32mpage 2\u001b[0m\r\n50 %\r100 %\n\u0000bell\u0007 <b>\n\n";
  const texts = history.slice(0, 4).map((one, i) => logsText({ run: one, output: i < 2 ? output : null }, UTC));
  await expect(texts.join(`${"-".repeat(80)}\n`)).toMatchFileSnapshot("../goldens/logs.txt");
});

test("logs of a run elsewhere in time", () => {
  const text = logsText(
    { run: run({ slot: t("2026-03-29 00:30:00"), host: null }), output: "" },
    { ...UTC, zone: "Europe/Berlin", ascii: true },
  );
  expect(text).toBe(
    "#48121 fetch-crashes - slot 2026-03-29 01:30:00 Europe/Berlin - attempt 1 - ? - + succeeded after 3.0s\n(no output)\n",
  );
});
