/** The last lines of a terminal, drawn again and again, with what is said for good above them. Owns the cursor; the lines are others'. */
import { columns, cutColumns } from "./safe.ts";

/** A terminal that is written to faster than this only flickers. */
const LEAST_MS = 100;
/** How often a clock among the lines moves. */
const TICK_MS = 1_000;

export interface Terminal {
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
}

/** A line before its colours: it is cut to the terminal first. */
export interface RegionLine {
  readonly text: string;
  paint(text: string): string;
}

export class Region {
  readonly #terminal: Terminal;
  readonly #lines: () => readonly RegionLine[];
  /** Widths of what stands there now. */
  #drawn: number[] = [];
  #drawnAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;

  /** `lines`: asked whenever it is drawn; none: there is nothing to draw. */
  constructor(terminal: Terminal, lines: () => readonly RegionLine[]) {
    this.#terminal = terminal;
    this.#lines = lines;
  }

  /** A line that stays, above the others. */
  say(line: string): void {
    this.#terminal.write(`${this.#erased()}${line}\n`);
    this.#drawnAt = Number.NEGATIVE_INFINITY;
    this.draw();
  }

  /** Something has changed. */
  draw(): void {
    const now = performance.now();
    if (now - this.#drawnAt >= LEAST_MS) this.#now();
    else this.#later(LEAST_MS - (now - this.#drawnAt));
  }

  /** The lines are gone for a moment: somebody else has something to say. */
  clear(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const erase = this.#erased();
    if (erase === "") return;
    this.#terminal.write(erase);
    this.#later(TICK_MS);
  }

  #now(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const lines = this.#fitting();
    const erase = this.#erased();
    if (lines.length === 0) {
      if (erase !== "") this.#terminal.write(erase);
      return;
    }
    this.#terminal.write(erase + lines.map(({ text, paint }) => paint(text)).join("\n"));
    this.#drawn = lines.map(({ text }) => columns(text));
    this.#drawnAt = performance.now();
    this.#later(TICK_MS);
  }

  #later(ms: number): void {
    this.#timer ??= setTimeout(() => this.#now(), ms).unref();
  }

  #fitting(): RegionLine[] {
    const [width, room] = [(this.#terminal.columns || 80) - 1, Math.max(1, (this.#terminal.rows || 24) - 2)];
    const lines = this.#lines();
    const shown = lines.length > room ? [...lines.slice(0, room - 1), more(lines.length - room + 1)] : lines;
    return shown.map(({ text, paint }) => ({ text: cutColumns(text, width), paint }));
  }

  /** What takes the lines away. One that was drawn on a wider terminal may have become several. */
  #erased(): string {
    if (this.#drawn.length === 0) return "";
    const width = this.#terminal.columns || 80;
    const rows = this.#drawn.reduce((sum, columnsOf) => sum + Math.max(1, Math.ceil(columnsOf / width)), 0);
    this.#drawn = [];
    return `\r${rows > 1 ? `\u001b[${rows - 1}A` : ""}\u001b[J`;
  }
}

const more = (count: number): RegionLine => ({ text: `   and ${count} more`, paint: (text) => text });
