/** The text of `--list-jobs`. Scripts parse it: its labels, widths and words never change. */
import type { ErrorRecord } from "../core/errors.ts";
import type { Job } from "../core/job.ts";
import { planned } from "../core/replan.ts";
import type { JobState } from "../core/state.ts";
import { age, secondsBetween } from "./ages.ts";
import { inline, printable, shownName } from "./safe.ts";
import { neverRan } from "./status.ts";
import { stamp } from "./times.ts";
import type { View } from "./view.ts";

const PAD = 15;
const STAMP_PAD = 20;

/** One block a job, in the order of the file. Times in `zone`; ends with a line end unless there are no jobs. */
export function listText({ registry, snapshot }: Pick<View, "registry" | "snapshot">, zone: string): string {
  return registry.jobs.map((job) => block(job, snapshot.states.get(job.name) ?? null, { now: snapshot.now, zone })).join("");
}

interface When {
  readonly now: Date;
  readonly zone: string;
}

function block(job: Job, state: JobState | null, when: When): string {
  const lines = [
    `=== JOB ${"=".repeat(72)}`,
    labelled("Class:", inline(job.label)),
    labelled("App name:", shownName(job.name)),
    labelled("Frequency:", inline(job.schedule.display)),
  ];
  // A pass writes a job's row before its first run: that there is a row says nothing.
  if (!state || neverRan(state)) lines.push("*NO PREVIOUS RUN INFO*");
  else lines.push(...history(job, state, when), "");
  return lines.map((line) => `${line}\n`).join("");
}

function history(job: Job, state: JobState, when: When): string[] {
  const { now } = when;
  const ago = (t: Date) => `(${age(secondsBetween(t, now))} ago)`;
  const { nextRun } = planned(job, state, now);
  return [
    ...(state.ongoing ? [labelled("Ongoing now!", `Started ${age(secondsBetween(state.ongoing, now))} ago`)] : []),
    labelled("Last run:", state.lastRun ? at(state.lastRun, when, ago) : "none"),
    labelled("Last success:", state.lastSuccess ? at(state.lastSuccess, when, ago) : "no previous successful run"),
    labelled("Next run:", nextRun ? at(nextRun, when, (t) => inOrWas(t, now)) : "none"),
    ...(state.lastError ? trouble(state.lastError, state.errorCount) : []),
  ];
}

function inOrWas(t: Date, now: Date): string {
  return now > t ? `(was ${age(secondsBetween(t, now))} ago)` : `(in ${age(secondsBetween(now, t))})`;
}

/** The record has the frames only; header and last line are ours. */
function trouble(error: ErrorRecord, count: number): string[] {
  const traceback = printable(error.traceback).replace(/\n+$/, "");
  return [
    labelled("Error!!", `(${count} times)`),
    "Traceback (most recent call last):",
    ...(traceback === "" ? [] : [traceback]),
    `${inline(error.type)}: ${printable(error.value)}`,
  ];
}

function at(t: Date, { zone }: When, how: (t: Date) => string): string {
  return `${stamp(t, zone).padEnd(STAMP_PAD)} ${how(t)}`;
}

const labelled = (label: string, text: string): string => `${label.padEnd(PAD)} ${text}`;
