/** `next [NAME]`. */
import { next, nextDocument, nextText } from "../../report/next.ts";
import type { Call } from "../call.ts";
import { answer, answerJson } from "../io.ts";
import { jobNamed } from "../name.ts";
import { configured, viewOf, withStore } from "../reading.ts";
import { paperFor } from "../talk.ts";

/** Runs of one job that was named; of each of all jobs one. */
const OF_ONE = 5;

export async function handle(call: Call): Promise<number> {
  const setup = await configured(call);
  const [name] = call.operands;
  const job = name === undefined ? null : jobNamed(setup, name);
  const view = await withStore(setup, (store) => viewOf(setup, store));
  const told = next(view, job ? [job] : setup.registry.order, call.given.count ?? (job ? OF_ONE : 1));
  if (call.given.json) answerJson(nextDocument(told));
  else answer(nextText(told, paperFor(call.given, setup.config.timezone)));
  return 0;
}
