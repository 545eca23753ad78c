/** `configtest`: everything that is wrong, at once; 0 or 1. Connects to nothing. */
import { setUp } from "../../app.ts";
import { type Problem, problemLine } from "../../core/errors.ts";
import { configtestDocument } from "../../report/configtest.ts";
import type { Call } from "../call.ts";
import { EXIT } from "../exit.ts";
import { failureOf } from "../failure.ts";
import { answer, answerJson } from "../io.ts";
import { tell, tellProblems } from "../talk.ts";

export async function handle({ invocation, given }: Call): Promise<number> {
  let problems: readonly Problem[] = [];
  let warnings: readonly Problem[] = [];
  let good = "";
  try {
    const setup = await setUp(invocation, "configtest");
    const { config, registry, broken } = setup;
    warnings = setup.warnings;
    problems = [...broken, ...(config.noDatabase ? [config.noDatabase] : [])];
    good = `${config.shown}: good, ${registry.jobs.length} ${registry.jobs.length === 1 ? "job" : "jobs"}`;
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind !== "configuration") throw error;
    problems = failure.problems;
  }
  if (given.json) answerJson(configtestDocument({ problems, warnings }));
  tellProblems(given.json ? [] : problems);
  if (!given.quiet && !given.json) for (const warning of warnings) tell(`warning: ${problemLine(warning)}`);
  if (problems.length > 0) return EXIT.failed;
  if (!given.json && !given.quiet) answer(good);
  return EXIT.done;
}
