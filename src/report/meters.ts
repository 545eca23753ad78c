/** What this process has counted since it began, from its events. Owns the names of counters and histograms; reads no table. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { ticks } from "../clock.ts";
import type { Emit, Events } from "../core/events.ts";

/** A counter's value, to be carried into another process. */
export interface Count {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const DELAYS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 21_600, 86_400];
const DURATIONS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 21_600, 86_400];

/** Labels are names of configured jobs and words of closed lists: their number is bounded by the registry. */
export class Meters {
  readonly registry = new Registry();
  readonly #counters: ReadonlyMap<string, Counter>;
  readonly #delay: Histogram;
  readonly #duration: Histogram;
  /** When each run that is on here was started, in ticks. */
  readonly #began = new Map<string, number>();

  constructor() {
    const registers = [this.registry];
    const counter = (name: string, help: string, labelNames: string[] = []) => [
      name,
      new Counter({ name: `crontabber_${name}`, help, labelNames, registers }),
    ];
    this.#counters = new Map([
      counter("runs_total", "Runs of this host that ended, by outcome.", ["job", "outcome"]),
      counter("run_seconds_total", "Seconds that runs of this host took.", ["job"]),
      counter("claims_lost_total", "Claims of this host that got no run, by the reason.", ["why"]),
      counter("leases_lost_total", "Runs of this host whose lease was taken over, or whose end came too late.", ["job"]),
      counter("takeovers_total", "Runs of dead owners that this host took over.", ["job"]),
      counter("skipped_slots_total", "Slots that nobody will run, found by this host.", ["job", "reason"]),
      counter("outcomes_spooled_total", "Outcomes that could not be written in time and were kept in the spool."),
      counter("database_losses_total", "Times that the database could not be used any more."),
      counter("reloads_total", "Changes of the configuration, taken over or refused.", ["result"]),
      counter("passes_total", "Passes of this host that ended, by exit code.", ["code"]),
      counter("looks_total", "Looks at all rows: passes, and a daemon's polls."),
    ] as [string, Counter][]);
    const [delay, duration] = ["crontabber_start_delay_seconds", "crontabber_run_duration_seconds"];
    this.#delay = new Histogram({ name: delay, help: "From a slot to the claim of its first run.", buckets: DELAYS, registers });
    this.#duration = new Histogram({ name: duration, help: "How long runs took.", labelNames: ["outcome"], buckets: DURATIONS, registers });
  }

  /** A pass of so many seconds has ended with this exit code; null: there was none. */
  ended(code: number | null, seconds: number): void {
    if (code === null) return;
    const registers = [this.registry];
    new Gauge({ name: "crontabber_pass_seconds", help: "How long this host's last pass took.", registers }).set(seconds);
    new Gauge({ name: "crontabber_pass_exit_code", help: "What this host's last pass ended with.", registers }).set(code);
    this.#inc("passes_total", { code: String(code) });
  }

  readonly emit: Emit = (name, payload) => {
    this.#heard[name]?.(payload as never);
  };

  /** Counted by an earlier process of this host. */
  add(counts: readonly Count[]): void {
    for (const { name, labels, value } of counts) {
      if (value > 0) this.#counters.get(name)?.inc(labels, value);
    }
  }

  async counts(): Promise<Count[]> {
    const all = await Promise.all(
      [...this.#counters].map(async ([name, counter]) => {
        const { values } = await counter.get();
        return values.map(({ labels, value }) => ({ name, value, labels: stringLabels(labels) }));
      }),
    );
    return all.flat().filter(({ value }) => value > 0);
  }

  #inc(name: string, labels: Record<string, string> = {}, by = 1): void {
    this.#counters.get(name)?.inc(labels, by);
  }

  readonly #heard: { readonly [Name in keyof Events]?: (payload: Events[Name]) => void } = {
    "pass:started": () => this.#inc("looks_total"),
    "run:started": ({ ticket: { runId, trigger, attempt, claimedAt, slot } }) => {
      this.#began.set(runId, ticks());
      if (trigger === "schedule" && attempt === 1) this.#delay.observe(Math.max(0, (claimedAt.getTime() - slot.getTime()) / 1000));
    },
    "run:recorded": ({ ticket: { job, runId }, end: { outcome } }) => {
      const seconds = (ticks() - (this.#began.get(runId) ?? ticks())) / 1000;
      this.#began.delete(runId);
      this.#inc("runs_total", { job, outcome });
      this.#inc("run_seconds_total", { job }, seconds);
      this.#duration.observe({ outcome }, seconds);
    },
    "run:fenced": ({ ticket: { job, runId } }) => {
      this.#began.delete(runId);
      this.#inc("leases_lost_total", { job });
    },
    "run:reaped": ({ job }) => this.#inc("takeovers_total", { job }),
    "run:spooled": ({ ticket: { runId } }) => {
      this.#began.delete(runId);
      this.#inc("outcomes_spooled_total");
    },
    "claim:lost": ({ why }) => this.#inc("claims_lost_total", { why }),
    "job:skipped": ({ job, skipped: { reason, count } }) => this.#inc("skipped_slots_total", { job, reason }, count),
    "database:down": () => this.#inc("database_losses_total"),
    "registry:reloaded": () => this.#inc("reloads_total", { result: "taken" }),
    "registry:refused": () => this.#inc("reloads_total", { result: "refused" }),
  };
}

const stringLabels = (labels: Partial<Record<string, string | number>>): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)]));
