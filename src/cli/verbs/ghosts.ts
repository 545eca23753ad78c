/** `ghosts`, `--audit-ghosts`. */
import { ghostsDocument, ghostsText } from "../../report/ghosts.ts";
import type { Call } from "../call.ts";
import { answer, answerJson } from "../io.ts";
import { configured, viewOf, withStore } from "../reading.ts";

export async function handle(call: Call): Promise<number> {
  const setup = await configured(call);
  const view = await withStore(setup, (store) => viewOf(setup, store));
  if (call.given.json) answerJson(ghostsDocument(view));
  else answer(ghostsText(view));
  return 0;
}
