/** A simulation for people: a timetable, and below it what is worth knowing. Owns the texts. */

import type { ClockSlots } from "../core/clock-changes.ts";
import type { RunChange } from "../core/difference.ts";
import type { SimulatedRun } from "../core/simulation.ts";
import { counted, secondsBetween, took } from "./ages.ts";
import { glyphs, paint, type Style } from "./paint.ts";
import { inline, shownName, wrapped } from "./safe.ts";
import type { Simulated } from "./simulation.ts";
import { type Cell, type Column, table } from "./table.ts";
import { stamp, stampNear, stampWithZone, zoned } from "./times.ts";
import type { Paper } from "./view.ts";

/** Names in a list before it says how many more there are. */
const NAMES = 6;
/** Changes of one job that are shown one by one. */
const CHANGES = 8;

/** `rows`: at most so many runs are listed. */
export function simulationText(made: Simulated, paper: Paper, rows: number): string {
  const parts = [
    ...(made.changes ? [] : [timetable(made, paper, rows)]),
    ...(made.changes ? [changes(made, paper)] : []),
    ...[collisions(made, paper), busiest(made, paper), clock(made, paper), skipped(made, paper), late(made, paper), never(made, paper)],
    [summary(made, paper)],
  ];
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${fitted(line, paper)}\n`).join(""))
    .join("\n");
}

/** Sentences are broken at the edge of the paper; colours are of no width, and what has them is short. */
function fitted(line: string, { width }: Paper): string {
  return line.includes("\u001b") ? line : wrapped(line, width, (/^ */.exec(line)?.[0].length ?? 0) + 4).join("\n");
}

const COLUMNS = (zone: string): readonly Column[] => [
  ...[{ title: `START (${zone})` }, { title: "JOB" }, { title: "SLOT", drop: 1 }, { title: "TOOK", right: true, drop: 2 }],
  { title: "WHY", cut: 16 },
];

function timetable({ runs }: Simulated, paper: Paper, most: number): string[] {
  if (runs.length === 0) return ["Nothing runs."];
  const lines = table(
    COLUMNS(paper.zone),
    runs.slice(0, most).map((run) => row(run, paper)),
    paper,
  );
  return runs.length > most
    ? [
        ...lines,
        `… and ${counted(runs.length - most, "run")} more: --limit shows so many, --json all`.replace("…", paper.ascii ? "..." : "…"),
      ]
    : lines;
}

const LOOKS: Readonly<Record<SimulatedRun["outcome"], Style>> = { succeeded: "plain", failed: "bad", "timed-out": "bad", lost: "bad" };

function row(run: SimulatedRun, paper: Paper): Cell[] {
  const { slot, start, end, outcome } = run;
  const why = because(run);
  return [
    ...[stamp(start, paper.zone), shownName(run.job), slot.getTime() === start.getTime() ? "" : stampNear(slot, start, paper.zone)],
    ...[
      took((end.getTime() - start.getTime()) / 1000),
      { text: outcome === "succeeded" ? why : `${outcome}: ${why}`, style: LOOKS[outcome] },
    ],
  ];
}

function because({ trigger, attempt, missed, after, wait, start, dueSince }: SimulatedRun): string {
  const first = trigger === "retry" || attempt > 1 ? `attempt ${attempt}` : trigger;
  const covers = missed > 0 ? [`stands in for ${missed} older`] : [];
  const waited = `waited ${took(secondsBetween(dueSince, start))}`;
  const parent = after === null ? [] : [`after ${shownName(after)}`];
  const room =
    wait === null
      ? []
      : [wait.lock === null ? `${waited} for room` : `${waited} for lock ${inline(wait.lock)}, held by ${shownName(wait.holder ?? "?")}`];
  return [first, ...covers, ...parent, ...room].join(", ");
}

function collisions({ findings, concurrency }: Simulated, paper: Paper): string[] {
  if (findings.collisions.length === 0) return [];
  const lines = findings.collisions.map(({ job, lock, holders, times, longest, first }) => {
    const what = lock === null ? `room (concurrency = ${concurrency})` : `lock ${inline(lock)} (${names(holders)})`;
    return `  ${shownName(job)} waits for ${what}: ${times === 1 ? "once" : `${times} times`}, ${took(longest)} at most, first ${stamp(first, paper.zone)}`;
  });
  return ["Collisions", ...lines];
}

function busiest({ findings }: Simulated, paper: Paper): string[] {
  const lines = findings.busiest.map(
    ({ minute, starts, together, jobs }) =>
      `  ${stamp(minute, paper.zone).slice(0, -3)}  ${starts} starts, ${together} at once: ${names(jobs)}`,
  );
  return lines.length > 0 ? ["Busiest minutes", ...lines] : [];
}

function clock({ findings }: Simulated, paper: Paper): string[] {
  return findings.clock.flatMap(({ zone, at, kind, from, to, slots }, i) => {
    const what = kind === "gap" ? "do not exist" : "come twice";
    const head = `  ${stampWithZone(at, "UTC")}  ${zone}: ${from} to ${to.slice(from.slice(0, 10) === to.slice(0, 10) ? 11 : 0)} ${what}`;
    const lines = slots.map((slot) => `    ${shownName(slot.job)}: ${effect(slot, paper)}`);
    return [...(i === 0 ? ["Clock changes"] : []), head, ...(lines.length > 0 ? lines : ["    no slot of these jobs is touched"])];
  });
}

function effect({ effect: what, walls, at }: ClockSlots, paper: Paper): string {
  const times = names(
    walls.map((wall) => wall.slice(11, 16)),
    4,
  );
  switch (what) {
    case "moved":
      return `${times} runs at ${at ? stampWithZone(at, paper.zone) : "?"}`;
    case "merged":
      return `${times}: one run at ${at ? stampWithZone(at, paper.zone) : "?"}, with what is due there anyway`;
    case "dropped":
      return `${times} of that day is dropped: the day does not exist`;
    case "left out":
      return `${times} is left out: the schedule follows elapsed time`;
    case "once":
      return `${times} runs the first time only`;
    case "twice":
      return `${times} runs both times: the schedule follows elapsed time`;
  }
}

function skipped({ findings }: Simulated, paper: Paper): string[] {
  const lines = findings.skipped.map(({ job, skipped: { from, to, count, reason } }) => {
    const range = count > 1 ? `${count} slots, ${stamp(from, paper.zone)} to ${stamp(to, paper.zone)}` : stamp(to, paper.zone);
    return `  ${shownName(job)}: ${range} (${reason})`;
  });
  return lines.length > 0 ? ["Skipped", ...lines] : [];
}

function late({ findings, until }: Simulated, paper: Paper): string[] {
  const lines = findings.late.map(({ job, since, start, why }) => {
    const reason = why === null ? "" : `: ${zoned(inline(why), paper.zone)}`;
    const due = `due ${stamp(since, paper.zone)}`;
    if (start === null) return `  ${shownName(job)}: ${due}, not started ${took(secondsBetween(since, until))} later${reason}`;
    return `  ${shownName(job)}: ${due}, started ${took(secondsBetween(since, start))} later${reason}`;
  });
  const shown = lines.slice(0, 20);
  return lines.length > 0 ? ["Late", ...shown, ...(lines.length > 20 ? [`  and ${lines.length - 20} more`] : [])] : [];
}

function never({ findings }: Simulated, paper: Paper): string[] {
  const lines = findings.never.map(({ job, why }) => `  ${shownName(job)}: ${zoned(inline(why), paper.zone)}`);
  return lines.length > 0 ? ["Never in this time", ...lines] : [];
}

function changes({ changes: made }: Simulated, paper: Paper): string[] {
  if (!made) return [];
  const { file, added, removed, runs } = made;
  if (added.length + removed.length + runs.length === 0) return [`${inline(file)} changes nothing about what runs when.`];
  const byJob = new Map<string, RunChange[]>();
  for (const change of runs) byJob.set(change.job, [...(byJob.get(change.job) ?? []), change]);
  const silent = [...added, ...removed]
    .filter((job) => !byJob.has(job))
    .map((job) => `  ${job}: ${added.includes(job) ? "new" : "gone"}, without a run in this time`);
  const lines = [...byJob].flatMap(([job, of]) => {
    const kinds = (["added", "removed", "moved", "shifted"] as const).flatMap((kind) => {
      const count = of.filter((one) => one.kind === kind).length;
      return count > 0 ? [`${count} ${kind}`] : [];
    });
    const head = `${shownName(job)}${added.includes(job) ? " (new)" : removed.includes(job) ? " (gone)" : ""}: ${kinds.join(", ")}`;
    const shown = of.slice(0, CHANGES).map((change) => `  ${told(change, paper)}`);
    return [head, ...shown, ...(of.length > CHANGES ? [`    and ${of.length - CHANGES} more`] : [])];
  });
  return [`What ${inline(file)} changes (${paper.zone})`, ...lines, ...silent];
}

function told({ kind, was, is }: RunChange, paper: Paper): string {
  const at = (run: SimulatedRun | null, what: "slot" | "start") => (run ? stamp(run[what], paper.zone) : "");
  switch (kind) {
    case "added":
      return paint(paper, "good", `+ ${at(is, "slot")}`);
    case "removed":
      return paint(paper, "bad", `- ${at(was, "slot")}`);
    case "moved":
      return paint(paper, "waiting", `~ ${at(was, "slot")} ${glyphs(paper, "→")} ${at(is, "slot")}`);
    case "shifted":
      return `~ ${at(was, "slot")} starts ${at(was, "start")} ${glyphs(paper, "→")} ${at(is, "start")}`;
  }
}

function summary({ runs, findings, from, until, start, failedOn, stopped, every }: Simulated, paper: Paper): string {
  const jobs = new Set(runs.map(({ job }) => job)).size;
  const failed = findings.failed.length > 0 ? `, ${findings.failed.length} not successful` : "";
  const how = `${start === "rows" ? "from the rows as they are" : "as if no job had ever run"}${every === null ? "" : `, a pass every ${took(every)}`}`;
  const range = `${stamp(from, paper.zone)} to ${stampWithZone(until, paper.zone)}`;
  const cut = stopped ? `; stopped at ${stampWithZone(stopped, paper.zone)}: too many runs` : "";
  const verdict = failedOn.length > 0 ? `; fails on ${failedOn.join(", ")}` : "";
  return `${counted(runs.length, "run")} of ${counted(jobs, "job")}${failed}, ${range}, ${how}${cut}${verdict}`;
}

function names(all: readonly string[], most = NAMES): string {
  const few = all.slice(0, most).map(shownName).join(", ");
  return all.length > most ? `${few} and ${all.length - most} more` : few;
}
