/**
 * Every statement of the claim protocol, by name, for one schema. Owns the texts only; who runs them, and in which order, is in the
 * files beside it. Tests that explore interleavings import these very texts.
 */

import { hostStatements } from "./host-statements.ts";
import { outputStatements } from "./outputs.ts";
import { requestStatements } from "./request-sql.ts";

/**
 * A row as `toState` reads it. Times travel as milliseconds: no zone, no date style, and `infinity` arrives as a number. Ages are
 * differences of numbers, too: one infinite timestamp in a subtraction would fail the statement, and with it every pass of the fleet.
 */
const STATE = `c.app_name, ${["next_run", "first_run", "last_run", "last_success", "ongoing", "lease_until", "slot", "last_slot"].map(ms).join(", ")},
  ${["missed_from", "paused_at", "paused_until", "resumed_at", "marked_at", "held_at", "disabled_at"].map(ms).join(", ")},
  c.error_count, c.depends_on, c.last_error::text AS last_error, c.run_id, c.host, c.lease_seconds, c.heartbeats, c.schedule,
  c.attempt, c.slot_errors, c.lost_count, c.missed, c.paused_by, c.pause_note, c.resume_skip, c.held_reason,
  c.next_run IS DISTINCT FROM c.planned_next AS moved,
  coalesce(c.lease_until < clock_timestamp(), false) AS lease_expired,
  extract(epoch FROM clock_timestamp())::float8 - extract(epoch FROM c.ongoing)::float8 AS ongoing_age`;

const RUN = `r.id, r.run_id, r.app_name, r.attempt, r.trigger, r.host, r.pid, r.outcome, r.late_outcome, r.missed, r.error::text AS error,
  r.progress::text AS progress, r.result::text AS result, ${["slot", "claimed_at", "ended_at", "missed_from", "reset_at"].map(runMs).join(", ")},
  extract(epoch FROM coalesce(r.ended_at, clock_timestamp()) - r.claimed_at)::float8 AS took`;

function runMs(column: string): string {
  return `(extract(epoch FROM r.${column}) * 1000)::float8 AS ${column}`;
}

function ms(column: string): string {
  return `(extract(epoch FROM c.${column}) * 1000)::float8 AS ${column}`;
}

/** The moment of judgement: pinned by tests, else the database's clock. Never used for leases. */
const NOW = "(extract(epoch FROM coalesce($1::timestamptz, clock_timestamp())) * 1000)::float8";

export type Statements = ReturnType<typeof statements>;

/** The schema's name as texts have it before a table's: quoted, with a dot. */
export const quoted = (schema: string): string => `"${schema.replaceAll('"', '""')}".`;

/** `schema` is quoted here; nothing else is ever put into a text. */
export function statements(schema: string) {
  const q = quoted(schema);
  const host = hostStatements(q);
  const snapshot = (more: string, column: string, once = "") => `WITH n AS MATERIALIZED (SELECT ${NOW} AS now,
        (SELECT max(version) FROM ${q}crontabber_migration) AS version,
        (SELECT max(oldest_program) FROM ${q}crontabber_migration) AS oldest_program,
        (SELECT bool_or(pruned_at < clock_timestamp() - interval '1 hour') FROM ${q}crontabber_upkeep) AS prune_due,
        EXISTS (SELECT 1 FROM ${q}crontabber_request WHERE ended_at IS NULL) AS requests_open${column})${more}
      SELECT n.*, ${STATE}${once} FROM n LEFT JOIN ${q}crontabber c ON true`;
  return {
    /** A transaction of the scheduler never waits long, nor holds a lock for long when its host is cut off. One message, poolers keep it together. */
    begin: `BEGIN; SELECT set_config('lock_timeout', '2000', true), set_config('statement_timeout', '8000', true), set_config('idle_in_transaction_session_timeout', '5000', true)`,
    commit: "COMMIT",
    rollback: "ROLLBACK",

    /** One moment, all rows, and the schema's demands, in one statement. A row of nulls where the table is empty. */
    snapshot: snapshot("", ""),
    /** The same for a host that runs jobs: once a minute it leaves that it was here, in the very statement that looks. */
    look: snapshot(
      `, ${host.touch}`,
      `, ${host.due} AS host_due`,
      `, CASE WHEN row_number() OVER () = 1 THEN ${host.rivals} END AS rivals`,
    ),

    /** First plans. Another host may have been faster: its row stands. */
    insertPlans: `INSERT INTO ${q}crontabber (app_name, next_run, planned_next, slot, schedule, depends_on, disabled_at, error_count, attempt, slot_errors, lost_count, missed)
      SELECT p.app_name, p.next_run, p.next_run, p.next_run, p.schedule, ARRAY(SELECT json_array_elements_text(p.depends_on)), p.disabled_at, 0, 0, 0, 0, 0
      FROM json_to_recordset($1) AS p (app_name text, next_run timestamptz, schedule text, depends_on json, disabled_at timestamptz)
      ON CONFLICT (app_name) DO NOTHING`,

    /** NOWAIT, not SKIP LOCKED: "held by a neighbour" (55P03) and "no such row" must be told apart. */
    lockJob: `SELECT ${NOW} AS now, ${STATE} FROM ${q}crontabber c WHERE c.app_name = $2 FOR UPDATE NOWAIT`,
    /** In the order of names, so that no two claims wait for each other; SHARE, so that siblings can be claimed at once. */
    lockParents: `SELECT ${STATE} FROM ${q}crontabber c WHERE c.app_name = ANY($1) ORDER BY c.app_name FOR SHARE NOWAIT`,
    /** Parents of jobs whose own row must be read without locking them: by-hand runs that ignore them, explain. */
    readJobs: `SELECT ${NOW} AS now, ${STATE} FROM ${q}crontabber c WHERE c.app_name = ANY($2)`,

    /**
     * The newest run of each parent at or before the slot, and whether a later success covers it: one that stood in for it, or any at
     * all where the slot was closed without one and will not be run again.
     */
    parentsAt: `SELECT p.name AS app_name, r.outcome,
        EXISTS (SELECT 1 FROM ${q}crontabber_run s WHERE s.app_name = p.name AND s.outcome = 'succeeded' AND s.reset_at IS NULL
          AND s.slot > r.slot AND (s.missed_from <= r.slot OR r.outcome IN ('cancelled', 'skipped', 'lost'))) AS covered
      FROM unnest($1::text[]) AS p (name)
      JOIN LATERAL (SELECT slot, outcome FROM ${q}crontabber_run WHERE app_name = p.name AND slot <= $2 AND reset_at IS NULL
        ORDER BY slot DESC, id DESC LIMIT 1) r ON true`,

    /** What the ledger knows of a slot: the highest attempt, and whether it has succeeded. */
    slotFacts: `SELECT coalesce(max(attempt), 0)::int AS attempt, coalesce(bool_or(outcome = 'succeeded'), false) AS succeeded
      FROM ${q}crontabber_run WHERE app_name = $1 AND slot = $2 AND reset_at IS NULL AND trigger <> 'manual'`,

    /** A change of plan, under the row lock and never over an owner. What stays stays as it is: microseconds and infinity are not ours to round. */
    writePlan: `UPDATE ${q}crontabber SET next_run = CASE WHEN $10::boolean THEN next_run ELSE $2 END,
        planned_next = CASE WHEN $10::boolean THEN next_run ELSE $2 END, slot = $3, schedule = $4, attempt = $5, slot_errors = $6,
        missed = $7, missed_from = $8, disabled_at = $9, ongoing = NULL, paused_at = $11, paused_by = $12, pause_note = $13,
        paused_until = $14, resumed_at = $15, resume_skip = $16, marked_at = $17
      WHERE app_name = $1 AND run_id IS NULL AND (ongoing IS NULL OR ongoing < clock_timestamp() - $18 * interval '1 second')`,
    insertSkipped: `INSERT INTO ${q}crontabber_run (run_id, app_name, slot, attempt, trigger, host, pid, ended_at, outcome, missed, missed_from, error)
      VALUES ($1, $2, $3, 0, 'schedule', $4, $5, clock_timestamp(), 'skipped', $6, $7, $8)
      ON CONFLICT DO NOTHING`,

    /** The claim. The guard repeats under the lock that nobody owns the row; a Python claim counts until it is too old. */
    claim: `UPDATE ${q}crontabber SET run_id = $2, ongoing = clock_timestamp(), host = $3, pid = $4, lease_seconds = $5, heartbeats = 0,
        lease_until = clock_timestamp() + $5 * interval '1 second', schedule = $6, depends_on = $7,
        next_run = $8, planned_next = $8, slot = $9, last_slot = $10, attempt = $11, slot_errors = $12, missed = $13, missed_from = $14
      WHERE app_name = $1 AND run_id IS NULL AND (ongoing IS NULL OR ongoing < clock_timestamp() - $15 * interval '1 second')
      RETURNING (extract(epoch FROM ongoing) * 1000)::float8 AS claimed_at`,
    /** As `claim`, for a run beside the plan: nothing of it is touched. */
    claimBeside: `UPDATE ${q}crontabber SET run_id = $2, ongoing = clock_timestamp(), host = $3, pid = $4, lease_seconds = $5, heartbeats = 0,
        lease_until = clock_timestamp() + $5 * interval '1 second', schedule = $6, depends_on = $7
      WHERE app_name = $1 AND run_id IS NULL AND (ongoing IS NULL OR ongoing < clock_timestamp() - $8 * interval '1 second')
      RETURNING (extract(epoch FROM ongoing) * 1000)::float8 AS claimed_at`,
    /**
     * The ledger's row exists before the start: its unique indexes refuse what would start twice (23505). The other hosts hear of it with the
     * commit, and need not ask for the job themselves.
     */
    insertRun: `WITH run AS (INSERT INTO ${q}crontabber_run (run_id, app_name, slot, attempt, trigger, host, pid, missed, missed_from, claimed_at)
      SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, c.ongoing FROM ${q}crontabber c WHERE c.app_name = $2 AND c.run_id = $1
      RETURNING id)
      SELECT run.id, pg_notify('crontabber', json_build_object('job', c.app_name, 'what', 'claimed', 'claim', json_build_object('run', c.run_id,
        'host', c.host, 'at', extract(epoch FROM c.ongoing) * 1000, 'until', extract(epoch FROM c.lease_until) * 1000, 'lease', c.lease_seconds))::text)
      FROM run, ${q}crontabber c WHERE c.app_name = $2 AND c.run_id = $1`,
    /**
     * The key of a row is the lock: a second holder waits for the first one's transaction, and then gets no row. In the order of names,
     * so that no two claims wait for each other. The transaction that ends the run deletes the rows (a trigger of the ledger's).
     */
    takeLocks: `INSERT INTO ${q}crontabber_lock (name, run_id, app_name)
      SELECT n.name, $2, $3 FROM (SELECT DISTINCT name FROM unnest($1::text[]) AS u (name)) n ORDER BY n.name ON CONFLICT DO NOTHING`,
    dropLocks: `DELETE FROM ${q}crontabber_lock WHERE run_id = $1`,
    holders: `SELECT l.name, l.app_name, r.host, (extract(epoch FROM l.since) * 1000)::float8 AS since
      FROM ${q}crontabber_lock l LEFT JOIN ${q}crontabber_run r USING (run_id) WHERE l.name = ANY($1) AND l.app_name <> $2 ORDER BY l.name`,
    /** After a lost answer to COMMIT: did the claim happen? */
    findClaim: `SELECT r.id FROM ${q}crontabber c JOIN ${q}crontabber_run r USING (run_id) WHERE c.run_id = $1`,

    /**
     * One statement renews all runs of a process. A row locked by a neighbour is skipped, not waited for: it must not cost
     * the other runs their leases. Three answers: renewed, locked for now, gone (no row here).
     */
    renew: `WITH mine AS (SELECT app_name, run_id, coalesce(cancel_run = run_id, false) AS cancelled FROM ${q}crontabber WHERE run_id = ANY($1::uuid[])),
      free AS (SELECT c.app_name FROM ${q}crontabber c WHERE c.run_id = ANY($1::uuid[]) FOR UPDATE SKIP LOCKED),
      renewed AS (UPDATE ${q}crontabber c SET heartbeats = c.heartbeats + 1, lease_until = clock_timestamp() + c.lease_seconds * interval '1 second'
        FROM free WHERE c.app_name = free.app_name AND c.run_id = ANY($1::uuid[]) RETURNING c.run_id)
      SELECT mine.run_id, renewed.run_id IS NOT NULL AS renewed, mine.cancelled FROM mine LEFT JOIN renewed USING (run_id)`,
    cancelNote: `SELECT cancel_note FROM ${q}crontabber WHERE run_id = $1 AND cancel_run = run_id`,
    /**
     * What a run tells while it is on. A column of which nothing is new keeps its value where it lies. A row somebody holds is not
     * waited for: news must not queue up behind an open transaction. Zero rows: held, or over.
     */
    news: `UPDATE ${q}crontabber_run SET progress = coalesce($2, progress), output = coalesce($3, output)
      WHERE id = (SELECT id FROM ${q}crontabber_run WHERE run_id = $1 AND outcome IS NULL FOR UPDATE SKIP LOCKED)`,

    /** Waits for the row, never NOWAIT: a result must not be lost because a neighbour looked at the row. */
    lockOwn: `SELECT ${NOW} AS now, ${STATE} FROM ${q}crontabber c WHERE c.app_name = $2 AND c.run_id = $3 FOR UPDATE`,
    /**
     * The fence: WHERE run_id. Zero rows: the lease is gone and nothing of this may be written. A Python host that does not know the
     * fence may have cleared ongoing meanwhile; the last_run it wrote then stands.
     */
    record: `UPDATE ${q}crontabber SET run_id = NULL, ongoing = NULL, lease_until = NULL, lease_seconds = NULL, pid = NULL, cancel_run = NULL, cancel_note = NULL,
        first_run = coalesce(first_run, ongoing, last_run), last_run = coalesce(ongoing, last_run), last_success = coalesce($3, last_success),
        next_run = CASE WHEN $5::boolean THEN next_run ELSE $4 END, planned_next = CASE WHEN $5 THEN planned_next ELSE $4 END, slot = $6, attempt = $7, slot_errors = $8, lost_count = $9,
        missed = $10, missed_from = $11, error_count = $12, last_error = $13,
        held_at = CASE WHEN $14::text IS NULL THEN NULL ELSE coalesce(held_at, clock_timestamp()) END, held_reason = $14
      WHERE app_name = $1 AND run_id = $2`,
    /** As `record`, for a run beside the plan. */
    recordBeside: `UPDATE ${q}crontabber SET run_id = NULL, ongoing = NULL, lease_until = NULL, lease_seconds = NULL, pid = NULL, cancel_run = NULL, cancel_note = NULL,
        first_run = coalesce(first_run, ongoing), last_run = ongoing, last_success = coalesce($3, last_success),
        lost_count = $4, error_count = $5, last_error = $6,
        held_at = CASE WHEN $7::text IS NULL THEN NULL ELSE coalesce(held_at, clock_timestamp()) END, held_reason = $7
      WHERE app_name = $1 AND run_id = $2`,
    /** Whoever ends a dead run has not heard it: what was written of its output while it was on stays. */
    endRun: `UPDATE ${q}crontabber_run SET outcome = $2, ended_at = clock_timestamp(), error = $3, result = $4, output = coalesce($5, output)
      WHERE run_id = $1 AND outcome IS NULL
      RETURNING app_name, claimed_at`,
    /** The original's row, in the transaction that ends the run. */
    log: `INSERT INTO ${q}crontabber_log (app_name, log_time, duration, success, exc_type, exc_value, exc_traceback)
      SELECT app_name, clock_timestamp(), clock_timestamp() - claimed_at, CASE WHEN $2::boolean THEN CASE WHEN $3::boolean THEN slot ELSE claimed_at END END, $4, $5, $6
      FROM ${q}crontabber_run WHERE run_id = $1`,
    readOutcome: `SELECT outcome, late_outcome FROM ${q}crontabber_run WHERE run_id = $1`,
    late: `UPDATE ${q}crontabber_run SET late_outcome = $2 WHERE run_id = $1 AND late_outcome IS NULL`,
    /** The run's owner has all of it; what stands there may be what it wrote on the way. */
    attachOutput: `UPDATE ${q}crontabber_run SET output = $2 WHERE run_id = $1 AND outcome IS NOT NULL`,

    /** The second look: only a claim whose renewals have not moved since the first one is taken away. */
    lockExpired: `SELECT ${NOW} AS now, ${STATE}, c.cancel_run IS NOT DISTINCT FROM c.run_id AS cancelled, c.cancel_note FROM ${q}crontabber c
      WHERE c.app_name = $2 AND c.run_id = $3 AND c.heartbeats = $4 AND c.lease_until < clock_timestamp() FOR UPDATE NOWAIT`,
    readRun: `SELECT id, app_name, run_id, (extract(epoch FROM slot) * 1000)::float8 AS slot, attempt, trigger, missed,
        (extract(epoch FROM missed_from) * 1000)::float8 AS missed_from, (extract(epoch FROM claimed_at) * 1000)::float8 AS claimed_at, outcome
      FROM ${q}crontabber_run WHERE run_id = $1`,

    /** The pause travels as ISO text: to the microsecond, and whatever the session's date style. */
    lockForReset: `SELECT app_name, run_id, host, (extract(epoch FROM ongoing) * 1000)::float8 AS ongoing,
        coalesce(lease_until < clock_timestamp(), false) AS expired,
        run_id IS NULL AND ongoing IS NOT NULL AND ongoing > clock_timestamp() - $2 * interval '1 second' AS python_owns
      FROM ${q}crontabber WHERE app_name = $1 FOR UPDATE`,
    /** A pause survives, as it was. What is left has no next_run and no schedule: planned afresh by the next pass, as a job that never ran. */
    deleteJob: `WITH gone AS (DELETE FROM ${q}crontabber WHERE app_name = $1 RETURNING *)
      SELECT app_name, (extract(epoch FROM paused_at) * 1000)::float8 AS paused_at, paused_by, pause_note,
        (extract(epoch FROM paused_until) * 1000)::float8 AS paused_until FROM gone`,
    keepPause: `INSERT INTO ${q}crontabber (app_name, paused_at, paused_by, pause_note, paused_until, error_count)
      VALUES ($1, to_timestamp($2::float8 / 1000), $3, $4, to_timestamp($5::float8 / 1000), 0)`,
    /** A part at a time: a statement has a time limit, a job's history has none. */
    stampReset: `UPDATE ${q}crontabber_run SET reset_at = clock_timestamp()
      WHERE id IN (SELECT id FROM ${q}crontabber_run WHERE app_name = $1 AND reset_at IS NULL LIMIT $2)`,
    /** Listeners learn from it what to look at; whoever does not listen looks again by himself. */
    tell: "SELECT pg_notify('crontabber', $1)",
    /** Steering: one implementation for us, psql and triggers; it locks the row, leaves an event and tells listeners. */
    pause: `SELECT ${q}crontabber_pause($1, $2 * interval '1 second', $3, $4) AS done`,
    resume: `SELECT ${q}crontabber_resume($1, $2, $3, $4) AS done`,
    cancel: `SELECT ${q}crontabber_cancel($1, $2, $3) AS done`,
    unlock: `SELECT ${q}crontabber_unlock($1, $2, $3) AS done`,
    markSuccess: `SELECT ${q}crontabber_mark_success($1, $2, $3) AS done`,
    /** What is done by us and not by a function leaves its event, too. */
    noteEvent: `SELECT ${q}crontabber_note_event($1, $2, $3, $4, $5)`,
    acts: `SELECT (extract(epoch FROM at) * 1000)::float8 AS at, what, who, note FROM ${q}crontabber_event WHERE app_name = $1 ORDER BY id DESC LIMIT $2`,

    /** What was asked for is known when this is planned: what was not costs nothing. Whoever started since then ended since then, or runs. */
    history: `SELECT ${RUN} FROM ${q}crontabber_run r WHERE ($1::text IS NULL OR r.app_name = $1)
        AND ($3::text[] IS NULL OR coalesce(r.outcome, 'running') = ANY($3))
        AND ($4::timestamptz IS NULL OR (r.claimed_at >= $4 AND (r.ended_at >= $4 OR r.outcome IS NULL)))
      ORDER BY r.id DESC LIMIT $2`,
    runs: `SELECT ${RUN} FROM ${q}crontabber_run r WHERE r.id = $1`,
    liveRuns: `SELECT ${RUN} FROM ${q}crontabber_run r WHERE r.outcome IS NULL ORDER BY r.id`,
    ...requestStatements(q),
    ...outputStatements(q, RUN),
  } as const;
}
