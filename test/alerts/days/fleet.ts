/**
 * Two hosts that pass over one database in simulated time: the shipped engine, store and teller, a runner that does what the plan says.
 * Where the database asks its own clock (claims, hosts), the rows are set to what it would have said.
 */
import { join } from "node:path";
import type pg from "pg";
import type { AlertDocument, Channel } from "#lib/core/alert.js";
import type { Job } from "#lib/core/job.js";
import { pass } from "#lib/engine/pass.js";
import { LocalTeller } from "#lib/report/alerts/local.js";
import { Teller } from "#lib/report/alerts/teller.js";
import type { Runner, RunSpec } from "#lib/run/runner.js";
import type { Store } from "#lib/store/store.js";
import { makeRegistry } from "../../helpers/job.ts";
import type { TestStore } from "../../helpers/store.ts";
import { type TestWorld, testWorld } from "../../helpers/world.ts";
import { type Fault, JOBS } from "./plan.ts";

export interface Heard {
  readonly at: number;
  readonly alert: AlertDocument;
}

/** Nobody listens there. */
const NOWHERE = { servers: [{ host: "127.0.0.1", port: 1 }], user: "x", database: "x", password: null, sslmode: null };
/** Longer than it takes to find a host silent, as it is where cron passes every minute. */
const OVERDUE_AFTER = 2400;

interface Host {
  readonly label: string;
  readonly store: Store;
  readonly away: Store;
  readonly world: TestWorld;
  readonly teller: Teller;
  readonly local: LocalTeller;
  seenAt: number | null;
  jobs: readonly Job[];
  hash: readonly Job[];
}

export class Days {
  readonly heard: Heard[] = [];
  readonly #fake: TestStore;
  readonly #sql: pg.Client;
  /** Somebody's session that forgot to end its transaction. */
  readonly #locker: pg.Client;
  readonly #hosts: Host[];
  readonly #hanging: { until: number; end(): void }[] = [];
  readonly #passes: Promise<unknown>[] = [];
  /** Called when a run begins to hang. */
  readonly #notice: (() => void)[] = [];
  /** Faults that strike once have struck. */
  readonly #struck = new Set<Fault>();
  #fault: Fault | null = null;
  #late = false;
  #now = 0;

  constructor(fake: TestStore, { sql, locker }: { sql: pg.Client; locker: pg.Client }) {
    this.#fake = fake;
    this.#sql = sql;
    this.#locker = locker;
    this.#hosts = ["a", "b"].map((label) => this.#host(label));
  }

  /** One step: what is planned for it, a pass of each host, then what each has to tell. */
  async step(now: number, fault: Fault | null): Promise<void> {
    this.#now = now;
    this.#fake.clock.now = new Date(now);
    await this.#turn(fault);
    for (const hung of this.#hanging.splice(0)) {
      if (hung.until <= now) hung.end();
      else this.#hanging.push(hung);
    }
    if (this.#hanging.length === 0) await Promise.all(this.#passes.splice(0));
    if (this.#dies(fault)) await this.#die(fault);
    const awake = this.#hosts.filter(({ label }) => !this.#asleep(label));
    const looked: Host[] = [];
    for (const host of awake) if (await this.#pass(host)) looked.push(host);
    await Promise.all(looked.map(({ teller }) => teller.tell(AbortSignal.timeout(20_000))));
  }

  async close(): Promise<void> {
    for (const { end } of this.#hanging) end();
    await Promise.all(this.#passes);
    await Promise.all(this.#hosts.map(({ world }) => world.close()));
  }

  #host(label: string): Host {
    const tags = label === "b" ? ["gpu"] : [];
    const store = this.#fake.host(label, { tags });
    const away = this.#fake.host(label, { connection: NOWHERE });
    const unprepared = { prepare: async () => {}, prepared: () => false, dismiss: async () => {} };
    const runner: Runner = { ...unprepared, guardPid: null, start: (run) => this.#run(run, store), close: async () => {} };
    const world = testWorld(store, JOBS, { tags, runner: async () => runner });
    const channel: Channel = { name: "ear", send: async (alert) => void this.heard.push({ at: this.#now, alert }) };
    const tools = { channels: [channel], self: label, emit: () => {} };
    const host: Host = {
      ...{ label, store, away, world, seenAt: null, jobs: JOBS, hash: JOBS },
      local: new LocalTeller({ ...tools, file: join(world.folder, "alerts.json"), patience: { refused: 0, unreachable: 0 } }),
      teller: new Teller({
        ...{ ...tools, store },
        surroundings: () => ({ registry: makeRegistry(...host.jobs), overdueAfter: OVERDUE_AFTER, maxOngoingAge: 43_200, tags }),
      }),
    };
    return host;
  }

  /** The beginning and the end of what is not a run's. */
  async #turn(fault: Fault | null): Promise<void> {
    const before = this.#fault;
    this.#fault = fault;
    const began = fault !== before ? fault : null;
    const ended = fault !== before ? before : null;
    this.#late = ended?.kind === "all cron dies";
    const { steering } = (this.#hosts[0] as Host).store;
    const kim = { who: "kim", note: null };
    if (began?.kind === "paused") await steering.pause(began.job, null, kim);
    if (ended?.kind === "paused") await steering.resume(ended.job, false, kim);
    if (ended?.kind === "attempts used up") await steering.unlock(ended.job, kim);
    await this.#sql.query("UPDATE crontabber SET resumed_at = $1 WHERE resumed_at IS NOT NULL", [new Date(this.#now)]);
    if (began?.kind === "row locked") {
      await this.#locker.query("BEGIN");
      await this.#locker.query("SELECT 1 FROM crontabber WHERE app_name = $1 FOR UPDATE", [began.job]);
    }
    if (ended?.kind === "row locked") await this.#locker.query("ROLLBACK");
    const b = this.#hosts[1] as Host;
    if (ended) b.jobs = JOBS;
    const drifts = began?.kind === "drift" || began?.kind === "a short deploy";
    if (drifts) b.jobs = JOBS.map((job) => (job.name === began.job ? { ...job, command: "new" } : job));
  }

  #asleep(label: string): boolean {
    const kind = this.#fault?.kind;
    // Not all hosts come back in the same minute.
    if (this.#late && label === "b") return true;
    return kind === "all cron dies" || (kind === "cron of b dies" && label === "b");
  }

  /** False: it could not look. */
  async #pass(host: Host): Promise<boolean> {
    const kind = this.#fault?.kind;
    const ofA = host.label === "a";
    const wrong = ofA && (kind === "deploy refused on a" || kind === "module broken on a") ? "crontabber.ini:7: it is wrong" : null;
    const until = AbortSignal.timeout(20_000);
    await host.local.check("refused", wrong, until);
    if (kind === "deploy refused on a" && ofA) return false;
    const away = kind === "database away";
    const store = away ? host.away : host.store;
    await this.#seen(host, away);
    const world = { ...host.world.world, store, registry: makeRegistry(...host.jobs) };
    const done = pass(world).then(
      () => null,
      (error: Error) => error.message,
    );
    // What hangs is waited for by its own process; cron starts the next one.
    const hangs = new Promise<string>((resolve) => this.#notice.push(() => resolve("hangs")));
    const outcome = await Promise.race([done, hangs]);
    this.#passes.push(done);
    this.#notice.length = 0;
    if (!away) await this.#lookedAt(host);
    await host.local.check("unreachable", away ? String(outcome) : null, until);
    return !away;
  }

  /** The row of a host says when it looked last by the database's clock, which here stands nearly still: it may look again. */
  async #seen(host: Host, away: boolean): Promise<void> {
    const before = "UPDATE crontabber_host SET seen_at = clock_timestamp() - interval '1 h' WHERE label = $1";
    if (!away) await this.#sql.query(before, [host.label]);
  }

  async #lookedAt(host: Host): Promise<void> {
    const gap = host.seenAt === null ? null : (this.#now - host.seenAt) / 1000;
    const since = host.jobs === host.hash && host.seenAt !== null ? null : new Date(this.#now);
    await this.#sql.query(
      "UPDATE crontabber_host SET seen_at = $2, gap = $3, registry_since = coalesce($4::timestamptz, registry_since) WHERE label = $1",
      [host.label, new Date(this.#now), gap, since],
    );
    host.seenAt = this.#now;
    host.hash = host.jobs;
  }

  /** What the job does now, as planned. */
  #run({ job, ticket }: RunSpec, store: Store): ReturnType<Runner["start"]> {
    const end = (error: string | null, outcome: "succeeded" | "failed" | "timed-out" = error ? "failed" : "succeeded") => {
      const record = error ? { type: "Planned", value: error, traceback: "" } : null;
      return { outcome, error: record, result: null, output: null, committed: "no" as const };
    };
    const begun = store.db.query("UPDATE crontabber SET ongoing = $2 WHERE run_id = $1", [ticket.runId, new Date(this.#now)]);
    const later = (until: number) =>
      new Promise<void>((resolve) => {
        this.#hanging.push({ until, end: resolve });
        for (const tell of this.#notice) tell();
      });
    const work = async () => {
      await begun;
      const fault = this.#fault;
      if (fault?.job !== job.name) return end(null);
      switch (fault.kind) {
        case "failing":
        case "parent fails":
        case "attempts used up":
        case "paused":
          return end("as planned");
        case "once and retried":
        case "dates fail once":
          return this.#first(fault) ? end("once") : end(null);
        case "below alert_after":
          return ticket.errors < 2 ? end("a few times") : end(null);
        case "hangs into its timeout":
          await later(this.#now + (job.timeout ?? 0) * 1000);
          return end("took too long", "timed-out");
        case "hangs without a timeout":
          if (this.#first(fault)) await later(fault.to);
          return end(null);
        default:
          return end(null);
      }
    };
    return { done: work(), pid: null, output: () => null, stop: () => {}, kill: () => {}, trust: () => {} };
  }

  #first(fault: Fault): boolean {
    const first = !this.#struck.has(fault);
    this.#struck.add(fault);
    return first;
  }

  /** A host dies with a run: its claim stays, and nobody renews it. */
  async #die(fault: Fault): Promise<void> {
    const job = JOBS.find(({ name }) => name === fault.job) as Job;
    const { store } = this.#hosts[0] as Host;
    for (;;) {
      const claimed = await store.claim(job, makeRegistry(...JOBS).byName);
      if (claimed.held) {
        const gone =
          "UPDATE crontabber SET lease_seconds = 1, lease_until = clock_timestamp() - interval '1 s', ongoing = $2 WHERE run_id = $1";
        await store.db.query(gone, [claimed.ticket.runId, new Date(this.#now)]);
        this.#struck.add(fault);
        return;
      }
      if (claimed.why !== "closed") return;
    }
  }

  /** The job is due now, and has not died yet. */
  #dies(fault: Fault | null): fault is Fault {
    return fault?.kind === "its host dies" && !this.#struck.has(fault);
  }
}
