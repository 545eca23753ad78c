/** Foreign text (names, errors, output) made fit for a terminal. Owns what is dropped and escaped; documents carry it as it is. */
import { createRequire } from "node:module";
import { stripVTControlCharacters } from "node:util";

// What a terminal would obey or hide instead of show: C0 but tab and line feed, DEL, C1, separators, direction marks, lone surrogates.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Cs}/gu;
const LINE_BREAK = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/g;

/** On several lines: escape sequences go, other control characters are shown as `\x07`. Line ends become `\n`. */
export function printable(text: string): string {
  return escaped(stripVTControlCharacters(text.replace(/\r\n?/g, "\n")));
}

/** On one line: line breaks and tabs are spaces. */
export function inline(text: string): string {
  return printable(text.replace(LINE_BREAK, " ")).replace(/\t/g, " ");
}

/** A name, shown whole: nothing is dropped, so that two different names never look the same. */
export function shownName(name: string): string {
  return escaped(name).replace(/\n/g, "\\x0a").replace(/\t/g, "\\x09");
}

function escaped(text: string): string {
  return text.replace(UNSAFE, (c) => {
    const code = c.charCodeAt(0);
    return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
  });
}

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, "0");

/** At most `bytes` of UTF-8, no character torn; `…` at the end says that something was cut off. */
export function cutBytes(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  let kept = "";
  let room = bytes - 3;
  for (const character of text) {
    room -= Buffer.byteLength(character);
    if (room < 0) break;
    kept += character;
  }
  return `${kept}…`;
}

let tools: { readonly clusters: Intl.Segmenter; readonly emoji: RegExp } | null = null;

/** Made when a text beyond ASCII is first measured: making them takes longer than all the rest of a short answer. */
function wideTools(): NonNullable<typeof tools> {
  // A whole emoji, however many characters it is made of: families, flags, keycaps. The flag is younger than the compiler's target.
  const sets = "v";
  tools ??= { clusters: new Intl.Segmenter("en", { granularity: "grapheme" }), emoji: new RegExp("^\\p{RGI_Emoji}$", sets) };
  return tools;
}

// What takes no room: marks on the character before them, joiners, selectors.
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\p{Default_Ignorable_Code_Point}]$/u;

/** Columns a terminal gives the text. It has no control characters. */
export function columns(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of wideTools().clusters.segment(text)) width += clusterColumns(segment);
  return width;
}

let widths: typeof import("get-east-asian-width") | null = null;

/** Loaded with the first character that is not ASCII: most passes show none. */
function widthOf(codePoint: number): number {
  widths ??= createRequire(import.meta.url)("get-east-asian-width") as typeof import("get-east-asian-width");
  return widths.eastAsianWidth(codePoint);
}

/** What the eye takes for one character: as wide as the one it begins with. */
function clusterColumns(cluster: string): number {
  if (wideTools().emoji.test(cluster)) return 2;
  const base = [...cluster].find((character) => !NO_WIDTH.test(character));
  // The half-width sound marks of Japanese stand beside their letter.
  return base === undefined ? 0 : widthOf(base.codePointAt(0) ?? 0) + (/.[\uff9e\uff9f]$/u.test(cluster) ? 1 : 0);
}

/** At most `width` columns; the mark, one column wide, at the end if something was cut off. */
export function cutColumns(text: string, width: number, mark = "…"): string {
  if (columns(text) <= width) return text;
  let kept = "";
  let room = width - 1;
  for (const { segment } of wideTools().clusters.segment(text)) {
    room -= clusterColumns(segment);
    if (room < 0) break;
    kept += segment;
  }
  return kept + mark;
}

/** Lines of at most `width` columns, broken at spaces; what follows the first is indented by `indent` columns. A longer word stays whole. */
export function wrapped(text: string, width: number, indent: number): string[] {
  if (columns(text) <= width) return [text];
  const lead = /^ */.exec(text)?.[0] ?? "";
  const lines: string[] = [];
  let line = lead;
  for (const word of text.slice(lead.length).split(" ")) {
    if (line.trim() !== "" && columns(line) + 1 + columns(word) > width) {
      lines.push(line);
      line = " ".repeat(indent) + word;
    } else line += line.trim() === "" ? word : ` ${word}`;
  }
  return [...lines, line];
}
