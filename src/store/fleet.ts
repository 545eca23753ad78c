/** The fleet as the store sees it: hosts, holders of locks, upkeep. Owns no statement; one method a deed. */
import type { Host } from "../core/fleet.ts";
import type { Job } from "../core/job.ts";
import type { Holder } from "../core/plan.ts";
import { holdersOf } from "./claim.ts";
import type { Database } from "./db.ts";
import { type HostStatements, hostStatements } from "./host-statements.ts";
import { type Looking, readHosts, writeHost } from "./hosts.ts";
import type { Inspection } from "./inspect.ts";
import { quoted, type Statements } from "./sql.ts";

interface Parts {
  readonly db: Database;
  readonly sql: Statements;
  readonly schema: string;
  /** This host's label, and what it carries. */
  readonly host: string;
  readonly tags: readonly string[];
}

export class Fleet {
  readonly #parts: Parts;
  readonly #sql: HostStatements;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#sql = hostStatements(quoted(parts.schema));
  }

  /** This host's own row; changes nothing if it was written within the minute. */
  write(looking: Looking): Promise<void> {
    const { db, host, tags } = this.#parts;
    return writeHost(db, this.#sql, { looking, host, tags });
  }

  /** Every host that has looked in the last days, by label. None where this role may not read them. */
  hosts(): Promise<Host[]> {
    return readHosts(this.#parts.db, this.#sql);
  }

  /** Who else holds the job's locks, at this moment. */
  holders(job: Pick<Job, "name" | "locks">): Promise<Holder[]> {
    return holdersOf(this.#parts.db, this.#parts.sql, job);
  }

  /** Old outputs and rows go, in small batches, at most once an hour over the whole fleet. Rows removed. */
  async prune(days: number, until: AbortSignal | null): Promise<number> {
    const { prune } = await import("./prune.ts");
    return prune(this.#parts.db, quoted(this.#parts.schema), { days, until });
  }

  /** What the server and the schema are like; changes nothing. */
  async inspect(): Promise<Inspection> {
    const { inspect } = await import("./inspect.ts");
    return inspect(this.#parts.db, this.#parts.schema);
  }
}
