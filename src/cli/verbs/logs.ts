/** `logs NAME`: what its newest run printed, or the run with `--run`. */
import { UsageError } from "../../core/errors.ts";
import { logsDocument, logsText } from "../../report/logs.ts";
import type { Call } from "../call.ts";
import { answer, answerJson } from "../io.ts";
import { rowNamed } from "../name.ts";
import { configured, withStore } from "../reading.ts";
import { paperFor, tell } from "../talk.ts";

export async function handle(call: Call): Promise<number> {
  const { given, operands } = call;
  const setup = await configured(call);
  const { name, printed } = await withStore(setup, async (store) => {
    const name = await rowNamed(setup, store, operands[0] ?? "");
    return { name, printed: await store.output(name, given.run) };
  });
  if (!printed && given.run !== null) throw new UsageError(`${name} has no run #${given.run}: crontabber history ${name} shows them`);
  if (given.json) answerJson(printed ? logsDocument(printed) : { schema: "crontabber.logs/1", job: name, run: null, output: null });
  else if (printed) answer(logsText(printed, paperFor(given, setup.config.timezone)));
  else tell(`${name} has not run yet`);
  return 0;
}
