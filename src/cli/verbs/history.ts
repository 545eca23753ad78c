/** `history [NAME]`. */
import { historyDocument, historyText } from "../../report/history.ts";
import type { Call } from "../call.ts";
import { answer, answerJson } from "../io.ts";
import { rowNamed } from "../name.ts";
import { configured, withStore } from "../reading.ts";
import { paperFor } from "../talk.ts";

const LIMIT = 50;

export async function handle(call: Call): Promise<number> {
  const setup = await configured(call);
  const { name, runs } = await withStore(setup, async (store) => {
    const [asked] = call.operands;
    const name = asked === undefined ? null : await rowNamed(setup, store, asked);
    return { name, runs: await store.history(name, call.given.limit ?? LIMIT) };
  });
  if (call.given.json) answerJson(historyDocument(name, runs));
  else answer(historyText(name, runs, paperFor(call.given, setup.config.timezone)));
  return 0;
}
