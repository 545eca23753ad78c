/** The transaction in which a job's work and the record of its success commit together. Owns its borders; what is recorded is the store's. */
import type pg from "pg";
import type { ErrorRecord } from "../core/errors.ts";
import type { RunEnd, Ticket } from "../core/state.ts";
import { describe, record } from "./describe.ts";
import type { Report } from "./protocol.ts";
import { CHECK_INTERVAL } from "./session.ts";

const INT8 = 20;
/** SQLSTATE class of "this parameter cannot have that value". */
const INVALID_PARAMETER = "22023";

export interface JobTransaction {
  readonly client: pg.Client;
  readonly ticket: Ticket;
  readonly schema: string;
  /** Seconds; null: the server's own settings hold. */
  readonly timeout: number | null;
}

/**
 * BEGIN, and what a statement can read of its run: `current_setting('crontabber.slot')`, `.attempt`, `.run_id`, `.fence`.
 * All settings end with the transaction, so that a pooler's next client does not inherit them. Resolves to the backend's process id.
 */
export async function begin(tx: JobTransaction): Promise<number> {
  try {
    return await beginWith(tx, true);
  } catch (error) {
    if ((error as { code?: unknown }).code !== INVALID_PARAMETER) throw error;
    await tx.client.query("ROLLBACK");
    // A server that cannot watch its clients' sockets: a cancel request and the time limit must do.
    return beginWith(tx, false);
  }
}

/** The runner's own time limit comes first; the server's is for when nobody of ours is left to end the statement. */
const BEHIND_RUNNER_MS = 5_000;

async function beginWith({ client, ticket, timeout }: JobTransaction, watched: boolean): Promise<number> {
  const settings: [string, string][] = [
    ["crontabber.slot", ticket.slot.toISOString()],
    ["crontabber.attempt", String(ticket.attempt)],
    ["crontabber.run_id", ticket.runId],
    ["crontabber.fence", String(ticket.fence)],
    ["crontabber.payload", ticket.payload ?? ""],
    ["tcp_keepalives_idle", "10"],
    ["tcp_keepalives_interval", "5"],
    ["tcp_keepalives_count", "3"],
  ];
  if (timeout !== null) settings.push(["statement_timeout", String(Math.min(timeout * 1000 + BEHIND_RUNNER_MS, 2 ** 31 - 1))]);
  if (watched) settings.push(["client_connection_check_interval", CHECK_INTERVAL]);
  await client.query("BEGIN");
  const { rows } = await client.query<{ pid: number }>(
    "SELECT pg_backend_pid() AS pid, count(set_config(s.name, s.value, true)) FROM unnest($1::text[], $2::text[]) AS s (name, value)",
    [settings.map(([name]) => name), settings.map(([, value]) => value)],
  );
  return rows[0]?.pid ?? 0;
}

/**
 * The record of the success, then COMMIT. `committing` is awaited in between: from there on only the ledger knows.
 * Never throws: whatever happens is a report.
 */
export async function commit(tx: JobTransaction, result: string | null, committing: () => Promise<void>): Promise<Report> {
  try {
    const refusal = await recordSuccess(tx, result);
    if (refusal) {
      await tx.client.query("ROLLBACK");
      return { say: "failed", error: refusal, committed: "no", ...(refusal.type === FENCED && { fenced: true }) };
    }
  } catch (error) {
    return { say: "failed", error: describe(error), committed: "no" };
  }
  await committing();
  try {
    const { command } = await tx.client.query("COMMIT");
    // A transaction that had failed inside answers COMMIT with ROLLBACK, and no error.
    if (command === "COMMIT") return { say: "succeeded", result, committed: true };
    return { say: "failed", error: record("RolledBack", "the transaction had failed and was rolled back at COMMIT"), committed: "no" };
  } catch (error) {
    return { say: "failed", error: describe(error), committed: refused(error) ? "no" : "unknown" };
  }
}

const FENCED = "FencedError";

/** Null: written. Else why the work must not be committed. */
async function recordSuccess({ client, ticket, schema }: JobTransaction, result: string | null): Promise<ErrorRecord | null> {
  const { rows } = await client.query<{ run: string | null }>("SELECT current_setting('crontabber.run_id', true) AS run");
  if (rows[0]?.run !== ticket.runId) {
    const value = "the job ended its own transaction (a COMMIT or ROLLBACK in it): say transaction = no, and let it record by itself";
    return record("TransactionEnded", value);
  }
  const { recordIn } = await import("../store/record.ts");
  const end: RunEnd = { outcome: "succeeded", error: null, result, output: null };
  const recorded = await recordIn(queryable(client), schema, ticket, end);
  if (recorded === "recorded") return null;
  return record(FENCED, "the lease of this run is gone, another may have taken over: its work was rolled back");
}

/** As the store's own pool does it: int8 as bigint, the caller's parameters untouched. */
function queryable(client: pg.Client) {
  const getTypeParser = (oid: number, format?: string) =>
    oid === INT8 && format !== "binary" ? BigInt : client.getTypeParser(oid, format as "text");
  const types = { getTypeParser } as pg.CustomTypesConfig;
  return {
    query: async (text: string, values: readonly unknown[] = []) => {
      const { rows, rowCount } = await client.query({ text, values: [...values], types });
      return { rows: rows as Record<string, unknown>[], rowCount: rowCount ?? 0 };
    },
  };
}

/** The server itself said no to COMMIT (a deferred constraint, a serialisation failure): then it has not happened. */
function refused(error: unknown): boolean {
  return (error as { severity?: unknown }).severity === "ERROR";
}
