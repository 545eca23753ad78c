/** What a store is made of, and what it answers with. Shapes only. */
import type { Connection } from "../core/database.ts";
import type { Rival } from "../core/lot.ts";
import type { JobState } from "../core/state.ts";

export interface StoreSettings {
  readonly connection: Connection;
  readonly schema: string;
  readonly autoMigrate: boolean;
  /** Connections the pool may hold; one more is kept for renewals while something runs. */
  readonly max: number;
  /** Of those, how many stay open for as long as nothing happens; default 0. */
  readonly keep?: number;
  readonly host: string;
  readonly tags: readonly string[];
  /** Seconds. */
  readonly maxOngoingAge: number;
  /** Null in production: the database's clock decides. */
  readonly pinned: () => Date | null;
}

export interface HistoryWish {
  readonly outcomes?: readonly string[] | null;
  readonly since?: Date | null;
}

export interface Snapshot {
  readonly now: Date;
  readonly states: ReadonlyMap<string, JobState>;
  /** Nobody has pruned the ledger for an hour. */
  readonly pruneDue: boolean;
  /** Somebody asked for something that has not ended; it may be waiting for its moment, or be on. */
  readonly requestsOpen: boolean;
  /** Daemons that have looked lately; none for whoever only reads. */
  readonly rivals: readonly Rival[];
}
