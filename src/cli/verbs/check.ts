/** `check`, `--nagios`: one line on stdout and a monitor's exit code, whatever happens. */
import { masked } from "../../report/mask.ts";
import { check, checkDocument, type Health, unknown } from "../../report/nagios.ts";
import type { Call } from "../call.ts";
import { failureOf } from "../failure.ts";
import { answer, answerJson } from "../io.ts";
import { configured, fleetViewOf, withStore } from "../reading.ts";

export async function handle(call: Call): Promise<number> {
  try {
    const setup = await configured(call);
    const view = await withStore(setup, (store) => fleetViewOf(setup, store));
    return say(check(view, call.old ? " | " : " - "), call);
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind === "usage") throw error;
    return say(unknown(masked(failure.lines.join("; "))), call);
  }
}

function say(health: Health, { given }: Call): number {
  if (given.json) answerJson(checkDocument(health));
  else answer(health.line);
  return health.code;
}
