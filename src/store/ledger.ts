/** The whole ledger at once, as a page shows it: the newest runs of every job, those of a day, what is new. Reads only. */
import type { ErrorRecord } from "../core/errors.ts";
import { plainOutput } from "../core/streams.ts";
import { type Database, type Row, sqlState } from "./db.ts";
import { ledgerStatements } from "./ledger-sql.ts";
import { NEWEST, PROGRAM } from "./migrate.ts";
import { type RequestRow, toRequest } from "./request-rows.ts";
import { type Run, toRun } from "./runs.ts";
import { quoted } from "./sql.ts";

/** Which runs are asked for; null: of all jobs, of any outcome, from the newest on. */
export interface RunsAsked {
  readonly job: string | null;
  /** `running` for those that are on. */
  readonly outcome: string | null;
  /** Only runs with smaller numbers. */
  readonly before: bigint | null;
  readonly limit: number;
}

type Ready = <T>(work: () => Promise<T>) => Promise<T>;

/** Errors of its runs are cut, and a long result is null: a list of many must stay small. Every method throws StoreError. */
export class Ledger {
  readonly #db: Database;
  readonly #ready: Ready;
  readonly #sql: ReturnType<typeof ledgerStatements>;

  /** `ready` brings the schema up to date first, if it must and may. */
  constructor({ db, schema, ready }: { db: Database; schema: string; ready: Ready }) {
    this.#db = db;
    this.#ready = ready;
    this.#sql = ledgerStatements(quoted(schema));
  }

  /** Of each of the jobs its newest runs, newest first. */
  recent(jobs: readonly string[], each: number): Promise<Run[]> {
    return this.#runs(this.#sql.recent, [jobs, each]);
  }

  /** Runs that were on at some time in the last 24 hours, in no order; of those that have ended the newest `limit`. */
  day(limit: number): Promise<Run[]> {
    return this.#runs(this.#sql.day, [limit]);
  }

  /** Runs with greater numbers, and those numbered `ids` as they stand now; oldest first, at most `limit`. */
  since(id: bigint, { ids, limit }: { ids: readonly bigint[]; limit: number }): Promise<Run[]> {
    return this.#runs(this.#sql.since, [id, ids, limit]);
  }

  /** Newest first. */
  ofJob(job: string, limit: number): Promise<Run[]> {
    return this.#runs(this.#sql.ofJob, [job, limit]);
  }

  /** Newest first. Throws after 4 s of looking: an outcome that is rare may be far down. */
  async page({ job, outcome, before, limit }: RunsAsked): Promise<Run[]> {
    const text = job === null ? this.#sql.page : this.#sql.pageOfJob;
    const work = () =>
      this.#db.transaction(async (tx) => {
        await tx.query(this.#sql.patience);
        return tx.query(text, [job, outcome, before, limit]);
      });
    return (await this.#ready(work)).rows.map(toBrief);
  }

  /** What a run printed; null: there is no such run. */
  async output(id: bigint): Promise<{ run: Run; output: string | null } | null> {
    return withOutput((await this.#rows(this.#sql.output, [id]))[0]);
  }

  /** Of the job's run that is on, else of its newest; null: it never ran. */
  async newestOutput(job: string): Promise<{ run: Run; output: string | null } | null> {
    return withOutput((await this.#rows(this.#sql.newestOutput, [job]))[0]);
  }

  /** Of all jobs: those that are open, then what ended within a day. */
  async backfills(limit: number): Promise<RequestRow[]> {
    return (await this.#rows(this.#sql.backfills, [limit])).map(toRequest);
  }

  /** Why the database cannot be used for scheduling now, each in words; none: it can. */
  async unusable(): Promise<string[]> {
    const row = await this.#usable();
    if (row === null) return ["its tables are missing"];
    const problems: string[] = [];
    if (typeof row.version !== "number" || row.version < NEWEST) problems.push("its tables are older than this program");
    if (Number(row.oldest_program ?? 0) > PROGRAM) problems.push("its tables want a newer program");
    if (row.read_only === true) problems.push("it is read-only");
    return problems;
  }

  /** Null: there are no tables. */
  async #usable(): Promise<Row | null> {
    try {
      return (await this.#db.query(this.#sql.usable)).rows[0] ?? null;
    } catch (error) {
      if (["42P01", "3F000"].includes(sqlState(error) ?? "")) return null;
      throw error;
    }
  }

  async #runs(text: string, params: readonly unknown[]): Promise<Run[]> {
    return (await this.#rows(text, params)).map(toBrief);
  }

  async #rows(text: string, params: readonly unknown[]): Promise<Row[]> {
    return (await this.#ready(() => this.#db.query(text, params))).rows;
  }
}

function withOutput(row: Row | undefined): { run: Run; output: string | null } | null {
  return row ? { run: toBrief(row), output: plainOutput(row.output as string | null) } : null;
}

/** What was cut is no JSON any more; its first words are what a reader needs. */
const HEAD = /^\s*\{\s*"type"\s*:\s*("(?:[^"\\]|\\.)*")\s*,\s*"value"\s*:\s*"((?:[^"\\]|\\.)*)/;

function toBrief(row: Row): Run {
  const run = toRun(row);
  const { error }: { error: unknown } = run;
  if (error === null) return run;
  if (typeof error !== "string") return { ...run, error: whole(error as Partial<ErrorRecord>) };
  const [, type, value] = HEAD.exec(error) ?? [];
  if (type === undefined) return { ...run, error: { type: "unreadable", value: error.slice(0, 1000), traceback: "" } };
  return { ...run, error: { type: text(type), value: text(`"${value ?? ""}"`), traceback: "" } };
}

/** Somebody else's hand may have left anything. */
function whole(error: Partial<ErrorRecord>): ErrorRecord {
  return { ...error, type: String(error.type ?? ""), value: String(error.value ?? ""), traceback: String(error.traceback ?? "") };
}

/** A JSON string that may end in the middle of an escape. */
function text(json: string): string {
  try {
    return JSON.parse(json) as string;
  } catch {
    return json.slice(1, -1); // half an escape at its end: as it is
  }
}
