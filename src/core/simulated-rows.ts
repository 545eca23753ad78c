/**
 * The tables of a simulation: rows, ledger and locks in memory, changed by the same pure functions that the real ones are changed by.
 * Owns what a claim and a record write; when they happen is simulation.ts's.
 */
import { advance } from "./advance.ts";
import type { Job, Registry } from "./job.ts";
import type { ParentFacts, RunAt } from "./parents.ts";
import { type Due, decide, type Facts, unclaimed, type Verdict } from "./plan.ts";
import { replan, type Skipped } from "./replan.ts";
import { nextAfter } from "./schedule.ts";
import type { JobState, Outcome, Ticket, Trigger } from "./state.ts";

/** A run of the past, as far as children and repeated slots need it. */
export interface PastRun {
  readonly job: string;
  readonly slot: Date;
  readonly attempt: number;
  readonly trigger: Trigger;
  readonly outcome: Outcome | null;
  readonly missedFrom: Date | null;
}

interface Entry {
  readonly slot: Date;
  readonly missedFrom: Date | null;
  outcome: Outcome | null;
}

export interface Rows {
  readonly registry: Registry;
  readonly states: ReadonlyMap<string, JobState>;
  /** Oldest first. */
  readonly past: readonly PastRun[];
  readonly maxOngoingAge: number;
}

export class SimulatedRows {
  readonly #registry: Registry;
  readonly #maxOngoingAge: number;
  readonly #states: Map<string, JobState>;
  /** Of jobs that some backfill job depends on: their runs by slot, the newest last. */
  readonly #ledger = new Map<string, Entry[]>();
  /** What the past has of a slot: attempts, and whether one succeeded. No slot comes again by itself. */
  readonly #slots = new Map<string, Map<number, { attempt: number; succeeded: boolean }>>();
  readonly #locks = new Map<string, string>();
  #runs = 0;

  constructor({ registry, states, past, maxOngoingAge }: Rows) {
    this.#registry = registry;
    this.#maxOngoingAge = maxOngoingAge;
    this.#states = new Map(states);
    for (const { dependsOn, backfill } of registry.jobs) if (backfill) for (const parent of dependsOn) this.#ledger.set(parent, []);
    for (const { job, slot, attempt, trigger, outcome, missedFrom } of past) {
      this.#enter(job, { slot, missedFrom, outcome });
      // What was run by hand does not count against the schedule's own run for the slot.
      if (trigger !== "manual") this.#know(job, slot, { attempt, succeeded: outcome === "succeeded" });
    }
  }

  state(name: string): JobState | null {
    return this.#states.get(name) ?? null;
  }

  /** The change of plan the row needs, written; null: it needs none. */
  replan(job: Job, now: Date): { readonly skipped: readonly Skipped[] } | null {
    const row = this.state(job.name);
    const plan = replan(job, row && unclaimed(row, this.#maxOngoingAge), now);
    if (!plan) return null;
    this.#states.set(job.name, { ...plan.state, moved: false });
    for (const { from, to, count } of plan.skipped) {
      this.#enter(job.name, { slot: to, missedFrom: count > 1 ? from : null, outcome: "skipped" });
    }
    return plan;
  }

  judge(job: Job, now: Date): Verdict {
    const facts = { now, state: this.state(job.name), tags: job.tags, maxOngoingAge: this.#maxOngoingAge };
    if (job.dependsOn.length === 0) return decide(job, { ...facts, parents: [] });
    const alone = job.backfill ? decide(job, { ...facts, parents: [] }) : null;
    if (alone && !alone.due) return alone;
    return decide(job, { ...facts, parents: this.#parents(job, alone) } satisfies Facts);
  }

  #parents(job: Job, run: Due | null): ParentFacts[] {
    return [...job.dependsOn].sort().map((name) => {
      const parent = { name, job: this.#registry.byName.get(name) ?? null, state: this.state(name) };
      return run ? { ...parent, at: this.#at(name, run.slot) } : parent;
    });
  }

  /** A lock of the job that somebody has, and who; null: all are free. */
  locked(job: Job): { readonly lock: string; readonly by: string } | null {
    for (const lock of job.locks) {
      const by = this.#locks.get(lock);
      if (by !== undefined) return { lock, by };
    }
    return null;
  }

  /** The run that is due, taken. Null: its slot had succeeded before and is closed now; ask again. */
  claim(job: Job, due: Due, now: Date): Ticket | null {
    const state = this.#states.get(job.name);
    if (!state) throw new Error(`no row of ${job.name}`);
    const known = this.#slots.get(job.name)?.get(due.slot.getTime());
    if (known?.succeeded) {
      const next = { slot: due.nextSlot, nextRun: due.nextSlot, attempt: 0, slotErrors: 0, missed: 0, missedFrom: null };
      this.#states.set(job.name, { ...state, ...next, moved: false });
      return null;
    }
    const run = known ? { ...due, attempt: Math.max(due.attempt, known.attempt + 1) } : due;
    const ticket = this.#ticket(job, state, { run, now });
    this.#states.set(job.name, {
      ...state,
      runId: ticket.runId,
      ongoing: now,
      ongoingAge: 0,
      host: "simulated",
      leaseSeconds: job.lease,
      moved: false,
      schedule: job.schedule.text,
      dependsOn: job.dependsOn,
      slot: run.slot,
      lastSlot: state.lastSlot && state.lastSlot > run.slot ? state.lastSlot : run.slot,
      attempt: run.attempt,
      slotErrors: state.slot?.getTime() === run.slot.getTime() ? state.slotErrors : 0,
      missed: run.missed,
      missedFrom: run.missedFrom,
    });
    for (const lock of job.locks) this.#locks.set(lock, job.name);
    this.#enter(job.name, { slot: run.slot, missedFrom: run.missedFrom, outcome: null });
    return ticket;
  }

  #ticket(job: Job, state: JobState, { run, now }: { run: Due; now: Date }): Ticket {
    this.#runs += 1;
    return {
      job: job.name,
      runId: `simulated-${job.name}-${this.#runs}`,
      fence: BigInt(this.#runs),
      slot: run.slot,
      attempt: run.attempt,
      trigger: run.trigger,
      missed: run.missed,
      missedFrom: run.missedFrom,
      nextSlot: run.nextSlot,
      opens: run.opens,
      claimedAt: now,
      errors: state.errorCount,
      slotErrors: run.attempt > 1 ? state.slotErrors : 0,
      lease: job.lease,
      policy: job,
      payload: null,
    };
  }

  /** The run that somebody has on in the row, as far as the row tells; null: nobody has. */
  running(job: Job): (Ticket & { readonly dead: boolean }) | null {
    const state = this.state(job.name);
    if (!state) return null;
    const { ongoing, runId, lastSlot, attempt, missed, missedFrom } = unclaimed(state, this.#maxOngoingAge);
    if (ongoing === null) return null;
    const slot = state.slot ?? ongoing;
    const opens = attempt > 0 && state.slot !== null && lastSlot?.getTime() === slot.getTime();
    return {
      ...{ job: job.name, runId: runId ?? "python", fence: 0n, slot, attempt, trigger: "schedule", missed, missedFrom, opens },
      ...{ nextSlot: nextAfter(job.schedule, slot), claimedAt: ongoing, lease: job.lease, policy: job, payload: null },
      ...{ errors: state.errorCount, slotErrors: state.slotErrors, dead: state.leaseExpired },
    };
  }

  /** The end of a run, recorded. */
  record(job: Job, ticket: Ticket, outcome: "succeeded" | "failed" | "timed-out" | "lost", now: Date): void {
    const state = this.#states.get(job.name);
    if (!state) return;
    const error = outcome === "succeeded" ? null : { type: "Simulated", value: outcome, traceback: "" };
    const change = advance(state, ticket, { outcome, error }, now);
    this.#states.set(job.name, {
      ...state,
      runId: null,
      ongoing: null,
      ongoingAge: null,
      host: null,
      leaseUntil: null,
      leaseExpired: false,
      firstRun: state.firstRun ?? state.ongoing,
      lastRun: state.ongoing ?? state.lastRun,
      lastSuccess: change.lastSuccess ?? state.lastSuccess,
      nextRun: change.keepMoved ? state.nextRun : change.nextRun,
      moved: change.keepMoved,
      slot: change.slot,
      attempt: change.attempt,
      slotErrors: change.slotErrors,
      lostCount: change.lostCount,
      missed: change.missed,
      missedFrom: change.missedFrom,
      errorCount: change.errorCount,
      lastError: change.lastError,
      heldAt: change.held === null ? null : (state.heldAt ?? now),
      heldReason: change.held,
    });
    for (const lock of job.locks) if (this.#locks.get(lock) === job.name) this.#locks.delete(lock);
    const entry = this.#ledger
      .get(job.name)
      ?.findLast(({ slot, outcome: open }) => open === null && slot.getTime() === ticket.slot.getTime());
    if (entry) entry.outcome = outcome;
  }

  /** By slot, and what was entered later stands later. */
  #enter(job: string, entry: Entry): void {
    const runs = this.#ledger.get(job);
    if (!runs) return;
    let at = runs.length;
    while (at > 0 && (runs[at - 1] as Entry).slot > entry.slot) at--;
    runs.splice(at, 0, entry);
  }

  #know(job: string, slot: Date, { attempt, succeeded }: { attempt: number; succeeded: boolean }): void {
    const slots = this.#slots.get(job) ?? new Map<number, { attempt: number; succeeded: boolean }>();
    this.#slots.set(job, slots);
    const known = slots.get(slot.getTime());
    slots.set(slot.getTime(), {
      attempt: Math.max(attempt, known?.attempt ?? 0),
      succeeded: succeeded || known?.succeeded === true,
    });
  }

  /** The newest run at or before the slot, and whether a later success covers it; null: the ledger has none. */
  #at(name: string, slot: Date): RunAt | null {
    const runs = this.#ledger.get(name) ?? [];
    let at = runs.length - 1;
    while (at >= 0 && (runs[at] as Entry).slot > slot) at--;
    const run = runs[at];
    if (!run) return null;
    const closed = run.outcome === "cancelled" || run.outcome === "skipped" || run.outcome === "lost";
    const covers = ({ slot: later, outcome, missedFrom }: Entry) =>
      outcome === "succeeded" && later > run.slot && (closed || (missedFrom !== null && missedFrom <= run.slot));
    return { outcome: run.outcome, covered: runs.slice(at + 1).some(covers) };
  }
}
