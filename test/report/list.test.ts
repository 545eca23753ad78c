import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { listTable } from "#lib/report/list.js";
import { columns } from "#lib/report/safe.js";
import { makeJob, makeRegistry } from "../helpers/job.ts";
import { fleet, row, t, UTC, view, viewOf } from "./fleet.ts";

const linesOf = (text: string) => text.split("\n").slice(0, -1);

test.each([
  ["80", { ...UTC, width: 80 }],
  ["200", { ...UTC, width: 200 }],
  ["berlin-ascii", { ...UTC, zone: "Europe/Berlin", ascii: true }],
])("the table (%s)", async (name, paper) => {
  const text = listTable(view, paper);
  await expect(text).toMatchFileSnapshot(`../goldens/list-${name}.txt`);
  for (const line of linesOf(text).slice(0, fleet.jobs.length + 1)) expect(columns(line)).toBeLessThanOrEqual(paper.width);
});

test("only ASCII where nothing else can be shown", () => {
  expect(listTable(view, { ...UTC, ascii: true })).toMatch(/^[\x20-\x7e\n]*$/);
});

test("colour changes nothing but the colour", () => {
  const painted = listTable(view, { ...UTC, colour: true });
  expect(painted).toContain("\u001b[31m✖ failing ×2, retry in 4m");
  const trimmed = linesOf(stripVTControlCharacters(painted)).map((line) => line.trimEnd());
  expect(trimmed).toEqual(linesOf(listTable(view, UTC)));
});

test("names are shown whole, however narrow the terminal, and columns stay in line", () => {
  const names = ["n".repeat(60), "日本語の仕事", "x"];
  const jobs = names.map((name) => makeJob({ name }));
  const text = listTable(viewOf(makeRegistry(...jobs), []), { ...UTC, width: 40 });
  for (const name of names) expect(text).toContain(`${name} `);
  const starts = linesOf(text)
    .slice(1, 4)
    .map((line) => columns(line.slice(0, line.indexOf("○"))));
  expect(new Set(starts)).toEqual(new Set([62]));
});

test("a job's own words are no commands to the terminal, and no new lines", () => {
  const jobs = makeRegistry(makeJob({ name: "a\u001b[2J\nb" }));
  const states = [
    row("a\u001b[2J\nb", { lastRun: t("03:00:00"), pausedAt: t("03:00:00"), pausedBy: "o\u0000ps", pauseNote: "x\n\u001b[31my" }),
  ];
  const text = listTable(viewOf(jobs, states), UTC);
  expect(linesOf(text)).toHaveLength(5);
  expect(text).toContain('paused by o\\x00ps: "x y"');
  expect(text).toContain("a\\x1b[2J\\x0ab");
});

test("no jobs", () => {
  expect(listTable(viewOf(makeRegistry(), []), UTC)).toBe("No jobs are configured.\n");
});
