/** A job's state as a small picture, for other pages of the same people. Owns the drawing. */
import { html } from "hono/html";
import type { Style } from "../report/paint.ts";
import { inline, shownName } from "../report/safe.ts";
import { LOOKS, type Status } from "../report/status.ts";

/** Dark enough for white letters. */
const COLOURS: Partial<Record<Style, string>> = { good: "#2f7d32", bad: "#b3261e", busy: "#1f5fa8", waiting: "#8a5a00" };
const GREY = "#555";
/** Pixels a letter takes, about. */
const LETTER = 7;

export async function badge(name: string, { state, words }: Pick<Status, "state" | "words">): Promise<string> {
  const [left, right] = [shownName(name), state];
  const [a, b] = [left.length * LETTER + 12, right.length * LETTER + 12];
  const colour = COLOURS[LOOKS[state][1]] ?? GREY;
  return String(
    await html`<svg xmlns="http://www.w3.org/2000/svg" width="${a + b}" height="20" role="img" aria-label="${left}: ${inline(words)}"><title>${left}: ${inline(words)}</title><rect width="${a}" height="20" fill="#333"/><rect x="${a}" width="${b}" height="20" fill="${colour}"/><g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle"><text x="${a / 2}" y="14" textLength="${a - 12}">${left}</text><text x="${a + b / 2}" y="14" textLength="${b - 12}">${right}</text></g></svg>`,
  );
}
