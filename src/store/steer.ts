/** Steering by hand: calls the SQL functions that everybody else calls too, and reads what was done. Decides nothing. */
import type { Job } from "../core/job.ts";
import type { By } from "../core/plan.ts";
import { lockRow } from "./claim.ts";
import { type Queryable, sqlState } from "./db.ts";
import { type StateRow, toDate, toState } from "./rows.ts";
import type { Statements } from "./sql.ts";

/** Something that somebody did to a job. */
export interface Act {
  readonly at: Date;
  /** A steering verb. */
  readonly what: string;
  readonly who: string;
  readonly note: string | null;
}

/** What a cancel came to. `nothing`: no run; `foreign`: it runs under the Python tool, which cannot be asked. */
export type Cancelled =
  | { readonly how: "asked"; readonly host: string; readonly alive: boolean }
  | { readonly how: "nothing" }
  | { readonly how: "foreign" };

interface Tools {
  readonly sql: Statements;
  /** A short transaction on tables that are up to date. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  readonly host: string;
  readonly pinned: () => Date | null;
  /** Seconds. */
  readonly maxOngoingAge: number;
}

/** All of them throw StoreError, with the code P0002 where the job has no row. */
export class Steering {
  readonly #tools: Tools;

  constructor(tools: Tools) {
    this.#tools = tools;
  }

  /** `seconds` null: until somebody resumes. False: it was paused already; its end and its note are new. */
  pause(name: string, seconds: number | null, { who, note }: By): Promise<boolean> {
    return this.#call(this.#tools.sql.pause, [name, seconds, note, who]);
  }

  /** `skip`: a backfill job's dates from before are dropped, too. False: it was not paused. */
  resume(name: string, skip: boolean, { who, note }: By): Promise<boolean> {
    return this.#call(this.#tools.sql.resume, [name, skip, note, who]);
  }

  /** False: it was not held. */
  unlock(name: string, { who, note }: By): Promise<boolean> {
    return this.#call(this.#tools.sql.unlock, [name, note, who]);
  }

  /** False: it is running. */
  markSuccess(name: string, { who, note }: By): Promise<boolean> {
    return this.#call(this.#tools.sql.markSuccess, [name, note, who]);
  }

  /** Asks the owner to end its run. */
  cancel(name: string, { who, note }: By): Promise<Cancelled> {
    const { sql, transaction, maxOngoingAge } = this.#tools;
    return transaction(async (tx) => {
      const asked = (await tx.query(sql.cancel, [name, note, who])).rows[0]?.done ?? null;
      const row = (await tx.query(sql.readJobs, [null, [name]])).rows[0];
      const state = row && toState(row as StateRow);
      if (asked !== null) return { how: "asked", host: state?.host ?? "?", alive: state?.leaseExpired !== true };
      const foreign = state?.ongoing && (state.ongoingAge ?? 0) <= maxOngoingAge;
      return foreign ? { how: "foreign" } : { how: "nothing" };
    });
  }

  /** Changes the job's plan now, as the next pass would: drops what is not owed any more, closes a marked slot. */
  async settle(job: Job): Promise<void> {
    const { sql, transaction, host, pinned, maxOngoingAge } = this.#tools;
    try {
      await transaction((tx) => lockRow(tx, sql, { job, now: pinned(), host, pid: process.pid, maxOngoingAge }));
    } catch (error) {
      // A pass has the row right now, and settles it itself.
      if (sqlState(error) !== "55P03") throw error;
    }
  }

  /** The newest acts on a job, newest first. */
  async acts(name: string, limit: number): Promise<Act[]> {
    const { rows } = await this.#tools.transaction((tx) => tx.query(this.#tools.sql.acts, [name, limit]));
    return rows.map(({ at, what, who, note }) => {
      return { at: toDate(at) ?? new Date(0), what: String(what), who: String(who), note: note as string | null };
    });
  }

  async #call(text: string, params: readonly unknown[]): Promise<boolean> {
    return (await this.#tools.transaction((tx) => tx.query(text, params))).rows[0]?.done === true;
  }
}
