/** What a run returned, as JSON text for the ledger. Never fails a run: what cannot be kept is replaced by a note. */
import { cleanJson, cut, LIMIT } from "./sanitise.ts";

/** Null: nothing was returned. Big integers become decimal strings; NUL and lone surrogates are replaced. */
export function resultText(value: unknown): string | null {
  let json: string | undefined;
  try {
    json = JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? String(part) : part));
  } catch (error) {
    return note(`it cannot be written as JSON: ${reason(error)}`);
  }
  if (json === undefined || json === "null") return null;
  json = cleanJson(json);
  const bytes = Buffer.byteLength(json);
  return bytes <= LIMIT ? json : note(`${bytes} bytes, at most ${LIMIT} are kept`);
}

function note(why: string): string {
  return JSON.stringify({ note: `result left out: ${why}` });
}

/** The first line: the others draw the cycle. */
function reason(error: unknown): string {
  try {
    return cut(String((error as Error).message).split("\n")[0] ?? "", 1024);
  } catch {
    return "its own code throws"; // a getter threw something that cannot be read either
  }
}
