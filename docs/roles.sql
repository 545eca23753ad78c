-- Three database roles for crontabber: who may change the tables, who may run jobs and steer them, who may look.
--
--   crontabber_owner   runs `crontabber migrate`: the tables and functions belong to it
--   crontabber_runner  what database_url of every host names: runs, records, prunes, resets, steers; no DDL
--   crontabber_viewer  reads: list, show, next, explain, history, check, pages, dashboards; not what jobs printed, and no steering
--
-- This file creates nothing, it only grants. It is plain SQL, for psql and any other client, and can be run again at any time; run it
-- again after each `crontabber migrate` that applied something.
--
--   1. As a superuser, once:
--        CREATE ROLE crontabber_owner LOGIN PASSWORD '...';  CREATE ROLE crontabber_runner ...;  CREATE ROLE crontabber_viewer ...;
--        GRANT USAGE, CREATE ON SCHEMA public TO crontabber_owner;
--        GRANT USAGE ON SCHEMA public TO crontabber_runner, crontabber_viewer;
--      Tables of the Python tool that are to be adopted, and ours, if another role has made them:
--        ALTER TABLE crontabber OWNER TO crontabber_owner;  ALTER TABLE crontabber_log OWNER TO crontabber_owner;
--   2. As the owner:                  crontabber migrate --crontabber.database_url=postgres://crontabber_owner@db.example/ops
--   3. As the owner or a superuser:   psql -f docs/roles.sql
--   4. In the configuration:          database_url of the runner, and auto_migrate = no: then a host that is ahead of the tables says so
--                                     (78) instead of trying what it may not do.
--
-- Other names: sed 's/crontabber_runner/ops_runner/g' docs/roles.sql | psql
-- Another schema: PGOPTIONS='-c search_path=ops' psql -f docs/roles.sql (with `schema = ops` in the configuration).
-- sql jobs, ctx.db and ctx.tx connect as the runner, too: what they touch has to be granted to it besides.

-- The state of each job. A reset deletes the row.
REVOKE ALL ON crontabber FROM PUBLIC, crontabber_runner, crontabber_viewer;
GRANT SELECT, INSERT, UPDATE, DELETE ON crontabber TO crontabber_runner;
GRANT SELECT ON crontabber TO crontabber_viewer;

-- The original's log: only ever added to.
REVOKE ALL ON crontabber_log FROM PUBLIC, crontabber_runner, crontabber_viewer;
GRANT SELECT, INSERT ON crontabber_log TO crontabber_runner;
GRANT USAGE ON SEQUENCE crontabber_log_id_seq TO crontabber_runner;
GRANT SELECT ON crontabber_log TO crontabber_viewer;

-- The ledger. history_days deletes old rows. What a job printed (output) may hold anything: the viewer does not see it.
REVOKE ALL ON crontabber_run FROM PUBLIC, crontabber_runner, crontabber_viewer;
GRANT SELECT, INSERT, UPDATE, DELETE ON crontabber_run TO crontabber_runner;
GRANT SELECT (id, run_id, app_name, slot, attempt, trigger, host, pid, claimed_at, ended_at, outcome, late_outcome, missed, missed_from,
  error, progress, result, reset_at) ON crontabber_run TO crontabber_viewer;

-- Who steered what, and why: nobody but the owner changes or removes it.
REVOKE ALL ON crontabber_event FROM PUBLIC, crontabber_runner, crontabber_viewer;
GRANT SELECT, INSERT ON crontabber_event TO crontabber_runner;
GRANT SELECT ON crontabber_event TO crontabber_viewer;

-- Runs that were asked for.
REVOKE ALL ON crontabber_request FROM PUBLIC, crontabber_runner, crontabber_viewer;
GRANT SELECT, INSERT, UPDATE, DELETE ON crontabber_request TO crontabber_runner;
GRANT SELECT ON crontabber_request TO crontabber_viewer;

-- Locks across jobs, and the hosts of the fleet.
REVOKE ALL ON crontabber_lock, crontabber_host FROM PUBLIC, crontabber_runner, crontabber_viewer;
GRANT SELECT, INSERT, DELETE ON crontabber_lock TO crontabber_runner;
GRANT SELECT, INSERT, UPDATE, DELETE ON crontabber_host TO crontabber_runner;
GRANT SELECT ON crontabber_lock, crontabber_host TO crontabber_viewer;

-- What was told of jobs and hosts.
REVOKE ALL ON crontabber_alert FROM PUBLIC, crontabber_runner, crontabber_viewer;
GRANT SELECT, INSERT, UPDATE, DELETE ON crontabber_alert TO crontabber_runner;
GRANT SELECT ON crontabber_alert TO crontabber_viewer;

-- When the ledger was last pruned, and which migrations there are.
REVOKE ALL ON crontabber_upkeep, crontabber_migration FROM PUBLIC, crontabber_runner, crontabber_viewer;
GRANT SELECT, UPDATE ON crontabber_upkeep TO crontabber_runner;
GRANT SELECT ON crontabber_migration TO crontabber_runner;
GRANT SELECT ON crontabber_upkeep, crontabber_migration TO crontabber_viewer;

-- Steering and requests. The functions run with the rights of their caller, so a runner can do nothing through them that it cannot do itself.
DO $$
DECLARE called regprocedure;
BEGIN
  FOR called IN
    SELECT p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = current_schema() AND p.proname LIKE 'crontabber\_%'
  LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC, crontabber_viewer', called);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO crontabber_runner', called);
  END LOOP;
END $$;

-- How everything stands, in SQL: the view and the functions that only read.
REVOKE ALL ON crontabber_jobs FROM PUBLIC, crontabber_runner, crontabber_viewer;
GRANT SELECT ON crontabber_jobs TO crontabber_runner, crontabber_viewer;
DO $$
DECLARE reads regprocedure;
BEGIN
  FOR reads IN
    SELECT p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = current_schema()
      AND p.proname IN ('crontabber_health', 'crontabber_job_states', 'crontabber_live_hosts', 'crontabber_blocked_by', 'crontabber_error_part')
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO crontabber_viewer', reads);
  END LOOP;
END $$;
