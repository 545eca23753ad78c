/** The one guarded write that ends a run. Owns its order: row, ledger, the original's log; all in the caller's transaction. */
import { advance } from "../core/advance.ts";
import { type EndNotice, endNotice } from "../core/notice.ts";
import type { Outcome, RunEnd, Ticket } from "../core/state.ts";
import type { Queryable, Row } from "./db.ts";
import { endRequest } from "./request-end.ts";
import { type StateRow, toDate, toState } from "./rows.ts";
import { type Statements, statements } from "./sql.ts";

/** `already`: an earlier try got through. `fenced`: the lease is gone; only `late_outcome` was written. */
export type Recorded = "recorded" | "already" | "fenced";

/**
 * Writes the end of a run, as the last statements of a transaction that the caller commits. Idempotent by run id.
 * A transactional job calls it in the transaction of its work and rolls back on `fenced`.
 */
export async function recordIn(tx: Queryable, schema: string, ticket: Ticket, end: RunEnd): Promise<Recorded> {
  return recordWith(tx, statements(schema), { ticket, end, now: null });
}

/**
 * As `recordIn`; `now` is the moment of the record in tests, null: the database's clock. With `ledgerWins` the run may have recorded its
 * success itself, together with its work: whatever its supervisor saw of it, that stands.
 */
export async function recordWith(
  tx: Queryable,
  sql: Statements,
  { ticket, end, now, ledgerWins = false }: { ticket: Ticket; end: RunEnd; now: Date | null; ledgerWins?: boolean },
): Promise<Recorded> {
  const own = (await tx.query(sql.lockOwn, [now, ticket.job, ticket.runId])).rows[0];
  if (!own) return settle(tx, sql, { ticket, outcome: end.outcome, ledgerWins });
  await writeState(tx, sql, { own, ticket, end });
  await endRun(tx, sql, { ticket, end });
  return "recorded";
}

/** Tells listeners that the job's row has changed. Sent with the transaction, or not at all. */
async function tell(tx: Queryable, sql: Statements, told: { job: string; what: string; end: EndNotice | null }): Promise<void> {
  await tx.query(sql.tell, [JSON.stringify(told)]);
}

/** Moves the row on; the caller holds its lock and has seen that the run owns it. */
export async function writeState(
  tx: Queryable,
  sql: Statements,
  { own, ticket, end }: { own: Row; ticket: Ticket; end: Pick<RunEnd, "outcome" | "error"> },
): Promise<void> {
  const change = advance(toState(own as StateRow), ticket, end, toDate(own.now) ?? new Date(0));
  const lastError = JSON.stringify(change.lastError ?? {});
  const whose = [ticket.job, ticket.runId, change.lastSuccess];
  if (!ticket.opens) {
    await tx.query(sql.recordBeside, [...whose, change.lostCount, change.errorCount, lastError, change.held]);
  } else {
    await tx.query(sql.record, [
      ...[...whose, change.nextRun, change.keepMoved, change.slot, change.attempt, change.slotErrors],
      ...[change.lostCount, change.missed, change.missedFrom, change.errorCount, lastError, change.held],
    ]);
  }
  await tell(tx, sql, { job: ticket.job, what: end.outcome, end: endNotice(ticket.runId, change, ticket.opens) });
}

/** The ledger's row, the original's log row, and the request that the run has served. */
export async function endRun(
  tx: Queryable,
  sql: Statements,
  { ticket, end }: { ticket: Pick<Ticket, "runId" | "policy"> & { readonly opens?: boolean }; end: RunEnd },
): Promise<void> {
  const { error } = end;
  // A run for the open slot is the schedule's: nobody asked for it.
  if (ticket.opens !== true) await endRequest(tx, sql, { ticket, end });
  const json = error && JSON.stringify(error);
  const { rowCount } = await tx.query(sql.endRun, [ticket.runId, end.outcome, json, end.result, end.output]);
  // A ledger row that is not there was lost in a fail-over, or ended by a reset: the log would lie.
  if (rowCount === 0) return;
  const failure = error ?? (end.outcome === "succeeded" ? null : { type: end.outcome, value: end.outcome, traceback: "" });
  const { backfill } = ticket.policy;
  await tx.query(sql.log, [
    ...[ticket.runId, end.outcome === "succeeded", backfill],
    ...[failure?.type ?? null, failure?.value ?? null, failure?.traceback ?? null],
  ]);
}

/** The row is not ours: either we were here before, or we are the zombie. */
async function settle(
  tx: Queryable,
  sql: Statements,
  { ticket, outcome, ledgerWins }: { ticket: Ticket; outcome: Outcome; ledgerWins: boolean },
): Promise<Recorded> {
  const run = (await tx.query(sql.readOutcome, [ticket.runId])).rows[0];
  if (run?.outcome === outcome || (ledgerWins && run?.outcome === "succeeded")) return "already";
  if (run) await tx.query(sql.late, [ticket.runId, outcome]);
  return "fenced";
}
