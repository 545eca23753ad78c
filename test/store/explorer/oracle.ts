/** What must hold after every commit, and when nobody has anything left to do. Owns the invariants; reads looks, nothing else. */
import type { Look, Row } from "./look.ts";
import type { Violation } from "./model.ts";
import type { Deed, Stage } from "./stage.ts";

/** Compares two looks with the deeds that lie between them. */
export function judgeChange(stage: Stage, before: Look, after: Look): Violation[] {
  const found: Violation[] = [];
  const say = (rule: string, text: string) => found.push({ rule, text });
  wholeClaims(after, say);
  uniqueRuns(after, say);
  heldLocks(stage, after, say);
  servedRequests(after, say);
  ledgerOnlyGrows(stage, { before, after }, say);
  for (const [name, row] of after.rows) {
    if (row.next_run === null && row.ongoing === null && row.schedule !== null) say("I7", `${name} has neither next_run nor ongoing`);
    const earlier = before.rows.get(name);
    if (earlier) rowMoves(stage, { earlier, row }, say);
  }
  const reset = stage.deeds.some((deed) => deed.kind === "reset");
  for (const name of before.rows.keys()) if (!after.rows.has(name) && !reset) say("I7", `the row of ${name} is gone`);
  if (reset) forgotten(before, after, say);
  return found;
}

type Say = (rule: string, text: string) => void;

/** I1: the row and the ledger agree on who runs; at most one run of a job is live. */
function wholeClaims({ rows, runs }: Look, say: Say): void {
  const live = runs.filter((run) => run.outcome === null);
  for (const run of live) {
    if (rows.get(String(run.app_name))?.run_id !== run.run_id)
      say("I1", `${run.app_name} has a live run in the ledger that does not own its row`);
  }
  for (const row of rows.values()) {
    if (row.run_id !== null && !live.some((run) => run.run_id === row.run_id))
      say("I7", `${row.app_name} is owned by a run the ledger has not, or has ended`);
  }
}

/** I2 and I4, in the ledger; and the work of transactional jobs is there as often as its success. */
function uniqueRuns({ runs, work, logged }: Look, say: Say): void {
  const count = (keys: string[]) => keys.length !== new Set(keys).size;
  const own = runs.filter((run) => run.reset_at === null && run.trigger !== "manual");
  if (count(own.map((run) => `${run.app_name} ${run.slot} ${run.attempt}`))) say("I2", "an attempt of a slot is twice in the ledger");
  const good = own.filter((run) => run.outcome === "succeeded");
  if (count(good.map((run) => `${run.app_name} ${run.slot}`))) say("I4", "a slot has succeeded twice");
  for (const done of work) {
    const run = runs.find((r) => r.run_id === done.run_id);
    if (run?.outcome !== "succeeded") say("I4", "work was committed without the record of its success");
  }
  const ended = runs.filter((run) => run.outcome !== null && run.outcome !== "skipped");
  if (ended.length !== logged) say("I7", `${ended.length} runs have ended, ${logged} are logged`);
}

/** I9: a name is held by one live run, of a job that asks for it; and a live run holds what its job asks for. */
function heldLocks(stage: Stage, { rows, locks }: Look, say: Say): void {
  const live = [...rows.values()].filter((row) => row.run_id !== null);
  for (const lock of locks) {
    if (!live.some((row) => row.run_id === lock.run_id)) say("I9", `${lock.name} is held by a run that is over`);
  }
  for (const row of live) {
    const held = locks.filter((lock) => lock.run_id === row.run_id).map((lock) => lock.name);
    const lacks = stage.byName.get(String(row.app_name))?.locks.filter((name) => !held.includes(name)) ?? [];
    if (lacks.length > 0) say("I9", `${row.app_name} runs without ${lacks.join(", ")}`);
  }
}

/** I10: what was asked for once succeeds once, and its end is that of its newest run. */
function servedRequests({ rows, runs, requests }: Look, say: Say): void {
  const served = runs.filter((run) => run.trigger === "request" && run.reset_at === null);
  for (const request of requests.filter(({ kind }) => kind !== "backfill")) {
    const mine = served.filter((run) => run.app_name === request.app_name);
    if (mine.filter((run) => run.outcome === "succeeded").length > 1) say("I10", `request ${request.id} was done twice`);
    const newest = mine.find((run) => run.run_id === request.run_id);
    const owned = [...rows.values()].some((row) => row.run_id !== null && row.run_id === request.run_id);
    if (request.outcome !== null && owned) say("I10", `request ${request.id} is over while its run lives`);
    if (request.outcome === "succeeded" && newest?.outcome !== "succeeded") say("I10", `request ${request.id} is done, and its run is not`);
    if (request.outcome === null && newest?.outcome === "succeeded") say("I10", `request ${request.id} is open, and its run has succeeded`);
  }
}

/** I3: an outcome is written once, by its run's own record, by the reaper who saw it dead, or by a reset. */
function ledgerOnlyGrows(stage: Stage, { before, after }: { before: Look; after: Look }, say: Say): void {
  for (const earlier of before.runs) {
    const run = after.runs.find((r) => r.run_id === earlier.run_id);
    if (!run) say("I7", "a run vanished from the ledger");
    else if (earlier.outcome !== null && earlier.outcome !== run.outcome)
      say("I3", `an outcome changed: ${earlier.outcome} to ${run.outcome}`);
    else if (earlier.outcome === null && run.outcome !== null && !mayEnd(stage.deeds, String(run.run_id)))
      say("I3", `a run was ended by somebody else`);
  }
}

const mayEnd = (deeds: readonly Deed[], runId: string): boolean =>
  deeds.some((deed) => deed.kind === "reset" || ((deed.kind === "record" || deed.kind === "reap") && deed.runId === runId));

/** I3, I5, I6: who may move a row, and where to. */
function rowMoves(stage: Stage, { earlier, row }: { earlier: Row; row: Row }, say: Say): void {
  const name = String(row.app_name);
  const { deeds } = stage;
  if (deeds.some((deed) => deed.kind === "reset")) return;
  if (at(row.next_run) < at(earlier.next_run)) say("I5", `next_run of ${name} moved back`);
  const lease = changed(earlier, row, ["lease_until", "heartbeats"]);
  if (lease && !deeds.some((d) => d.kind !== "renew" || d.runId === earlier.run_id))
    say("I3", `the lease of ${name} was renewed for another run`);
  if (!changed(earlier, row)) return;
  if (earlier.run_id !== null) {
    if (!mayEnd(deeds, String(earlier.run_id))) say("I3", `the row of ${name} was changed under its owner`);
  } else if (row.run_id !== null) dependencies(stage, row, say);
}

/** I6, when a claim commits: every parent has succeeded, does not run and is not due. */
function dependencies(stage: Stage, row: Row, say: Say): void {
  const name = String(row.app_name);
  for (const parent of stage.byName.get(name)?.dependsOn ?? []) {
    const seen = stage.seen.rows.get(parent);
    const well = seen?.last_success && JSON.stringify(seen.last_error ?? {}) === "{}" && seen.run_id === null;
    if (!well || at(seen.next_run) <= stage.setting.now.getTime()) say("I6", `${name} was claimed beside its parent ${parent}`);
  }
}

/** A reset leaves nothing that would count against the job's slots. */
function forgotten(before: Look, after: Look, say: Say): void {
  for (const name of before.rows.keys()) {
    const known = new Set(before.runs.filter((run) => run.app_name === name).map((run) => run.run_id));
    const left = after.runs.filter((run) => known.has(run.run_id) && run.reset_at === null);
    if (!after.rows.has(name) && left.length > 0) say("I7", `${name} was reset, and its ledger was not stamped`);
  }
}

/** I7 at the end of a schedule: what was started has ended, or somebody's lease will run out. */
export function judgeEnd(stage: Stage): Violation[] {
  const found: Violation[] = [];
  for (const run of stage.model.runs.values()) {
    if (run.body === "none") continue;
    const ledger = stage.seen.runs.find((r) => r.run_id === run.runId);
    const name = stage.nameOf(run.runId);
    if (!ledger) found.push({ rule: "I7", text: `${name} was started, and the ledger has no run of it` });
    const told = stage.told.get(run.runId);
    if (told && !accepted(told, ledger)) found.push({ rule: "I3", text: `${name} was told "${told}", the ledger says ${ledger?.outcome}` });
  }
  for (const process of stage.processes.filter((p) => p.alive)) {
    for (const actor of process.actors.filter((a) => a.failure !== null)) {
      found.push({ rule: "program", text: `${actor.name} threw ${(actor.failure as Error).message}` });
    }
  }
  return found;
}

function accepted(told: string, ledger: Row | undefined): boolean {
  const [how, outcome] = told.split(" ");
  if (how === "fenced") return ledger?.outcome !== null && ledger?.outcome !== outcome && ledger?.late_outcome !== null;
  return ledger?.outcome === outcome || (how === "already" && ledger?.outcome === "succeeded");
}

const at = (instant: unknown): number =>
  instant === null || instant === undefined ? Number.NEGATIVE_INFINITY : Date.parse(String(instant));

/** Whether the rows differ in one of the columns; without columns: in any but the lease's. */
function changed(a: Row, b: Row, columns?: readonly string[]): boolean {
  const keys = columns ?? Object.keys(b).filter((key) => key !== "lease_until" && key !== "heartbeats");
  return keys.some((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]));
}
