/** `configtest`: everything that is wrong, at once; 0 or 1. Connects to nothing. */
import { configOf, setUp } from "../../app.ts";
import { type Problem, problemLine } from "../../core/errors.ts";
import { configtestDocument, type Tested } from "../../report/configtest.ts";
import type { Call } from "../call.ts";
import { EXIT } from "../exit.ts";
import { failureOf } from "../failure.ts";
import { answer, answerJson } from "../io.ts";
import { tell, tellProblems } from "../talk.ts";

export async function handle({ invocation, given }: Call): Promise<number> {
  const { problems, warnings, good } = await test(invocation);
  if (given.json) answerJson(configtestDocument({ problems, warnings }));
  tellProblems(given.json ? [] : problems);
  if (!given.quiet && !given.json) for (const warning of warnings) tell(`warning: ${problemLine(warning)}`);
  if (problems.length > 0) return EXIT.failed;
  if (!given.json && !given.quiet) answer(good);
  return EXIT.done;
}

async function test(invocation: Call["invocation"]): Promise<Tested & { readonly good: string }> {
  try {
    const { config, registry, broken, warnings } = await setUp(invocation, "configtest");
    const good = `${config.shown}: good, ${registry.jobs.length} ${registry.jobs.length === 1 ? "job" : "jobs"}`;
    return { problems: [...broken, ...noDatabase(invocation)], warnings, good };
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind !== "configuration") throw error;
    return { problems: [...failure.problems, ...noDatabase(invocation)], warnings: [], good: "" };
  }
}

/** That none is configured is a problem of the verbs that need one, and of this one, which speaks for them all. */
function noDatabase(invocation: Call["invocation"]): Problem[] {
  try {
    return [configOf(invocation).config.noDatabase].filter((problem) => problem !== null);
  } catch {
    // There is no file at all: that is told already.
    return [];
  }
}
