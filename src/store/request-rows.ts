/** Rows of `crontabber_request` as the rest of the program sees them. Owns the mapping; runs no statement. */
import type { Request, RequestKind } from "../core/request.ts";
import type { Row } from "./db.ts";
import { toDate } from "./rows.ts";

export interface RequestRow extends Request {
  /** JSON text; null: none was sent. */
  readonly payload: string | null;
  readonly payloadHash: string | null;
  readonly note: string | null;
  readonly by: string;
  readonly requestedAt: Date;
  /** How many calls it stands for. */
  readonly calls: number;
  /** Of a backfill, both included; null: it is none. */
  readonly from: Date | null;
  readonly to: Date | null;
  /** The newest date that is done with; null: none yet. */
  readonly reached: Date | null;
  /** Its moment had come when it was read, if that was asked. */
  readonly ready: boolean;
  /** Dates that need a run; null: not counted yet. */
  readonly total: number | null;
  readonly done: number;
  readonly failed: number;
  readonly startedAt: Date | null;
  /** Null: it is open. */
  readonly endedAt: Date | null;
  readonly outcome: string | null;
  readonly runId: string | null;
  readonly cancelledBy: string | null;
}

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

export function toRequest(row: Row): RequestRow {
  return {
    id: BigInt(String(row.id)),
    job: String(row.app_name),
    kind: row.kind as RequestKind,
    ...{ force: row.force === true, again: row.again === true, cancelled: row.cancelled === true, ready: row.ready === true },
    slot: toDate(row.slot),
    attempt: Number(row.attempt),
    notBefore: toDate(row.not_before) ?? new Date(0),
    ...{ payload: text(row.payload), payloadHash: text(row.payload_hash), note: text(row.note), by: String(row.requested_by) },
    ...{ requestedAt: toDate(row.requested_at) ?? new Date(0), calls: Number(row.calls) },
    ...{ from: toDate(row.slot_from), to: toDate(row.slot_to), reached: toDate(row.reached) },
    ...{ total: row.total === null ? null : Number(row.total), done: Number(row.done), failed: Number(row.failed) },
    ...{ startedAt: toDate(row.started_at), endedAt: toDate(row.ended_at), outcome: text(row.outcome) },
    ...{ runId: text(row.run_id), cancelledBy: text(row.cancelled_by) },
  };
}
