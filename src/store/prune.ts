/** What leaves the ledger, and when. Owns the batches; never a live row, never the original's log. */
import { ticks } from "../clock.ts";
import type { Queryable } from "./db.ts";

/** Texts for one schema, `q` its quoted name with a dot. Every batch is a transaction of its own and takes rows nobody else has. */
export function pruneStatements(q: string) {
  return {
    /** Whoever stamps the hour prunes; the others see zero rows. */
    take: `UPDATE ${q}crontabber_upkeep SET pruned_at = clock_timestamp() WHERE pruned_at < clock_timestamp() - interval '1 hour'`,
    /** What successes printed goes first: it is most of the bytes, and nobody reads it after a week. */
    outputs: `UPDATE ${q}crontabber_run SET output = NULL WHERE id IN (SELECT id FROM ${q}crontabber_run
      WHERE ended_at < clock_timestamp() - $1 * interval '1 day' AND outcome = 'succeeded' AND output IS NOT NULL
      ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
    runs: `DELETE FROM ${q}crontabber_run WHERE id IN (SELECT id FROM ${q}crontabber_run
      WHERE ended_at < clock_timestamp() - $1 * interval '1 day' AND ended_at IS NOT NULL AND outcome IS NOT NULL
      ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
    /** Requests that have ended; an open one is never too old. */
    requests: `DELETE FROM ${q}crontabber_request WHERE id IN (SELECT id FROM ${q}crontabber_request
      WHERE ended_at < clock_timestamp() - $1 * interval '1 day' ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
    /** Changes that are over: what a subject was last told to be stays, unless that is good. */
    alerts: `DELETE FROM ${q}crontabber_alert WHERE id IN (SELECT a.id FROM ${q}crontabber_alert a
      WHERE a.claimed_at < clock_timestamp() - $1 * interval '1 day'
        AND (a.condition = 'ok' OR EXISTS (SELECT 1 FROM ${q}crontabber_alert later WHERE later.subject = a.subject AND later.seq > a.seq))
      ORDER BY a.id LIMIT $2 FOR UPDATE SKIP LOCKED)`,
    hosts: `DELETE FROM ${q}crontabber_host WHERE seen_at < clock_timestamp() - $1 * interval '1 day'`,
  } as const;
}

const BATCH = 1000;
/** Milliseconds one host spends on it in an hour; the next hour goes on. */
const LONGEST_MS = 10_000;
/** Days; outputs of successes are kept a third of the history at most. */
const OUTPUT_DAYS = 7;
/** Days after which a host that never came back is nobody's business. */
const HOST_DAYS = 7;

/** At most once an hour over the whole fleet, by whoever comes first. Rows removed. `until` aborted: the rest waits for the next hour. */
export async function prune(db: Queryable, q: string, { days, until }: { days: number; until: AbortSignal | null }): Promise<number> {
  const sql = pruneStatements(q);
  if ((await db.query(sql.take)).rowCount === 0) return 0;
  const end = ticks() + LONGEST_MS;
  const batches = async (text: string, age: number) => {
    for (let all = 0; ; ) {
      const { rowCount } = await db.query(text, [age, BATCH]);
      all += rowCount;
      if (rowCount < BATCH || until?.aborted || ticks() > end) return all;
    }
  };
  await batches(sql.outputs, Math.min(OUTPUT_DAYS, days / 3));
  const removed = await batches(sql.runs, days);
  await batches(sql.requests, days);
  await batches(sql.alerts, days);
  await db.query(sql.hosts, [HOST_DAYS]);
  return removed;
}
