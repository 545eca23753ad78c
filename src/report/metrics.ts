/** The state of the jobs as Prometheus reads it, from one view. Owns the names of what every host of a fleet says alike; counts nothing. */
import { Gauge, Registry } from "prom-client";
import { live, silent } from "../core/fleet.ts";
import type { Job } from "../core/job.ts";
import { secondsBetween } from "./ages.ts";
import { ghosts } from "./ghosts.ts";
import { check } from "./nagios.ts";
import { jobState, LOOKS, type StateName } from "./status.ts";
import type { View } from "./view.ts";

/** What a scrape is answered with. */
export interface Exposition {
  /** Of the HTTP header. */
  readonly type: string;
  readonly body: string;
}

export interface Measured {
  /** Null: the database does not answer; then only what this process has counted is told. */
  readonly view: View | null;
  readonly version: string;
  /** Of this process; none: it counts nothing. */
  readonly counted?: Registry;
}

const ONE_PER_JOB = {
  last_success_timestamp_seconds: "When the job's last success was recorded for: its slot for backfill jobs, else the start of the run.",
  last_run_timestamp_seconds: "When the job's last run ended or began.",
  next_run_timestamp_seconds: "When the job runs next, as planned.",
  errors: "Failures in a row.",
  overdue_seconds: "How long the job has been due without a run, once that is longer than overdue_after; else 0.",
  running: "Whether a host runs it now.",
  blocked: "Whether a parent stands in its way.",
  held: "Whether it waits for a human's unlock.",
  paused: "Whether somebody paused it.",
  disabled: "Whether the configuration switches it off.",
} as const;
type PerJob = keyof typeof ONE_PER_JOB;

export async function exposition({ view, version, counted }: Measured): Promise<Exposition> {
  const registry = new Registry();
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `crontabber_${name}`, help, labelNames, registers: [registry] });
  gauge("build_info", "1, with the program's version.", ["version"]).set({ version }, 1);
  gauge("database_up", "Whether the database answers.").set(view ? 1 : 0);
  if (view) fleetGauges(view, gauge);
  if (view) jobGauges(view, gauge);
  const parts = [await registry.metrics(), ...(counted ? [await counted.metrics()] : [])];
  return { type: registry.contentType, body: `${parts.map((part) => part.trimEnd()).join("\n\n")}\n` };
}

type MakeGauge = (name: string, help: string, labelNames?: string[]) => Gauge;

function fleetGauges(view: View, gauge: MakeGauge): void {
  const { hosts = [], snapshot, registry } = view;
  const count = gauge("jobs", "Configured jobs, by state.", ["state"]);
  const states = registry.jobs.map((job) => jobState(view, job).state);
  for (const state of Object.keys(LOOKS) as StateName[]) count.set({ state }, states.filter((one) => one === state).length);
  gauge("check_status", "What crontabber check would exit with: 0 ok, 1 warning, 2 critical.").set(check(view, " - ").code);
  const seen = gauge("hosts", "Hosts that looked at the jobs lately, and those that have gone silent.", ["state"]);
  seen.set({ state: "live" }, live(hosts, snapshot.now).length);
  seen.set({ state: "silent" }, silent(hosts, snapshot.now).length);
  gauge("ghosts", "Rows without a configured job.").set(ghosts(view).length);
  gauge("time_seconds", "The database's clock.").set(snapshot.now.getTime() / 1000);
}

function jobGauges(view: View, gauge: MakeGauge): void {
  const names = Object.keys(ONE_PER_JOB) as PerJob[];
  const gauges = new Map(names.map((name) => [name, gauge(`job_${name}`, ONE_PER_JOB[name], ["job"])]));
  for (const job of view.registry.jobs) {
    const values = valuesOf(view, job);
    for (const name of names) {
      const value = values[name];
      if (value !== null) gauges.get(name)?.set({ job: job.name }, Number(value));
    }
  }
}

/** Null: there is nothing to say, and no series. */
function valuesOf(view: View, job: Job): Readonly<Record<PerJob, number | boolean | null>> {
  const row = view.snapshot.states.get(job.name) ?? null;
  const { state, errors, blockedBy, lateSeconds, nextRun } = jobState(view, job);
  const seconds = (at: Date | null) => at && secondsBetween(new Date(0), at);
  return {
    last_success_timestamp_seconds: seconds(row?.lastSuccess ?? null),
    last_run_timestamp_seconds: seconds(row?.lastRun ?? null),
    next_run_timestamp_seconds: seconds(nextRun),
    errors,
    overdue_seconds: lateSeconds ?? 0,
    running: state === "running",
    blocked: blockedBy !== null,
    held: row !== null && row.heldAt !== null,
    paused: state === "paused",
    disabled: !job.enabled,
  };
}
