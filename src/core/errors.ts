/** The taxonomy of what can go wrong. The operator's mistake and the world's fault are thrown; a job's failure and contention are values. */
import type { FileStamp } from "./learned.ts";

export interface Problem {
  /** Where: a file, `environment` or `command line`. */
  readonly file: string;
  /** Counting from 1; null where a line makes no sense. */
  readonly line: number | null;
  readonly column?: number;
  /** What is wrong, in one line. */
  readonly message: string;
  /** What to do about it, in one line. */
  readonly hint?: string;
}

/** `file:line:column  message (hint)`: one line, as compilers and editors expect it. */
export function problemLine(p: Problem): string {
  const at = [p.file, p.line, p.line === null ? undefined : p.column].filter((x) => x !== undefined && x !== null).join(":");
  return `${at}: ${p.message}${p.hint ? ` (${p.hint})` : ""}`;
}

/** The configuration cannot be used: exit 78. Carries every problem found, not only the first. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];
  /** What had been read when they were found, as far as it is known: another change of it may mend them. */
  readonly files: readonly FileStamp[];
  constructor(problems: readonly Problem[], files: readonly FileStamp[] = []) {
    super(problems.map(problemLine).join("\n"));
    this.problems = problems;
    this.files = files;
  }
}

/** The command line cannot be understood: exit 64. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The database cannot be used: exit 69. `cause` is what the driver said. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  /** SQLSTATE; undefined: the server did not say anything, the connection did. */
  readonly code: string | undefined;

  constructor(message: string, { cause, code }: { cause?: unknown; code?: string | undefined } = {}) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * What `last_error` and the ledger's `error` hold. The original's three keys keep their names;
 * `traceback` has frames only, no header and no final line.
 */
export interface ErrorRecord {
  readonly type: string;
  readonly value: string;
  readonly traceback: string;
  readonly [more: string]: unknown;
}
