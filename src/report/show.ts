/** One job whole: what is configured, how it stands, what comes, what was. Owns the layout and the document. */
import type { Job } from "../core/job.ts";
import type { JobState } from "../core/state.ts";
import { age, secondsBetween, span, took } from "./ages.ts";
import { bars } from "./bars.ts";
import { runsTable, sums } from "./history.ts";
import { definitionJson, jobJson, type LedgerRun, runJson } from "./job-json.ts";
import { stateCell } from "./list.ts";
import { masked } from "./mask.ts";
import { upcomingJson } from "./next.ts";
import { glyphs, paint } from "./paint.ts";
import { inline, printable, shownName } from "./safe.ts";
import { safeValue } from "./secrets.ts";
import { jobState, type Status } from "./status.ts";
import { table } from "./table.ts";
import { iso, stamp, stampWithZone } from "./times.ts";
import { because, type Upcoming, upcoming } from "./upcoming.ts";
import type { Document, Paper, View } from "./view.ts";

const NEXT_RUNS = 3;

export interface Shown {
  readonly job: Job;
  readonly now: Date;
  readonly row: JobState | null;
  readonly status: Status;
  readonly neededBy: readonly string[];
  readonly next: readonly Upcoming[];
  /** The newest, newest first. */
  readonly runs: readonly LedgerRun[];
  /** The newest, newest first. */
  readonly acts: readonly SteeringAct[];
}

/** What somebody did to the job. */
export interface SteeringAct {
  readonly at: Date;
  readonly what: string;
  readonly who: string;
  readonly note: string | null;
}

/** What the ledger and the events have of one job. */
export interface Past {
  readonly runs: readonly LedgerRun[];
  readonly acts?: readonly SteeringAct[];
}

export function show(view: View, job: Job, { runs, acts = [] }: Past): Shown {
  const { registry, snapshot } = view;
  const neededBy = registry.jobs.filter((other) => other.dependsOn.includes(job.name)).map((other) => other.name);
  const row = snapshot.states.get(job.name) ?? null;
  return { job, now: snapshot.now, row, status: jobState(view, job), neededBy, next: upcoming(view, job, NEXT_RUNS), runs, acts };
}

export function showDocument({ job, now, row, status, neededBy, next, runs, acts }: Shown): Document {
  return {
    ...{ schema: "crontabber.show/1", now: iso(now), job: jobJson(job, row, status), definition: definitionJson(job) },
    ...{ needed_by: neededBy, next: next.map(upcomingJson), runs: runs.map(runJson) },
    acts: acts.map((act) => ({ ...act, at: iso(act.at) })),
  };
}

export function showText(shown: Shown, paper: Paper): string {
  const { job, status, runs, row } = shown;
  const state = stateCell(status, paper);
  const lines = [
    `${paint(paper, "strong", shownName(job.name))}   ${paint(paper, state.style, state.text)}`,
    ...fields([...configured(job), ["Needed by", shown.neededBy.map(shownName).join(", ")], ...policy(job), ...standing(shown, paper)]),
    ...(row?.lastError ? ["", ...error(row.lastError, paper)] : []),
    ...(runs.length > 0 ? ["", ...runsTable(runs, paper)] : []),
    ...(shown.acts.length > 0 ? ["", ...steered(shown.acts, paper)] : []),
  ];
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

type Field = readonly [label: string, text: string];

/** Fields without a text are left out; those with several lines go on below themselves. */
function fields(all: readonly Field[]): string[] {
  const told = all.filter(([, text]) => text !== "");
  const room = Math.max(...told.map(([label]) => label.length));
  return told.flatMap(([label, text]) => text.split("\n").map((line, i) => `  ${(i === 0 ? label : "").padEnd(room)}  ${line}`));
}

function configured(job: Job): Field[] {
  const { label, module, command, sql, schedule, origin, description, broken, dependsOn, tags, locks, enabled } = job;
  return [
    ["Description", inline(description ?? "")],
    ["Class", inline(label)],
    ["Module", module ? `${inline(module.file)}#${inline(module.export)}` : ""],
    ["Command", command === null ? "" : printable(masked(command))],
    ["SQL", sql === null ? "" : printable(masked(sql))],
    ["Schedule", inline(schedule.display) + (job.backfill ? ", one run per missed slot" : "")],
    ["Configured", `${inline(origin.file)}:${origin.line}`],
    ["Enabled", enabled ? "" : "no"],
    ["Not importable", inline(broken ?? "")],
    ["Tags", inline(tags.join(", "))],
    ["Locks", inline(locks.join(", "))],
    ["Depends on", dependsOn.map(shownName).join(", ")],
  ];
}

function policy(job: Job): Field[] {
  const { retry, errorRetryTime, maxAttempts, onLost, maxLost, timeout, startDeadline, lease, transaction, env, envPass, cwd, user } = job;
  const attempts = maxAttempts === null ? "" : `, at most ${maxAttempts} attempts a slot`;
  return [
    ["Retry", `${retry}, after ${span(errorRetryTime)}${attempts}`],
    ["When lost", `${onLost}, held after ${maxLost} in a row`],
    ["Timeout", timeout === null ? "" : span(timeout)],
    ["Start within", startDeadline === null ? "" : span(startDeadline)],
    ["Lease", `${span(lease)}${transaction ? ", commits with its record" : ""}`],
    ["Environment", [...pairs(env), ...envPass.map(inline)].join("\n")],
    ["Folder", inline(cwd ?? "")],
    ["User", inline(user ?? "")],
    ["Options", pairs(job.options).join("\n")],
  ];
}

function pairs(values: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(values).map(([key, value]) => {
    const safe = safeValue(key, value);
    return `${inline(key)} = ${inline(typeof safe === "string" ? safe : JSON.stringify(safe))}`;
  });
}

function standing({ row, now, next, runs }: Shown, paper: Paper): Field[] {
  const ago = (t: Date | null) => (t ? `${stampWithZone(t, paper.zone)} (${age(secondsBetween(t, now))} ago)` : "");
  const coming = next.map((run) => {
    if (run.at === null) return because(run);
    const distance = run.at > now ? `in ${age(secondsBetween(now, run.at))}` : "now";
    return `${stampWithZone(run.at, paper.zone)} (${distance}), ${because(run)}`;
  });
  return [
    ["Ongoing", ago(row?.ongoing ?? null)],
    ["Last run", ago(row?.lastRun ?? null) || "none"],
    ["Last success", ago(row?.lastSuccess ?? null) || "none"],
    ["Recent runs", recent(runs, paper)],
    ["Next runs", coming.join("\n") || "none"],
  ];
}

/** Their bars, and what is usual. */
function recent(runs: readonly LedgerRun[], paper: Paper): string {
  const past = runs.flatMap(({ outcome, took: seconds }) => (outcome && outcome !== "skipped" ? [{ outcome, took: seconds }] : []));
  const { median, p95 } = sums(runs);
  const drawn = bars(past, paper).map(({ text, style }) => paint(paper, style, text));
  const usual = median !== null && p95 !== null ? [`median ${took(median)}`, `p95 ${took(p95)}`] : [];
  return [drawn.join(""), usual.join(glyphs(paper, " · "))].filter((part) => part !== "").join("  ");
}

function steered(acts: readonly SteeringAct[], paper: Paper): string[] {
  const rows = acts.map(({ at, what, who, note }) => [stamp(at, paper.zone), inline(what), inline(who), inline(note ?? "-")]);
  return table([{ title: `STEERED (${paper.zone})` }, { title: "WHAT" }, { title: "BY", drop: 1 }, { title: "WHY", cut: 20 }], rows, paper);
}

function error({ type, value, traceback }: NonNullable<JobState["lastError"]>, paper: Paper): string[] {
  const frames = printable(traceback).replace(/\n+$/, "");
  const text = `${inline(type)}: ${printable(value)}${frames ? `\n${frames}` : ""}`;
  return [paint(paper, "faint", "Last error"), ...text.split("\n").map((line) => `  ${line}`)];
}
