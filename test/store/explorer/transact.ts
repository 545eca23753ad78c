/** A job's own process that works and records in one transaction: the shipped borders of it, over a stepped connection. */
import pg from "pg";
import type { RunEnd, Ticket } from "#lib/core/state.js";
import { begin, commit } from "#lib/run/transaction.js";
import { isTransient } from "#lib/store/db.js";
import { Abandoned } from "./actor.ts";
import { ended, type Host } from "./host.ts";
import type { Stepped } from "./stepped.ts";

/** Null: the success is recorded, and the supervisor has nothing to add. */
export async function transact({ stage, process, actor, options }: Host, ticket: Ticket): Promise<RunEnd | null> {
  const { schema } = stage.setting;
  let end: RunEnd | null = ended("failed");
  const child = stage.spawn(process, `${process.name}'s job`, async (_, db) => {
    const client = clientOf(db);
    const tx = { client, ticket, schema, timeout: null };
    db.deed = { kind: options.apart ? "work" : "record", runId: ticket.runId };
    try {
      await begin(tx);
      await db.step(`INSERT INTO ${schema}.work VALUES ($1, $2, $3)`, [ticket.runId, ticket.job, ticket.slot]);
      if (options.apart) await db.commit();
    } catch (error) {
      // The job has failed.
      if (error instanceof Abandoned || !isTransient(error)) throw error;
      return;
    }
    if (options.apart) end = ended("succeeded");
    else end = after(await commit(tx, null, async () => {}));
  });
  stage.children.set(ticket.runId, { process, actor: child });
  await actor.stop("the job has ended", { open: () => child.over });
  return end;
}

/** What the supervisor makes of the child's last word. */
function after(report: Awaited<ReturnType<typeof commit>>): RunEnd | null {
  if (report.say === "succeeded") return null;
  return ended(report.say === "failed" && report.fenced ? "lost" : "failed");
}

/** What the transaction needs of a driver's client. */
function clientOf(db: Stepped): pg.Client {
  const query = async (asked: string | { text: string; values: unknown[] }, params: unknown[] = []) => {
    const text = typeof asked === "string" ? asked : asked.text;
    if (text === "COMMIT") return { command: await db.commit() };
    if (text === "BEGIN") return db.begin(text);
    if (text === "ROLLBACK") return db.rollback(new Error("rolled back"));
    return db.step(text, typeof asked === "string" ? params : asked.values, /set_config\(|current_setting\(/.test(text));
  };
  return { query, getTypeParser: pg.types.getTypeParser } as unknown as pg.Client;
}
