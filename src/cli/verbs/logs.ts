/** `logs NAME`: what its newest run printed, or the run with `--run`; with `--follow` as it is printed, on whichever host. */
import { UsageError } from "../../core/errors.ts";
import { logsDocument, logsText } from "../../report/logs.ts";
import { lastLines } from "../../report/stretches.ts";
import type { Call } from "../call.ts";
import { follow } from "../follow.ts";
import { answer, answerJson } from "../io.ts";
import { rowNamed } from "../name.ts";
import { configured, withStore } from "../reading.ts";
import { paperFor, tell } from "../talk.ts";

export async function handle(call: Call): Promise<number> {
  const { given, operands } = call;
  if (given.all && !given.follow) throw new UsageError("--all goes with --follow: it goes on with the next runs");
  if (given.all && given.run !== null) throw new UsageError("--all and --run contradict each other");
  const setup = await configured(call);
  return withStore(setup, async (store) => {
    const name = await rowNamed(setup, store, operands[0] ?? "");
    const paper = paperFor(given, setup.config.timezone);
    const printed = await store.outputs.output(name, given.run);
    if (!printed && given.run !== null) throw new UsageError(`${name} has no run #${given.run}: crontabber history ${name} shows them`);
    if (given.follow) return follow({ store, name, paper, given }, printed);
    if (given.json) answerJson(printed ? logsDocument(printed) : { schema: "crontabber.logs/1", job: name, run: null, output: null });
    else if (!printed) tell(`${name} has not run yet`);
    else answer(logsText({ ...printed, parts: given.tail === null ? printed.parts : lastLines(printed.parts, given.tail) }, paper));
    return 0;
  });
}
