/** What the ledger tells whoever looks ahead: how long jobs take, and which slots they have had. Reads only. */
import type { Outcome, Trigger } from "../core/state.ts";
import type { Queryable } from "./db.ts";
import { toDate } from "./rows.ts";

export interface Past {
  /** Seconds: the median of each job's newest successes; a job that never succeeded is missing. */
  readonly medians: ReadonlyMap<string, number>;
  /** The newest runs of each job, ranges of skipped slots included; oldest first. */
  readonly runs: readonly {
    readonly job: string;
    readonly slot: Date;
    readonly attempt: number;
    readonly trigger: Trigger;
    readonly outcome: Outcome | null;
    readonly missedFrom: Date | null;
  }[];
}

/** Runs of each job that are looked at. */
const NEWEST = 50;

/** `q`: the schema as texts have it before a table's name. An index has the newest runs of each job: years of history cost nothing. */
export async function readPast(db: Queryable, q: string, names: readonly string[]): Promise<Past> {
  const took = await db.query(
    `SELECT j.name, percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM r.ended_at - r.claimed_at))::float8 AS seconds
     FROM unnest($1::text[]) AS j (name) CROSS JOIN LATERAL (SELECT claimed_at, ended_at FROM ${q}crontabber_run
       WHERE app_name = j.name AND outcome = 'succeeded' ORDER BY id DESC LIMIT ${NEWEST}) r GROUP BY j.name`,
    [names],
  );
  const runs = await db.query(
    `SELECT r.app_name, r.attempt, r.trigger, r.outcome, (extract(epoch FROM r.slot) * 1000)::float8 AS slot,
       (extract(epoch FROM r.missed_from) * 1000)::float8 AS missed_from
     FROM unnest($1::text[]) AS j (name) CROSS JOIN LATERAL (SELECT * FROM ${q}crontabber_run
       WHERE app_name = j.name AND reset_at IS NULL ORDER BY id DESC LIMIT ${NEWEST}) r ORDER BY r.id`,
    [names],
  );
  return {
    medians: new Map(took.rows.map((row) => [String(row.name), Math.max(0, Number(row.seconds))])),
    runs: runs.rows.map((row) => ({
      ...{
        job: String(row.app_name),
        slot: toDate(row.slot) ?? new Date(0),
        attempt: Number(row.attempt),
        trigger: row.trigger as Trigger,
      },
      ...{ outcome: row.outcome as Outcome | null, missedFrom: toDate(row.missed_from) },
    })),
  };
}
