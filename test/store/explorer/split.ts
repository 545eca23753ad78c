/** The mutant's claim: what it reads and decides in one transaction, it takes in the next. */
import { randomUUID } from "node:crypto";
import type { Job } from "#lib/core/job.js";
import { type Claimed, claimIn } from "#lib/store/claim.js";
import { type Queryable, type Result, sqlState } from "#lib/store/db.js";
import type { Host } from "./host.ts";

/** Thrown where the shipped claim would go on to take the row. */
class Decided extends Error {}

export async function splitClaim({ stage, db, process }: Host, job: Job): Promise<Claimed> {
  const { sql, now } = stage.setting;
  const host = { host: process.name, pid: 1, tags: [], maxOngoingAge: 43_200 };
  const request = { job, parents: stage.byName, hand: null, runId: randomUUID(), now, ...host };
  const read = new Map<string, Result>();
  const remembering = (tx: Queryable): Queryable => ({
    query: async (text, params) => {
      if (text === sql.claim) throw new Decided();
      const result = await tx.query(text, params);
      read.set(text, result);
      return result;
    },
  });
  const recalling = (tx: Queryable): Queryable => ({ query: async (text, params) => read.get(text) ?? tx.query(text, params) });
  try {
    return await db.transaction((tx) => claimIn(remembering(tx), sql, request));
  } catch (error) {
    if (!(error instanceof Decided)) throw error;
  }
  try {
    return await db.transaction((tx) => claimIn(recalling(tx), sql, request));
  } catch (error) {
    if (sqlState(error) !== "23505") throw error;
    return { held: false, verdict: "closed", state: null };
  }
}
