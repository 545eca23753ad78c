/**
 * The same as a pass, without end: starts what is due at its instant, sleeps until the next one. Owns when to look and what to start;
 * how a job is claimed, run and recorded is attempt.ts.
 */
import { ticks } from "../clock.ts";
import type { Deed } from "../core/events.ts";
import type { Job, Registry } from "../core/job.ts";
import type { JobState } from "../core/state.ts";
import { type Agenda, agenda, locksHeld } from "./agenda.ts";
import { Alarm } from "./alarm.ts";
import { attempt } from "./attempt.ts";
import { Backoff } from "./backoff.ts";
import { deliverSpool } from "./deliver.ts";
import { Ear } from "./ear.ts";
import { Order } from "./order.ts";
import { register } from "./pass.ts";
import { Readiness } from "./readiness.ts";
import { attemptRequest, OpenRequests } from "./requests.ts";
import { politely, SHORT_LEASE, takeOver } from "./takeover.ts";
import { tellTrouble } from "./trouble.ts";
import { View } from "./view.ts";
import type { DaemonSettings, World } from "./world.ts";

export class Daemon {
  #world: World;
  readonly #settings: DaemonSettings;
  readonly #view = new View();
  /** Jobs that are being claimed, run or taken over here. */
  readonly #busy = new Map<string, Promise<void>>();
  readonly #stale = new Set<string>();
  readonly #backoff = new Backoff();
  readonly #requests = new OpenRequests();
  readonly #readiness = new Readiness();
  readonly #order: Order;
  #upkeep: Promise<void> = Promise.resolve();
  readonly #ear: Ear;
  readonly #alarm = new Alarm();
  #lookAt = 0;
  /** When it wakes by itself. */
  #wakeAt = 0;
  #readAt = Number.POSITIVE_INFINITY;

  constructor(world: World, settings: DaemonSettings) {
    this.#world = world;
    this.#settings = settings;
    this.#order = new Order(settings.host);
    this.#ear = new Ear({
      ...{ view: this.#view, busy: this.#busy, backoff: this.#backoff, requests: this.#requests, order: this.#order },
      changed: (name, inMs) => this.#changed(name, inMs),
      wake: (inMs) => (inMs <= 0 || ticks() + inMs < this.#wakeAt) && this.#alarm.ring(),
      missed: () => this.#lookSoon(),
    });
    world.draining.addEventListener("abort", () => this.#alarm.ring(), { once: true });
  }

  /** Another registry from now on. What runs goes on with what it started with. */
  replace(registry: Registry): void {
    this.#world = { ...this.#world, registry };
    this.#lookSoon();
  }

  #lookSoon(): void {
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
      this.#settings.turned();
      if (!told && next !== null) {
        told = true;
        this.#settings.ready();
      }
      await this.#alarm.sleep(this.#world.clock, next ?? this.#backoff.failed());
    }
    await this.#ear.close();
    await this.#readiness.close(this.#world);
    await Promise.all([...this.#busy.values(), this.#upkeep]);
  }

  /** One look and what follows from it. Milliseconds until the next; null: the database cannot be used. */
  async #turn(): Promise<number | null> {
    const listenIn = this.#ear.listen(this.#world);
    try {
      if (ticks() >= this.#readAt && ticks() < this.#lookAt) await this.#read();
      if (ticks() >= this.#lookAt) await this.#look();
      this.#backoff.worked();
      this.#world.emit("database:up", { deed: "look" });
    } catch (error) {
      this.#trouble("look", error);
      this.#backoff.pause();
      return null;
    }
    const waiting = (name: string) => this.#backoff.waits(name);
    const plan = agenda(this.#world, this.#view, { busy: this.#busy, waiting, requests: this.#requests, order: this.#order });
    this.#start(plan);
    this.#readiness.prepare(this.#world, plan.soon);
    const again = this.#backoff.next();
    // Nobody waits for another try: what could not be started was started elsewhere, or is not wanted any more.
    if (this.#busy.size === 0 && again === Number.POSITIVE_INFINITY) this.#world.emit("database:up", { deed: "start" });
    const soonest = Math.min(plan.next, this.#lookAt - ticks(), this.#readAt - ticks(), again, listenIn);
    this.#wakeAt = ticks() + soonest;
    return Math.max(0, soonest);
  }

  /** All rows at one moment. */
  async #look(): Promise<void> {
    const { store, emit, registry } = this.#world;
    await deliverSpool(this.#world);
    // What is heard from here on may be younger than what is read.
    this.#stale.clear();
    this.#readAt = Number.POSITIVE_INFINITY;
    const sentAt = ticks();
    const snapshot = await store.snapshot({ registry, mode: "daemon" });
    this.#view.replace(snapshot, sentAt);
    const registered = await register(this.#world, snapshot);
    if (registered !== snapshot) this.#view.replace(registered, sentAt);
    this.#order.know(snapshot.rivals, snapshot.states.keys());
    await this.#requests.refresh(this.#world, snapshot.requestsOpen);
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
    const pruned = store.fleet.prune(historyDays, draining).then((rows) => emit("ledger:pruned", { rows }));
    this.#upkeep = pruned.catch((error: unknown) => this.#trouble("look", error));
  }

  /** Only the rows of which something was heard. */
  async #read(): Promise<void> {
    const names = [...this.#stale];
    this.#stale.clear();
    this.#readAt = Number.POSITIVE_INFINITY;
    await this.#requests.refresh(this.#world, null);
    if (names.length > 0) await this.#refresh(names);
  }

  async #refresh(names: readonly string[]): Promise<void> {
    const sentAt = ticks();
    this.#view.patch(names, await this.#world.store.read(names), sentAt);
    this.#order.looked(names);
    // It was reset: a look gives it a row again, and until then it cannot be claimed.
    if (names.some((name) => this.#world.registry.byName.has(name) && !this.#view.states.has(name))) this.#lookAt = 0;
  }

  #start({ due, asked, expired, doubtful, lapsed }: Agenda): void {
    if (this.#world.draining.aborted) return;
    for (const name of doubtful) this.#changed(name, 0);
    for (const state of lapsed) this.#changed(state.name, politely(this.#order.inherits(state), state));
    for (const { job, state } of expired) this.#takeOver(job, state);
    // Their own slots first.
    for (const { job, request } of [...due.map((job) => ({ job, request: null })), ...asked]) {
      if (this.#busy.size >= this.#world.concurrency) return;
      // A lock that is held here is free the moment that run has ended: nobody needs to ask for it before.
      if (locksHeld(this.#world, this.#busy, job)) continue;
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

  async #attempt(job: Job): Promise<void> {
    const tried = await this.#readiness.use(this.#world, job, (runId) => attempt(this.#world, job, null, runId));
    if (tried.state) this.#view.put(tried.state);
    if (tried.not) this.#world.emit("job:not-due", { job: job.name, verdict: tried.not });
    // Somebody else has its row right now: a loser waits, longer each time, and does not ask in a circle.
    if (tried.not?.why === "limit") this.#backoff.limited(job.name);
    else if (tried.not && !tried.state) this.#backoff.lost(job.name);
    else this.#backoff.won(job.name);
    if (!tried.not) {
      await this.#refresh([job.name]);
      this.#order.ended(job, this.#world.registry.jobs);
    }
    // What was asked for meanwhile, or what its children were asked for, may be served now.
    if (this.#requests.outdated) this.#changed(null, 0);
  }

  #takeOver(job: Job | null, state: JobState): void {
    // With a short lease, milliseconds count: what the retry needs is there when it may start.
    if (job && (state.leaseSeconds ?? 0) <= SHORT_LEASE) this.#readiness.prepare(this.#world, [job]);
    this.#do(state.name, async () => {
      const after = this.#order.inherits(state);
      const stands = () => this.#view.states.get(state.name)?.runId === state.runId;
      if (await takeOver(this.#world, { job, state, after, stands })) this.#order.ours(state.name);
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

  /** Null: no row, but what is asked for. */
  #changed(name: string | null, inMs: number): void {
    if (name !== null) this.#stale.add(name);
    this.#readAt = Math.min(this.#readAt, ticks() + inMs);
    this.#alarm.ring();
  }
}
