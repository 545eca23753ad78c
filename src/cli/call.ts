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
  /** Of `graph`. */
  readonly format: string | null;
  readonly noState: boolean;
  readonly offline: boolean;
  /** Seconds. */
  readonly every: number | null;
  /** As typed: what they mean is simulate's to say. */
  readonly durations: string | null;
  readonly fail: string | null;
  readonly failOn: string | null;
  /** A second configuration file. */
  readonly other: string | null;
  readonly follow: boolean;
  /** ISO 8601, perhaps without a zone, or a span such as `2d`. */
  readonly since: string | null;
  readonly until: string | null;
  readonly at: string | null;
  /** As the ledger has them, and `running`; none: nothing was said. */
  readonly outcomes: readonly string[];
  readonly watch: boolean;
  /** How what goes on is shown on stderr. `auto`: moving on a terminal, else not at all. */
  readonly progress: "auto" | "tty" | "plain" | "none";
  /** Words, in the order given; none: nothing was said. */
  readonly states: readonly string[];
  readonly columns: readonly string[];
  readonly sort: string | null;
  readonly all: boolean;
  /** Lines; 0: none. */
  readonly tail: number | null;
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
