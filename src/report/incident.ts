/**
 * Whether trouble is news. Passes from cron remember, in a small file, what they have told: one mail when something turns bad,
 * one when it is good again, also where several passes of a host overlap. Owns that file; a file that cannot be written means that
 * everything is news.
 */
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
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

/** Milliseconds between two looks at a lock, and how many: whoever holds it longer is gone. */
const WAIT_MS = 5;
const WAITS = 40;

export class Incidents {
  readonly #file: string;

  /** `file`: absolute, one for each configuration; its folder is made when there is something to remember. */
  constructor(file: string) {
    this.#file = file;
  }

  /** True: nobody was told of this yet. `now`: this host's clock, for people to read. */
  bad(kind: Trouble, sort: string, now: Date): boolean {
    if (read(this.#file)[kind]?.sort === sort) return false;
    return this.#alone(() => {
      const told = read(this.#file);
      const known = told[kind];
      if (known?.sort === sort) return false;
      this.#save({ ...told, [kind]: { sort, since: known?.since ?? now.toISOString() } });
      return true;
    });
  }

  /**
   * Since when it was bad, if somebody was told; null: it was good before, or that it is good again cannot be remembered. `judged`: when
   * whoever says so looked, by this host's clock: what turned bad since he cannot know. Null: just now.
   */
  good(kind: Trouble, judged: Date | null = null): string | null {
    const over = (told: Told | undefined) => told && !(judged && told.since > judged.toISOString());
    if (!over(read(this.#file)[kind])) return null;
    return this.#alone(() => {
      const { [kind]: known, ...rest } = read(this.#file);
      return known && over(known) && this.#save(rest) ? known.since : null;
    });
  }

  /** Of passes that end together one tells. */
  #alone<T>(work: () => T): T {
    const lock = `${this.#file}.lock`;
    for (let waits = 0; !take(lock) && waits < WAITS; waits++) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
    try {
      return work();
    } finally {
      try {
        rmSync(lock, { force: true });
      } catch {
        // Read-only: then it was never made.
      }
    }
  }

  #save(told: Memory): boolean {
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

/** False: somebody has it. True also where no lock can be made: then nothing can be remembered either. */
function take(lock: string): boolean {
  try {
    mkdirSync(dirname(lock), { recursive: true, mode: 0o700 });
    closeSync(openSync(lock, "wx", 0o600));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "EEXIST";
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
