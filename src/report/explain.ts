/** Why a job would run now, or not. Owns the questions asked of it and of each parent; how they look is explain-text.ts. */
import { drift, driftText, homeless, silent } from "../core/fleet.ts";
import type { Job } from "../core/job.ts";
import type { ParentFacts } from "../core/parents.ts";
import { type ByHand, type Check, checks, decide, type Facts, type Verdict } from "../core/plan.ts";
import { planned } from "../core/replan.ts";
import type { JobState } from "../core/state.ts";
import type { Store } from "../store/store.ts";
import { type Forecast, forecast, type ParentAnswer } from "./forecast.ts";
import { jobState, type Status } from "./status.ts";
import { iso } from "./times.ts";
import { type Document, factsOf, type View } from "./view.ts";

/** What is asked. */
export interface Question {
  readonly job: Job;
  /** With `at` of the parents read from the ledger, for a backfill job; null: the snapshot's. */
  readonly facts?: Facts | null;
  /** The snapshot's moment is not now, but this one: a forecast. Absent or null: it is now. */
  readonly at?: Date | null;
  /** As with `run NAME --force` or `--slot`; null: the scheduler's own question. */
  readonly hand?: ByHand | null;
}

export interface Explained {
  readonly job: Job;
  readonly now: Date;
  /** `now` lies ahead, and nothing was supposed to change until then. */
  readonly forecasted: boolean;
  readonly verdict: Verdict;
  /** 0: it would run. 4: it would not. */
  readonly code: 0 | 4;
  readonly checks: readonly Check[];
  /** In the order of their names. */
  readonly parents: readonly ParentAnswer[];
  readonly state: JobState;
  readonly status: Status;
  /** What will happen next, one for each "no". */
  readonly forecast: readonly Forecast[];
  /** What is odd about the job over the fleet, in words; nothing where the hosts were not asked. */
  readonly fleet: readonly string[];
  /** Commands worth a try, without the program's name before them. */
  readonly tries: readonly string[];
}

/** The facts about a job; the parents of a backfill job are judged at its slot, which only the ledger can tell. */
export async function ledgerFacts(view: View, job: Job, store: Pick<Store, "withLedger">): Promise<Facts> {
  const facts = factsOf(view, job);
  if (!job.backfill || job.dependsOn.length === 0) return facts;
  const alone = decide(job, { ...facts, parents: [] });
  return alone.due ? { ...facts, parents: await store.withLedger(facts.parents, alone) } : facts;
}

export function explain(view: View, { job, facts = null, hand = null, at = null }: Question): Explained {
  const { now } = view.snapshot;
  const known = facts ?? factsOf(view, job);
  const verdict = decide(job, known, hand);
  const asked = checks(job, known, hand);
  const parents = known.parents.map((parent) => answer(view, job, { parent, facts: known, hand }));
  const state = planned(job, known.state, now);
  const told = forecast(view, job, { verdict, asked, parents });
  const tries = [...new Set(told.flatMap((line) => line.tries))];
  return {
    job,
    now,
    forecasted: at !== null,
    verdict,
    code: verdict.due ? 0 : 4,
    checks: asked,
    parents,
    state,
    status: jobState(view, job),
    forecast: told,
    fleet: fleetOf(view, job),
    tries,
  };
}

/** Hosts that are silent are told where they might be the ones that run it. */
function fleetOf({ hosts = [], snapshot: { now } }: View, job: Job): string[] {
  const nowhere = homeless([job], hosts, { now, known: true }).map(({ why }) => why);
  const differs = drift(hosts, { now, settled: 0, tagsOf: (name) => (name === job.name ? job.tags : []) });
  const mine = differs.filter((one) => one.job === job.name).map(driftText);
  const gone = silent(hosts, now).filter((host) => host.jobs.has(job.name) && job.tags.every((tag) => host.tags.includes(tag)));
  return [...nowhere, ...mine, ...gone.map(({ label, seenAt }) => `${label} has it, and was last seen ${seenAt.toISOString()}`)];
}

function answer(view: View, job: Job, { parent, facts, hand }: { parent: ParentFacts; facts: Facts; hand: ByHand | null }): ParentAnswer {
  const alone = checks(job, { ...facts, parents: [parent] }, hand).find((check) => check.name === "dependencies");
  const status = parent.job && jobState(view, parent.job);
  return { name: parent.name, no: alone?.no ?? null, status, state: parent.state };
}

export function explainDocument(told: Explained): Document {
  const { job, now, verdict, status, state } = told;
  return {
    ...{ schema: "crontabber.explain/1", now: iso(now), job: job.name, class: job.label, schedule: job.schedule.display },
    ...{ file: job.origin.file, line: job.origin.line, would_run: verdict.due, verdict: verdictJson(verdict), state: status.state },
    ...{ forecasted: told.forecasted, next_run: iso(state.nextRun), slot: iso(state.slot) },
    checks: told.checks.map(({ name, no, detail }) => ({ name, ok: no === null, why: no?.why ?? null, detail: no?.detail ?? detail })),
    parents: told.parents.map((parent) => ({
      ...{ name: parent.name, ok: parent.no === null, why: parent.no?.why ?? null, detail: parent.no?.detail ?? null },
      ...{ state: parent.status?.state ?? null, last_success: iso(parent.state?.lastSuccess ?? null) },
    })),
    forecast: told.forecast.map(({ at, text }) => ({ at: iso(at), text })),
    ...{ fleet: told.fleet, try: told.tries },
  };
}

function verdictJson(verdict: Verdict) {
  if (!verdict.due) return { due: false, why: verdict.why, detail: verdict.detail, parent: verdict.parent ?? null };
  const { slot, attempt, trigger, missed, missedFrom, nextSlot } = verdict;
  return { due: true, slot: iso(slot), attempt, trigger, missed, missed_from: iso(missedFrom), next_slot: iso(nextSlot) };
}
