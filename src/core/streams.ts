/**
 * What a run printed, as one text: both streams in the order they came, and behind it, where there were two, which stretch is whose.
 * Owns that last line; whoever does not care reads `plainOutput`. Pure.
 */

export type StreamName = "stdout" | "stderr";

/** A stretch of one stream, null: the only one there was. `leftOut`: bytes of it that were not kept, at this place. */
export type Part = { readonly stream: StreamName | null } & ({ readonly text: string } | { readonly leftOut: number });

/** A control character no terminal obeys; a job's own is replaced before. */
export const MARK = "\x1e";
const TRAILER = new RegExp(`${MARK}([\\d,]+)$`);
const GAP = /\n… (\d+) bytes left out …\n/g;
/** A job whose streams change places more often is told without their names. */
const MOST_STRETCHES = 5_000;

/** The parts as one text, for `partsOf` to take apart again: `one\ntwo\n` and, of two streams, their stretches' lengths in turn, stdout first. */
export function markedText(parts: readonly Part[]): string {
  const lengths: number[] = [0];
  let text = "";
  for (const part of parts) {
    const told = "text" in part ? part.text : `\n… ${part.leftOut} bytes left out …\n`;
    if ((part.stream === "stderr") !== (lengths.length % 2 === 0)) lengths.push(0);
    lengths[lengths.length - 1] = (lengths.at(-1) ?? 0) + told.length;
    text += told;
  }
  const two = parts.some(({ stream }) => stream === "stderr") && parts.some(({ stream }) => stream !== "stderr");
  return two && lengths.length <= MOST_STRETCHES ? `${text}${MARK}${lengths.join(",")}` : text;
}

/** The other way round; neighbours of one stream are one part. */
export function partsOf(marked: string): Part[] {
  const trailer = TRAILER.exec(marked);
  if (!trailer) return cut(null, marked);
  let at = 0;
  return (trailer[1] ?? "").split(",").flatMap((length, i) => {
    const from = at;
    at += Number(length);
    return cut(i % 2 === 0 ? "stdout" : "stderr", marked.slice(from, Math.min(at, trailer.index)));
  });
}

function cut(stream: Part["stream"], text: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  const add = (end: number) => {
    if (end > at) parts.push({ stream, text: text.slice(at, end) });
  };
  for (const gap of text.matchAll(GAP)) {
    add(gap.index);
    parts.push({ stream, leftOut: Number(gap[1]) });
    at = gap.index + gap[0].length;
  }
  add(text.length);
  return parts;
}

/** What was printed, and a line where something was left out: without whose is what. */
export function plainOutput(marked: string): string;
export function plainOutput(marked: string | null): string | null;
export function plainOutput(marked: string | null): string | null {
  return marked === null ? null : marked.replace(TRAILER, "");
}
