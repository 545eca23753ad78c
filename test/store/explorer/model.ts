/** What happens outside the database: bodies of jobs, and who still trusts its lease. Owns the honesty of time: see `maySecondLook`. */
import type { Ticket } from "#lib/core/state.js";
import type { Look } from "./look.ts";

export interface Violation {
  readonly rule: string;
  readonly text: string;
}

interface ModelRun {
  readonly runId: string;
  readonly process: { readonly name: string; alive: boolean };
  /** Its owner may start its body, and go on with it. True from the moment the claim is sent. */
  trusted: boolean;
  /** Renewals that were answered. */
  renewals: number;
  body: "none" | "running" | "ended" | "killed";
  ticket: Ticket | null;
}

export class Model {
  readonly runs = new Map<string, ModelRun>();

  claiming(runId: string, process: ModelRun["process"]): void {
    this.runs.set(runId, { runId, process, trusted: true, renewals: 0, body: "none", ticket: null });
  }

  /** What a body's start breaks, by the latest look. */
  start(ticket: Ticket, look: Look, beside: (job: string) => boolean = () => false): Violation[] {
    const run = this.#run(ticket.runId);
    const isReset = (runId: string) => look.runs.some((r) => r.run_id === runId && r.reset_at !== null);
    const sameJob = [...this.runs.values()].filter((r) => r !== run && r.ticket?.job === ticket.job && !isReset(r.runId));
    const running = sameJob.filter((r) => r.body === "running").map((r) => r.process.name);
    const again = sameJob.filter(
      (r) => r.ticket?.attempt === ticket.attempt && r.ticket.slot.getTime() === ticket.slot.getTime() && r.body !== "none",
    );
    const locked = [...this.runs.values()].filter((r) => r !== run && r.body === "running" && r.ticket && beside(r.ticket.job));
    run.ticket = ticket;
    run.body = "running";
    // A reset by force gives the job away beside its owner; so it says.
    if (isReset(ticket.runId)) return [];
    const at = `${ticket.job} ${ticket.slot.toISOString()} attempt ${ticket.attempt}`;
    return [
      ...locked.map((r) => ({ rule: "I9", text: `${ticket.job} starts beside ${r.ticket?.job}, which has the same lock` })),
      ...running.map((name) => ({ rule: "I1", text: `a second body of ${ticket.job} starts on ${run.process.name} beside ${name}'s` })),
      ...again.map((r) => ({ rule: "I2", text: `${at} started on ${r.process.name} and on ${run.process.name}` })),
    ];
  }

  /** Its own deadline, or the answer that the lease is gone: the body is killed, and none is started. */
  distrust(runId: string): void {
    const run = this.#run(runId);
    run.trusted = false;
    if (run.body === "running") run.body = "killed";
  }

  end(runId: string): void {
    const run = this.#run(runId);
    if (run.body === "running") run.body = "ended";
  }

  wasKilled(runId: string): boolean {
    return this.#run(runId).body === "killed";
  }

  trusted(runId: string): boolean {
    return this.#run(runId).trusted;
  }

  /** A job dies with its process. */
  died(process: string): void {
    for (const run of this.runs.values()) if (run.process.name === process) this.distrust(run.runId);
  }

  renewed(runId: string): void {
    this.#run(runId).renewals += 1;
  }

  /** How often its owner has renewed so far, for the first look to remember. */
  renewals(runId: string): number {
    return this.runs.get(runId)?.renewals ?? 0;
  }

  /**
   * Between two looks lie one and a half renewals. In that time a living owner has renewed, or has given its body up;
   * of a dead owner, or one whose body is over, nothing needs to happen.
   */
  maySecondLook(runId: string, since: number): boolean {
    const run = this.runs.get(runId);
    if (!run?.process.alive || !run.trusted || run.body === "ended") return true;
    return run.renewals > since;
  }

  get key(): string {
    const part = (r: ModelRun) => [r.process.name, r.process.alive, r.trusted, r.renewals, r.body];
    return JSON.stringify([...this.runs.values()].map((r) => JSON.stringify(part(r))).sort());
  }

  #run(runId: string): ModelRun {
    const run = this.runs.get(runId);
    if (!run) throw new Error(`no claim ${runId} was ever sent`);
    return run;
  }
}
