/** Small readings of text that more than one place needs. Pure; knows nothing of files or jobs. */

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** `90`, `90s`, `1.5h`, `2 d` in seconds (a bare number is seconds); null: not a duration. One unit only: `1h30m` is null. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)\s*([smhdw])?$/.exec(text.trim());
  if (!match) return null;
  return Number(match[1]) * (UNITS[match[2] ?? "s"] ?? 1);
}

/** `NightlyReport` is `nightly-report`, `HTTPServerCheck` is `http-server-check`. Empty if nothing but separators is left. */
export function kebabCase(name: string): string {
  if (/^[A-Za-z][a-z0-9]*$/.test(name)) return name.toLowerCase();
  return name
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, "$1-$2")
    .replace(/(\p{Lu}+)(\p{Lu}\p{Ll})/gu, "$1-$2")
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .toLowerCase();
}

/** What a terminal or a page would obey or hide instead of show: C0, C1, line separators, bidirectional overrides. */
const UNSAFE = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

const escaped = (c: string): string => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** In double quotes, on one line, safe to print, cut after `limit` characters: foreign text inside a message. */
export function quoted(text: string, limit = 60): string {
  const whole = text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
  return JSON.stringify(whole).replace(UNSAFE, escaped);
}

/** Control characters of both sets: what no name may contain. */
export function hasControl(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text);
}

/** The text with what a terminal would obey made visible, on one line; not quoted, not cut. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is made visible
  return text.replace(/[\u0000-\u001f]/g, escaped).replace(UNSAFE, escaped);
}
