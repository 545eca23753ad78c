/**
 * What is made ready shortly before a slot: connections, and the processes of the runs that are expected. Owns the run ids they stand under
 * and when they are thrown away. A start needs none of it, and nothing of a job works before its claim.
 */
import { randomUUID } from "node:crypto";
import { after, uptime } from "../clock.ts";
import type { Job } from "../core/job.ts";
import { trustFrom } from "./heartbeat.ts";
import type { World } from "./world.ts";

/** Milliseconds before a slot. Many connections and processes take some hundreds of them. */
export const LEAD_MS = 1_000;
/** As many again as may run: who waits for the end of another run does not wait for a process, too. */
const ROUNDS = 2;
/** Milliseconds after which nobody waits any more for a slot that should have come. */
const KEEP_MS = 3_000;

interface Made {
  readonly job: Job;
  readonly runId: string;
  /** Resolves when it is there, or cannot be. */
  readonly made: Promise<void>;
  forget(): void;
}

export class Readiness {
  readonly #made = new Map<string, Made>();

  /** Gets ready for those of these jobs that may run here, as far as it has not. Trouble is no news: a start finds out by itself. */
  prepare(world: World, jobs: readonly Job[]): void {
    // A look that was on its way when the drain began ends after it.
    if (world.draining.aborted) return;
    const here = jobs.filter(({ name, tags }) => !this.#made.has(name) && tags.every((tag) => world.tags.includes(tag)));
    const wanted = here.slice(0, Math.max(0, ROUNDS * world.concurrency - this.#made.size));
    const [first] = wanted;
    if (!first) return;
    const lines = Promise.all([world.heartbeat.ready(Math.min(...wanted.map(({ lease }) => lease))), world.store.warm(jobs.length)]);
    lines.catch(() => {}); // the database is out of reach: a claim will say so
    for (const job of wanted) this.#make(world, job);
  }

  #make(world: World, job: Job): void {
    const runId = randomUUID();
    const trust = trustFrom(uptime(), job.lease);
    const cancel = after(LEAD_MS + KEEP_MS, () => void this.drop(world, job.name));
    const made = world.runner().then((runner) => runner.prepare(job, runId, trust));
    this.#made.set(job.name, { job, runId, made: made.catch(() => {}), forget: cancel }); // a start will say why
  }

  /** Tries under the run id of what stands ready, null: nothing does. What the try does not run, or trouble keeps from running, is dismissed. */
  async use<T extends { readonly run: unknown }>(world: World, job: Job, attempt: (runId: string | null) => Promise<T>): Promise<T> {
    const runId = await this.#take(world, job);
    let ran = false;
    try {
      const tried = await attempt(runId);
      ran = tried.run !== null;
      return tried;
    } finally {
      if (runId !== null && !ran) await (await world.runner()).dismiss(runId);
    }
  }

  /** With a process that waits for it. */
  async #take(world: World, job: Job): Promise<string | null> {
    const one = this.#made.get(job.name);
    if (!one) return null;
    this.#made.delete(job.name);
    one.forget();
    await one.made;
    const runner = await world.runner();
    if (runner.prepared(job, one.runId)) return one.runId;
    await runner.dismiss(one.runId);
    return null;
  }

  /** Nobody wants it any more. */
  async drop(world: Pick<World, "runner">, name: string): Promise<void> {
    const one = this.#made.get(name);
    if (!one) return;
    this.#made.delete(name);
    one.forget();
    await one.made;
    await (await world.runner()).dismiss(one.runId);
  }

  /** Resolves when nothing stands ready any more. */
  async close(world: Pick<World, "runner">): Promise<void> {
    await Promise.all([...this.#made.keys()].map((name) => this.drop(world, name)));
  }
}
