/** What a daemon does about what it hears of other hosts. Owns the line it listens on; what is missed is found at the next look at all rows. */
import { ticks } from "../clock.ts";
import type { Job } from "../core/job.ts";
import { claimed, ended } from "../core/notice.ts";
import type { JobState } from "../core/state.ts";
import type { Told } from "../store/listen.ts";
import type { Backoff } from "./backoff.ts";
import type { Order } from "./order.ts";
import type { OpenRequests } from "./requests.ts";
import type { View } from "./view.ts";
import type { World } from "./world.ts";

export interface Hearing {
  readonly view: View;
  /** Jobs that are being claimed, run or taken over here. */
  readonly busy: ReadonlyMap<string, unknown>;
  readonly backoff: Backoff;
  readonly requests: OpenRequests;
  readonly order: Order;
  /** Its row, or what is asked for, has to be read in so many milliseconds. */
  changed(name: string, inMs: number): void;
  /** Something is to be done in so many milliseconds. */
  wake(inMs: number): void;
  /** From now on it hears, or does not any more: anything may have changed. */
  missed(): void;
}

/** A pooler may be replaced by a server one day. */
const NEVER_HEARD_MS = 600_000;
/** Hearing only makes things sooner: whoever has trouble with it does not ask often. */
const FAILED_MS = 5_000;

/** Rows that changed elsewhere are read together, a moment later: a burst costs one statement. */
const GATHER_MS = 10;
/** Who waits for a lock that was freed does not ask at the same instant as the others. */
const SCATTER_MS = 20;

/** What a notice says of a lock, before its name. */
const FREED = "freed ";

export class Ear {
  readonly #tools: Hearing;
  #line: { close(): Promise<void> } | null = null;
  #opening = false;
  /** When it may be tried again. */
  #at = 0;
  /** As it is now: registries are replaced. */
  #world: World | null = null;

  constructor(tools: Hearing) {
    this.#tools = tools;
  }

  /** Listens, if it may and does not yet. Milliseconds until it may; infinite: it does, or is about to. Waits for nothing. */
  listen(world: World): number {
    this.#world = world;
    if (this.#line !== null || this.#opening) return Number.POSITIVE_INFINITY;
    if (this.#at > ticks()) return this.#at - ticks();
    this.#opening = true;
    void this.#try(world);
    return Number.POSITIVE_INFINITY;
  }

  /** The line may be dead without knowing it. */
  async close(): Promise<void> {
    const line = this.#line;
    this.#line = null;
    await line?.close();
  }

  async #try(world: World): Promise<void> {
    try {
      this.#line = await world.store.listen(
        (told) => this.#heard(world, told),
        () => {
          this.#line = null;
          this.#tools.missed();
        },
      );
      if (this.#line === null) this.#at = ticks() + NEVER_HEARD_MS;
    } catch {
      // Whether the database is in trouble, the looks tell.
      this.#at = ticks() + FAILED_MS * (0.5 + Math.random());
    }
    this.#opening = false;
    this.#tools.missed();
  }

  #heard(first: World, { job: name, what, claim, end }: Told): void {
    const { heartbeat, registry, emit } = this.#world ?? first;
    emit("job:told", { job: name, what });
    const { view, busy, requests, order, changed } = this.#tools;
    if (busy.has(name) && (what === "cancel" || what === "reset")) heartbeat.soon();
    if (what === "request") requests.forget();
    if (what.startsWith(FREED)) this.#freed(registry.jobs, what.slice(FREED.length));
    const job = registry.byName.get(name);
    if (!job) return;
    const state = view.states.get(name);
    const next = state && ((claim && claimed(state, claim)) ?? (end && ended(state, end, view.now)));
    if (next) this.#learn(registry.jobs, next);
    else if (!busy.has(name)) changed(name, GATHER_MS + order.delay(job, what));
  }

  /** The row is known without being read: nothing is to be done at once, but for what hangs on it. */
  #learn(jobs: readonly Job[], state: JobState): void {
    const { view, wake } = this.#tools;
    view.put(state);
    const at = state.runId === null ? state.nextRun : state.leaseUntil;
    if (jobs.some(({ dependsOn }) => dependsOn.includes(state.name))) wake(0);
    else if (at !== null) wake(at.getTime() - view.now.getTime());
  }

  /** Whoever waits for this lock may ask again, not all at the same instant. */
  #freed(jobs: readonly Job[], lock: string): void {
    const { backoff, wake } = this.#tools;
    for (const { name, locks } of jobs) {
      if (!locks.includes(lock) || !backoff.waits(name)) continue;
      backoff.soon(name, SCATTER_MS);
      wake(0);
    }
  }
}
