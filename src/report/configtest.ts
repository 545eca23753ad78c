/** The document of `configtest`: what is wrong with a configuration. Judges nothing. */
import type { Problem } from "../core/errors.ts";
import { masked } from "./mask.ts";
import type { Document } from "./view.ts";

export interface Tested {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** `ok`: it can be used; warnings stop nothing. */
export function configtestDocument({ problems, warnings }: Tested): Document {
  return {
    schema: "crontabber.configtest/1",
    ok: problems.length === 0,
    problems: problems.map(problemJson),
    warnings: warnings.map(problemJson),
  };
}

function problemJson({ file, line, column, message, hint }: Problem) {
  return { file, line, column: column ?? null, message: masked(message), hint: hint === undefined ? null : masked(hint) };
}
