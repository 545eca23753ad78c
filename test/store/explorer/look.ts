/** What is committed, read in one statement. Owns the reading and what of it makes two states the same; judges nothing. */
import { createHash } from "node:crypto";
import type { Lines } from "./lines.ts";

export type Row = Readonly<Record<string, unknown>>;

export interface Look {
  /** By app_name. */
  readonly rows: ReadonlyMap<string, Row>;
  readonly runs: readonly Row[];
  readonly logged: number;
  /** What transactional jobs did. */
  readonly work: readonly Row[];
  /** Who holds which name. */
  readonly locks: readonly Row[];
  /** What somebody asked for. */
  readonly requests: readonly Row[];
}

export async function look(lines: Lines, schema: string): Promise<Look> {
  const all = (table: string, order: string) => `(SELECT coalesce(json_agg(t ORDER BY ${order}), '[]') FROM ${schema}.${table} t)`;
  const { rows } = await lines.ask(`SELECT ${all("crontabber", "app_name")} AS rows, ${all("crontabber_run", "id")} AS runs,
    (SELECT count(*)::int FROM ${schema}.crontabber_log) AS logged, ${all("work", "run_id")} AS work,
    ${all("crontabber_lock", "name")} AS locks, ${all("crontabber_request", "id")} AS requests`);
  const seen = rows[0] as Omit<Look, "rows"> & { rows: Row[] };
  return { ...seen, rows: new Map(seen.rows.map((row) => [String(row.app_name), row])) };
}

/** Read from the database's clock: whether they are set matters, not when. Slots and plans are pinned, and compared as they are. */
const CLOCKED = new Set([
  ...["ongoing", "lease_until", "claimed_at", "ended_at", "reset_at", "last_run", "first_run", "held_at", "ongoing_age", "took", "id"],
  ...["last_success", "applied_at", "pid", "log_time", "since", "requested_at", "started_at", "not_before"],
]);

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const INSTANT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d:\d\d)/g;

/** The same text for what differs only in moments and in random ids. `nameOf` gives each run id the name it has in every schedule. */
export function essence(value: unknown, nameOf: (uuid: string) => string): string {
  const text = JSON.stringify(value, (key, part: unknown) => {
    if (CLOCKED.has(key)) return part === null ? null : "set";
    if (typeof part === "bigint") return String(part);
    return key === "error" || key === "last_error" ? JSON.stringify(part ?? null).replaceAll(INSTANT, "T") : part;
  });
  return text.replaceAll(UUID, nameOf);
}

export function lookKey({ rows, runs, logged, work, locks, requests }: Look, nameOf: (uuid: string) => string): string {
  return createHash("sha1")
    .update(essence([[...rows.values()].map((row) => [row, expired(row)]), runs, logged, work, locks, requests], nameOf))
    .digest("base64");
}

/** Whether the row's lease has run out, by the state of the table and not by a clock of ours: leases here are an hour long. */
export const expired = (row: Row): boolean => row.run_id !== null && Date.parse(String(row.lease_until)) < Date.now();
