/** How a job stands, in one word and a few more. The one place that says so, for the terminal, the page, the monitor and metrics. */
import type { Job } from "../core/job.ts";
import { decide, type NotDue } from "../core/plan.ts";
import { planned } from "../core/replan.ts";
import type { JobState } from "../core/state.ts";
import { near, secondsBetween } from "./ages.ts";
import type { Style } from "./paint.ts";
import { inline, shownName } from "./safe.ts";
import { factsOf, type View } from "./view.ts";

export type StateName =
  | "ok"
  | "running"
  | "due"
  | "late"
  | "blocked"
  | "failing"
  | "lost"
  | "cancelled"
  | "held"
  | "paused"
  | "disabled"
  | "new";

export interface Status {
  readonly state: StateName;
  /** Printable, on one line, begins with the state; ages are those of the snapshot: `failing ×2, retry in 3m`. */
  readonly words: string;
  /** Failures in a row; a job that runs again, is held or paused may still have some. */
  readonly errors: number;
  /** The parent that stands in its way. */
  readonly blockedBy: string | null;
  /** Where following the parents that stand in the way ends; `blockedBy` itself if nothing stands in that one's way. */
  readonly rootCause: string | null;
  /** Seconds; null: not due for longer than `overdueAfter`, or meant to wait. */
  readonly lateSeconds: number | null;
  /** As planned now; null: only on request, or never again. */
  readonly nextRun: Date | null;
}

/** Every state's glyph and colour. The word always stands beside them. */
export const LOOKS: Readonly<Record<StateName, readonly [glyph: string, style: Style]>> = {
  ...{ ok: ["✔", "good"], running: ["◐", "busy"], due: ["◇", "plain"], late: ["▲", "bad"], blocked: ["◌", "waiting"] },
  ...{ failing: ["✖", "bad"], lost: ["✖", "bad"], cancelled: ["⊘", "waiting"], held: ["■", "bad"], paused: ["‖", "waiting"] },
  ...{ disabled: ["–", "faint"], new: ["○", "plain"] },
};

/** Judged for a host that carries the job's tags: what another host may run is not this one's trouble. */
export function jobState(view: View, job: Job): Status {
  const { now, states } = view.snapshot;
  const row = states.get(job.name) ?? null;
  const state = planned(job, row, now);
  const verdict = decide(job, factsOf(view, job, job.tags));
  const parent = verdict.due ? null : (verdict.parent ?? null);
  const lateSeconds = overdue(view, job)?.seconds ?? null;
  const rest = { errors: state.errorCount, blockedBy: parent, rootCause: parent && rootOf(view, parent), lateSeconds };
  const [name, detail] = named(view, job, { state, no: verdict.due ? null : verdict, rest });
  const words = detail === "" ? name : `${name}${name === "held" ? ":" : ""} ${detail}`;
  return { state: name, words, ...rest, nextRun: state.nextRun };
}

interface Standing {
  readonly state: JobState;
  readonly no: NotDue | null;
  readonly rest: Pick<Status, "errors" | "rootCause" | "lateSeconds">;
}

/** The word, and what follows it. What a human did goes before what happened to the job, a live run before everything. */
function named(view: View, job: Job, { state, no, rest }: Standing): readonly [StateName, string] {
  const { now } = view.snapshot;
  const failing = rest.errors > 0 ? `, failing ×${rest.errors}` : "";
  const owned = ownership(view, state);
  if (owned === "live") return ["running", `on ${hostOf(state)}${failing}`];
  if (owned === "dead") return ["lost", `on ${hostOf(state)}, to be taken over${failing}`];
  if (!job.enabled) return ["disabled", failing.slice(2)];
  if (state.pausedAt) return ["paused", (pausedBy(state, now) + failing).replace(/^, /, "")];
  if (state.heldAt) return ["held", `${inline(state.heldReason ?? "")}${failing}`.replace(/^, /, "")];
  if (rest.errors > 0) return ["failing", `×${rest.errors}${no ? waits(state, no, rest, now) : ", retry due"}`];
  if (rest.rootCause) return ["blocked", `by ${shownName(rest.rootCause)}${late(rest)}`];
  if (rest.lateSeconds !== null) return ["late", near(rest.lateSeconds)];
  if (neverRan(state)) return ["new", no ? "" : "and due"];
  if (!no) return ["due", ""];
  return state.lastError ? ["cancelled", ""] : ["ok", ""];
}

function waits(state: JobState, no: NotDue, rest: Standing["rest"], now: Date): string {
  if (rest.rootCause) return `, blocked by ${shownName(rest.rootCause)}${late(rest)}`;
  if (no.why !== "not-yet" || !state.nextRun) return "";
  return `, ${isRetry(state) ? "retry" : "next run"} in ${near(secondsBetween(now, state.nextRun))}`;
}

const late = ({ lateSeconds }: Pick<Status, "lateSeconds">): string => (lateSeconds === null ? "" : `, ${near(lateSeconds)} late`);
const hostOf = (state: JobState): string => (state.runId === null ? "a host of the Python tool" : inline(state.host ?? "?"));

function pausedBy({ pausedBy: who, pausedUntil, pauseNote }: JobState, now: Date): string {
  const by = who ? `by ${inline(who)}` : "";
  const left = pausedUntil ? `${by ? ", " : ""}over in ${near(secondsBetween(now, pausedUntil))}` : "";
  return pauseNote ? `${by}${left}: "${inline(pauseNote)}"`.replace(/^: /, "") : by + left;
}

/** The next run is another attempt for a slot that was tried. */
export function isRetry(state: JobState): boolean {
  return state.attempt > 0 && state.slot !== null && state.nextRun !== null && state.nextRun > state.slot;
}

/** No run of it ever ended or is on, and nobody has said that one succeeded. */
export function neverRan({ firstRun, lastRun, ongoing, runId, lastSuccess, lastError }: JobState): boolean {
  return !(firstRun || lastRun || ongoing || runId || lastSuccess || lastError);
}

/** Whether somebody runs the job. `dead`: its owner's lease ran out, and nobody has taken over yet. A Python claim that is too old is nobody's. */
export function ownership({ maxOngoingAge }: Pick<View, "maxOngoingAge">, state: JobState): "live" | "dead" | "none" {
  if (state.runId !== null) return state.leaseExpired ? "dead" : "live";
  return state.ongoing && (state.ongoingAge ?? 0) <= maxOngoingAge ? "live" : "none";
}

export interface Overdue {
  readonly since: Date;
  /** Since then. */
  readonly seconds: number;
  /** What stands in its way, printable; null: nothing but that nobody runs it. */
  readonly why: string | null;
}

/**
 * A job that has been due, by a plan that stands in its row, for longer than `overdueAfter` without anybody running it. Never one that
 * is disabled, paused or held (that is told by itself), nor one without a row: no pass has seen it yet, and nothing says since when.
 */
export function overdue(view: View, job: Job): Overdue | null {
  const { now, states } = view.snapshot;
  const row = states.get(job.name);
  if (!row || !job.enabled || row.heldAt || planned(job, row, now).pausedAt) return null;
  const owned = ownership(view, row);
  if (owned === "live") return null;
  const since = owned === "dead" ? row.leaseUntil : dueSince(job, planned(job, row, now));
  if (!since || since.getTime() + view.overdueAfter * 1000 >= now.getTime()) return null;
  return {
    since,
    seconds: secondsBetween(since, now),
    why: owned === "dead" ? `its owner on ${hostOf(row)} is gone` : inTheWay(view, job),
  };
}

/** Between two slots of a backfill nobody owns the row, and `next_run` is long past: what counts there is the last start. */
function dueSince(job: Job, state: JobState): Date | null {
  const { nextRun, lastRun, moved } = state;
  if (!job.backfill || moved || !nextRun || !lastRun) return nextRun;
  if (lastRun < nextRun) return nextRun;
  return lastRun;
}

function inTheWay(view: View, job: Job): string | null {
  const verdict = decide(job, factsOf(view, job, job.tags));
  return verdict.due || verdict.why === "not-yet" ? null : inline(verdict.detail);
}

function rootOf(view: View, name: string): string {
  const job = view.registry.byName.get(name);
  if (!job) return name;
  const verdict = decide(job, factsOf(view, job, job.tags));
  return !verdict.due && verdict.parent ? rootOf(view, verdict.parent) : name;
}
