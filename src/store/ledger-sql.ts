/** The statements about the whole ledger at once, as a page needs it. Owns the texts only; who runs them is ledger.ts. */

const ms = (column: string): string => `(extract(epoch FROM r.${column}) * 1000)::float8 AS ${column}`;

/** A run without what can be long: the text of an error is cut here, a result only comes if it is short. */
const brief = (
  most: number,
): string => `r.id, r.run_id, r.app_name, r.attempt, r.trigger, r.host, r.pid, r.outcome, r.late_outcome, r.missed,
  left(r.error::text, ${most}) AS error, CASE WHEN r.outcome IS NULL THEN left(r.progress::text, 4096) END AS progress,
  CASE WHEN octet_length(r.result::text) <= 1024 THEN r.result::text END AS result,
  ${["slot", "claimed_at", "ended_at", "missed_from", "reset_at"].map(ms).join(", ")},
  extract(epoch FROM coalesce(r.ended_at, clock_timestamp()) - r.claimed_at)::float8 AS took`;

/** Characters of an error: in a list of many runs, and where one job is looked at. */
export const BRIEF = 2_000;
const LONGER = 16_384;

const REQUEST_TIMES = ["not_before", "slot", "slot_from", "slot_to", "reached", "requested_at", "started_at", "ended_at"];

/** `q`: the schema's name, quoted, with a dot. */
export function ledgerStatements(q: string) {
  const run = `${q}crontabber_run r`;
  const live = `SELECT ${brief(BRIEF)} FROM ${run} WHERE r.outcome IS NULL`;
  // A range and an order that begin with the name, not an equation: that would be leave to walk down the primary key, past everybody
  // else's runs.
  const own = "r.app_name >= $1::text AND r.app_name <= $1";
  const wanted = "($2::text IS NULL OR coalesce(r.outcome, 'running') = $2) AND ($3::bigint IS NULL OR r.id < $3)";
  return {
    /** By the index on (app_name, id): as many rows are read as are returned. */
    recent: `SELECT r.* FROM unnest($1::text[]) AS j (name)
      CROSS JOIN LATERAL (SELECT ${brief(BRIEF)} FROM ${run} WHERE r.app_name >= j.name AND r.app_name <= j.name
        ORDER BY r.app_name, r.id DESC LIMIT $2) r`,
    /** By the index on ended_at, and the one on what lives. */
    day: `(SELECT ${brief(BRIEF)} FROM ${run} WHERE r.ended_at > clock_timestamp() - interval '1 day' ORDER BY r.ended_at DESC LIMIT $1)
      UNION ALL (${live})`,
    /** What began after that number, and how those stand that were on. */
    since: `SELECT ${brief(BRIEF)} FROM ${run} WHERE r.id > $1 OR r.id = ANY($2::bigint[]) ORDER BY r.id LIMIT $3`,
    ofJob: `SELECT ${brief(LONGER)} FROM ${run} WHERE ${own} ORDER BY r.app_name, r.id DESC LIMIT $2`,
    /** `running` stands for those that have no outcome yet. */
    page: `SELECT ${brief(LONGER)} FROM ${run} WHERE ${wanted} AND $1::text IS NULL ORDER BY r.id DESC LIMIT $4`,
    pageOfJob: `SELECT ${brief(LONGER)} FROM ${run} WHERE ${wanted} AND ${own} ORDER BY r.app_name, r.id DESC LIMIT $4`,
    patience: "SELECT set_config('statement_timeout', '4000', true)",
    output: `SELECT ${brief(LONGER)}, r.output FROM ${run} WHERE r.id = $1`,
    /** Of the run that is on, else of the newest: whatever else is written while one is on is a range that was skipped. */
    newestOutput: `SELECT ${brief(LONGER)}, r.output FROM ${run} WHERE ${own} AND r.outcome IS DISTINCT FROM 'skipped'
      ORDER BY r.app_name, r.id DESC LIMIT 1`,
    backfills: `SELECT r.id, r.app_name, r.kind, r.force, r.again, r.attempt, NULL AS payload, NULL AS payload_hash, r.note, r.requested_by, r.calls,
        r.total, r.done, r.failed, r.run_id, r.outcome, r.cancelled_by, r.cancelled_at IS NOT NULL AS cancelled, ${REQUEST_TIMES.map(ms).join(", ")}
      FROM ${q}crontabber_request r WHERE r.kind = 'backfill' AND (r.ended_at IS NULL OR r.ended_at > clock_timestamp() - interval '1 day')
      ORDER BY r.ended_at IS NULL DESC, r.id DESC LIMIT $1`,
    /** Whether the tables are there and fit, and can be written. */
    usable: `SELECT max(version) AS version, max(oldest_program) AS oldest_program,
        pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS read_only FROM ${q}crontabber_migration`,
  } as const;
}
