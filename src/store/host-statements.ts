/** The statements on the rows of hosts. Owns the texts only; part of the first one belongs to the snapshot. */

/** A host's own row is written again after so many seconds; a little less than a minute, for cron is not punctual. */
const AGAIN = "interval '50 seconds'";

/** Texts for one schema, `q` its quoted name with a dot. */
export function hostStatements(q: string) {
  return {
    /**
     * Part of the snapshot: the row is touched if it says what it should, and `host_due` asks for the whole row where it does not. A row
     * that is locked is left alone: its writer may be waiting for a synchronous replica, for as long as that takes.
     */
    touch: `touched AS (UPDATE ${q}crontabber_host SET gap = extract(epoch FROM clock_timestamp() - seen_at), seen_at = clock_timestamp(), pid = $6, mode = $7
        WHERE label = (SELECT h.label FROM ${q}crontabber_host h WHERE h.label = $2 AND h.registry = $3 AND h.version = $4 AND h.tags = $5::text[]
          AND h.seen_at < clock_timestamp() - ${AGAIN} FOR UPDATE SKIP LOCKED))`,
    due: `NOT EXISTS (SELECT 1 FROM ${q}crontabber_host WHERE label = $2
        AND (registry = $3 AND version = $4 AND tags = $5::text[] OR seen_at > clock_timestamp() - ${AGAIN}))`,
    /** The daemons that have looked lately: each touches its row at least every 75 seconds. Never a reason not to run, only for letting others go first. */
    rivals: `(SELECT json_agg(json_build_object('label', label, 'tags', tags)) FROM ${q}crontabber_host
        WHERE mode = 'daemon' AND seen_at > clock_timestamp() - interval '100 seconds')`,
    write: `INSERT INTO ${q}crontabber_host AS h (label, registry, version, tags, pid, mode, jobs, backfills) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
      ON CONFLICT (label) DO UPDATE SET registry = excluded.registry, version = excluded.version, tags = excluded.tags, pid = excluded.pid,
        mode = excluded.mode, jobs = excluded.jobs, backfills = excluded.backfills, seen_at = clock_timestamp(), gap = extract(epoch FROM clock_timestamp() - h.seen_at),
        registry_since = CASE WHEN h.registry = excluded.registry THEN h.registry_since ELSE clock_timestamp() END
      WHERE h.seen_at < clock_timestamp() - ${AGAIN}`,
    read: `SELECT label, version, mode, tags, registry, jobs, gap, (extract(epoch FROM registry_since) * 1000)::float8 AS registry_since,
        (extract(epoch FROM seen_at) * 1000)::float8 AS seen_at FROM ${q}crontabber_host ORDER BY label`,
  } as const;
}

export type HostStatements = ReturnType<typeof hostStatements>;
