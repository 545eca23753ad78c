/** The campaign's own way to the database, past every proxy and through every crash. Owns its short connections. */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Effect, RunRow, StateRow } from "./evidence.ts";

const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;

export class Database {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** The rows of one statement; tried again for as long as the server is down. Throws what the statement itself does wrong. */
  async rows<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    for (;;) {
      const client = new pg.Client({ connectionString: this.#url, connectionTimeoutMillis: 5_000 });
      client.on("error", () => {}); // the nemesis kills sessions
      try {
        await client.connect();
        return (await client.query<Row>(text, [...values])).rows;
      } catch (error) {
        if (!isTrouble(error)) throw error;
        await sleep(100);
      } finally {
        await client.end().catch(() => {}); // it may never have been open
      }
    }
  }

  async run(text: string, values: readonly unknown[] = []): Promise<void> {
    await this.rows(text, values);
  }

  /** Kills the session of somebody, as the kernel does when memory is short: the whole server starts again. */
  async killOne(): Promise<void> {
    const query =
      "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1";
    const [found] = await this.rows<{ pid: number }>(query);
    if (found) process.kill(found.pid, "SIGKILL");
  }

  /** Milliseconds since 1970 by the server's clock. */
  async now(): Promise<number> {
    return (await this.rows<{ now: number }>(`SELECT ${ms("clock_timestamp()")} AS now`))[0]?.now ?? 0;
  }

  async runs(): Promise<RunRow[]> {
    const rows = await this.rows<
      RunRow & { slot: number }
    >(`SELECT id::int, run_id AS "runId", app_name AS job, round(${ms("slot")}) AS slot, attempt,
      trigger, host, pid, ${ms("claimed_at")} AS "claimedAt", ${ms("ended_at")} AS "endedAt", outcome, missed, round(${ms("missed_from")}) AS "missedFrom"
      FROM crontabber_run ORDER BY id`);
    return rows;
  }

  states(): Promise<StateRow[]> {
    return this.rows<StateRow>(`SELECT app_name AS job, ${ms("next_run")} AS "nextRun", run_id IS NOT NULL OR ongoing IS NOT NULL AS "isOwned",
      CASE WHEN held_at IS NOT NULL THEN coalesce(held_reason, '?') END AS held FROM crontabber`);
  }

  effects(): Promise<Effect[]> {
    return this.rows<Effect>(`SELECT job, round(${ms("slot")}) AS slot, run_id AS "runId" FROM fx`);
  }
}

/** The server is away, coming up, or has ended this session: nothing the statement did. */
function isTrouble(error: unknown): boolean {
  const { code, message } = error as { code?: string; message: string };
  if (code === undefined) return /terminated|timeout|closed/i.test(message);
  return code.startsWith("E") || code.startsWith("57P") || code.startsWith("08");
}
