/** Tables of text that fit a terminal. Owns widths and what gives way; knows nothing of what the cells say. */
import { paint, type Style } from "./paint.ts";
import { columns, cutColumns } from "./safe.ts";
import type { Paper } from "./view.ts";

export interface Column {
  readonly title: string;
  /** Numbers. */
  readonly right?: boolean;
  /** Where the room is too small the highest goes first; none: it always stays. */
  readonly drop?: number;
  /** May lose its end where the room is too small, down to so many columns; before others are dropped. Never for names. */
  readonly cut?: number;
  /** What is cut off is its beginning, without a mark. */
  readonly cutStart?: boolean;
}

/** A text in one style; or several, one a column wide each. */
export type Cell = string | Styled | readonly Styled[];
export interface Styled {
  readonly text: string;
  readonly style: Style;
}

const GAP = 2;

/** A line for the titles and one for each row, each without an end of line. Cells are printable text on one line. */
export function table(head: readonly Column[], rows: readonly (readonly Cell[])[], paper: Paper): string[] {
  const widths = head.map((column, i) => Math.max(columns(column.title), ...rows.map((row) => columns(textOf(row[i])))));
  const shown = fitting(head, widths, paper.width);
  const titles = head.map((column) => ({ text: column.title, style: "faint" as const }));
  return [titles, ...rows].map((row) => line({ head, widths, shown }, row, paper));
}

interface Layout {
  readonly head: readonly Column[];
  readonly widths: number[];
  readonly shown: readonly number[];
}

function line({ head, widths, shown }: Layout, row: readonly Cell[], paper: Paper): string {
  const cells = shown.map((i) => {
    const [width = 0, column] = [widths[i], head[i]];
    const parts = partsOf(row[i], width, { column, paper });
    const room = " ".repeat(Math.max(0, width - columns(parts.map(({ text }) => text).join(""))));
    const painted = parts.map(({ text, style }) => paint(paper, style, text)).join("");
    return column?.right ? room + painted : painted + room;
  });
  return cells.join(" ".repeat(GAP)).trimEnd();
}

function partsOf(
  cell: Cell | undefined,
  width: number,
  { column, paper }: { column: Column | undefined; paper: Paper },
): readonly Styled[] {
  if (Array.isArray(cell)) return (cell as readonly Styled[]).slice(column?.cutStart ? -width : 0);
  const style = typeof cell === "object" ? (cell as Styled).style : "plain";
  const text = textOf(cell);
  return [{ text: column?.cut ? cutColumns(text, width, paper.ascii ? "~" : "…") : text, style }];
}

/** Columns that stay, in order. Shortens the one that may be cut, in `widths`. */
function fitting(head: readonly Column[], widths: number[], room: number): number[] {
  let shown = head.map((_, i) => i);
  const excess = () => shown.reduce((sum, i) => sum + (widths[i] ?? 0) + GAP, -GAP) - room;
  const spare = () => shown.reduce((sum, i) => sum + Math.max(0, (widths[i] ?? 0) - (head[i]?.cut ?? Infinity)), 0);
  while (excess() > spare()) {
    const first = shown.filter((i) => head[i]?.drop !== undefined).sort((a, b) => (head[b]?.drop ?? 0) - (head[a]?.drop ?? 0))[0];
    if (first === undefined) break;
    shown = shown.filter((i) => i !== first);
  }
  for (const i of shown) {
    const [cut, width = 0] = [head[i]?.cut, widths[i]];
    if (cut !== undefined && excess() > 0) widths[i] = Math.max(Math.min(cut, width), width - excess());
  }
  return shown;
}

function textOf(cell: Cell | undefined): string {
  if (Array.isArray(cell)) return (cell as readonly Styled[]).map(({ text }) => text).join("");
  return typeof cell === "object" ? (cell as Styled).text : (cell ?? "");
}
