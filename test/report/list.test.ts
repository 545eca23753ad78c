import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { OF_VERBS } from "#lib/cli/options.js";
import { ORDERS, WORST } from "#lib/report/choose.js";
import { LIST_COLUMNS, listDocument, listTable } from "#lib/report/list.js";
import { columns } from "#lib/report/safe.js";
import { LOOKS } from "#lib/report/status.js";
import { makeJob, makeRegistry } from "../helpers/job.ts";
import { fleet, recent, row, t, UTC, view, viewOf } from "./fleet.ts";

const linesOf = (text: string) => text.split("\n").slice(0, -1);

test.each([
  ["40", { ...UTC, width: 40 }],
  ["80", { ...UTC, width: 80 }],
  ["120", UTC],
  ["200", { ...UTC, width: 200 }],
  ["berlin-ascii", { ...UTC, zone: "Europe/Berlin", ascii: true, width: Number.POSITIVE_INFINITY }],
])("the table (%s)", async (name, paper) => {
  const text = listTable(view, paper, { recent });
  await expect(text).toMatchFileSnapshot(`../goldens/list-${name}.txt`);
  for (const line of linesOf(text).slice(0, fleet.jobs.length + 1)) expect(columns(line)).toBeLessThanOrEqual(paper.width);
});

test("only ASCII where nothing else can be shown", () => {
  expect(listTable(view, { ...UTC, ascii: true }, { recent })).toMatch(/^[\x20-\x7e\n]*$/);
});

test("colour changes nothing but the colour", () => {
  const painted = listTable(view, { ...UTC, colour: true }, { recent });
  expect(painted).toContain("\u001b[31m✖ failing ×2, retry in 4m");
  const trimmed = linesOf(stripVTControlCharacters(painted)).map((line) => line.trimEnd());
  expect(trimmed).toEqual(linesOf(listTable(view, UTC, { recent })));
});

test("names are shown whole, however narrow the terminal, and columns stay in line", () => {
  const names = ["n".repeat(60), "日本語の仕事", "e\u0301te\u0301", "👩‍👩‍👧‍👦 ✅ ❤️", "x"];
  const jobs = names.map((name) => makeJob({ name }));
  const text = listTable(viewOf(makeRegistry(...jobs), []), { ...UTC, width: 40 });
  for (const name of names) expect(text).toContain(`${name} `);
  const starts = linesOf(text)
    .slice(1, names.length + 1)
    .map((line) => columns(line.slice(0, line.indexOf("○"))));
  expect(new Set(starts)).toEqual(new Set([62]));
});

test("a job's own words are no commands to the terminal, and no new lines", () => {
  const jobs = makeRegistry(makeJob({ name: "a\u001b[2J\nb" }));
  const states = [
    row("a\u001b[2J\nb", { lastRun: t("03:00:00"), pausedAt: t("03:00:00"), pausedBy: "o\u0000ps", pauseNote: "x\n\u001b[31my" }),
  ];
  const text = listTable(viewOf(jobs, states), UTC);
  expect(linesOf(text)).toHaveLength(4);
  expect(text).toContain('paused by o\\x00ps: "x y"');
  expect(text).toContain("a\\x1b[2J\\x0ab");
});

test("no jobs", () => {
  expect(listTable(viewOf(makeRegistry(), []), UTC)).toBe("No jobs are configured.\n");
});

const rowsOf = (text: string) =>
  linesOf(text)
    .slice(1, linesOf(text).indexOf(""))
    .map((line) => line.split(" ")[0]);

test.each([
  [{ states: ["failing", "held"] }, ["fetch-crashes", "rotate"]],
  [{ patterns: ["*-report", "foo"] }, ["build-report", "foo", "mail-report"]],
  [{ patterns: ["jobs.checks.*"] }, ["spot-check"]],
  [{ patterns: ["fo?"], states: ["running"] }, ["foo"]],
  [{ patterns: ["*-report"], order: "name" }, ["build-report", "mail-report"]],
  [{ states: ["ok", "running", "held"], order: "state" }, ["rotate", "foo", "import-adi", "spot-check"]],
  [{ states: ["ok", "failing", "new"], order: "next" }, ["fetch-crashes", "vacuum-logs", "spot-check", "import-adi", "ask-me"]],
] as const)("%j: only those, in that order", (wish, names) => {
  expect(rowsOf(listTable(view, UTC, wish))).toEqual(names);
  const { jobs } = listDocument(view, wish);
  expect((jobs as { name: string }[]).map(({ name }) => name)).toEqual(names);
});

test("the columns asked for, in that order", () => {
  expect(linesOf(listTable(view, UTC, { recent, columns: ["state", "job", "recent"], patterns: ["fetch-*"] }))[1]).toBe(
    "✖ failing ×2, retry in 4m  fetch-crashes  ▅▅▅▅▅█▅▅▅▅✖✖",
  );
  expect(listTable(view, UTC, { patterns: ["nothing-*"] })).toBe("No job is like that.\n");
});

test.each([
  ["failing", "what did it say? crontabber logs fetch-crashes"],
  ["blocked", "why? crontabber explain build-report"],
  ["running", "what does it say? crontabber logs foo --follow"],
  ["ok", "what next? crontabber next"],
] as const)("the next question to ask of jobs that are %s", (state, question) => {
  expect(listTable(view, { ...UTC, width: 200 }, { states: [state] })).toContain(`     ${question}\n`);
});

test("the command line knows every state and column", () => {
  const choices = (name: string) => OF_VERBS.find((option) => option.name === name)?.choices;
  expect(choices("state")).toEqual(Object.keys(LOOKS));
  expect(choices("columns")).toEqual(LIST_COLUMNS);
  expect(choices("sort")).toEqual(ORDERS);
  expect([...WORST].sort()).toEqual(Object.keys(LOOKS).sort());
});
