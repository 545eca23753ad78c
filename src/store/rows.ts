/** Rows of `crontabber` as the rest of the program sees them. Owns the mapping, both ways round; runs no statement. */
import type { ErrorRecord } from "../core/errors.ts";
import type { JobState } from "../core/state.ts";

/** What the STATE columns of `sql.ts` arrive as. */
export interface StateRow {
  readonly app_name: string;
  readonly [column: string]: unknown;
}

/** PostgreSQL keeps years and infinities that a Date cannot: both ends are held here, far outside any schedule. */
const LAST = Date.UTC(9999, 11, 31);
const FIRST = Date.UTC(1, 0, 1);

export function toDate(ms: unknown): Date | null {
  if (typeof ms !== "number" || Number.isNaN(ms)) return null;
  return new Date(Math.floor(Math.min(Math.max(ms, FIRST), LAST)));
}

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
const count = (value: unknown): number => (typeof value === "number" ? value : 0);

export function toState(row: StateRow): JobState {
  return {
    name: row.app_name,
    nextRun: toDate(row.next_run),
    firstRun: toDate(row.first_run),
    lastRun: toDate(row.last_run),
    lastSuccess: toDate(row.last_success),
    ongoing: toDate(row.ongoing),
    errorCount: count(row.error_count),
    dependsOn: Array.isArray(row.depends_on) ? row.depends_on.map(String) : null,
    lastError: toError(row.last_error),
    runId: text(row.run_id),
    host: text(row.host),
    leaseUntil: toDate(row.lease_until),
    leaseExpired: row.lease_expired === true && row.run_id !== null,
    leaseSeconds: typeof row.lease_seconds === "number" ? row.lease_seconds : null,
    heartbeats: count(row.heartbeats),
    ongoingAge: typeof row.ongoing_age === "number" ? row.ongoing_age : null,
    slot: toDate(row.slot),
    lastSlot: toDate(row.last_slot),
    moved: row.moved === true,
    schedule: text(row.schedule),
    attempt: count(row.attempt),
    slotErrors: count(row.slot_errors),
    lostCount: count(row.lost_count),
    missed: count(row.missed),
    missedFrom: toDate(row.missed_from),
    pausedAt: toDate(row.paused_at),
    pausedBy: text(row.paused_by),
    pauseNote: text(row.pause_note),
    pausedUntil: toDate(row.paused_until),
    resumedAt: toDate(row.resumed_at),
    resumeSkip: row.resume_skip === true,
    markedAt: toDate(row.marked_at),
    heldAt: toDate(row.held_at),
    heldReason: text(row.held_reason),
    disabledAt: toDate(row.disabled_at),
  };
}

/** `{}`, `null` and an empty column all mean "no error"; what cannot be read is an error all the same. */
function toError(json: unknown): ErrorRecord | null {
  if (typeof json !== "string" || json.trim() === "{}" || json.trim() === "null") return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    // Somebody wrote it by hand; the text itself is the best there is.
    return { type: "unreadable", value: json.slice(0, 1000), traceback: "" };
  }
  if (typeof parsed !== "object" || parsed === null) return { type: "unreadable", value: json.slice(0, 1000), traceback: "" };
  const all = parsed as Record<string, unknown>;
  const part = (key: string) => (all[key] === undefined || all[key] === null ? "" : String(all[key]));
  return { ...all, type: part("type"), value: part("value"), traceback: part("traceback") };
}
