/**
 * A registry run on a virtual clock. The decisions are the real ones (plan.ts, replan.ts, advance.ts); what is made up is how long runs
 * take and which of them fail. Pure and deterministic. Owns the order of events: ends before starts, parents before children.
 */
import { Heap } from "./heap.ts";
import type { Job } from "./job.ts";
import { asleep, type NotDue } from "./plan.ts";
import type { Skipped } from "./replan.ts";
import { due } from "./schedule.ts";
import { SimulatedRoom } from "./simulated-room.ts";
import { SimulatedRows } from "./simulated-rows.ts";
import type { Premises, SimulatedRun, Simulation, Wait } from "./simulation.ts";
import type { Ticket } from "./state.ts";

export function simulate(premises: Premises): Simulation {
  return new Simulator(premises).run();
}

interface Event {
  readonly at: number;
  readonly index: number;
  /** Null: the job is looked at. */
  readonly ends: Live | null;
}

interface Live {
  readonly ticket: Ticket;
  readonly outcome: SimulatedRun["outcome"];
  /** The pass that started it, by its first moment; always 0 for a daemon. */
  readonly pass: number;
}

interface Look {
  readonly pass: number;
  readonly now: Date;
  /** There is room, and it is its turn. */
  readonly called?: boolean;
}

class Simulator {
  readonly #given: Premises;
  readonly #rows: SimulatedRows;
  readonly #order: readonly Job[];
  readonly #index: ReadonlyMap<string, number>;
  readonly #children: readonly (readonly number[])[];
  readonly #events = new Heap<Event>((a, b) => a.at < b.at);
  /** Jobs to look at now, parents first. */
  readonly #dirty = new Heap<number>((a, b) => a < b);
  /** By the pass that looks. */
  readonly #marked = new Map<number, number>();
  readonly #live = new Map<number, Live>();
  readonly #places: SimulatedRoom;
  /** Due, and kept waiting by a lock or by concurrency. */
  readonly #waiting = new Map<number, Wait & { readonly pass: number }>();
  /** Due, and kept waiting by a parent. */
  readonly #blocked = new Map<number, NotDue>();
  readonly #wakes = new Map<number, number>();
  readonly #runs: SimulatedRun[] = [];
  readonly #skipped: { job: string; at: Date; skipped: Skipped }[] = [];

  constructor(given: Premises) {
    this.#given = given;
    this.#rows = new SimulatedRows(given);
    this.#places = new SimulatedRoom(given.concurrency);
    this.#order = given.registry.order;
    this.#index = new Map(this.#order.map(({ name }, i) => [name, i]));
    const children: number[][] = this.#order.map(() => []);
    for (const [i, { dependsOn }] of this.#order.entries()) {
      for (const parent of new Set(dependsOn)) children[this.#index.get(parent) ?? -1]?.push(i);
    }
    this.#children = children;
  }

  run(): Simulation {
    const { begin, until, most } = this.#given;
    for (const [index, job] of this.#order.entries()) {
      this.#adopt(job, index);
      this.#wake(index, begin.getTime());
    }
    let stopped: Date | null = null;
    for (let first = this.#events.peek(); first && first.at <= until.getTime() && !stopped; first = this.#events.peek()) {
      const now = new Date(first.at);
      while (this.#events.peek()?.at === first.at) this.#happen(this.#events.pop() as Event, now);
      do {
        for (let index = this.#dirty.pop(); index !== undefined; index = this.#dirty.pop()) {
          const pass = this.#marked.get(index) ?? 0;
          this.#marked.delete(index);
          this.#visit(index, { pass, now });
        }
      } while (this.#fill(now));
      if (this.#runs.length >= most) stopped = now;
    }
    return { runs: this.#runs, skipped: this.#skipped, ...this.#end(stopped ?? until), stopped };
  }

  /** What runs already when the clock starts: it ends when such runs do. */
  #adopt(job: Job, index: number): void {
    const ticket = this.#rows.running(job);
    if (!ticket) return;
    const ends: Live = { ticket, outcome: ticket.dead ? "lost" : "succeeded", pass: -1 };
    const at = ticket.dead ? 0 : ticket.claimedAt.getTime() + this.#span(job).milliseconds;
    this.#occupy(index, ends);
    this.#events.push({ at: Math.max(this.#given.begin.getTime(), at), index, ends });
  }

  #happen({ index, ends }: Event, now: Date): void {
    if (!ends) {
      if (this.#wakes.get(index) !== now.getTime()) return; // another moment was chosen since
      this.#wakes.delete(index);
      this.#mark(index, this.#given.every === null ? 0 : now.getTime());
      return;
    }
    const job = this.#order[index] as Job;
    this.#rows.record(job, ends.ticket, ends.outcome, now);
    this.#live.delete(index);
    this.#places.leave(ends.pass);
    if (this.#goesOn(job, ends)) this.#mark(index, ends.pass);
    else this.#wake(index, now.getTime() + (this.#given.every === null ? 0 : 1));
    for (const child of this.#children[index] ?? []) this.#mark(child, ends.pass);
    if (job.locks.length > 0) this.#freed(ends.pass);
  }

  /** Whoever waits for a lock in that pass may ask again. */
  #freed(pass: number): void {
    for (const [index, wait] of this.#waiting) if (wait.lock !== null && wait.pass === pass) this.#mark(index, pass);
  }

  /** Starts one of those that wait for room. False: nobody waits, or there is none. */
  #fill(now: Date): boolean {
    const next = this.#places.next();
    if (!next) return false;
    const { pass, index } = next;
    const wait = this.#waiting.get(index);
    if (wait?.lock === null && wait.pass === pass) this.#visit(index, { pass, now, called: true });
    return true;
  }

  #occupy(index: number, live: Live): void {
    this.#live.set(index, live);
    this.#places.enter(live.pass);
  }

  /** The pass that started it makes up the next date, too, if that was due when it began. */
  #goesOn({ backfill }: Job, { ticket: { nextSlot }, outcome, pass }: Live): boolean {
    return this.#given.every !== null && backfill && outcome === "succeeded" && nextSlot !== null && nextSlot.getTime() <= pass;
  }

  #mark(index: number, pass: number): void {
    if (!this.#marked.has(index)) this.#dirty.push(index);
    this.#marked.set(index, pass);
  }

  /** Looks at a job, as the scheduler would. */
  #visit(index: number, { pass, now, called = false }: Look): void {
    if (this.#live.has(index)) return;
    // Nothing else about it matters before there is room.
    if (!called && this.#waiting.get(index)?.lock === null) return;
    const job = this.#order[index] as Job;
    if (!asleep(job, this.#rows.state(job.name), now)) {
      const plan = this.#rows.replan(job, now);
      for (const skipped of plan?.skipped ?? []) this.#skipped.push({ job: job.name, at: now, skipped });
      // A parent that owes nothing any more may let its children go.
      if (plan) for (const child of this.#children[index] ?? []) this.#mark(child, pass);
    }
    const verdict = this.#rows.judge(job, now);
    if (verdict.due) {
      const ticket = this.#room(index, job, { pass, now, called }) ? this.#rows.claim(job, verdict, now) : undefined;
      if (ticket) this.#start(index, job, { ticket, pass });
      else if (ticket === null) this.#mark(index, pass);
      return;
    }
    this.#waiting.delete(index);
    if (verdict.parent === undefined) this.#blocked.delete(index);
    else this.#blocked.set(index, verdict);
    this.#sleep(index, job, now);
  }

  /** False: it waits for a lock, or for its turn among those that wait for room. */
  #room(index: number, job: Job, { pass, now, called }: Look): boolean {
    const turn = called || this.#places.isFree(pass);
    const locked = turn ? this.#rows.locked(job) : null;
    if (turn && !locked) return true;
    const since = this.#waiting.get(index)?.since ?? now;
    this.#waiting.set(index, { since, lock: locked?.lock ?? null, holder: locked?.by ?? null, pass });
    if (!locked) this.#places.wait(pass, index);
    // Should another pass have the lock, this one gives up and the next one asks again.
    else if (this.#given.every !== null) this.#wake(index, now.getTime() + 1);
    return false;
  }

  #start(index: number, job: Job, { ticket, pass }: { ticket: Ticket; pass: number }): void {
    const { slot, attempt, trigger, missed, missedFrom, claimedAt: start } = ticket;
    const { milliseconds, cut } = this.#span(job);
    const outcome = this.#given.fails(job.name, slot, attempt) ? "failed" : cut ? "timed-out" : "succeeded";
    const end = new Date(start.getTime() + milliseconds);
    const [waited, blocked] = [this.#waiting.get(index), this.#blocked.get(index)];
    this.#waiting.delete(index);
    this.#blocked.delete(index);
    const wait = waited && waited.since < start ? { since: waited.since, lock: waited.lock, holder: waited.holder } : null;
    const run = { job: job.name, slot, start, end, attempt, trigger, missed, missedFrom, outcome, wait } as const;
    this.#runs.push({ ...run, dueSince: this.#dueSince(job.name, start), after: blocked?.parent ?? null });
    const ends: Live = { ticket, outcome, pass };
    this.#occupy(index, ends);
    this.#events.push({ at: end.getTime(), index, ends });
  }

  #dueSince(name: string, now: Date): Date {
    const nextRun = this.#rows.state(name)?.nextRun ?? now;
    return new Date(Math.max(nextRun.getTime(), this.#given.begin.getTime()));
  }

  #span(job: Job): { milliseconds: number; cut: boolean } {
    const seconds = this.#given.seconds(job);
    const cut = job.timeout !== null && seconds > job.timeout;
    return { milliseconds: Math.round(1000 * (cut ? (job.timeout ?? 0) : seconds)), cut };
  }

  /** The next moment at which its answer may change by itself. */
  #sleep(index: number, job: Job, now: Date): void {
    const state = this.#rows.state(job.name);
    if (!state) return;
    const { nextRun, slot, pausedAt, pausedUntil } = state;
    if (pausedAt) {
      if (pausedUntil && pausedUntil > now) this.#wake(index, pausedUntil.getTime());
    } else if (nextRun && nextRun > now) this.#wake(index, nextRun.getTime());
    else if (job.startDeadline !== null && slot) {
      // Blocked: its dates are dropped one by one as they come too late; a plain job's newest slot stands for all until it does.
      const next = job.backfill ? slot : (due(job.schedule, slot, now)?.newest ?? slot);
      const late = next.getTime() + 1000 * job.startDeadline + 1;
      if (late > now.getTime()) this.#wake(index, late);
    }
  }

  /** A pass of system cron finds it at its next walk. */
  #wake(index: number, at: number): void {
    const { every } = this.#given;
    const when = every === null ? at : Math.ceil(at / every) * every;
    if (this.#wakes.get(index) === when) return;
    this.#wakes.set(index, when);
    this.#events.push({ at: when, index, ends: null });
  }

  #end(now: Date): Pick<Simulation, "stuck" | "last"> {
    const stuck = new Map<string, { since: Date; why: NotDue | Wait }>();
    const last = new Map<string, NotDue | null>();
    for (const [index, job] of this.#order.entries()) {
      const verdict = this.#live.has(index) ? null : this.#rows.judge(job, now);
      last.set(job.name, verdict && !verdict.due ? verdict : null);
      const why = this.#live.has(index) ? undefined : (this.#waiting.get(index) ?? this.#blocked.get(index));
      if (why) stuck.set(job.name, { since: this.#dueSince(job.name, now), why });
    }
    return { stuck, last };
  }
}
