/** Whether a job would run now, and if not, why. Pure: asked on a snapshot, and again on rows read under the row lock. */
import type { Job } from "./job.ts";
import { dependencyCheck, type ParentFacts } from "./parents.ts";
import { planned } from "./replan.ts";
import { due, nextAfter } from "./schedule.ts";
import type { JobState, Trigger } from "./state.ts";

export type Reason =
  | "disabled"
  | "paused"
  | "not-yet"
  | "ongoing"
  | "wrong-host"
  | "held"
  | "dependency-never-ran"
  | "dependency-failed"
  | "dependency-ongoing"
  | "dependency-stale"
  | "limit"
  | "locked";

/** Who asked for something by hand, and why. */
export interface By {
  /** Such as `kim@web-1`. */
  readonly who: string;
  /** Null: nothing was said. */
  readonly note: string | null;
}

/** What somebody asked for by hand; null: the scheduler's own question. */
export interface ByHand {
  /** Ignore schedule and parents, run disabled, paused and manual jobs. Never a running owner. */
  readonly force: boolean;
  /** Null: the open slot if due, else now, but for a backfill job, which then has no slot to run for. */
  readonly slot: Date | null;
  /** Left as an event with the claim; absent: nobody to name. */
  readonly by?: By;
}

export interface Facts {
  /** The database's clock when the rows were read. */
  readonly now: Date;
  /** Null: no row yet. */
  readonly state: JobState | null;
  readonly parents: readonly ParentFacts[];
  /** What this host carries. */
  readonly tags: readonly string[];
  /** Seconds after which a row claimed by the Python tool counts as abandoned. */
  readonly maxOngoingAge: number;
  /** Who holds the job's locks now; absent: not asked, which the claim does. */
  readonly holders?: readonly Holder[];
}

/** A named lock and the run that has it. */
export interface Holder {
  readonly lock: string;
  readonly job: string;
  readonly host: string | null;
  readonly since: Date;
}

/** A run that may start now. */
export interface Due {
  readonly due: true;
  readonly slot: Date;
  readonly attempt: number;
  readonly trigger: Trigger;
  readonly missed: number;
  readonly missedFrom: Date | null;
  readonly nextSlot: Date | null;
  readonly opens: boolean;
}

export interface NotDue {
  readonly due: false;
  readonly why: Reason;
  readonly detail: string;
  /** The parent that stands in the way. */
  readonly parent?: string;
}

export type Verdict = Due | NotDue;

/** One question of the verdict, for `explain`. */
export interface Check {
  readonly name: "enabled" | "not paused" | "not held" | "host" | "not running" | "due" | "dependencies" | "locks";
  readonly no: NotDue | null;
  /** The facts behind a yes. */
  readonly detail: string;
}

/** The first "no", or the run that is due. */
export function decide(job: Job, facts: Facts, hand: ByHand | null = null): Verdict {
  for (const check of questions(job, facts, hand)) if (check.no) return check.no;
  return target(job, planned(job, own(facts), facts.now), facts.now, hand);
}

/** The row as it is judged: a claim of the Python tool that is too old is nobody's, and keeps no plan from being made. */
export function unclaimed(state: JobState, maxOngoingAge: number): JobState {
  if (state.ongoing === null || state.runId !== null || (state.ongoingAge ?? 0) <= maxOngoingAge) return state;
  return { ...state, ongoing: null, ongoingAge: null };
}

const own = ({ state, maxOngoingAge }: Facts): JobState | null => state && unclaimed(state, maxOngoingAge);

/**
 * A row of which nothing can be said but that its time has not come: the answer for nearly every job of nearly every pass, without
 * asking the questions one by one. False: ask them. Never true where `decide` would say anything but `not-yet`, or `replan` something.
 */
export function asleep(job: Job, state: JobState | null, now: Date): state is JobState & { readonly nextRun: Date } {
  if (state === null || state.nextRun === null || state.nextRun <= now || state.moved || state.schedule !== job.schedule.text) return false;
  if (!job.enabled || job.tags.length > 0 || state.runId !== null || state.ongoing !== null) return false;
  if (state.pausedAt !== null || state.resumedAt !== null || state.markedAt !== null) return false;
  return state.heldAt === null && state.disabledAt === null;
}

/** What `decide` says of a row that is asleep. */
export function notYet(nextRun: Date): NotDue {
  return no("not-yet", `next_run is ${nextRun.toISOString()}`);
}

/** Every question, in the order in which they are asked. */
export function checks(job: Job, facts: Facts, hand: ByHand | null = null): Check[] {
  return [...questions(job, facts, hand)];
}

/** One by one: the slot of a run is only computed for a job that is asked about its parents, which costs a cron job the loading of its parser. */
function* questions(job: Job, facts: Facts, hand: ByHand | null): Generator<Check> {
  const state = planned(job, own(facts), facts.now);
  const forced = hand?.force === true;
  yield check("enabled", !job.enabled && !forced && no("disabled", "enabled = no in the configuration"), "yes");
  yield check("not paused", state.pausedAt !== null && !forced && no("paused", pauseText(state)), "yes");
  yield check("not held", state.heldAt !== null && no("held", `${state.heldReason ?? "held"}; released by unlock`), "yes");
  yield check("host", hostCheck(job, facts.tags), job.tags.length ? `carries ${job.tags.join(", ")}` : "any");
  yield check("not running", runningCheck(facts), "no live run");
  const early = forced ? slotCheck(job, state, facts.now) : dueCheck(state, facts.now);
  yield check("due", !hand?.slot && early, dueText(state, facts.now));
  const parents = !forced && dependencyCheck(job, target(job, state, facts.now, hand), facts);
  yield check("dependencies", parents, job.dependsOn.length ? "all met" : "none");
  if (job.locks.length > 0) yield check("locks", limited(facts.holders ?? []), `${job.locks.join(", ")}: free`);
}

/** Null: all locks are free. By force or not: a lock guards what lies outside the job. */
export function limited(holders: readonly Holder[]): NotDue | null {
  const [first] = holders;
  if (!first) return null;
  const { lock, job, host, since } = first;
  return no("limit", `the lock '${lock}' is held by '${job}' on ${host ?? "?"} since ${since.toISOString()}`);
}

const no = (why: Reason, detail: string): NotDue => ({ due: false, why, detail });
const check = (name: Check["name"], answer: NotDue | false | null, detail: string): Check => ({ name, no: answer || null, detail });

function pauseText(state: JobState): string {
  const by = state.pausedBy ? ` by ${state.pausedBy}` : "";
  const until = state.pausedUntil ? ` until ${state.pausedUntil.toISOString()}` : "";
  return `paused${by} since ${state.pausedAt?.toISOString()}${until}${state.pauseNote ? `: ${state.pauseNote}` : ""}`;
}

function hostCheck(job: Job, tags: readonly string[]): NotDue | null {
  const missing = job.tags.filter((tag) => !tags.includes(tag));
  return missing.length ? no("wrong-host", `this host does not carry ${missing.join(", ")}`) : null;
}

/** Whether somebody owns the job. A Python claim older than `max_ongoing_age_hours` is nobody's; an expired lease still needs its second look. */
function runningCheck(facts: Facts): NotDue | null {
  const state = own(facts);
  if (!state?.ongoing && !state?.runId) return null;
  const where = state.runId === null ? "claimed by the Python tool" : `running on ${state.host ?? "?"}`;
  const since = state.ongoing ? ` since ${state.ongoing.toISOString()}` : "";
  return no("ongoing", `${where}${since}${state.leaseExpired ? ", its lease has run out" : ""}`);
}

function dueCheck(state: JobState, now: Date): NotDue | null {
  if (state.nextRun !== null && state.nextRun <= now) return null;
  return state.nextRun ? notYet(state.nextRun) : no("not-yet", "runs only on request");
}

/** A backfill job has one run for each of its slots: even by force none is for "now". */
function slotCheck(job: Job, { slot }: JobState, now: Date): NotDue | null {
  if (!job.backfill || job.schedule.kind === "manual" || (slot !== null && slot <= now)) return null;
  return no("not-yet", `its next slot is ${slot?.toISOString() ?? "not known"}; to run another, name it with --slot`);
}

const dueText = (state: JobState, now: Date): string =>
  state.nextRun && state.nextRun <= now ? `since ${state.nextRun.toISOString()}` : "asked for by hand";

/** Which slot a run that starts now is for. */
function target(job: Job, state: JobState, now: Date, hand: ByHand | null): Due {
  const { slot } = state;
  const isOpen = slot !== null && slot <= now;
  if (hand?.slot && !(isOpen && hand.slot.getTime() === slot.getTime())) return unplanned(job, hand.slot);
  if (!isOpen) return unplanned(job, hand?.slot ?? now);
  const open = job.backfill ? openOldest(job, state, slot, now) : openNewest(job, state, slot, now);
  const trigger = hand && (hand.force || hand.slot) ? "manual" : open.attempt > 1 ? "retry" : open.trigger;
  return { ...open, trigger };
}

/** A run by hand for a slot that is not open: it leaves the plan as it is. */
function unplanned(job: Job, slot: Date): Due {
  const nextSlot = job.schedule.kind === "manual" ? null : nextAfter(job.schedule, slot);
  return { due: true, slot, attempt: 1, trigger: "manual", missed: 0, missedFrom: null, nextSlot, opens: false };
}

function openOldest(job: Job, state: JobState, slot: Date, now: Date): Due {
  const nextSlot = nextAfter(job.schedule, slot);
  const made = nextSlot !== null && nextSlot <= now;
  const attempt = state.attempt + 1;
  return { due: true, slot, attempt, trigger: made ? "backfill" : "schedule", missed: 0, missedFrom: null, nextSlot, opens: true };
}

/** A plain job runs for the newest due slot, which stands in for the older ones. */
function openNewest(job: Job, state: JobState, slot: Date, now: Date): Due {
  const range = due(job.schedule, slot, now) ?? { newest: slot, count: 1 };
  const same = range.newest.getTime() === slot.getTime();
  const nextSlot = nextAfter(job.schedule, range.newest);
  const missed = state.missed + range.count - 1;
  const missedFrom = state.missedFrom ?? (same ? null : slot);
  const attempt = same ? state.attempt + 1 : 1;
  return { due: true, slot: range.newest, attempt, trigger: "schedule", missed, missedFrom, nextSlot, opens: true };
}
