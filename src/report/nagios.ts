/** The one line a monitor reads. Owns what is worth an alarm, and the line's form, which never changes. */
import type { Job } from "../core/job.ts";
import type { JobState } from "../core/state.ts";
import { age } from "./ages.ts";
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
  const findings = view.registry.jobs.flatMap((job) => look(view, job) ?? []);
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
  const about = { job: job.name, export: job.module?.export ?? job.kind };
  const late = overdue(view, job);
  if (state.errorCount === 0 && !state.heldAt && late) {
    const why = late.why ? `: ${zoned(late.why, "UTC")}` : "";
    const value = `due since ${stampWithZone(late.since, "UTC")} (${age(late.seconds)}), and nobody runs it${why}`;
    return { ...about, level: "CRITICAL", type: "Overdue", value };
  }
  if (state.errorCount === 0 && !state.heldAt) return null;
  const mild = job.backfill && state.errorCount === 1 && !state.heldAt && !late;
  return { ...about, level: mild ? "WARNING" : "CRITICAL", ...error(state) };
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
