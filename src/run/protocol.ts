/** What a runner and its host child say to each other over descriptor 3, one JSON document a line. Owns the shapes; a ticket travels as JSON. */
import type { Connection } from "../core/database.ts";
import type { ErrorRecord } from "../core/errors.ts";
import type { TicketJson } from "../core/ticket.ts";
import type { Account } from "./account.ts";

export type StopCause = "timed-out" | "interrupted" | "cancelled" | "lost";

/** What the child is to do. The line itself is the word to go. Carries credentials: over this pipe only, never in an environment. */
export interface Go {
  readonly job: string;
  readonly work:
    | { readonly kind: "module"; readonly file: string; readonly export: string; readonly options: Readonly<Record<string, unknown>> }
    | { readonly kind: "sql"; readonly sql: string }
    | { readonly kind: "command"; readonly command: string };
  readonly ticket: TicketJson;
  readonly transaction: boolean;
  /** Seconds; null: no limit. */
  readonly timeout: number | null;
  readonly connection: Connection | null;
  readonly schema: string;
  /** Where compiled modules are kept; null: nowhere. */
  readonly cacheDir: string | null;
  /** Become this user first; null: stay. */
  readonly account: Account | null;
}

export type Order = { readonly go: Go } | { readonly stop: StopCause; readonly detail: string };

export interface Progress {
  readonly done: number | null;
  readonly total: number | null;
  readonly message: string | null;
  /** ISO 8601, by the clock of the job's host: for reading only. */
  readonly at: string;
}

export type Report =
  | { readonly say: "progress"; readonly progress: Progress }
  /** COMMIT is about to be sent: without a later report nobody knows whether it happened. */
  | { readonly say: "committing" }
  | { readonly say: "succeeded"; readonly result: string | null; readonly committed: boolean }
  | { readonly say: "failed"; readonly error: ErrorRecord; readonly committed: "no" | "unknown"; readonly fenced?: true }
  /** A command run under another account has ended. */
  | { readonly say: "exited"; readonly code: number | null; readonly signal: NodeJS.Signals | null };
