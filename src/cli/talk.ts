/** What verbs say on stderr, and how their answers look. Owns masking and the choice of colours; passes speak through voice.ts. */
import { type Problem, problemLine } from "../core/errors.ts";
import { masked } from "../report/mask.ts";
import { printable } from "../report/safe.ts";
import type { Paper } from "../report/view.ts";
import type { Given } from "./call.ts";
import { failureOf } from "./failure.ts";

/** One piece of talk, secrets masked and terminal codes gone. */
export function tell(text: string): void {
  process.stderr.write(`${printable(masked(text))}\n`);
}

export function tellProblems(problems: readonly Problem[]): void {
  for (const problem of problems) tell(problemLine(problem));
}

/** Tells what was thrown; its exit code. */
export function tellFailure(error: unknown, { verbose }: { verbose: boolean }): number {
  const { kind, code, lines, stack } = failureOf(error);
  for (const line of lines) tell(kind === "configuration" ? line : `crontabber: ${line}`);
  if (stack !== null && verbose) tell(stack);
  return code;
}

type Stream = { readonly isTTY?: boolean; readonly columns?: number };

/** Whether a stream takes colours: said on the command line, else NO_COLOR, else only a terminal. */
export function takesColour(stream: Stream, { colour }: Pick<Given, "colour">): boolean {
  if (colour !== null) return colour;
  return stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb";
}

/** Whether our glyphs would not show: when told so, and on a terminal whose locale is not UTF-8. */
export function needsAscii(stream: Stream, { ascii }: Pick<Given, "ascii">): boolean {
  if (ascii || stream.isTTY !== true) return ascii;
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  return !/utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || "");
}

/** How an answer on stdout is to look. `zone`: the configured one. */
export function paperFor(given: Pick<Given, "colour" | "ascii" | "tz">, zone: string): Paper {
  const { stdout } = process;
  const width = stdout.isTTY && stdout.columns > 0 ? stdout.columns : Number.POSITIVE_INFINITY;
  return { zone: given.tz ?? zone, width, colour: takesColour(stdout, given), ascii: needsAscii(stdout, given) };
}
