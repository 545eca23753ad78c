/** `explain NAME`: 0 if it would run now, else 4. */

import type { Job } from "../../core/job.ts";
import type { Facts } from "../../core/plan.ts";
import { decide } from "../../core/plan.ts";
import { explain, explainDocument } from "../../report/explain.ts";
import { explainText } from "../../report/explain-text.ts";
import { factsOf, type View } from "../../report/view.ts";
import type { Store } from "../../store/store.ts";
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
    return explain(view, { job, facts: { ...(await withLedger(view, job, store)), holders: await store.fleet.holders(job) } });
  });
  if (call.given.json) answerJson(explainDocument(told));
  else answer(explainText(told, paperFor(call.given, setup.config.timezone)));
  return told.code;
}

/** The parents of a backfill job are judged at its slot, which only the ledger can tell. */
async function withLedger(view: View, job: Job, store: Store): Promise<Facts> {
  const facts = factsOf(view, job);
  if (!job.backfill || job.dependsOn.length === 0) return facts;
  const alone = decide(job, { ...facts, parents: [] });
  return alone.due ? { ...facts, parents: await store.withLedger(facts.parents, alone) } : facts;
}
