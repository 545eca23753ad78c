/** Rows for tests of pure functions: a blank one, with only what matters spelt out. */
import { blank } from "#lib/core/replan.js";
import type { JobState, Ticket } from "#lib/core/state.js";

export const at = (text: string): Date => new Date(text.includes("T") ? text : `2026-01-05T${text}Z`);

/** A row that was planned by us with this schedule. */
export function makeState(over: Partial<JobState> & { name: string }): JobState {
  const slot = over.slot ?? over.nextRun ?? null;
  return { ...blank(over.name), schedule: "1h", slot, ...over };
}

/** A parent that is well: it succeeded, and is not due before tomorrow. */
export function well(name: string, over: Partial<JobState> = {}): JobState {
  const nextRun = at("2026-01-06T00:00:00Z");
  return makeState({ name, schedule: "1d", nextRun, lastRun: at("00:00:00"), lastSuccess: at("00:00:00"), ...over });
}

export function makeTicket(over: Partial<Ticket> = {}): Ticket {
  return {
    ...{
      job: "j",
      runId: "00000000-0000-4000-8000-000000000001",
      fence: 1n,
      slot: at("10:00:00"),
      attempt: 1,
      trigger: "schedule" as const,
    },
    ...{
      missed: 0,
      missedFrom: null,
      nextSlot: at("11:00:00"),
      opens: true,
      claimedAt: at("10:00:01"),
      errors: 0,
      slotErrors: 0,
      lease: 120,
    },
    policy: { backfill: false, retry: "fixed", errorRetryTime: 300, maxAttempts: null, onLost: "retry", maxLost: 3 },
    payload: null,
    ...over,
  };
}
