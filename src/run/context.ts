/** `ctx`: what a module job is given. Owns that everything heavy is made on first use only. Its session ends with the process. */
import { createRequire } from "node:module";
import type pg from "pg";
import type { Logger } from "pino";
import type { Connection } from "../core/database.ts";
import type { Ticket } from "../core/state.ts";
import type { ExecOptions, JobContext } from "./define.ts";
import { exec } from "./exec.ts";
import type { ProgressMeter } from "./progress.ts";
import { lazyClient } from "./session.ts";
import type { Stopping } from "./stopping.ts";

export interface ContextParts {
  readonly job: string;
  readonly ticket: Ticket;
  readonly options: Readonly<Record<string, unknown>>;
  readonly connection: Connection | null;
  /** The transaction that is open around the run; null: the job has none. */
  readonly tx: pg.Client | null;
  readonly progress: ProgressMeter;
  readonly stopping: Stopping;
}

export function createContext(parts: ContextParts): JobContext {
  const { job, ticket, options, connection, tx, progress, stopping } = parts;
  let db: pg.Client | undefined;
  let log: Logger | undefined;
  return {
    slot: ticket.slot,
    attempt: ticket.attempt,
    missed: ticket.missed,
    runId: ticket.runId,
    fence: ticket.fence,
    options,
    payload: ticket.payload === null ? null : JSON.parse(ticket.payload),
    get signal() {
      return stopping.signal;
    },
    get log() {
      log ??= createLog();
      return log;
    },
    get db() {
      db ??= lazyClient(needed(connection), job);
      return db;
    },
    get tx() {
      if (!tx) throw new Error("ctx.tx: the job has no transaction; set transaction: true, or use ctx.db");
      return tx;
    },
    exec: (command: string, args: readonly string[] = [], given?: ExecOptions) =>
      exec({ command, args, signal: stopping.quietSignal }, given),
    progress: (done, total, message) => progress.report(done, total, message),
  };
}

export function needed(connection: Connection | null): Connection {
  if (!connection) throw new Error("no database is configured");
  return connection;
}

/** Into the run's output, as stderr: whatever the job itself prints to stdout stays its own. */
function createLog(): Logger {
  const { pino } = createRequire(import.meta.url)("pino") as typeof import("pino");
  const level = { level: (label: string) => ({ level: label }) };
  return pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: level }, process.stderr);
}
