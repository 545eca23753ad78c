/** Whether a job's parents let it run. Pure. */
import type { Job } from "./job.ts";
import type { Due, Facts, NotDue, Reason } from "./plan.ts";
import { planned } from "./replan.ts";
import type { JobState, Outcome } from "./state.ts";

/** The newest run of a parent at or before a slot, from the ledger. */
export interface RunAt {
  readonly outcome: Outcome | null;
  /** A later run that says it stood in for that slot has succeeded. */
  readonly covered: boolean;
}

export interface ParentFacts {
  readonly name: string;
  /** Null: named, but not known, because the module that may define it cannot be imported. */
  readonly job: Job | null;
  /** Null: no row yet. */
  readonly state: JobState | null;
  /** For a backfill child, read in its claim: null: the ledger has none at or before the slot; undefined: not read. */
  readonly at?: RunAt | null;
}

/** The first parent that says no, in the order of their names. */
export function dependencyCheck(job: Job, run: Due, facts: Facts): NotDue | null {
  for (const parent of facts.parents) {
    const answer = job.backfill ? slotBlocks(parent, run.slot, facts.now) : blocks(parent, facts.now);
    if (answer) return { due: false, why: answer[0], detail: answer[1], parent: parent.name };
  }
  return null;
}

type Block = readonly [Reason, string] | null;

/** A plain child: the parent succeeded, its last run did, it is not running and it is not due. */
function blocks(parent: ParentFacts, now: Date): Block {
  const { name, job, state } = parent;
  if (!job) return ["dependency-never-ran", `'${name}' is not known: a module that may define it cannot be imported`];
  if (!state?.lastSuccess) {
    const running = state?.ongoing ? ", its first run is on" : "";
    return ["dependency-never-ran", `'${name}' has never succeeded${running}`];
  }
  if (state.lastError) return ["dependency-failed", `'${name}' did not succeed the last time it ran: ${state.lastError.type}`];
  if (state.ongoing || state.runId) return ["dependency-ongoing", `'${name}' is running on ${state.host ?? "?"}`];
  const row = planned(job, state, now);
  const { nextRun } = row;
  if (nextRun !== null && nextRun <= now) {
    return ["dependency-stale", `'${name}' is due itself since ${nextRun.toISOString()}${standing(job, row)}`];
  }
  return null;
}

/** A backfill child at a slot: the parent is past that slot, and its newest run up to it succeeded or was covered by one that did. */
function slotBlocks(parent: ParentFacts, slot: Date, now: Date): Block {
  const { name, job, state } = parent;
  const at = slot.toISOString();
  if (!job) return ["dependency-never-ran", `'${name}' is not known: a module that may define it cannot be imported`];
  if (!state?.lastSuccess) return ["dependency-never-ran", `'${name}' has never succeeded`];
  const row = planned(job, state, now);
  const open = row.slot;
  if (open !== null && open <= slot) {
    if (state.ongoing || state.runId) return ["dependency-ongoing", `'${name}' is running and has not passed the slot ${at}`];
    return ["dependency-stale", `'${name}' has its slot ${open.toISOString()} still open, this run is for ${at}${standing(job, row)}`];
  }
  if (!parent.at || parent.at.outcome === "succeeded" || parent.at.covered) return null;
  if (parent.at.outcome === null) return ["dependency-ongoing", `'${name}' is running for a slot up to ${at}`];
  return ["dependency-failed", `'${name}' ended as ${parent.at.outcome} for its newest slot up to ${at}`];
}

/** Why a due parent may stay due. */
function standing(job: Job, state: JobState): string {
  if (!job.enabled) return ", but disabled";
  if (state.pausedAt) return ", but paused";
  return state.heldAt ? ", but held" : "";
}
