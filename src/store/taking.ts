/** What a claim comes to. Owns its retries and what a lost answer to COMMIT means; the transaction is claim.ts's and requests.ts's. */
import type { ByHand, NotDue } from "../core/plan.ts";
import type { Skipped } from "../core/replan.ts";
import type { JobState, Ticket } from "../core/state.ts";
import { type ClaimRequest, claimIn } from "./claim.ts";
import { CommitUnknown, type Database, sqlState } from "./db.ts";
import { claimRequestIn } from "./requests.ts";
import type { Statements } from "./sql.ts";

/**
 * `in-doubt`: COMMIT's answer was lost and the run could not be found; nothing may start. `over` and `scheduled` are answers to a request:
 * nothing of it is to be done now; the job's own slot goes first.
 */
export type ClaimResult = (
  | { readonly held: true; readonly ticket: Ticket }
  | { readonly held: false; readonly why: "locked" | "in-doubt" | "closed" | "over" | "scheduled"; readonly detail: string }
  | { readonly held: false; readonly why: "no"; readonly verdict: NotDue; readonly state: JobState | null }
) & { readonly skipped?: readonly Skipped[] };

export interface Taking {
  readonly db: Database;
  readonly sql: Statements;
  readonly claim: ClaimRequest;
  /** The request it is for; null: the job's own slot, or what a hand asks for. */
  readonly requestId: bigint | null;
}

/** What a claim is for; nothing of it: the job's own slot, if it is due. */
export interface Wish {
  readonly hand?: ByHand | null;
  /** The request it serves. */
  readonly requestId?: bigint;
  /** A uuid of the claimer's that was never claimed under; by default a new one. */
  readonly runId?: string;
}

const LOCK_TRIES = 5;
const DETAILS = {
  closed: "the slot had succeeded before",
  over: "the request has ended or has to wait",
  scheduled: "the job's own slot goes first",
} as const;

/** Contention is a value; a lost COMMIT is looked up, never guessed. */
export async function take({ db, sql, claim: request, requestId }: Taking): Promise<ClaimResult> {
  let ticket: Ticket | null = null;
  for (let attempt = 1; ; attempt++) {
    try {
      const claimed = await db.transaction(async (tx) => {
        const taken = requestId === null ? await claimIn(tx, sql, request) : await claimRequestIn(tx, sql, request, requestId);
        ticket = taken.held ? taken.ticket : null;
        return taken;
      });
      if (claimed.held) return claimed;
      const { verdict, state, skipped } = claimed;
      if (typeof verdict === "string") return { held: false, why: verdict, detail: DETAILS[verdict], ...(skipped && { skipped }) };
      return { held: false, why: "no", verdict, state, ...(skipped && { skipped }) };
    } catch (error) {
      if (error instanceof CommitUnknown) return resolve({ db, sql }, ticket, error);
      const state = sqlState(error);
      if (state === "23505") return { held: false, why: "locked", detail: "the ledger has a live run of it" };
      if (state !== "55P03" && state !== "40P01" && state !== "40001") throw error;
      if (attempt === LOCK_TRIES) return { held: false, why: "locked", detail: "its row, or a parent's, is locked by another process" };
      await new Promise((done) => setTimeout(done, 5 + Math.random() * 25));
    }
  }
}

/** The answer to a claim's COMMIT was lost: the row tells, or nothing starts. */
async function resolve({ db, sql }: Pick<Taking, "db" | "sql">, ticket: Ticket | null, error: CommitUnknown): Promise<ClaimResult> {
  const doubt = { held: false as const, why: "in-doubt" as const, detail: "the answer to the claim's COMMIT was lost" };
  if (!ticket || error.unreplicated) return doubt;
  try {
    const found = await db.query(sql.findClaim, [ticket.runId]);
    return found.rowCount === 1 ? { held: true, ticket } : doubt;
  } catch {
    // Unreachable: the claim may surface later, and its lease will run out.
    return doubt;
  }
}
