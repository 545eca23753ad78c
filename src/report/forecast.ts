/** What will happen next to a job, in sentences with an instant, and what a human can do. Decides nothing. */
import type { Job } from "../core/job.ts";
import type { Check, NotDue, Verdict } from "../core/plan.ts";
import { planned } from "../core/replan.ts";
import type { JobState } from "../core/state.ts";
import { inline, shownName } from "./safe.ts";
import { isRetry, ownership, type Status } from "./status.ts";
import { because, upcoming } from "./upcoming.ts";
import type { View } from "./view.ts";

export interface Forecast {
  /** When; null: nobody can tell. */
  readonly at: Date | null;
  /** Printable, without the instant. */
  readonly text: string;
  readonly tries: readonly string[];
}

/** What is asked of one parent. */
export interface ParentAnswer {
  readonly name: string;
  /** Null: it does not stand in the way. */
  readonly no: NotDue | null;
  /** Null: not known, because a module that may define it cannot be imported. */
  readonly status: Status | null;
  readonly state: JobState | null;
}

interface Answers {
  readonly verdict: Verdict;
  readonly asked: readonly Check[];
  readonly parents: readonly ParentAnswer[];
}

/** One for each "no", each parent in the way for itself; if there is none, the run itself. */
export function forecast(view: View, job: Job, { verdict, asked, parents }: Answers): Forecast[] {
  if (verdict.due) return [theRun(view, job, verdict)];
  const state = planned(job, view.snapshot.states.get(job.name) ?? null, view.snapshot.now);
  return asked.flatMap((check) => {
    if (!check.no) return [];
    // What stands still has no next run to tell of: the reason for that is told.
    if (check.no.why === "not-yet" && (state.pausedAt || state.heldAt || !job.enabled)) return [];
    if (check.name !== "dependencies") return [ownReason(view, job, { no: check.no, state })];
    return parents.filter((parent) => parent.no !== null).map((parent) => parentReason(view, job, parent));
  });
}

function theRun(view: View, job: Job, { attempt, missed }: Extract<Verdict, { due: true }>): Forecast {
  const which = attempt > 1 ? `, attempt ${attempt}` : "";
  const covers = missed > 0 ? `; stands in for ${missed} older` : "";
  return { at: view.snapshot.now, text: `the next pass runs it${which}${covers}`, tries: [`run ${arg(job.name)}`] };
}

function ownReason(view: View, job: Job, { no, state }: { no: NotDue; state: JobState }): Forecast {
  const name = arg(job.name);
  const { file, line } = job.origin;
  switch (no.why) {
    case "disabled":
      return { at: null, text: `runs again with enabled = yes (${inline(file)}:${line})`, tries: [`run ${name} --force`] };
    case "paused":
      return {
        at: state.pausedUntil,
        text: `${state.pausedUntil ? "the pause is over" : "runs again after resume"}; ${owed(job)}`,
        tries: [`resume ${name}`],
      };
    case "held":
      return { at: null, text: "runs again after unlock", tries: [`logs ${name}`, `unlock ${name}`] };
    case "wrong-host":
      return { at: null, text: `runs on hosts with tags = ${inline(job.tags.join(", "))}`, tries: [] };
    case "limit":
      return { at: null, text: "runs as soon as the lock is free", tries: [] };
    case "ongoing":
      return onceEnded(view, job, state);
    default:
      return notYet(view, job, state);
  }
}

const owed = (job: Job): string => (job.backfill ? "it then makes up its dates" : "older slots are not made up");

function onceEnded(view: View, job: Job, state: JobState): Forecast {
  const tries = [`history ${arg(job.name)}`];
  const owned = ownership(view, state);
  if (owned === "dead") return { at: view.snapshot.now, text: "its owner is gone: the next pass looks twice and takes over", tries };
  if (state.runId === null && state.ongoing) {
    const until = new Date(state.ongoing.getTime() + view.maxOngoingAge * 1000);
    return { at: until, text: "counts as abandoned if the Python tool has not ended it by then", tries };
  }
  const [next] = upcoming(view, job, 1);
  return { at: next?.at ?? null, text: next ? `next run after this one, ${because(next)}` : "judged again when its run ends", tries };
}

function notYet(view: View, job: Job, state: JobState): Forecast {
  const tries = [`run ${arg(job.name)} --force`];
  const [next] = upcoming(view, job, 1);
  if (!state.nextRun || !next) return { at: null, text: "runs only on request", tries };
  if (isRetry(state) && next.why === "retry") return { at: next.at, text: "retries", tries: [`logs ${arg(job.name)}`, ...tries] };
  return { at: next.at, text: `next run, ${because(next)}`, tries };
}

/** What the parent waits for, and what follows for the child. */
function parentReason(view: View, job: Job, { name, no, status }: ParentAnswer): Forecast {
  const [shown, parent] = [shownName(name), view.registry.byName.get(name)];
  const then = `once it succeeds, ${shownName(job.name)} runs in the same pass`;
  const tries = [`explain ${arg(name)}`];
  if (!parent || !status)
    return { at: null, text: `${shown} must be importable first: ${inline(no?.detail ?? "")}`, tries: ["configtest"] };
  const row = planned(parent, view.snapshot.states.get(name) ?? null, view.snapshot.now);
  if (status.state === "running") return { at: null, text: `${shown} runs; ${then}`, tries: [`history ${arg(name)}`] };
  if (row.pausedAt) return { at: row.pausedUntil, text: `${shown} is paused; ${then}`, tries: [`resume ${arg(name)}`] };
  if (row.heldAt) return { at: null, text: `${shown} is held; ${then}`, tries: [`logs ${arg(name)}`, `unlock ${arg(name)}`] };
  if (!parent.enabled) return { at: null, text: `${shown} is disabled; ${then}`, tries: [`run ${arg(name)} --force`] };
  const [next] = upcoming(view, parent, 1);
  if (status.rootCause)
    return { at: next?.at ?? null, text: `${shown} is itself blocked by ${shownName(status.rootCause)}; ${then}`, tries };
  const failed = status.errors > 0 ? [`logs ${arg(name)}`, ...tries] : tries;
  if (!next?.at) return { at: null, text: `${shown} runs only on request; ${then}`, tries: [`run ${arg(name)}`] };
  return { at: next.at, text: `${shown} ${next.why === "retry" ? "retries" : "runs"}; ${then}`, tries: failed };
}

/** A name as a shell takes it. */
function arg(name: string): string {
  return /^[\w./:@%+,-]+$/.test(name) ? name : `'${shownName(name).replaceAll("'", "'\\''")}'`;
}
