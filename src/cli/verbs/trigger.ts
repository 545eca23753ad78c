/** `trigger NAME [--payload JSON] [--debounce TIME] [--at-most-every TIME]`: one run, on whichever host is free. */
import { UsageError } from "../../core/errors.ts";
import { quoted } from "../../core/text.ts";
import { requestDocument } from "../../report/steered.ts";
import { askFor } from "../asking.ts";
import type { Call } from "../call.ts";
import { answer, answerJson } from "../io.ts";

const MOST_BYTES = 65_536;

export async function handle(call: Call): Promise<number> {
  const { payload, debounce, atMostEvery } = call.given;
  check(payload);
  const { name, id, by } = await askFor(call, async ({ store, name, by }) => {
    const id = await store.requests.trigger({ name, by }, { payload, debounce: debounce ?? 0, atMostEvery });
    return { name, id, by };
  });
  if (call.given.json) answerJson(requestDocument(name, by, id));
  else
    answer(`${name} is asked for as request #${id}: ${debounce === null ? "one run" : `one run, ${debounce} s after the last such call`}`);
  return 0;
}

/** As the database will judge it, but in the words of a command line. */
function check(payload: string | null): void {
  if (payload === null) return;
  try {
    JSON.parse(payload);
  } catch {
    throw new UsageError(`--payload cannot be ${quoted(payload)}: it takes JSON, such as '{"page": 7}' or '"text"'`);
  }
  if (Buffer.byteLength(payload) > MOST_BYTES) throw new UsageError(`--payload is too long: it takes up to ${MOST_BYTES} bytes`);
  if (/\\u0000/.test(payload)) throw new UsageError("--payload cannot hold \\u0000: the database refuses it in JSON");
}
