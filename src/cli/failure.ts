/** What a thrown error means to whoever started us: an exit code and lines. Owns the translation; prints nothing. */
import { ConfigError, type Problem, problemLine, StoreError, UsageError } from "../core/errors.ts";
import { EXIT } from "./exit.ts";

export interface Failure {
  readonly kind: "usage" | "configuration" | "database" | "bug";
  readonly code: number;
  /** One line each, without an end of line. */
  readonly lines: readonly string[];
  /** What tells one trouble of this kind from another. */
  readonly sort: string;
  readonly problems: readonly Problem[];
  /** Null: of no use to an operator. */
  readonly stack: string | null;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof UsageError) return { ...NOTHING, kind: "usage", code: EXIT.usage, lines: error.message.split("\n") };
  if (error instanceof ConfigError) {
    const { problems } = error;
    const typed = problems.length > 0 && problems.every(({ file }) => file === "command line");
    const lines = problems.map(problemLine);
    return {
      ...NOTHING,
      kind: typed ? "usage" : "configuration",
      code: typed ? EXIT.usage : EXIT.config,
      lines,
      problems,
      sort: lines.join("\n"),
    };
  }
  if (isDatabase(error)) return { ...NOTHING, kind: "database", code: EXIT.database, lines: [oneLine(error)], sort: sortOf(error) };
  const stack = error instanceof Error ? (error.stack ?? null) : null;
  const said = `this is a bug in crontabber: ${oneLine(error)}`;
  return { ...NOTHING, kind: "bug", code: EXIT.software, lines: [`${said} (--verbose shows where; please report it)`], stack };
}

const NOTHING = { sort: "", problems: [] as readonly Problem[], stack: null };

/** CommitUnknown is the store's: COMMIT was sent and nobody answered. */
function isDatabase(error: unknown): boolean {
  return error instanceof StoreError || (error instanceof Error && error.name === "CommitUnknown");
}

/** Unreachable in whatever words is one trouble; a refused password, a missing database and a read-only server are others. */
function sortOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = codeOf(at);
    if (/^(28|3D|42|25006)/.test(code)) return code;
  }
  return "unreachable";
}

const codeOf = (error: Error): string => {
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : "";
};

function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  return message.replace(/\s*[\r\n]+\s*/g, " ").trim();
}
