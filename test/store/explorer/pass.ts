/** What a host's process does in a schedule: the shipped store, in the engine's order. Owns no statement of the protocol, and no rule. */
import type { Job } from "#lib/core/job.js";
import { replan } from "#lib/core/replan.js";
import type { RunEnd, Ticket } from "#lib/core/state.js";
import { isTransient } from "#lib/store/db.js";
import type { Recorded } from "#lib/store/record.js";
import { Abandoned } from "./actor.ts";
import { beat } from "./beat.ts";
import { ended, type Host, type HostOptions } from "./host.ts";
import { splitClaim } from "./split.ts";
import type { Stage } from "./stage.ts";
import { GaveUp } from "./stepped.ts";
import { transact } from "./transact.ts";

export function host(stage: Stage, name: string, options: HostOptions = {}): void {
  const process = stage.process(name, options.faults);
  stage.spawn(process, name, async (actor, db) => {
    const self = { stage, process, actor, db, options };
    const jobs = stage.setting.jobs.filter((job) => options.jobs?.includes(job.name) ?? true);
    for (let round = 0; round < (options.rounds ?? 1); round++) for (const job of jobs) await quietly(() => visit(self, job));
  });
}

/** A process that has claimed before the schedule begins. */
export function owner(stage: Stage, name: string, ticket: Ticket, options: HostOptions = {}): void {
  const process = stage.process(name, options.faults);
  const [job] = stage.setting.jobs.filter((j) => j.name === ticket.job);
  stage.christen(ticket.runId, process);
  stage.model.claiming(ticket.runId, process);
  stage.spawn(
    process,
    name,
    async (actor, db) => {
      if (job) await quietly(() => run({ stage, process, actor, db, options }, job, ticket));
    },
    options.hangs,
  );
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
  const { db, process, stage, options } = self;
  if (options.passes && !(await judge(self, job))) return;
  db.deed = { kind: "plan", runId: null };
  const claimed = options.split
    ? await splitClaim(self, job)
    : await process.store.claim(job, stage.byName, {
        hand: options.hand ?? null,
        ...(options.serves !== undefined && { requestId: options.serves }),
      });
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
  const { stage, actor, options } = self;
  const { runId } = ticket;
  const over = options.beats === undefined ? () => {} : beat(self, ticket, options.beats);
  await moment(self, "the body starts");
  let end: RunEnd | null = ended("lost");
  if (stage.model.trusted(runId) || options.credulous) {
    stage.violations.push(...stage.model.start(ticket, stage.seen, sharesLock(stage, job)));
    if (job.transaction) end = await transact(self, ticket);
    else await moment(self, "the body ends", () => !options.hangs || stage.model.wasKilled(runId));
    if (stage.model.wasKilled(runId)) end = ended("lost");
    else if (!job.transaction) end = ended(options.outcome ?? "succeeded");
    stage.model.end(runId);
  }
  self.db.deed = { kind: "record", runId };
  if (end) await deliver(self, { ticket, end, ledgerWins: job.transaction });
  over();
  actor.note("over");
}

/** Which other jobs must not run beside it. */
const sharesLock = (stage: Stage, job: Job) => (other: string) =>
  other !== job.name && (stage.byName.get(other)?.locks.some((name) => job.locks.includes(name)) ?? false);

/** Something that happens outside the database. */
async function moment({ stage, process, actor }: Host, label: string, open = () => true): Promise<void> {
  const choice = await actor.stop(label, { open, choices: stage.choices(process, ["go"], ["die"]) });
  if (choice !== "die") return;
  await stage.die(process);
  throw new Abandoned();
}

/** Tried again for as long as the fault may be the connection's, as the engine does. */
async function deliver({ stage, process }: Host, { ticket, end, ledgerWins }: Delivery): Promise<void> {
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

interface Delivery {
  readonly ticket: Ticket;
  readonly end: RunEnd;
  readonly ledgerWins: boolean;
}
