/** The statements about requests, for one schema. Owns the texts only; who runs them is requests.ts and request-end.ts. */

const ms = (column: string): string => `(extract(epoch FROM r.${column}) * 1000)::float8 AS ${column}`;

const REQUEST = `r.id, r.app_name, r.kind, r.force, r.again, r.attempt, r.payload::text AS payload, r.payload_hash, r.note, r.requested_by,
  r.calls, r.total, r.done, r.failed, r.run_id, r.outcome, r.cancelled_by, r.cancelled_at IS NOT NULL AS cancelled,
  ${["not_before", "slot", "slot_from", "slot_to", "reached", "requested_at", "started_at", "ended_at"].map(ms).join(", ")}`;

/** Both of two starts of the same payload are counted; the later one waits for the repeat interval of its own. */
const READY = (q: string): string => `(extract(epoch FROM greatest(r.not_before, (SELECT max(o.started_at) + r.at_most_every
  FROM ${q}crontabber_request o WHERE o.app_name = r.app_name AND o.payload_hash = r.payload_hash AND o.id <> r.id))) * 1000)::float8 AS ready_at`;

const UNOWNED = (q: string): string => `(r.run_id IS NULL OR NOT EXISTS (SELECT 1 FROM ${q}crontabber c WHERE c.run_id = r.run_id))`;

/** `q`: the schema's name, quoted, with a dot. */
export function requestStatements(q: string) {
  return {
    /** What nobody is serving now: dates of backfills after everything else, each in the order in which it was asked for. */
    openRequests: `SELECT ${REQUEST}, r.not_before <= coalesce($1::timestamptz, clock_timestamp()) AS ready FROM ${q}crontabber_request r WHERE r.ended_at IS NULL AND ${UNOWNED(q)} ORDER BY r.kind = 'backfill', r.id`,
    /** After the job's row, whose lock says that none of its requests is being served. NOWAIT: a caller's transaction may be long. */
    lockRequest: `SELECT ${REQUEST}, ${READY(q)} FROM ${q}crontabber_request r WHERE r.id = $1 AND r.app_name = $2 AND r.ended_at IS NULL FOR UPDATE OF r NOWAIT`,
    startRequest: `UPDATE ${q}crontabber_request SET run_id = $2, started_at = clock_timestamp(), slot = $3, attempt = $4, total = coalesce(total, $5) WHERE id = $1`,
    /** Another start of the same payload has put it off. */
    putOffRequest: `UPDATE ${q}crontabber_request SET not_before = to_timestamp($2::float8 / 1000) WHERE id = $1`,
    finishRequest: `UPDATE ${q}crontabber_request SET ended_at = clock_timestamp(), outcome = $2, total = CASE WHEN kind = 'backfill' THEN done + failed END WHERE id = $1`,
    /** Older requests for the same payload that wait for their retry: the run that starts now does their work. */
    coverRequests: `UPDATE ${q}crontabber_request SET ended_at = clock_timestamp(), outcome = 'covered' WHERE id IN (SELECT r.id FROM ${q}crontabber_request r
      WHERE r.app_name = $1 AND r.payload_hash = $2 AND r.id < $3 AND r.ended_at IS NULL FOR UPDATE SKIP LOCKED)`,
    /** Of these dates, those that have succeeded. */
    succeededAt: `SELECT DISTINCT (extract(epoch FROM slot) * 1000)::float8 AS slot FROM ${q}crontabber_run
      WHERE app_name = $1 AND slot = ANY($2::timestamptz[]) AND outcome = 'succeeded' AND reset_at IS NULL`,

    /** The request of a run that has just ended; the job's row is locked. */
    lockServed: `SELECT ${REQUEST} FROM ${q}crontabber_request r WHERE r.run_id = $1 AND r.ended_at IS NULL FOR UPDATE`,
    advanceRequest: `UPDATE ${q}crontabber_request SET run_id = CASE WHEN $2::text IS NULL THEN NULL ELSE run_id END, outcome = $2,
        ended_at = CASE WHEN $2 IS NOT NULL THEN clock_timestamp() END, attempt = $3,
        not_before = CASE WHEN $4::float8 > 0 THEN greatest(clock_timestamp() + $4 * interval '1 second', started_at + at_most_every) ELSE clock_timestamp() END,
        reached = CASE WHEN $5::text IS NULL THEN reached ELSE slot END,
        done = done + CASE WHEN $5 = 'done' THEN 1 ELSE 0 END, failed = failed + CASE WHEN $5 = 'failed' THEN 1 ELSE 0 END
      WHERE id = $1`,

    trigger: `SELECT ${q}crontabber_trigger($1, $2::json, $3 * interval '1 second', $4 * interval '1 second', $5, coalesce($6, session_user)) AS id`,
    runDetached: `SELECT ${q}crontabber_run_detached($1, $2, $3, $4, coalesce($5, session_user)) AS id`,
    backfill: `SELECT ${q}crontabber_backfill($1, $2, $3, $4, $5, $6, coalesce($7, session_user)) AS id`,
    cancelRequest: `SELECT ${q}crontabber_backfill_cancel($1, $2, coalesce($3, session_user)) AS cancelled`,
    /** Newest first; those that are open before all others. */
    requestsOf: `SELECT ${REQUEST} FROM ${q}crontabber_request r WHERE r.app_name = $1 AND r.kind = ANY($2) ORDER BY r.ended_at IS NULL DESC, r.id DESC LIMIT $3`,
  } as const;
}
