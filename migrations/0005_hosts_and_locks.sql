-- Locks across jobs, and the hosts of the fleet. Only new tables: releases before this one go on beside it.

-- A row while a run holds the name. Its key is the lock: whoever claims inserts it in the claim, and a second holder cannot be.
CREATE TABLE crontabber_lock (
  name text PRIMARY KEY,
  run_id uuid NOT NULL,
  app_name text NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX crontabber_lock_run_idx ON crontabber_lock (run_id);
COMMENT ON TABLE crontabber_lock IS 'Named locks (locks = … of a job) and the run that holds each.';

-- The transaction that ends a run frees its locks, whichever program ends it: also one that knows nothing of locks.
CREATE FUNCTION crontabber_free_locks() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE freed text;
BEGIN
  FOR freed IN DELETE FROM crontabber_lock WHERE run_id = OLD.run_id RETURNING name LOOP
    PERFORM pg_notify('crontabber', json_build_object('job', '', 'what', 'freed ' || freed)::text);
  END LOOP;
  RETURN NULL;
END $$;
CREATE TRIGGER crontabber_run_frees_locks AFTER UPDATE OF outcome ON crontabber_run
  FOR EACH ROW WHEN (OLD.outcome IS NULL AND NEW.outcome IS NOT NULL) EXECUTE FUNCTION crontabber_free_locks();
CREATE TRIGGER crontabber_run_gone_frees_locks AFTER DELETE ON crontabber_run
  FOR EACH ROW WHEN (OLD.outcome IS NULL) EXECUTE FUNCTION crontabber_free_locks();
CREATE FUNCTION crontabber_free_all_locks() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM crontabber_lock;
  RETURN NULL;
END $$;
CREATE TRIGGER crontabber_run_truncated_frees_locks AFTER TRUNCATE ON crontabber_run
  FOR EACH STATEMENT EXECUTE FUNCTION crontabber_free_all_locks();

CREATE TABLE crontabber_host (
  label text PRIMARY KEY,
  version text NOT NULL,
  pid integer,
  mode text NOT NULL CHECK (mode IN ('pass', 'daemon')),
  tags text[] NOT NULL,
  registry text NOT NULL,
  registry_since timestamptz NOT NULL DEFAULT clock_timestamp(),
  jobs json NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  gap double precision
);
COMMENT ON TABLE crontabber_host IS 'What each host said of itself at its last look, at most once a minute.';
COMMENT ON COLUMN crontabber_host.registry IS 'Hash over the definitions of all its jobs.';
COMMENT ON COLUMN crontabber_host.registry_since IS 'Since when it has this registry.';
COMMENT ON COLUMN crontabber_host.jobs IS 'Hash of the definition of each job, by name.';
COMMENT ON COLUMN crontabber_host.gap IS 'Seconds between its last two looks: how soon its silence means something.';

-- A ledger of millions of rows: the newest run of a parent up to a slot, what covers a slot, outputs that may go.
CREATE INDEX crontabber_run_slot_idx ON crontabber_run (app_name, slot DESC, id DESC) WHERE reset_at IS NULL;
CREATE INDEX crontabber_run_missed_idx ON crontabber_run (app_name, missed_from) WHERE missed_from IS NOT NULL;
CREATE INDEX crontabber_run_output_idx ON crontabber_run (ended_at) WHERE outcome = 'succeeded' AND output IS NOT NULL;
