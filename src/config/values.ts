/** How the right side of `key = value` is read: quotes, trailing comments, lists. One line at a time; knows nothing of files. */

/** `list`: several values, at least the first of them in quotes. */
export type Form = "plain" | "quoted" | "list" | "block";

export interface Scanned {
  readonly form: Form;
  /** Without its quotes (a list keeps them: `splitList` takes them off) and without a trailing comment. */
  readonly text: string;
}
/** `offset` counts from 0 in what was scanned. */
export interface ScanError {
  readonly error: string;
  readonly offset: number;
}

const isQuote = (c: string | undefined): boolean => c === '"' || c === "'";
const isSpace = (c: string | undefined): boolean => c === " " || c === "\t";

/**
 * Cuts a ` #` comment off. A `#` inside quotes is none, nor is one without a space before it: `path/file.ts#Export`, `5#2`.
 * A quotation mark inside a word (`it's`), or one that nothing closes, is not a quote.
 */
export function cutComment(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "#" && (i === 0 || isSpace(text[i - 1]))) return text.slice(0, i).trimEnd();
    if (!isQuote(c) || /\w/.test(text[i - 1] ?? " ")) continue;
    const end = text.indexOf(c as string, i + 1);
    if (end !== -1) i = end;
  }
  return text.trimEnd();
}

/**
 * Reads what follows `key = ` (blanks before it already gone, no triple quotes).
 * `free`: a command or a statement, whose own quotes may begin the line without ending it.
 */
export function scan(rest: string, free: boolean): Scanned | ScanError {
  if (!isQuote(rest[0])) return { form: "plain", text: cutComment(rest) };
  const end = rest.indexOf(rest[0] as string, 1);
  const tail = end === -1 ? "" : cutComment(rest.slice(end + 1)).trimStart();
  if (end !== -1 && tail === "") return { form: "quoted", text: rest.slice(1, end) };
  if (free) return { form: "plain", text: cutComment(rest) };
  if (end === -1) return { error: `the quote ${rest[0]} is not closed`, offset: 0 };
  if (tail.startsWith(",")) return { form: "list", text: cutComment(rest) };
  return { error: `text after the closing quote ${rest[0]}`, offset: rest.indexOf(tail, end) };
}

/** One item of a list, and whether quotes held it together. */
export interface Item {
  readonly text: string;
  readonly quoted: boolean;
}

/** Items between commas and line breaks, outside quotes; trimmed, empty ones dropped unless they are quoted. */
export function splitList(text: string): Item[] {
  const items: Item[] = [];
  for (let i = 0; i < text.length; ) {
    const c = text[i] as string;
    if (c === "," || c === "\n" || isSpace(c)) {
      i++;
      continue;
    }
    const end = isQuote(c) ? text.indexOf(c, i + 1) : -1;
    const after = end === -1 ? i : end + 1;
    const stop = nextBreak(text, after);
    const quoted = end !== -1 && text.slice(after, stop).trim() === "";
    items.push({ text: quoted ? text.slice(i + 1, end) : text.slice(i, stop).trim(), quoted });
    i = stop + 1;
  }
  return items;
}

function nextBreak(text: string, from: number): number {
  for (let i = from; i < text.length; i++) if (text[i] === "," || text[i] === "\n") return i;
  return text.length;
}
