/** Forgetting a job's row, on purpose and by hand. The ledger keeps its rows, stamped. */
import type { By } from "../core/plan.ts";
import type { Queryable } from "./db.ts";
import { endRun } from "./record.ts";
import { toDate } from "./rows.ts";
import type { Statements } from "./sql.ts";

export type Reset =
  | { readonly done: true; readonly fenced: string | null }
  | { readonly done: false; readonly why: "no-row" }
  | { readonly done: false; readonly why: "owned"; readonly host: string; readonly since: Date | null };

export interface ResetRequest {
  readonly name: string;
  /** Fence a living owner: its run ends as cancelled, and it kills the job at its next renewal. */
  readonly force: boolean;
  /** Seconds, as for claims of the Python tool. */
  readonly maxOngoingAge: number;
  /** Left as an event; absent: the database's user. */
  readonly by?: By;
}

/** As if the job had never run. Refused beside a living owner, unless forced. A pause survives: it was a human's word. */
export async function resetIn(tx: Queryable, sql: Statements, { name, force, maxOngoingAge, by }: ResetRequest): Promise<Reset> {
  const row = (await tx.query(sql.lockForReset, [name, maxOngoingAge])).rows[0];
  if (!row) return { done: false, why: "no-row" };
  const runId = row.run_id as string | null;
  const owned = (runId !== null && row.expired !== true) || row.python_owns === true;
  if (owned && !force) {
    return { done: false, why: "owned", host: String(row.host ?? "a host of the Python tool"), since: toDate(row.ongoing) };
  }
  if (runId !== null) {
    const value = `the job was reset while it ran${by ? `, by ${by.who}` : ""}${by?.note ? `: ${by.note}` : ""}`;
    const error = { type: "Cancelled", value, traceback: "" };
    const end = { outcome: "cancelled" as const, error, result: null, output: null };
    await endRun(tx, sql, { ticket: { runId, policy: NO_BACKFILL }, end });
  }
  while ((await tx.query(sql.stampReset, [name, PART])).rowCount === PART);
  const gone = (await tx.query(sql.deleteJob, [name])).rows[0];
  if (gone && gone.paused_at !== null)
    await tx.query(sql.keepPause, [name, gone.paused_at, gone.paused_by, gone.pause_note, gone.paused_until]);
  await tx.query(sql.noteEvent, ["reset", name, by?.note ?? null, by?.who ?? null, JSON.stringify({ force, run_id: runId })]);
  return { done: true, fenced: runId };
}

/** Rows of the ledger stamped by one statement. */
const PART = 10_000;

const NO_BACKFILL = {
  ...{ backfill: false, retry: "fixed" as const, errorRetryTime: 0, maxAttempts: null },
  ...{ onLost: "retry" as const, maxLost: 1 },
};
