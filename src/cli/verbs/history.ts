/** `history [NAME] [--since T] [--outcome O]`. */
import { historyDocument, historyText } from "../../report/history.ts";
import type { Call } from "../call.ts";
import { readMoment } from "../instant.ts";
import { answer, answerJson } from "../io.ts";
import { rowNamed } from "../name.ts";
import { configured, withStore } from "../reading.ts";
import { paperFor } from "../talk.ts";

const LIMIT = 50;
const LIMIT_SINCE = 1_000;

export async function handle(call: Call): Promise<number> {
  const { given } = call;
  const setup = await configured(call);
  const paper = paperFor(given, setup.config.timezone);
  const { name, runs } = await withStore(setup, async (store) => {
    const [asked] = call.operands;
    const name = asked === undefined ? null : await rowNamed(setup, store, asked);
    // Spans count back from the database's moment, as everything else does.
    const since = given.since && readMoment(given.since, paper.zone, { now: (await store.snapshot()).now, way: "ago" });
    const wish = { outcomes: given.outcomes.length > 0 ? given.outcomes : null, since: since || null };
    return { name, runs: await store.history(name, given.limit ?? (since ? LIMIT_SINCE : LIMIT), wish) };
  });
  if (given.json) answerJson(historyDocument(name, runs));
  else if (runs.length === 0 && (given.since || given.outcomes.length > 0)) answer("No run is like that.\n");
  else answer(historyText(name, runs, paper));
  return 0;
}
