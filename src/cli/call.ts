/** What a verb is given. Shapes only. */
import type { Invocation } from "../app.ts";

/** The options, checked; every one the program has, so that each means the same with every verb. */
export interface Given {
  readonly verbose: boolean;
  readonly quiet: boolean;
  /** Null: as the terminal and NO_COLOR say. */
  readonly colour: boolean | null;
  readonly ascii: boolean;
  readonly json: boolean;
  readonly force: boolean;
  readonly exposeSecrets: boolean;
  /** IANA zone; null: the configured one. */
  readonly tz: string | null;
  /** ISO 8601, perhaps without a zone. */
  readonly slot: string | null;
  readonly count: number | null;
  readonly limit: number | null;
  /** A run's number. */
  readonly run: bigint | null;
  /** Seconds. */
  readonly lasts: number | null;
  readonly note: string | null;
  readonly skip: boolean;
  readonly detach: boolean;
  /** As typed. */
  readonly payload: string | null;
  /** Seconds. */
  readonly debounce: number | null;
  readonly atMostEvery: number | null;
  /** ISO 8601, perhaps without a zone. */
  readonly from: string | null;
  readonly to: string | null;
  readonly dryRun: boolean;
  readonly again: boolean;
  readonly cancel: boolean;
  /** A path. */
  readonly textfile: string | null;
  /** As typed. */
  readonly http: string | null;
}

export interface Call {
  readonly verb: string;
  readonly invocation: Invocation;
  /** In the order of the command's operands; at least the required ones. */
  readonly operands: readonly string[];
  readonly given: Given;
  /** Asked for by a flag of the Python tool: its text, where that differs. */
  readonly old: boolean;
}

/** Resolves to the exit code. Throws ConfigError, UsageError and StoreError for the caller to tell. */
export type Handler = (call: Call) => Promise<number>;
