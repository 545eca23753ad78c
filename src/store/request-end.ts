/** What the end of a run makes of the request it served, in the transaction that ends the run. Owns that write only. */
import { afterRun } from "../core/request.ts";
import type { RunEnd, Ticket } from "../core/state.ts";
import type { Queryable, Row } from "./db.ts";
import { type RequestRow, toRequest } from "./request-rows.ts";
import type { Statements } from "./sql.ts";

/** The caller holds the lock of the job's row. A run that served no request changes nothing here. */
export async function endRequest(
  tx: Queryable,
  sql: Statements,
  { ticket: { runId, policy }, end: { outcome } }: { ticket: Pick<Ticket, "runId" | "policy">; end: Pick<RunEnd, "outcome"> },
): Promise<void> {
  const row: Row | undefined = (await tx.query(sql.lockServed, [runId])).rows[0];
  if (!row) return;
  const request: RequestRow = toRequest(row);
  const { over, date, wait, attempt } = afterRun(request, { outcome, policy, runId });
  await tx.query(sql.advanceRequest, [request.id, over, attempt, wait, date]);
}
