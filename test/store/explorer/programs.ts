/** What hosts, heartbeats, humans and clocks do in a schedule: the shipped functions, in the engine's order. Owns no statement of the protocol. */
import pg from "pg";
import type { Job } from "#lib/core/job.js";
import { replan } from "#lib/core/replan.js";
import type { RunEnd, Ticket } from "#lib/core/state.js";
import { begin, commit } from "#lib/run/transaction.js";
import { isTransient } from "#lib/store/db.js";
import type { Renewal } from "#lib/store/lease.js";
import type { Recorded } from "#lib/store/record.js";
import { Abandoned, type Actor } from "./actor.ts";
import { expired } from "./look.ts";
import type { Fault, Process, Stage } from "./stage.ts";
import { GaveUp, type Stepped } from "./stepped.ts";

export interface HostOptions {
  readonly faults?: readonly Fault[];
  /** Looks at all rows first, registers jobs and takes dead claims over; without it the host only claims. */
  readonly passes?: boolean;
  readonly rounds?: number;
  readonly jobs?: readonly string[];
  readonly outcome?: RunEnd["outcome"];
  /** Renewals it may send. Undefined: none, and it never loses trust by itself. */
  readonly beats?: number;
  /** Takes over at its first look. */
  readonly hasty?: boolean;
}

interface Host {
  readonly stage: Stage;
  readonly process: Process;
  readonly actor: Actor;
  readonly db: Stepped;
  readonly options: HostOptions;
}

export function host(stage: Stage, name: string, options: HostOptions = {}): void {
  const process = stage.process(name, options.faults);
  stage.spawn(process, name, async (actor, db) => {
    const self = { stage, process, actor, db, options };
    for (let round = 0; round < (options.rounds ?? 1); round++) {
      for (const job of stage.setting.jobs.filter((j) => options.jobs?.includes(j.name) ?? true)) await quietly(() => visit(self, job));
    }
  });
}

/** A pass ends when the database cannot be used, or a row is locked; what it had claimed is left to the others. */
async function quietly(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Abandoned || !(error instanceof GaveUp || isTransient(error))) throw error;
  }
}

async function visit(self: Host, job: Job): Promise<void> {
  if (self.options.passes && !(await judge(self, job))) return;
  self.db.deed = { kind: "plan", runId: null };
  const claimed = await self.process.store.claim(job, self.stage.byName);
  if (claimed.held) await run(self, job, claimed.ticket);
}

/** The snapshot's part of a pass. False: somebody owns the job. */
async function judge({ stage, process, actor, db, options }: Host, job: Job): Promise<boolean> {
  const { store } = process;
  db.deed = { kind: "plan", runId: null };
  const { now, states } = await store.snapshot();
  const state = states.get(job.name) ?? null;
  const plan = state ? null : replan(job, null, now);
  if (plan) await store.insertPlans([{ job, plan }]);
  if (!state?.leaseExpired || state.runId === null) return true;
  const { name, runId, heartbeats } = state;
  const since = stage.model.renewals(runId);
  const open = () => options.hasty === true || stage.model.maySecondLook(runId, since);
  await actor.stop(`second look at ${stage.nameOf(runId)}`, { open });
  db.deed = { kind: "reap", runId };
  return store.reap({ name, runId, heartbeats }, job);
}

async function run(self: Host, job: Job, ticket: Ticket): Promise<void> {
  const { stage, process, actor, options } = self;
  const { runId } = ticket;
  const over = options.beats === undefined ? () => {} : beat(self, ticket, options.beats);
  await moment(self, "the body starts");
  let end: RunEnd | null = lost;
  if (stage.model.trusted(runId)) {
    stage.violations.push(...stage.model.start(ticket, stage.seen));
    if (job.transaction) end = await transact(self, ticket);
    else {
      await moment(self, "the body ends");
      if (!stage.model.wasKilled(runId)) end = ended(options.outcome ?? "succeeded");
    }
    stage.model.end(runId);
  }
  self.db.deed = { kind: "record", runId };
  if (end) await deliver(self, { ticket, end, ledgerWins: job.transaction });
  over();
  actor.note(`over ${process.name}`);
}

const ended = (outcome: RunEnd["outcome"]): RunEnd => {
  const error = outcome === "succeeded" ? null : { type: "Error", value: outcome, traceback: "" };
  return { outcome, error, result: null, output: null };
};
const lost = ended("lost");

async function moment({ stage, process, actor }: Host, label: string): Promise<void> {
  const choice = await actor.stop(label, { choices: stage.choices(process, ["go"], ["die"]) });
  if (choice !== "die") return;
  await stage.die(process);
  await actor.stop("dead");
}

/** Tried again for as long as the fault may be the connection's, as the engine does. */
async function deliver(self: Host, { ticket, end, ledgerWins }: { ticket: Ticket; end: RunEnd; ledgerWins: boolean }): Promise<void> {
  const { stage, process } = self;
  for (;;) {
    let how: Recorded;
    try {
      how = await process.store.record(ticket, end, ledgerWins);
    } catch (error) {
      if (error instanceof Abandoned || !isTransient(error)) throw error;
      continue;
    }
    stage.told.set(ticket.runId, `${how} ${end.outcome}`);
    return;
  }
}

/** The job's own process: its work and the record of its success in one transaction. Null: it is in, and the supervisor need not record. */
async function transact({ stage, process, actor }: Host, ticket: Ticket): Promise<RunEnd | null> {
  const { schema } = stage.setting;
  let end: RunEnd | null = ended("failed");
  const child = stage.spawn(process, `${process.name}'s job`, async (_, db) => {
    db.deed = { kind: "record", runId: ticket.runId };
    const tx = { client: clientOf(db), ticket, schema, timeout: null };
    await begin(tx);
    await db.step(`INSERT INTO ${schema}.work VALUES ($1, $2, $3)`, [ticket.runId, ticket.job, ticket.slot]);
    const report = await commit(tx, null, async () => {});
    if (report.say === "succeeded") end = null;
    else if (report.say === "failed" && report.fenced) end = lost;
  });
  stage.children.set(ticket.runId, { process, actor: child });
  await actor.stop("the job has ended", { open: () => child.over });
  return stage.model.wasKilled(ticket.runId) ? lost : end;
}

/** What `run/transaction` needs of a driver's client. */
function clientOf(db: Stepped): pg.Client {
  const query = async (asked: string | { text: string; values: unknown[] }, params: unknown[] = []) => {
    const text = typeof asked === "string" ? asked : asked.text;
    if (text === "BEGIN") return answer(text, await db.begin(text));
    if (text === "COMMIT") return answer(await db.commit());
    if (text === "ROLLBACK") return answer(text, await db.rollback(new Error("rolled back")));
    return db.step(text, typeof asked === "string" ? params : asked.values, text.includes("_setting(") || text.includes("set_config("));
  };
  return { query, getTypeParser: pg.types.getTypeParser } as unknown as pg.Client;
}

const answer = (command: string, _done?: void) => ({ command, rows: [], rowCount: 0 });

/** Renewals on a connection of their own, and the trust that ends without them. The answer ends them. */
function beat({ stage, process }: Host, ticket: Ticket, times: number): () => void {
  const { runId } = ticket;
  let left = times;
  let on = true;
  const open = () => on && stage.model.trusted(runId);
  const program = async (actor: Actor, db: Stepped) => {
    for (;;) {
      const choice = await actor.stop("renewal is due", { open, choices: left > 0 ? ["renew", "distrust"] : ["distrust"] });
      if (choice === "distrust") return stage.distrust(runId);
      left -= 1;
      db.deed = { kind: "renew", runId };
      const answer = await renewal(process, db, runId);
      if (answer === "renewed") stage.model.renewed(runId);
      if (answer === "gone") return stage.distrust(runId);
      if (answer === "renewed" && stage.seen.rows.get(ticket.job)?.run_id !== runId)
        stage.breach("I3", `a renewal of ${stage.nameOf(runId)} was accepted`);
    }
  };
  stage.spawn(process, `${process.name}'s heartbeat`, program, true);
  return () => {
    on = false;
  };
}

/** Null: nobody answered, and the next renewal opens another line. */
async function renewal(process: Process, db: Stepped, runId: string): Promise<Renewal | null> {
  try {
    return (await process.store.renew(db, [runId])).get(runId) ?? null;
  } catch (error) {
    if (error instanceof Abandoned || !isTransient(error)) throw error;
    return null;
  }
}

/** A human's `reset`. */
export function resetter(stage: Stage, name: string, force: boolean): void {
  const process = stage.process("human");
  stage.spawn(process, "human", async (_, db) => {
    db.deed = { kind: "reset", runId: null };
    await process.store.reset({ name, force });
  });
}

/**
 * Live leases run out. `passes`: time itself went by, so every owner gave its run up before. `jumps`: only the database's clock did,
 * and nobody else knows.
 */
export function time(stage: Stage, how: "passes" | "jumps", times = 1): void {
  const { lines, schema } = stage.setting;
  const process = stage.process(`time ${how}`);
  const live = () => [...stage.seen.rows.values()].some((row) => row.run_id !== null && !expired(row));
  const expire = `UPDATE ${schema}.crontabber SET lease_until = clock_timestamp() - interval '1 hour'
    WHERE app_name IN (SELECT app_name FROM ${schema}.crontabber WHERE run_id IS NOT NULL FOR UPDATE SKIP LOCKED) RETURNING run_id`;
  const program = async (actor: Actor) => {
    for (let i = 0; i < times; i++) {
      await actor.stop(how, { open: live });
      const { rows } = await lines.ask(expire);
      stage.deeds.push({ kind: "time", runId: null });
      stage.dirty = true;
      if (how === "passes") for (const row of rows) await stage.distrust(String(row.run_id));
    }
  };
  stage.spawn(process, `time ${how}`, program, true);
}
