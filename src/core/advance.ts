/** The state machine of a job's row: how a run's outcome moves it on. Pure; the moment is the database's. */
import type { ErrorRecord } from "./errors.ts";
import type { JobState, RunEnd, Ticket } from "./state.ts";

/** What a record writes into the row; everything else there stays or is cleared with the claim. */
export interface Change {
  readonly nextRun: Date | null;
  readonly slot: Date | null;
  readonly attempt: number;
  readonly slotErrors: number;
  readonly lostCount: number;
  readonly missed: number;
  readonly missedFrom: Date | null;
  readonly errorCount: number;
  /** Null is written as `{}`: the last run succeeded. */
  readonly lastError: ErrorRecord | null;
  /** Null: keep what is there. */
  readonly lastSuccess: Date | null;
  /** Why the job is held from now on; null: it is not. */
  readonly held: string | null;
  /** Another tool moved `next_run` while the job ran: it wins, and stays marked as moved. */
  readonly keepMoved: boolean;
}

const MAX_EXPONENTIAL_SECONDS = 3600;

/** The row after a run ended. `now` is when the end is recorded, by the database's clock. */
export function advance(state: JobState, ticket: Ticket, end: Pick<RunEnd, "outcome" | "error">, now: Date): Change {
  const kept = keep(state);
  switch (end.outcome) {
    case "succeeded": {
      const lastSuccess = ticket.policy.backfill ? later(ticket.slot, state.lastSuccess) : ticket.claimedAt;
      return { ...kept, ...closed(state, ticket), lostCount: 0, errorCount: 0, lastError: null, lastSuccess };
    }
    case "cancelled":
      return { ...kept, ...closed(state, ticket), lostCount: 0, lastError: end.error ?? saying("Cancelled", "cancelled") };
    case "interrupted":
      return kept;
    case "failed":
    case "timed-out":
      return { ...kept, ...failed(state, ticket, now), lostCount: 0, lastError: end.error ?? saying("Error", end.outcome) };
    case "lost":
      return { ...kept, ...lost(state, ticket), lastError: end.error ?? saying("LostLease", "the owner's lease ran out") };
  }
}

function keep(state: JobState): Change {
  const { nextRun, slot, attempt, slotErrors, lostCount, missed, missedFrom, errorCount, lastError, heldReason } = state;
  const held = state.heldAt ? (heldReason ?? "held") : null;
  return {
    ...{ nextRun, slot, attempt, slotErrors, lostCount, missed, missedFrom, errorCount, lastError },
    ...{ lastSuccess: null, held, keepMoved: state.moved },
  };
}

/** The slot is done with: the next one is open. A run that was not for the open slot leaves it as it is. */
function closed(state: JobState, ticket: Ticket): Partial<Change> {
  if (!ticket.opens) return {};
  const next = state.moved ? state.nextRun : ticket.nextSlot;
  return { slot: ticket.nextSlot, nextRun: next, attempt: 0, slotErrors: 0, missed: 0, missedFrom: null };
}

function failed(state: JobState, ticket: Ticket, now: Date): Partial<Change> {
  const errorCount = state.errorCount + 1;
  if (!ticket.opens) return { errorCount };
  const { policy, nextSlot } = ticket;
  const slotErrors = state.slotErrors + 1;
  const retryAt = new Date(now.getTime() + 1000 * retrySeconds(ticket, errorCount));
  const capped = !policy.backfill && nextSlot && nextSlot < retryAt ? nextSlot : retryAt;
  return { errorCount, slotErrors, nextRun: state.moved ? state.nextRun : capped, held: heldAfter(slotErrors, ticket) };
}

function lost(state: JobState, ticket: Ticket): Partial<Change> {
  const counts = { errorCount: state.errorCount + 1, lostCount: state.lostCount + 1 };
  const { policy } = ticket;
  const inARow = counts.lostCount >= policy.maxLost ? `lost ${counts.lostCount} times in a row` : null;
  if (!ticket.opens) return { ...counts, ...(inARow && { held: inARow }) };
  if (policy.onLost === "skip") return { ...closed(state, ticket), ...counts, held: inARow };
  const slotErrors = state.slotErrors + 1;
  const held = policy.onLost === "hold" ? "its run was lost, and on_lost is hold" : (inARow ?? heldAfter(slotErrors, ticket));
  return { ...counts, slotErrors, held };
}

function heldAfter(slotErrors: number, { policy }: Ticket): string | null {
  if (policy.maxAttempts === null || slotErrors < policy.maxAttempts) return null;
  return `${slotErrors} of ${policy.maxAttempts} attempts used up`;
}

/** Seconds from a failure to the next attempt; `errors` counts it and those in a row before it. */
export function retrySeconds(ticket: Pick<Ticket, "policy" | "runId">, errors: number): number {
  const { retry, errorRetryTime } = ticket.policy;
  if (retry === "fixed") return errorRetryTime;
  const doubled = errorRetryTime * 2 ** Math.min(errors - 1, 30);
  return Math.min(doubled, Math.max(MAX_EXPONENTIAL_SECONDS, errorRetryTime)) * (0.75 + 0.25 * share(ticket.runId));
}

/** A number in [0, 1) from the run's id: jitter that a pure function can have (FNV-1a). */
function share(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash / 2 ** 32;
}

const later = (a: Date, b: Date | null): Date => (b && b > a ? b : a);
const saying = (type: string, value: string): ErrorRecord => ({ type, value, traceback: "" });
