/**
 * Whether trouble is news. Passes from cron remember, in a small file, what they have told: one mail when something turns bad,
 * one when it is good again. Owns that file; a file that cannot be written means that everything is news.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** `warnings` never turn good with a line: they were not bad. */
export type Trouble = "configuration" | "database" | "warnings";

interface Told {
  /** What tells this trouble from another of its kind. */
  readonly sort: string;
  /** ISO 8601, by this host's clock. */
  readonly since: string;
}

type Memory = Partial<Record<Trouble, Told>>;

export class Incidents {
  readonly #file: string;
  #told: Memory;

  /** `file`: absolute, one for each configuration; its folder is made when there is something to remember. */
  constructor(file: string) {
    this.#file = file;
    this.#told = read(file);
  }

  /** True: nobody was told of this yet. `now`: this host's clock, for people to read. */
  bad(kind: Trouble, sort: string, now: Date): boolean {
    const known = this.#told[kind];
    if (known?.sort === sort) return false;
    this.#save({ ...this.#told, [kind]: { sort, since: known?.since ?? now.toISOString() } });
    return true;
  }

  /** Since when it was bad, if somebody was told; null: it was good before, or that it is good again cannot be remembered. */
  good(kind: Trouble): string | null {
    const known = this.#told[kind];
    if (!known) return null;
    const { [kind]: _, ...rest } = this.#told;
    return this.#save(rest) ? known.since : null;
  }

  #save(told: Memory): boolean {
    this.#told = told;
    const temporary = `${this.#file}.${process.pid}.tmp`;
    try {
      if (Object.keys(told).length === 0) {
        rmSync(this.#file, { force: true });
        return true;
      }
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
      writeFileSync(temporary, JSON.stringify(told), { mode: 0o600 });
      renameSync(temporary, this.#file);
      return true;
    } catch {
      // Read-only, full or somebody else's: the next pass will tell again, which is better than silence.
      return false;
    }
  }
}

function read(file: string): Memory {
  try {
    const told: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof told === "object" && told !== null ? (told as Memory) : {};
  } catch {
    // No file: nothing was ever told; a damaged one: tell once more.
    return {};
  }
}
