/**
 * The same as a pass, without end: starts what is due at its instant, sleeps until the next one. Owns when to look and what to start;
 * how a job is claimed, run and recorded is attempt.ts.
 */
import { ticks } from "../clock.ts";
import type { Job, Registry } from "../core/job.ts";
import type { JobState } from "../core/state.ts";
import type { Told } from "../store/listen.ts";
import { type Agenda, agenda } from "./agenda.ts";
import { attempt } from "./attempt.ts";
import { Backoff } from "./backoff.ts";
import { deliverSpool } from "./deliver.ts";
import { register } from "./pass.ts";
import { attemptRequest, OpenRequests } from "./requests.ts";
import { takeOver } from "./takeover.ts";
import { View } from "./view.ts";
import type { World } from "./world.ts";

export interface DaemonSettings {
  /** Seconds between two looks at all rows: the truth, whatever was heard or missed. */
  readonly poll: number;
  /** The first look has worked: whoever waits for us may go on. */
  ready(): void;
  /** The loop has come round. */
  turned(): void;
}

/** Rows that changed elsewhere are read together, a moment later: a burst costs one statement. */
const GATHER_MS = 10;
/** Hosts that heard the same do not all ask at the same instant. */
const SCATTER_MS = 20;

/** What a notice says of a lock, before its name. */
const FREED = "freed ";

export class Daemon {
  #world: World;
  readonly #settings: DaemonSettings;
  readonly #view = new View();
  /** Jobs that are being claimed, run or taken over here. */
  readonly #busy = new Map<string, Promise<void>>();
  readonly #stale = new Set<string>();
  readonly #backoff = new Backoff();
  readonly #requests = new OpenRequests();
  #upkeep: Promise<void> = Promise.resolve();
  #line: { close(): Promise<void> } | null = null;
  #alarm = new AbortController();
  #lookAt = 0;
  #readAt = Number.POSITIVE_INFINITY;

  constructor(world: World, settings: DaemonSettings) {
    this.#world = world;
    this.#settings = settings;
    world.draining.addEventListener("abort", () => this.#wake(), { once: true });
  }

  /** Another registry from now on. What runs goes on with what it started with. */
  replace(registry: Registry): void {
    this.#world = { ...this.#world, registry };
    this.#lookAt = 0;
    this.#wake();
  }

  /** Until it is told to drain, and what it started has ended. */
  async run(): Promise<void> {
    let told = false;
    while (!this.#world.draining.aborted) {
      const next = await this.#turn();
      this.#settings.turned();
      if (!told && next !== null) {
        told = true;
        this.#settings.ready();
      }
      await this.#sleep(next ?? this.#backoff.failed());
    }
    await this.#line?.close();
    await Promise.all([...this.#busy.values(), this.#upkeep]);
  }

  /** One look and what follows from it. Milliseconds until the next; null: the database cannot be used. */
  async #turn(): Promise<number | null> {
    try {
      await this.#hear();
      if (ticks() >= this.#lookAt) await this.#look();
      else if (ticks() >= this.#readAt) await this.#read();
      this.#backoff.worked();
    } catch (error) {
      this.#trouble(error);
      return null;
    }
    const waiting = (name: string) => this.#backoff.waits(name);
    const plan = agenda(this.#world, this.#view, { busy: this.#busy, waiting, requests: this.#requests });
    this.#start(plan);
    const soonest = Math.min(plan.next, this.#lookAt - ticks(), this.#readAt - ticks(), this.#backoff.next());
    return Math.max(0, soonest);
  }

  /** All rows at one moment. */
  async #look(): Promise<void> {
    const { store, emit, registry } = this.#world;
    await deliverSpool(this.#world);
    const snapshot = await store.snapshot({ registry, mode: "daemon" });
    this.#view.replace(await register(this.#world, snapshot));
    await this.#requests.refresh(this.#world, snapshot.requestsOpen);
    this.#stale.clear();
    this.#readAt = Number.POSITIVE_INFINITY;
    // Hosts that started together do not look together for ever.
    this.#lookAt = ticks() + this.#settings.poll * 1000 * (0.9 + 0.2 * Math.random());
    emit("pass:started", { jobs: this.#world.registry.jobs.length, now: snapshot.now });
    if (snapshot.pruneDue) this.#prune();
    for (const state of snapshot.states.values()) {
      if (state.leaseExpired && !this.#world.registry.byName.has(state.name)) this.#takeOver(null, state);
    }
  }

  /** Beside everything else: no start waits for it. */
  #prune(): void {
    const { store, emit, historyDays, draining } = this.#world;
    const done = store.fleet.prune(historyDays, draining).then((rows) => emit("ledger:pruned", { rows }));
    this.#upkeep = done.catch((error: unknown) => this.#trouble(error));
  }

  /** Only the rows of which something was heard. */
  async #read(): Promise<void> {
    const names = [...this.#stale];
    this.#stale.clear();
    this.#readAt = Number.POSITIVE_INFINITY;
    await this.#requests.refresh(this.#world, null);
    if (names.length > 0) this.#view.patch(names, await this.#world.store.read(names));
  }

  #start({ due, asked, expired, lapsed }: Agenda): void {
    for (const name of lapsed) this.#changed(name, Math.random() * SCATTER_MS);
    for (const { job, state } of expired) this.#takeOver(job, state);
    // Their own slots first.
    for (const { job, request } of [...due.map((job) => ({ job, request: null })), ...asked]) {
      if (this.#busy.size >= this.#world.concurrency) return;
      // A lock that is held here is free the moment that run has ended: nobody needs to ask for it before.
      if (job.locks.length > 0 && this.#holds(job)) continue;
      this.#do(job.name, () => (request ? this.#serve(job, request.id) : this.#attempt(job)));
    }
  }

  async #serve(job: Job, id: bigint): Promise<void> {
    const { not, state } = await attemptRequest(this.#world, job, id);
    if (state) this.#view.put(state);
    if (not === "scheduled") {
      // What is known of the job or its parents is old.
      this.#backoff.lost(job.name);
      for (const name of [job.name, ...job.dependsOn]) this.#changed(name, 0);
    } else if (not === null || not === "over") {
      this.#backoff.won(job.name);
      this.#requests.forget();
      this.#changed(job.name, 0);
    } else {
      this.#world.emit("job:not-due", { job: job.name, verdict: not });
      if (not.why === "limit") this.#backoff.limited(job.name);
      else if (state) this.#requests.refuse(id);
      else this.#backoff.lost(job.name);
    }
  }

  #holds({ locks }: Job): boolean {
    const { byName } = this.#world.registry;
    return [...this.#busy.keys()].some((name) => byName.get(name)?.locks.some((lock) => locks.includes(lock)));
  }

  async #attempt(job: Job): Promise<void> {
    const tried = await attempt(this.#world, job, null);
    if (tried.state) this.#view.put(tried.state);
    if (tried.not) this.#world.emit("job:not-due", { job: job.name, verdict: tried.not });
    // Somebody else has its row right now: a loser waits, longer each time, and does not ask in a circle.
    if (tried.not?.why === "limit") this.#backoff.limited(job.name);
    else if (tried.not && !tried.state) this.#backoff.lost(job.name);
    else this.#backoff.won(job.name);
    if (!tried.not) this.#view.patch([job.name], await this.#world.store.read([job.name]));
    // What was asked for meanwhile, or what its children were asked for, may be served now.
    if (this.#requests.outdated) this.#changed(null, 0);
  }

  #takeOver(job: Job | null, state: JobState): void {
    this.#do(state.name, async () => {
      await takeOver(this.#world, { job, state });
      this.#changed(state.name, 0);
    });
  }

  #do(name: string, work: () => Promise<void>): void {
    if (this.#busy.has(name)) return;
    const done = work()
      .catch((error: unknown) => this.#trouble(error))
      .finally(() => {
        this.#busy.delete(name);
        this.#wake();
      });
    this.#busy.set(name, done);
  }

  /** The database is in trouble, and everything has to be looked at again when it is not; anything else is a mistake of ours. */
  #trouble(error: unknown): void {
    if (!this.#world.store.isTransient(error)) this.#world.emit("daemon:trouble", { message: String((error as Error)?.stack ?? error) });
    else this.#world.emit("database:down", { message: (error as Error).message });
    this.#lookAt = 0;
    this.#backoff.pause();
  }

  /** Listens, if it can and does not yet. */
  async #hear(): Promise<void> {
    if (this.#line !== null || !this.#backoff.mayListen()) return;
    this.#line = await this.#world.store.listen(
      ({ job, what }: Told) => this.#heard(job, what),
      () => {
        this.#line = null;
        this.#lookAt = 0; // what was said meanwhile was missed
        this.#wake();
      },
    );
    if (this.#line === null) this.#backoff.cannotListen();
  }

  #heard(job: string, what: string): void {
    this.#world.emit("job:told", { job, what });
    if (this.#busy.has(job) && (what === "cancel" || what === "reset")) this.#world.heartbeat.soon();
    if (what === "request") this.#requests.forget();
    if (what.startsWith(FREED)) this.#freed(what.slice(FREED.length));
    if (this.#world.registry.byName.has(job) && !this.#busy.has(job)) this.#changed(job, GATHER_MS + Math.random() * SCATTER_MS);
  }

  /** Whoever waits for this lock may ask again, not all at the same instant. */
  #freed(lock: string): void {
    const waiting = this.#world.registry.jobs.filter(({ name, locks }) => locks.includes(lock) && this.#backoff.waits(name));
    for (const { name } of waiting) this.#backoff.soon(name, SCATTER_MS);
    if (waiting.length > 0) this.#wake();
  }

  /** Null: no row, but what is asked for. */
  #changed(name: string | null, inMs: number): void {
    if (name !== null) this.#stale.add(name);
    this.#readAt = Math.min(this.#readAt, ticks() + inMs);
    this.#wake();
  }

  #wake(): void {
    this.#alarm.abort();
  }

  async #sleep(ms: number): Promise<void> {
    await this.#world.clock.sleep(ms, this.#alarm.signal);
    this.#alarm = new AbortController();
  }
}
