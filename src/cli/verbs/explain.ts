/** `explain NAME`: 0 if it would run now, else 4. */
import { explain, explainDocument, ledgerFacts } from "../../report/explain.ts";
import { explainText } from "../../report/explain-text.ts";
import type { Call } from "../call.ts";
import { answer, answerJson } from "../io.ts";
import { jobNamed } from "../name.ts";
import { configured, fleetViewOf, withStore } from "../reading.ts";
import { paperFor } from "../talk.ts";

export async function handle(call: Call): Promise<number> {
  const setup = await configured(call);
  const job = jobNamed(setup, call.operands[0] ?? "");
  const told = await withStore(setup, async (store) => {
    const view = await fleetViewOf(setup, store);
    return explain(view, { job, facts: { ...(await ledgerFacts(view, job, store)), holders: await store.fleet.holders(job) } });
  });
  if (call.given.json) answerJson(explainDocument(told));
  else answer(explainText(told, paperFor(call.given, setup.config.timezone)));
  return told.code;
}
