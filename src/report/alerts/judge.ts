/** How every job and the fleet stand, as far as somebody should be told. By the same facts as `check` and `list`, and no others. */
import type { Fault, Judged, Told } from "../../core/alert.ts";
import type { Job } from "../../core/job.ts";
import { asleep } from "../../core/plan.ts";
import { planned } from "../../core/replan.ts";
import { nextAfter } from "../../core/schedule.ts";
import type { JobState } from "../../core/state.ts";
import { age, secondsBetween } from "../ages.ts";
import { inline } from "../safe.ts";
import { jobState, overdue, ownership } from "../status.ts";
import { stampWithZone, zoned } from "../times.ts";
import type { View } from "../view.ts";
import { type FleetFaults, fleetFaults, lookBefore, NO_FLEET } from "./fleet.ts";

/**
 * `self`: this host's label, whose own looks say what it can have missed; null: nobody's. A job that waits for another is charged to the
 * one at the root: whoever mends that one mends all. Jobs that are disabled or paused are left as they are, and what waits for them too.
 * `told`: what was said before of subjects that exist only while something is wrong.
 */
export function judge(view: View, self: string | null, told: ReadonlyMap<string, Told> = new Map()): Judged {
  const before = lookBefore(view, self);
  const fleet = view.hosts ? fleetFaults({ ...view, hosts: view.hosts }, self, told) : NO_FLEET;
  const judged = new Map<string, Fault | "ok">(fleet.judged);
  const charged = new Map<string, Job[]>();
  for (const job of view.registry.jobs) {
    const standing = standingOf(view, job, { fleet, before });
    if (standing === null) continue;
    if (standing === "ok") judged.set(subjectOf(job.name), "ok");
    else if ("root" in standing) charged.set(standing.root, [...(charged.get(standing.root) ?? []), job]);
    else if (job.alerts) judged.set(subjectOf(job.name), standing);
  }
  for (const [root, waiting] of charged) {
    const known = judged.get(subjectOf(root));
    const told = waiting.filter(({ alerts }) => alerts);
    if ((known && known !== "ok") || told.length === 0) continue;
    const fault = blocking(view, root, told);
    if (fault) judged.set(subjectOf(root), fault);
    else judged.delete(subjectOf(root));
  }
  return judged;
}

export const subjectOf = (job: string): string => `job:${job}`;

/** Null: neither good nor bad. `root`: it waits for that one. */
type Standing = Fault | "ok" | { readonly root: string } | null;

/** `before`: a job that was not due yet at that look may be late because this host was away, and is about to be run. */
function standingOf(view: View, job: Job, { fleet, before }: { fleet: FleetFaults; before: Date | null }): Standing {
  const { now, states } = view.snapshot;
  const state = states.get(job.name);
  // Nobody has looked at it yet, or somebody has switched it off.
  if (!state || !job.enabled) return null;
  if (state.errorCount === 0 && asleep(job, state, now)) return "ok";
  if (planned(job, state, now).pausedAt) return null;
  if (state.heldAt) return fault(view, job, "held", heldText(state));
  const late = overdue(view, job);
  if (state.errorCount >= threshold(job, late !== null)) return fault(view, job, "failing", errorText(state));
  if (late) {
    if (fleet.homeless.has(job.name) || before === null || late.since > before) return null;
    const { rootCause } = jobState(view, job);
    if (rootCause && rootCause !== job.name) return { root: rootCause };
    return fault(view, job, "overdue", { ...lateText(late), since: late.since });
  }
  const stuck = running(view, job, state);
  if (stuck) return fault(view, job, "overdue", stuck);
  return state.errorCount === 0 && settled(view, job) ? "ok" : null;
}

/** As `check` has it: a backfill job's single error is a warning, and its retry may mend it. */
function threshold(job: Job, late: boolean): number {
  return job.alertAfter ?? (job.backfill && !late ? 2 : 1);
}

/** Not due at all, or running: another host may have less patience than this one. */
function settled(view: View, job: Job): boolean {
  return overdue({ ...view, overdueAfter: 0 }, job) === null;
}

/** Without a time-out a run that hangs is nobody's error: two slots of its own that came due meanwhile are. */
function running(view: View, job: Job, state: JobState): (Text & Pick<Fault, "since">) | null {
  const { now } = view.snapshot;
  if (job.timeout !== null || !state.ongoing || ownership(view, state) !== "live") return null;
  const seconds = secondsBetween(state.ongoing, now);
  if (seconds <= view.overdueAfter) return null;
  const first = nextAfter(job.schedule, state.ongoing);
  const second = first && nextAfter(job.schedule, first);
  if (!second || second > now) return null;
  const value = `running since ${stampWithZone(state.ongoing, "UTC")} (${age(seconds)}) on ${inline(state.host ?? "?")}, past two of its slots`;
  return { type: "Running", value, since: state.ongoing };
}

/** What keeps others waiting, and has no fault of its own that would be told. Null: a human, the fleet or a healthy run is the reason. */
function blocking(view: View, root: string, waiting: readonly Job[]): Fault | null {
  const names = waiting.map(({ name }) => name);
  const first = waiting[0] && overdue(view, waiting[0]);
  const why = first?.why ? `: ${zoned(first.why, "UTC")}` : "";
  const text = { type: "Blocking", value: `in the way of ${names.map(inline).join(", ")}${why}`, since: first?.since ?? null };
  const job = view.registry.byName.get(root);
  if (!job) return { subject: subjectOf(root), condition: "overdue", level: "critical", holdsUp: names, ...text };
  const state = view.snapshot.states.get(root);
  if (!job.enabled || !state || planned(job, state, view.snapshot.now).pausedAt || ownership(view, state) === "live") return null;
  return fault(view, job, state.errorCount > 0 ? "failing" : "overdue", text);
}

type Text = Pick<Fault, "type" | "value">;

function fault(view: View, job: Job, condition: Fault["condition"], { type, value, since = null }: Text & Partial<Fault>): Fault {
  return { subject: subjectOf(job.name), condition, level: "critical", since, type, value, holdsUp: descendants(view, job.name) };
}

/** All that cannot run while it does not, in the order of the file. */
export function descendants({ registry }: Pick<View, "registry">, name: string): string[] {
  const found = new Set([name]);
  for (const job of registry.order) if (job.dependsOn.some((parent) => found.has(parent))) found.add(job.name);
  found.delete(name);
  return registry.jobs.filter((job) => job.enabled && found.has(job.name)).map((job) => job.name);
}

function errorText({ lastError, errorCount }: JobState): Text {
  return lastError ? { type: lastError.type, value: lastError.value } : { type: "Error", value: `failed ${errorCount} times` };
}

function heldText(state: JobState): Text {
  const held = `held: ${state.heldReason ?? "until unlock"}`;
  if (!state.lastError || state.errorCount === 0) return { type: "Held", value: held };
  return { type: state.lastError.type, value: `${held}; ${state.lastError.value}` };
}

function lateText(late: { readonly since: Date; readonly seconds: number; readonly why: string | null }): Text {
  const why = late.why ? `: ${zoned(late.why, "UTC")}` : "";
  return { type: "Overdue", value: `due since ${stampWithZone(late.since, "UTC")} (${age(late.seconds)}), and nobody runs it${why}` };
}
