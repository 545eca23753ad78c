/** `show NAME`. */
import { show, showDocument, showText } from "../../report/show.ts";
import type { Call } from "../call.ts";
import { answer, answerJson } from "../io.ts";
import { jobNamed } from "../name.ts";
import { configured, viewOf, withStore } from "../reading.ts";
import { paperFor } from "../talk.ts";

const RUNS = 10;
const ACTS = 5;

export async function handle(call: Call): Promise<number> {
  const setup = await configured(call);
  const job = jobNamed(setup, call.operands[0] ?? "");
  const shown = await withStore(setup, async (store) => {
    const view = await viewOf(setup, store);
    return show(view, job, { runs: await store.history(job.name, RUNS), acts: await store.steering.acts(job.name, ACTS) });
  });
  if (call.given.json) answerJson(showDocument(shown));
  else answer(showText(shown, paperFor(call.given, setup.config.timezone)));
  return 0;
}
