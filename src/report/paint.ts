/** Colours and glyphs. Owns how a word looks, never which word; whether there is colour at all is the caller's to say. */
import { styleText } from "node:util";
import type { Paper } from "./view.ts";

export type Style = "good" | "bad" | "busy" | "waiting" | "faint" | "strong" | "plain";

const STYLES = { good: "green", bad: "red", busy: "cyan", waiting: "yellow", faint: "dim", strong: "bold" } as const;

/** The text in its colour, if the paper takes colours. */
export function paint(paper: Pick<Paper, "colour">, style: Style, text: string): string {
  if (!paper.colour || style === "plain" || text === "") return text;
  return styleText(STYLES[style], text, { validateStream: false });
}

const ASCII: Readonly<Record<string, string>> = {
  ...{ "✔": "+", "✖": "x", "◐": ">", "◌": "o", "▲": "!", "‖": "=", "■": "#", "–": "-", "○": ".", "◇": "*", "⊘": "/", "↷": "~" },
  ...{ "×": "x", "·": "-", "…": "...", "→": "->", "│": "|", "└": "`" },
};

/** Our own words and glyphs for a terminal without Unicode. Never given foreign text: names must stay what they are. */
export function glyphs(paper: Pick<Paper, "ascii">, text: string): string {
  return paper.ascii ? text.replace(/[^\x20-\x7e\n]/g, (c) => ASCII[c] ?? c) : text;
}
