/** Serving what somebody asked for: in a pass after its own work, and what a daemon knows of it between two looks. Decides nothing: a claim does. */
import { uptime } from "../clock.ts";
import type { Job } from "../core/job.ts";
import { decide, type NotDue } from "../core/plan.ts";
import type { JobState } from "../core/state.ts";
import type { RequestRow } from "../store/request-rows.ts";
import { attempt } from "./attempt.ts";
import { slots as gate } from "./gate.ts";
import type { JobResult } from "./pass.ts";
import { type Supervised, supervise } from "./supervise.ts";
import type { World } from "./world.ts";

export type Served =
  | { readonly run: Supervised; readonly not: null; readonly state: null }
  /** `over`: nothing of it is to be done now; `scheduled`: the job's own slot goes first. `state`: the row as the claim read it, if it did. */
  | { readonly run: null; readonly not: NotDue | "over" | "scheduled"; readonly state: JobState | null };

/** One try at a request. Throws StoreError while the database cannot be used. */
export async function attemptRequest(world: World, job: Job, id: bigint): Promise<Served> {
  const { store, registry, heartbeat, emit, draining } = world;
  await Promise.all([heartbeat.ready(job.lease), world.runner()]);
  if (draining.aborted) return { run: null, not: "over", state: null };
  const sentAt = uptime();
  const claimed = await store.claim(job, registry.byName, { requestId: id });
  emit("database:up", { deed: "start" });
  for (const skipped of claimed.skipped ?? []) emit("job:skipped", { job: job.name, skipped });
  if (claimed.held) return { run: await supervise(world, job, { ticket: claimed.ticket, sentAt }), not: null, state: null };
  if (claimed.why === "no") return { run: null, not: claimed.verdict, state: claimed.state };
  if (claimed.why === "over" || claimed.why === "scheduled") return { run: null, not: claimed.why, state: null };
  return { run: null, not: { due: false, why: "locked", detail: claimed.detail }, state: null };
}

/** What was open when the pass came to it: jobs beside each other, the requests of one after each other. */
export async function serveRequests(world: World): Promise<JobResult[]> {
  const byJob = new Map<Job, RequestRow[]>();
  for (const request of await world.store.requests.open()) {
    const job = world.registry.byName.get(request.job);
    if (!job || !request.ready) continue;
    byJob.set(job, [...(byJob.get(job) ?? []), request]);
  }
  const room = gate(world.concurrency);
  const served = await Promise.allSettled([...byJob].map(([job, requests]) => room(() => serveAll(world, job, requests))));
  return served.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}

/** What does not run stays open, and is nobody's exit code. */
async function serveAll(world: World, job: Job, requests: readonly RequestRow[]): Promise<JobResult> {
  const runs: Supervised[] = [];
  for (const { id } of requests) {
    let more = true;
    while (more && !world.draining.aborted) more = await serveOnce(world, job, { id, runs });
  }
  return { job, runs, not: null };
}

/** True: ask again, for the next date of a backfill. */
async function serveOnce(world: World, job: Job, { id, runs }: { id: bigint; runs: Supervised[] }): Promise<boolean> {
  const { run, not } = await attemptRequest(world, job, id);
  if (run) {
    runs.push(run);
    return run.recorded && run.end.outcome === "succeeded";
  }
  if (not === "scheduled") {
    const own = await attempt(world, job, null);
    if (own.run) runs.push(own.run);
    return own.not === null;
  }
  if (not !== "over") world.emit("job:not-due", { job: job.name, verdict: not });
  return false;
}

/** What a daemon knows of open requests. Never the truth: a claim looks again. */
export class OpenRequests {
  #list: readonly RequestRow[] = [];
  #stale = false;
  #refused = false;

  /** A read may find something to serve. */
  get outdated(): boolean {
    return this.#stale || this.#refused;
  }

  /** Something was asked for, or has ended: what is known has to be read again. */
  forget(): void {
    this.#stale = true;
  }

  /** It may not be served now, and not before something else has changed. */
  refuse(id: bigint): void {
    this.#list = this.#list.filter((request) => request.id !== id);
    this.#refused = true;
  }

  /** Reads again what is out of date. `open`: some request is, as far as a look has seen; null: nobody looked. */
  async refresh({ store }: Pick<World, "store">, open: boolean | null): Promise<void> {
    if (open === null && !this.outdated) return;
    this.#stale = false;
    this.#refused = false;
    this.#list = open === false ? [] : await store.requests.open();
  }

  /** The first that may be served, as far as the job's own row tells. */
  ready({ tags, maxOngoingAge }: Pick<World, "tags" | "maxOngoingAge">, job: Job, { state, now }: { state: JobState | null; now: Date }) {
    const facts = { now, state, parents: [], tags, maxOngoingAge };
    return this.#of(job).find(({ notBefore, force }) => notBefore <= now && decide(job, facts, { force, slot: now }).due) ?? null;
  }

  /** When the next one's moment comes; null: none waits for its moment. */
  wakeAt(job: Job, now: Date): Date | null {
    const waiting = this.#of(job).flatMap(({ notBefore }) => (notBefore > now ? [notBefore.getTime()] : []));
    return waiting.length > 0 ? new Date(Math.min(...waiting)) : null;
  }

  #of({ name }: Job): readonly RequestRow[] {
    return this.#list.filter((request) => request.job === name);
  }
}
