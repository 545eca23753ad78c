/** What people read of the ledger beyond a job's history: the last runs of many jobs, and a run's output while it is written. Reads only. */
import { type Part, partsOf, plainOutput } from "../core/streams.ts";
import type { Queryable, Row } from "./db.ts";
import { type Run, toRun } from "./runs.ts";

/** How one of a job's last runs went. */
export interface Recent {
  readonly outcome: NonNullable<Run["outcome"]>;
  /** Seconds. */
  readonly took: number;
}

/** A run with what it has printed. */
export interface Printed {
  readonly run: Run;
  /** Null: nothing, so far. */
  readonly output: string | null;
  readonly parts: readonly Part[];
  /** Another one after each change of the row. */
  readonly version: string;
}

/** `q`: the quoted schema with a dot; `run`: the columns as `toRun` reads them, of a row called r. */
export function outputStatements(q: string, run: string) {
  // Not called "version": a first row that has one is read as the schema's.
  const printed = (output: string) => `SELECT ${run}, r.xmin::text AS row_version, ${output} AS output FROM ${q}crontabber_run r`;
  return {
    /**
     * As many reads of the index as there are jobs, however long the ledger is. The newest first. A range and an order that both begin
     * with the name, not an equation: the planner would take that as leave to walk down the primary key, past everybody else's runs.
     */
    recent: `SELECT r.app_name, r.outcome, extract(epoch FROM r.ended_at - r.claimed_at)::float8 AS took
      FROM unnest($1::text[]) AS n (name)
      CROSS JOIN LATERAL (SELECT app_name, outcome, claimed_at, ended_at FROM ${q}crontabber_run
        WHERE app_name >= n.name AND app_name <= n.name AND outcome IS NOT NULL AND attempt > 0
        ORDER BY app_name, id DESC LIMIT $2) r`,
    /** The newest run, or the one with the number. */
    newestOutput: `${printed("r.output")} WHERE r.app_name = $1 AND r.attempt > 0 AND ($2::bigint IS NULL OR r.id = $2) ORDER BY r.id DESC LIMIT 1`,
    /** The next one. */
    outputAfter: `${printed("r.output")} WHERE r.app_name = $1 AND r.attempt > 0 AND r.id > $2 ORDER BY r.id LIMIT 1`,
    /** Looked at again and again: the text, which may be long, only where the row has changed. */
    outputAgain: `${printed("CASE WHEN r.xmin::text <> $2 THEN r.output END")} WHERE r.id = $1`,
  } as const;
}

interface Parts {
  readonly sql: ReturnType<typeof outputStatements>;
  query(text: string, params: readonly unknown[]): ReturnType<Queryable["query"]>;
}

export class Outputs {
  readonly #sql: Parts["sql"];
  readonly #query: Parts["query"];

  constructor({ sql, query }: Parts) {
    this.#sql = sql;
    this.#query = query;
  }

  /** At most `limit` of each job's last runs that have ended, the newest first; in one statement. */
  async recent(names: readonly string[], limit: number): Promise<Map<string, Recent[]>> {
    const found = new Map<string, Recent[]>();
    if (names.length === 0) return found;
    for (const row of (await this.#query(this.#sql.recent, [names, limit])).rows) {
      const one = { outcome: row.outcome as Recent["outcome"], took: Number(row.took) };
      const known = found.get(String(row.app_name));
      if (known) known.push(one);
      else found.set(String(row.app_name), [one]);
    }
    return found;
  }

  /** The newest run of a job, or the one with the number; null: there is none. */
  async output(name: string, id: bigint | null): Promise<Printed | null> {
    return printedIn((await this.#query(this.#sql.newestOutput, [name, id])).rows[0]);
  }

  /** The job's first run after the one with the number; null: none yet. */
  async after(name: string, id: bigint): Promise<Printed | null> {
    return printedIn((await this.#query(this.#sql.outputAfter, [name, id])).rows[0]);
  }

  /** The same run once more; null: nothing has changed. Undefined: the run is no longer in the ledger. */
  async again({ run, version }: Pick<Printed, "run" | "version">): Promise<Printed | null | undefined> {
    const row = (await this.#query(this.#sql.outputAgain, [run.id, version])).rows[0];
    if (!row) return undefined;
    return row.row_version === version ? null : printedIn(row);
  }
}

function printedIn(row: Row | undefined): Printed | null {
  if (!row) return null;
  const marked = row.output as string | null;
  return { run: toRun(row), output: plainOutput(marked), parts: partsOf(marked ?? ""), version: String(row.row_version) };
}
