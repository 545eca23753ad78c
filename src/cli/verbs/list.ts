/** `list`: the table; as `--list-jobs` the Python tool's text. */
import { listDocument, listTable } from "../../report/list.ts";
import { listText } from "../../report/text.ts";
import type { Call } from "../call.ts";
import { answer, answerJson } from "../io.ts";
import { configured, viewOf, withStore } from "../reading.ts";
import { paperFor } from "../talk.ts";

export async function handle(call: Call): Promise<number> {
  const setup = await configured(call);
  const view = await withStore(setup, (store) => viewOf(setup, store));
  const paper = paperFor(call.given, setup.config.timezone);
  if (call.given.json) answerJson(listDocument(view));
  else answer(call.old ? listText(view, paper.zone) : listTable(view, paper));
  return 0;
}
