-- What was told of jobs and hosts: a row for each change of a condition. Whoever inserts the next number of a subject tells it.
CREATE TABLE crontabber_alert (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  alert_id uuid NOT NULL UNIQUE,
  subject text NOT NULL,
  seq integer NOT NULL CHECK (seq > 0),
  condition text NOT NULL,
  was text NOT NULL,
  at timestamptz NOT NULL,
  document json,
  host text NOT NULL,
  claimed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  claimed_until timestamptz NOT NULL,
  tries integer NOT NULL DEFAULT 1,
  sent text[] NOT NULL DEFAULT '{}',
  delivered_at timestamptz,
  trouble text,
  UNIQUE (subject, seq)
);
COMMENT ON TABLE crontabber_alert IS 'Changes of conditions, one row each, and whether they were told.';
COMMENT ON COLUMN crontabber_alert.subject IS 'job:NAME, host:LABEL, tags:A,B or fleet:drift.';
COMMENT ON COLUMN crontabber_alert.at IS 'The moment of the snapshot the change was seen in.';
COMMENT ON COLUMN crontabber_alert.document IS 'What is told, the same whoever tells it; null: a change that is only noted.';
COMMENT ON COLUMN crontabber_alert.host IS 'Who tells it, or told it last.';
COMMENT ON COLUMN crontabber_alert.claimed_until IS 'After that, and while it is not delivered, any host may tell it.';
COMMENT ON COLUMN crontabber_alert.sent IS 'Channels that have taken it.';
COMMENT ON COLUMN crontabber_alert.trouble IS 'Why the last try to tell it failed.';
CREATE INDEX crontabber_alert_open_idx ON crontabber_alert (claimed_until) WHERE delivered_at IS NULL;
