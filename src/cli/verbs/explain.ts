/** `explain NAME`: 0 if it would run now, else 4. */
import { UsageError } from "../../core/errors.ts";
import { explain, explainDocument, ledgerFacts } from "../../report/explain.ts";
import { explainText } from "../../report/explain-text.ts";
import type { View } from "../../report/view.ts";
import type { Call } from "../call.ts";
import { readMoment } from "../instant.ts";
import { answer, answerJson } from "../io.ts";
import { jobNamed } from "../name.ts";
import { configured, fleetViewOf, withStore } from "../reading.ts";
import { paperFor } from "../talk.ts";

export async function handle(call: Call): Promise<number> {
  const { given } = call;
  const setup = await configured(call);
  const paper = paperFor(given, setup.config.timezone);
  const job = jobNamed(setup, call.operands[0] ?? "");
  const told = await withStore(setup, async (store) => {
    const seen = await fleetViewOf(setup, store);
    const at = given.at === null ? null : ahead(readMoment(given.at, paper.zone, { now: seen.snapshot.now, way: "ahead" }), seen);
    // Which hosts will live by then, nobody can tell.
    const view = at ? { ...seen, hosts: [], snapshot: { ...seen.snapshot, now: at } } : seen;
    return explain(view, { job, at, facts: { ...(await ledgerFacts(view, job, store)), holders: await store.fleet.holders(job) } });
  });
  if (given.json) answerJson(explainDocument(told));
  else answer(explainText(told, paper));
  return told.code;
}

function ahead(at: Date, { snapshot }: View): Date {
  if (at >= snapshot.now) return at;
  throw new UsageError("--at is in the past: what was decided then is not known any more, what ran is in crontabber history");
}
