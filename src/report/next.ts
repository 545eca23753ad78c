/** The view of what runs when. Owns its table and its document; the forecast is upcoming.ts. */
import type { Job } from "../core/job.ts";
import { near, secondsBetween } from "./ages.ts";
import { shownName } from "./safe.ts";
import { type Cell, type Column, table } from "./table.ts";
import { iso, stamp } from "./times.ts";
import { because, standingStill, type Upcoming, upcoming } from "./upcoming.ts";
import type { Document, Paper, View } from "./view.ts";

export interface Next {
  readonly now: Date;
  /** The earliest first; those whose moment nobody can tell last. */
  readonly runs: readonly Upcoming[];
  readonly still: readonly { readonly job: string; readonly why: "disabled" | "paused" | "held" | "manual" }[];
}

/** At most `count` runs of each of the jobs; those after `until` are left out, and null leaves none out. */
export function next(view: View, jobs: readonly Job[], count: number, until: Date | null = null): Next {
  const runs = jobs.flatMap((job) => upcoming(view, job, count)).filter((run) => until === null || run.at === null || run.at <= until);
  const at = (run: Upcoming) => run.at?.getTime() ?? Number.POSITIVE_INFINITY;
  const still = jobs.flatMap((job) => {
    const why = standingStill(view, job);
    return why ? [{ job: job.name, why }] : [];
  });
  // Stable: a parent's run stands before the children's that wait for it, as the registry has them.
  return { now: view.snapshot.now, runs: runs.sort((a, b) => (at(a) === at(b) ? 0 : at(a) - at(b))), still };
}

const COLUMNS = (zone: string): readonly Column[] => [
  { title: `NEXT RUN (${zone})` },
  { title: "IN" },
  { title: "JOB" },
  { title: "WHY", cut: 12 },
];

export function nextText({ now, runs, still }: Next, paper: Paper): string {
  const rows = runs.map((run): Cell[] => [...when(run, now, paper), shownName(run.job), because(run)]);
  const lines = runs.length > 0 ? table(COLUMNS(paper.zone), rows, paper) : ["No run is planned."];
  const waiting = still.map(({ job, why }) => `${shownName(job)} (${why})`).join(", ");
  return [...lines, ...(waiting ? ["", `Not planned: ${waiting}`] : [])].map((line) => `${line}\n`).join("");
}

function when(run: Upcoming, now: Date, paper: Paper): readonly [string, string] {
  if (run.at === null) return ["-", "then"];
  const distance = run.at <= now ? "now" : near(secondsBetween(now, run.at));
  return [stamp(run.at, paper.zone), run.why === "after-parent" ? "then" : distance];
}

export function nextDocument({ now, runs, still }: Next): Document {
  return { schema: "crontabber.next/1", now: iso(now), runs: runs.map(upcomingJson), not_planned: still };
}

/** One run for a document. */
export function upcomingJson(run: Upcoming) {
  const { job, approximate, why, after, missed } = run;
  return { job, at: iso(run.at), approximate, slot: iso(run.slot), why, after, missed };
}
