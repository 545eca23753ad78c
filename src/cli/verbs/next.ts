/** `next [NAME]`. */
import { next, nextDocument, nextText } from "../../report/next.ts";
import type { Call } from "../call.ts";
import { readMoment } from "../instant.ts";
import { answer, answerJson } from "../io.ts";
import { jobNamed } from "../name.ts";
import { configured, viewOf, withStore } from "../reading.ts";
import { paperFor } from "../talk.ts";

/** Runs of one job that was named; of each of all jobs one. */
const OF_ONE = 5;
/** Of each job, until the moment that was named. */
const MOST = 1_000;

export async function handle(call: Call): Promise<number> {
  const setup = await configured(call);
  const [name] = call.operands;
  const job = name === undefined ? null : jobNamed(setup, name);
  const view = await withStore(setup, (store) => viewOf(setup, store));
  const { given } = call;
  const paper = paperFor(given, setup.config.timezone);
  const until = given.until === null ? null : readMoment(given.until, paper.zone, { now: view.snapshot.now, way: "ahead" });
  const count = given.count ?? (until ? MOST : job ? OF_ONE : 1);
  const told = next(view, job ? [job] : setup.registry.order, count, until);
  if (given.json) answerJson(nextDocument(told));
  else answer(nextText(told, paper));
  return 0;
}
