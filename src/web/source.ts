/** Everything a page shows, read from the store in few statements and shared by all who look. Owns when what is read; shows nothing. */
import { after, ticks } from "../clock.ts";
import type { Job } from "../core/job.ts";
import { explain, ledgerFacts } from "../report/explain.ts";
import { ghosts } from "../report/ghosts.ts";
import type { View } from "../report/view.ts";
import type { Ledger } from "../store/ledger.ts";
import { Kept } from "./kept.ts";
import { DAY_RUNS, EACH, Mirror } from "./mirror.ts";
import type { JobPageData, PageData } from "./seam.ts";
import type { Site } from "./site.ts";
import { Turn } from "./turn.ts";

/** Milliseconds for which all who ask get the same. */
const FRESH_MS = 1_000;
/** Resets and pruning change old rows: from time to time all is read again. */
const WHOLE_MS = 300_000;
/** After so long without a look nothing is held in memory. */
const IDLE_MS = 60_000;
/** Rows that are new in one look; with more of them it is cheaper to begin again. */
const MOST_NEW = 2_000;
const MOST_BACKFILLS = 200;
const JOB_RUNS = 200;
const JOB_ACTS = 50;
/** Pages of jobs that are kept for a moment. */
const MOST_KEPT = 100;

export class Source {
  readonly #site: Site;
  readonly #turn = new Turn();
  readonly #whole: Kept<PageData>;
  readonly #rows: Kept<View>;
  readonly #jobs = new Map<string, Kept<JobPageData>>();
  #ledger: Promise<Ledger> | null = null;
  #mirror: { readonly mirror: Mirror; readonly began: number; readonly registry: unknown } | null = null;
  #idle: () => void = () => {};
  #seen = "";
  #version = 0;

  constructor(site: Site) {
    this.#site = site;
    this.#whole = new Kept(() => this.#turn.take(() => this.#read()), FRESH_MS);
    this.#rows = new Kept(() => this.#turn.take(() => this.#look()), FRESH_MS);
  }

  /** At most a second old. Throws StoreError, ConfigError or Busy. */
  data(): Promise<PageData> {
    return this.#whole.get();
  }

  /** The rows alone, without the ledger; at most a second old. Throws as `data` does. */
  view(): Promise<View> {
    return this.#rows.get();
  }

  /** Another number: what was read last differs from what was read before, in more than its age. */
  get version(): number {
    return this.#version;
  }

  /** With the job's own. */
  job(job: Job): Promise<JobPageData> {
    let kept = this.#jobs.get(job.name);
    if (!kept) {
      if (this.#jobs.size >= MOST_KEPT) this.#jobs.clear();
      kept = new Kept(() => this.#readJob(job), FRESH_MS);
      this.#jobs.set(job.name, kept);
    }
    return kept.get();
  }

  /** Something has changed: whoever asks from now on sees it. */
  forget(): void {
    this.#whole.forget();
    this.#rows.forget();
    this.#jobs.clear();
  }

  /** A reading, or a deed, of its own: one after the other. */
  ask<T>(work: (ledger: Ledger) => Promise<T>): Promise<T> {
    return this.#turn.take(async () => work(await this.#open()));
  }

  /** Nothing is kept for nobody. */
  close(): void {
    this.#idle();
    this.forget();
    this.#mirror = null;
  }

  #open(): Promise<Ledger> {
    this.#ledger ??= this.#site.store.ledger();
    return this.#ledger;
  }

  async #read(): Promise<PageData> {
    this.#idle();
    this.#idle = after(IDLE_MS, () => this.close());
    const view = await this.#look();
    const { snapshot } = view;
    const ledger = await this.#open();
    const mirror = await this.#mirrored(ledger, view);
    const backfills = await ledger.backfills(MOST_BACKFILLS);
    this.#note(JSON.stringify([[...snapshot.states.values()], view.hosts, backfills], lasting));
    const names = ghosts(view).map(({ name }) => name);
    return { view, recent: mirror.recent(), day: mirror.day(snapshot.now), backfills, ghosts: names };
  }

  async #look(): Promise<View> {
    const { store } = this.#site;
    const { zone: _, ...frame } = this.#site.frame();
    const snapshot = await store.snapshot();
    return { ...frame, snapshot, hosts: await store.fleet.hosts() };
  }

  async #mirrored(ledger: Ledger, { registry }: View): Promise<Mirror> {
    const names = registry.jobs.map((job) => job.name);
    const held = this.#mirror;
    if (held && held.registry === registry && ticks() - held.began < WHOLE_MS) {
      const { after, ids } = held.mirror.asks;
      const runs = await ledger.since(after, { ids, limit: MOST_NEW });
      if (runs.length < MOST_NEW) {
        if (held.mirror.patch(runs, new Set(names))) this.#version += 1;
        return held.mirror;
      }
    }
    const began = ticks();
    const mirror = new Mirror(await ledger.recent(names, EACH), await ledger.day(DAY_RUNS));
    this.#mirror = { mirror, began, registry };
    this.#version += 1;
    return mirror;
  }

  #note(seen: string): void {
    if (seen !== this.#seen) this.#version += 1;
    this.#seen = seen;
  }

  async #readJob(job: Job): Promise<JobPageData> {
    const data = await this.data();
    const { store } = this.#site;
    return this.ask(async (ledger) => {
      const { view } = data;
      const facts = { ...(await ledgerFacts(view, job, store)), holders: await store.fleet.holders(job) };
      const printed = await ledger.newestOutput(job.name);
      return {
        ...data,
        job,
        runs: await ledger.ofJob(job.name, JOB_RUNS),
        explained: explain(view, { job, facts }),
        output: printed && printed.output !== null ? { run: printed.run, text: printed.output } : null,
        acts: await store.steering.acts(job.name, JOB_ACTS),
      };
    });
  }
}

/** Without what changes by itself while a job runs. */
function lasting(key: string, value: unknown): unknown {
  if (key === "ongoingAge" || key === "heartbeats" || key === "leaseUntil") return undefined;
  return typeof value === "bigint" ? String(value) : value;
}
