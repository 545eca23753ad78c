-- How everything stands, for whoever has SQL only: a view of the jobs and one row of health. They read; they say what the program's own
-- `list` and `check` say, as far as rows can tell. What only the configuration knows (an edited schedule, tags, a job that was never
-- seen) they cannot. Only new things: releases before this one go on beside it.

-- What the rows do not say of a job. Null: written by an older program.
ALTER TABLE crontabber_host ADD COLUMN backfills text[];
COMMENT ON COLUMN crontabber_host.backfills IS 'The backfill jobs of its registry, by name.';

-- Whether hosts live, as every host judges it: three times its usual silence, at least three minutes, at most a day.
CREATE FUNCTION crontabber_live_hosts(at timestamptz DEFAULT clock_timestamp()) RETURNS SETOF crontabber_host
  LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT * FROM crontabber_host h
  WHERE extract(epoch FROM at - h.seen_at) <= greatest(180, least(3 * coalesce(h.gap, 0), 86400))
$$;

-- A part of a recorded error; of one that cannot be read (a NUL in it, not an object) the beginning of its text. Null: there is no error.
CREATE FUNCTION crontabber_error_part(error json, part text) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path FROM CURRENT AS $$
BEGIN
  IF coalesce(trim(error::text), 'null') IN ('{}', 'null') THEN RETURN NULL; END IF;
  RETURN error ->> part;
EXCEPTION WHEN OTHERS THEN
  RETURN CASE part WHEN 'type' THEN 'unreadable' ELSE left(error::text, 1000) END;
END $$;

-- The first parent, by name, that stands in the way of a run for the job's open slot; null: none does.
CREATE FUNCTION crontabber_blocked_by(job crontabber, backfill boolean, at timestamptz) RETURNS text
  LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT p.name FROM unnest(job.depends_on) AS p (name) LEFT JOIN crontabber c ON c.app_name = p.name
  LEFT JOIN LATERAL (SELECT r.slot, r.outcome FROM crontabber_run r
    WHERE backfill AND r.app_name = p.name AND r.slot <= coalesce(job.slot, at) AND r.reset_at IS NULL ORDER BY r.slot DESC, r.id DESC LIMIT 1) r ON true
  WHERE c.last_success IS NULL OR CASE
    WHEN backfill THEN c.slot <= coalesce(job.slot, at) OR r.slot IS NOT NULL AND r.outcome IS DISTINCT FROM 'succeeded' AND NOT EXISTS (
      SELECT 1 FROM crontabber_run s WHERE s.app_name = p.name AND s.outcome = 'succeeded' AND s.reset_at IS NULL AND s.slot > r.slot
        AND (s.missed_from <= r.slot OR r.outcome IN ('cancelled', 'skipped', 'lost')))
    ELSE coalesce(trim(c.last_error::text), 'null') NOT IN ('{}', 'null') OR c.ongoing IS NOT NULL OR c.run_id IS NOT NULL OR c.next_run <= at END
  ORDER BY p.name COLLATE "C" LIMIT 1
$$;

-- One row for each job. `overdue`: how long a job may be due without a run before it is late. `at`: the moment they are judged at.
CREATE FUNCTION crontabber_job_states(overdue interval DEFAULT '10 minutes', at timestamptz DEFAULT clock_timestamp())
RETURNS TABLE (
  app_name text, state text, next_run timestamptz, late interval, last_run timestamptz, last_success timestamptz, error_count integer,
  error_type text, error_value text, blocked_by text, running_on text, running_since timestamptz, lease_until timestamptz,
  slot timestamptz, attempt integer, missed integer, paused_by text, paused_until timestamptz, pause_note text, held_reason text,
  schedule text, depends_on text[], backfill boolean, disabled boolean, ghost boolean
) LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  WITH hosts AS (SELECT * FROM crontabber_live_hosts(at)),
  known AS (SELECT DISTINCT k.name FROM hosts, json_object_keys(hosts.jobs) AS k (name)),
  backfills AS (SELECT DISTINCT b.name FROM crontabber_host h, unnest(h.backfills) AS b (name)),
  seen AS (
    SELECT c.*, EXISTS (SELECT 1 FROM backfills b WHERE b.name = c.app_name) AS is_backfill,
      EXISTS (SELECT 1 FROM hosts) AND NOT EXISTS (SELECT 1 FROM known k WHERE k.name = c.app_name) AS is_ghost,
      CASE WHEN c.run_id IS NOT NULL THEN CASE WHEN c.lease_until < at THEN 'dead' ELSE 'live' END
        WHEN c.ongoing > at - interval '12 hours' THEN 'live' ELSE 'none' END AS owned,
      c.paused_at IS NOT NULL AND (c.paused_until IS NULL OR c.paused_until > at) AS is_paused,
      coalesce(trim(c.last_error::text), 'null') NOT IN ('{}', 'null') AS has_error
    FROM crontabber c
  ),
  judged AS (
    SELECT s.*, CASE WHEN s.owned = 'none' AND s.next_run <= at AND s.disabled_at IS NULL AND NOT s.is_paused AND s.held_at IS NULL
        THEN crontabber_blocked_by(c, s.is_backfill, at) END AS parent,
      CASE WHEN s.disabled_at IS NOT NULL OR s.is_paused OR s.held_at IS NOT NULL OR s.owned = 'live' THEN NULL
        WHEN s.owned = 'dead' THEN CASE WHEN isfinite(s.lease_until) THEN at - s.lease_until END
        -- Between two slots of a backfill next_run is long past: what counts there is the last start.
        WHEN s.is_backfill AND s.last_run >= s.next_run AND s.planned_next IS NOT DISTINCT FROM s.next_run AND isfinite(s.last_run)
          THEN at - s.last_run
        -- A difference of infinite times would fail the whole statement.
        WHEN isfinite(s.next_run) THEN at - s.next_run END AS due_for
    FROM seen s JOIN crontabber c USING (app_name)
  )
  SELECT j.app_name, CASE
      WHEN j.owned = 'live' THEN 'running'
      WHEN j.owned = 'dead' THEN 'lost'
      WHEN j.disabled_at IS NOT NULL THEN 'disabled'
      WHEN j.is_paused THEN 'paused'
      WHEN j.held_at IS NOT NULL THEN 'held'
      WHEN j.error_count > 0 THEN 'failing'
      WHEN j.parent IS NOT NULL THEN 'blocked'
      WHEN j.due_for > overdue THEN 'late'
      WHEN coalesce(j.first_run, j.last_run, j.ongoing, j.last_success) IS NULL AND NOT j.has_error THEN 'new'
      WHEN j.next_run <= at THEN 'due'
      WHEN j.has_error THEN 'cancelled'
      ELSE 'ok' END,
    j.next_run, CASE WHEN j.due_for > overdue THEN j.due_for END, j.last_run, j.last_success, coalesce(j.error_count, 0),
    crontabber_error_part(j.last_error, 'type'), crontabber_error_part(j.last_error, 'value'), j.parent, CASE WHEN j.owned <> 'none' THEN j.host END,
    CASE WHEN j.owned <> 'none' THEN j.ongoing END, CASE WHEN j.run_id IS NOT NULL THEN j.lease_until END,
    j.slot, coalesce(j.attempt, 0), coalesce(j.missed, 0), CASE WHEN j.is_paused THEN j.paused_by END,
    CASE WHEN j.is_paused THEN j.paused_until END, CASE WHEN j.is_paused THEN j.pause_note END, j.held_reason,
    j.schedule, j.depends_on, j.is_backfill, j.disabled_at IS NOT NULL, j.is_ghost
  FROM judged j ORDER BY j.app_name COLLATE "C"
$$;
COMMENT ON FUNCTION crontabber_job_states(interval, timestamptz) IS 'How each job stands, in the words of crontabber list, as far as its row can tell.';

CREATE VIEW crontabber_jobs AS SELECT * FROM crontabber_job_states();
COMMENT ON VIEW crontabber_jobs IS 'crontabber_job_states(): every job and how it stands, late after ten minutes.';

-- One row, in the words and codes of `crontabber check`: 0 ok, 1 warning, 2 critical. Ghosts and disabled jobs are nobody's trouble.
CREATE FUNCTION crontabber_health(
  overdue interval DEFAULT '10 minutes', at timestamptz DEFAULT clock_timestamp(),
  OUT status text, OUT code integer, OUT message text, OUT jobs integer, OUT running integer, OUT failing integer, OUT late integer,
  OUT held integer, OUT hosts_live integer, OUT hosts_silent integer, OUT checked_at timestamptz
) LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  WITH jobs AS (SELECT * FROM crontabber_job_states(overdue, at) WHERE NOT ghost),
  living AS (SELECT count(*)::int AS n FROM crontabber_live_hosts(at)),
  silent AS (
    SELECT h.label, h.seen_at FROM crontabber_host h, living
    WHERE living.n > 0 AND h.label NOT IN (SELECT label FROM crontabber_live_hosts(at))
  ),
  held AS (SELECT app_name FROM crontabber WHERE held_at IS NOT NULL),
  findings AS (
    SELECT CASE WHEN j.backfill AND j.error_count = 1 AND j.late IS NULL AND h.app_name IS NULL THEN 1 ELSE 2 END AS level, j.app_name AS name,
      CASE WHEN h.app_name IS NOT NULL THEN 'held: ' || coalesce(j.held_reason, 'until unlock')
        WHEN j.error_count > 0 THEN coalesce(j.error_type, 'Error') || ': ' || left(coalesce(j.error_value, ''), 200)
        ELSE 'overdue for ' || date_trunc('second', j.late) || coalesce(', blocked by ' || j.blocked_by, '') END AS what
    FROM jobs j LEFT JOIN held h USING (app_name)
    WHERE NOT j.disabled AND (j.error_count > 0 OR h.app_name IS NOT NULL OR j.late IS NOT NULL)
    UNION ALL SELECT 1, s.label, 'silent since ' || date_trunc('second', s.seen_at) FROM silent s
  ),
  worst AS (SELECT coalesce(max(level), 0) AS code FROM findings)
  SELECT (ARRAY['OK', 'WARNING', 'CRITICAL'])[worst.code + 1], worst.code,
    CASE WHEN worst.code = 0 THEN 'OK - All systems nominal'
      ELSE (ARRAY['WARNING', 'CRITICAL'])[worst.code] || ' - ' || (SELECT string_agg(
        translate(f.name || ' - ' || f.what, E'\n\r|', '   '), '; ' ORDER BY f.name COLLATE "C") FROM findings f WHERE f.level = worst.code) END,
    (SELECT count(*)::int FROM jobs), (SELECT count(*)::int FROM jobs WHERE state = 'running'),
    (SELECT count(*)::int FROM jobs WHERE error_count > 0 AND NOT disabled), (SELECT count(*)::int FROM jobs WHERE jobs.late IS NOT NULL),
    (SELECT count(*)::int FROM held JOIN jobs USING (app_name) WHERE NOT disabled), living.n, (SELECT count(*)::int FROM silent), at
  FROM worst, living
$$;
COMMENT ON FUNCTION crontabber_health(interval, timestamptz) IS 'One row for a monitor: status, code and line as crontabber check, and counts.';
