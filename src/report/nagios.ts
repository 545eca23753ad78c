/** The one line a monitor reads. Owns what is worth an alarm, and the line's form, which never changes. */
import { drift, driftText, homeless, live, silent } from "../core/fleet.ts";
import type { Job } from "../core/job.ts";
import { planned } from "../core/replan.ts";
import type { JobState } from "../core/state.ts";
import { age, secondsBetween } from "./ages.ts";
import { cutBytes, printable } from "./safe.ts";
import { overdue } from "./status.ts";
import { iso, stampWithZone, zoned } from "./times.ts";
import type { Document, View } from "./view.ts";

export type Level = "WARNING" | "CRITICAL";

export interface Finding {
  readonly job: string;
  /** The export of a module, or `command` or `sql`. */
  readonly export: string;
  readonly level: Level;
  readonly type: string;
  readonly value: string;
}

export interface Health {
  /** The database's clock; null: it did not answer. */
  readonly now: Date | null;
  readonly status: "OK" | Level | "UNKNOWN";
  /** As Nagios wants it. */
  readonly code: 0 | 1 | 2 | 3;
  /** Without an end of line. */
  readonly line: string;
  /** Warnings too, where the line has the critical ones only. In the order of the file. */
  readonly findings: readonly Finding[];
}

/** Bytes of a value in the line. */
const VALUE_LIMIT = 1024;

/**
 * Critical: a job with errors, one that is held, one due for longer than `overdueAfter` that nobody runs. A warning: a backfill job with
 * exactly one error. `separator` is ` | ` for `--nagios`, which keeps the original's text, and ` - ` for `check`.
 */
export function check(view: View, separator: " | " | " - "): Health {
  const findings = [...view.registry.jobs.flatMap((job) => look(view, job) ?? []), ...fleet(view)];
  const critical = findings.filter((finding) => finding.level === "CRITICAL");
  const told = critical.length > 0 ? critical : findings;
  const { now } = view.snapshot;
  if (told.length === 0) return { now, status: "OK", code: 0, line: "OK - All systems nominal", findings };
  const status = critical.length > 0 ? "CRITICAL" : "WARNING";
  const items = told.map((finding) => item(finding, separator)).join("; ");
  return { now, status, code: status === "CRITICAL" ? 2 : 1, line: `${status} - ${items}`, findings };
}

/** What to say when the database or the configuration cannot be used: nobody can tell how the jobs are. */
export function unknown(reason: string): Health {
  return { now: null, status: "UNKNOWN", code: 3, line: `UNKNOWN - ${flat(reason)}`, findings: [] };
}

/** The document of `check --json`. */
export function checkDocument({ now, status, code, line, findings }: Health): Document {
  return { schema: "crontabber.check/1", now: iso(now), status, code, line, findings };
}

function look(view: View, job: Job): Finding | null {
  const state = view.snapshot.states.get(job.name);
  // Switched off in the file: as good as not being there. A pause is passing, and hides no error.
  if (!state || !job.enabled) return null;
  const late = overdue(view, job);
  if (state.errorCount === 0 && !state.heldAt && late) {
    const why = late.why ? `: ${zoned(late.why, "UTC")}` : "";
    const value = `due since ${stampWithZone(late.since, "UTC")} (${age(late.seconds)}), and nobody runs it${why}`;
    return { ...about(job), level: "CRITICAL", type: "Overdue", value };
  }
  if (state.errorCount === 0 && !state.heldAt) return null;
  const mild = job.backfill && state.errorCount === 1 && !state.heldAt && !late;
  const { type, value } = error(state);
  const paused = pauseText(planned(job, state, view.snapshot.now));
  return { ...about(job), level: mild ? "WARNING" : "CRITICAL", type, value: paused + value };
}

/**
 * A job that no live host can run is critical; hosts that went silent beside living ones, and jobs that have not been the same everywhere
 * for longer than `overdueAfter`, are warnings. Nothing where no host is live: then jobs are overdue, and that is told.
 */
function fleet({ hosts = [], registry, overdueAfter, snapshot: { now } }: View): Finding[] {
  if (live(hosts, now).length === 0) return [];
  const nowhere = homeless(registry.jobs, hosts, { now, known: false }).flatMap(({ job: name, why }) => {
    const job = registry.byName.get(name);
    return job ? [{ ...about(job), level: "CRITICAL" as const, type: "NoHost", value: why }] : [];
  });
  const tagsOf = (name: string) => registry.byName.get(name)?.tags ?? [];
  const differ = drift(hosts, { now, settled: overdueAfter, tagsOf }).map((one) => {
    const job = registry.byName.get(one.job);
    const what = job ? about(job) : { job: one.job, export: "?" };
    return { ...what, level: "WARNING" as const, type: "Drift", value: driftText(one) };
  });
  const gone = silent(hosts, now).map(({ label, seenAt }) => {
    const value = `no look since ${stampWithZone(seenAt, "UTC")} (${age(secondsBetween(seenAt, now))})`;
    return { job: label, export: "host", level: "WARNING" as const, type: "Silent", value };
  });
  return [...nowhere, ...differ, ...gone];
}

const about = (job: Job) => ({ job: job.name, export: job.module?.export ?? job.kind });

/** First, as a hold is: whoever reads the alarm learns that somebody has seen the trouble. */
function pauseText({ pausedAt, pausedBy, pausedUntil, pauseNote }: JobState): string {
  if (!pausedAt || !(pausedBy || pausedUntil || pauseNote)) return "";
  const until = pausedUntil ? ` until ${stampWithZone(pausedUntil, "UTC")}` : "";
  return `paused${pausedBy ? ` by ${pausedBy}` : ""}${until}${pauseNote ? ` (${pauseNote})` : ""}; `;
}

function error({ lastError, heldAt, heldReason, errorCount }: JobState): Pick<Finding, "type" | "value"> {
  const held = heldAt ? `held: ${heldReason ?? "until unlock"}` : null;
  if (!lastError || errorCount === 0) return { type: held ? "Held" : "Error", value: held ?? `failed ${errorCount} times` };
  // First, so that a long value does not push it off the line.
  return { type: lastError.type, value: held ? `${held}; ${lastError.value}` : lastError.value };
}

/** Nagios reads what follows a `|` as performance data, and one line only. */
function item({ job, export: name, type, value }: Finding, separator: string): string {
  return [`${flat(job)} (${flat(name)})`, flat(type), flat(value)].join(separator);
}

function flat(text: string): string {
  const line = text.replace(/\r\n|[\n\v\f\r\u0085\u2028\u2029|]/g, " ");
  return cutBytes(printable(line.slice(0, 4 * VALUE_LIMIT)).trimEnd(), VALUE_LIMIT);
}
