/**
 * The same as a pass, without end: starts what is due at its instant, sleeps until the next one. Owns when to look and what to start;
 * how a job is claimed, run and recorded is attempt.ts.
 */
import { ticks } from "../clock.ts";
import type { Deed } from "../core/events.ts";
import type { Job, Registry } from "../core/job.ts";
import type { JobState } from "../core/state.ts";
import { type Agenda, agenda } from "./agenda.ts";
import { Alarm } from "./alarm.ts";
import { attempt } from "./attempt.ts";
import { Backoff } from "./backoff.ts";
import { deliverSpool } from "./deliver.ts";
import { Ear } from "./ear.ts";
import { register } from "./pass.ts";
import { attemptRequest, OpenRequests } from "./requests.ts";
import { takeOver } from "./takeover.ts";
import { tellTrouble } from "./trouble.ts";
import { View } from "./view.ts";
import type { World } from "./world.ts";

export interface DaemonSettings {
  /** Seconds between two looks at all rows: the truth, whatever was heard or missed. */
  readonly poll: number;
  /** The first look has worked: whoever waits for us may go on. */
  ready(): void;
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
  readonly #ear: Ear;
  #upkeep: Promise<void> = Promise.resolve();
  readonly #alarm = new Alarm();
  #lookAt = 0;
  #readAt = Number.POSITIVE_INFINITY;

  constructor(world: World, settings: DaemonSettings) {
    this.#world = world;
    this.#settings = settings;
    const { store } = world;
    this.#ear = new Ear((heard, lost) => store.listen(heard, lost), {
      heard: ({ job, what }) => this.#heard(job, what),
      missed: () => {
        this.#lookAt = 0;
        this.#alarm.ring();
      },
    });
    world.draining.addEventListener("abort", () => this.#alarm.ring(), { once: true });
  }

  /** Another registry from now on. What runs goes on with what it started with. */
  replace(registry: Registry): void {
    this.#world = { ...this.#world, registry };
    this.#lookAt = 0;
    this.#alarm.ring();
  }

  /** Until it is told to drain, and what it started has ended. */
  async run(): Promise<void> {
    const { draining } = this.#world;
    const drained = new Promise<null>((resolve) => draining.addEventListener("abort", () => resolve(null), { once: true }));
    let told = false;
    while (!draining.aborted) {
      // A look that nobody answers does not keep it from ending.
      const next = await Promise.race([this.#turn(), drained]);
      if (!told && next !== null) {
        told = true;
        this.#settings.ready();
      }
      await this.#alarm.sleep(this.#world.clock, next ?? this.#backoff.failed());
    }
    await Promise.all([...this.#busy.values(), this.#upkeep]);
    await this.#ear.close();
  }

  /** One look and what follows from it. Milliseconds until the next; null: the database cannot be used. */
  async #turn(): Promise<number | null> {
    const listenIn = this.#ear.open();
    try {
      if (ticks() >= this.#lookAt) await this.#look();
      else if (ticks() >= this.#readAt) await this.#read();
      this.#backoff.worked();
      this.#world.emit("database:up", { deed: "look" });
    } catch (error) {
      this.#trouble("look", error);
      this.#backoff.pause();
      return null;
    }
    const waiting = (name: string) => this.#backoff.waits(name);
    const plan = agenda(this.#world, this.#view, { busy: this.#busy, waiting, requests: this.#requests });
    this.#start(plan);
    const again = this.#backoff.next();
    // Nobody waits for another try: what could not be started was started elsewhere, or is not wanted any more.
    if (this.#busy.size === 0 && again === Number.POSITIVE_INFINITY) this.#world.emit("database:up", { deed: "start" });
    const soonest = Math.min(plan.next, this.#lookAt - ticks(), this.#readAt - ticks(), again, listenIn);
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
    this.#upkeep = done.catch((error: unknown) => this.#trouble("look", error));
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
    if (this.#world.draining.aborted) return;
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
    this.#world.emit("database:up", { deed: "start" });
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
    this.#world.emit("database:up", { deed: "start" });
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
      .catch((error: unknown) => {
        this.#trouble("start", error);
        this.#backoff.lost(name);
      })
      .finally(() => {
        this.#busy.delete(name);
        this.#alarm.ring();
      });
    this.#busy.set(name, done);
  }

  /** Everything has to be looked at again when it is over. */
  #trouble(deed: Deed, error: unknown): void {
    if (tellTrouble(this.#world, deed, error) === "silent") void this.#ear.close(); // dead perhaps, without knowing it
    this.#lookAt = 0;
  }

  #heard(job: string, what: string): void {
    if (this.#busy.has(job) && (what === "cancel" || what === "reset")) this.#world.heartbeat.soon();
    if (what === "request") this.#requests.forget();
    if (what.startsWith(FREED)) this.#freed(what.slice(FREED.length));
    if (this.#world.registry.byName.has(job) && !this.#busy.has(job)) this.#changed(job, GATHER_MS + Math.random() * SCATTER_MS);
  }

  /** Whoever waits for this lock may ask again, not all at the same instant. */
  #freed(lock: string): void {
    const waiting = this.#world.registry.jobs.filter(({ name, locks }) => locks.includes(lock) && this.#backoff.waits(name));
    for (const { name } of waiting) this.#backoff.soon(name, SCATTER_MS);
    if (waiting.length > 0) this.#alarm.ring();
  }

  /** Null: no row, but what is asked for. */
  #changed(name: string | null, inMs: number): void {
    if (name !== null) this.#stale.add(name);
    this.#readAt = Math.min(this.#readAt, ticks() + inMs);
    this.#alarm.ring();
  }
}
