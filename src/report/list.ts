/** The table of `list` and its document: every job and how it stands. */
import type { Job } from "../core/job.ts";
import { near, secondsBetween } from "./ages.ts";
import { jobJson } from "./job-json.ts";
import { glyphs, paint } from "./paint.ts";
import { inline, shownName } from "./safe.ts";
import { jobState, LOOKS, type StateName, type Status } from "./status.ts";
import { type Cell, type Column, table } from "./table.ts";
import { iso, stampNear } from "./times.ts";
import type { Document, Paper, View } from "./view.ts";

/** In the order of the file. */
export function listDocument(view: View): Document {
  const { registry, snapshot } = view;
  const jobs = registry.jobs.map((job) => jobJson(job, snapshot.states.get(job.name) ?? null, jobState(view, job)));
  return { schema: "crontabber.list/1", now: iso(snapshot.now), jobs };
}

const COLUMNS = (zone: string): readonly Column[] => [
  ...[{ title: "JOB" }, { title: "SCHEDULE", drop: 2 }, { title: `NEXT RUN (${zone})`, drop: 1 }],
  ...[
    { title: "LAST RUN", drop: 3 },
    { title: "STATE", cut: 28 },
  ],
];

/** In the order of the file, with a line that counts them and says how to ask why. */
export function listTable(view: View, paper: Paper): string {
  const { registry } = view;
  if (registry.jobs.length === 0) return "No jobs are configured.\n";
  const all = registry.jobs.map((job) => ({ job, status: jobState(view, job) }));
  const rows = all.map(({ job, status }) => row(view, paper, { job, status }));
  const lines = table(COLUMNS(paper.zone), rows, paper);
  return [...lines, "", ...footer(all, paper)].map((line) => `${line}\n`).join("");
}

interface Told {
  readonly job: Job;
  readonly status: Status;
}

function row(view: View, paper: Paper, { job, status }: Told): Cell[] {
  const { now, states } = view.snapshot;
  const lastRun = states.get(job.name)?.lastRun ?? null;
  const last = status.state === "running" ? "now" : lastRun ? `${near(secondsBetween(lastRun, now))} ago` : "-";
  const schedule = `${inline(job.schedule.display)}${job.backfill ? " backfill" : ""}`;
  return [shownName(job.name), schedule, nextRun(status, now, paper), last, stateCell(status, paper)];
}

function nextRun({ state, nextRun: at }: Status, now: Date, paper: Paper): string {
  if (!at || state === "running" || state === "disabled" || state === "paused" || state === "held") return "-";
  const distance =
    at > now ? `in ${near(secondsBetween(now, at))}` : at.getTime() === now.getTime() ? "now" : `${near(secondsBetween(at, now))} late`;
  return `${stampNear(at, now, paper.zone)}  ${distance}`;
}

/** Glyph and words, in the state's colour. */
export function stateCell({ state, words }: Pick<Status, "state" | "words">, paper: Paper): Exclude<Cell, string> {
  const [glyph, style] = LOOKS[state];
  return { text: glyphs(paper, `${glyph} ${words}`), style };
}

/** What is in trouble first: the job to ask about. */
const WORST: readonly StateName[] = ["held", "lost", "blocked", "late", "failing", "cancelled", "paused", "due", "new"];

function footer(all: readonly Told[], paper: Paper): string[] {
  const count = (state: StateName) => all.filter(({ status }) => status.state === state).length;
  const names = Object.keys(LOOKS) as StateName[];
  const counts = names.filter((name) => count(name) > 0).map((name) => `${count(name)} ${name}`);
  const worst = WORST.flatMap((state) => all.find(({ status }) => status.state === state) ?? [])[0] ?? all[0];
  const total = `${all.length} ${all.length === 1 ? "job" : "jobs"}: ${glyphs(paper, counts.join(" · "))}`;
  const ask = worst ? paint(paper, "faint", `why? crontabber explain ${shownName(worst.job.name)}`) : "";
  return [total, ask].filter((line) => line !== "");
}
