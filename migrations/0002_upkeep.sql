-- One row: when the ledger was last pruned, so that a fleet prunes once an hour and not once a host.
CREATE TABLE crontabber_upkeep (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  pruned_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO crontabber_upkeep DEFAULT VALUES;
