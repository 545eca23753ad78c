/** What a run printed, on its way to a terminal. Owns lines, their marks, and escape sequences that come in halves; the words are the job's. */
import type { Part, StreamName } from "../core/streams.ts";
import { masked } from "./mask.ts";
import { glyphs, paint } from "./paint.ts";
import { printable } from "./safe.ts";
import type { Paper } from "./view.ts";

/** The end of a text that may be the first half of an escape sequence, or of a line's end. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const HALF = /(?:\r|[\u001b\u009b](?:\[?[0-?]*[ -/]*|[\]PX^_][^\u0007\u001b]{0,4096}\u001b?))$/;

/** Lines of stderr are yellow, or begin with `[stderr] ` where there is no colour. */
export class Stretches {
  readonly #paper: Pick<Paper, "colour" | "ascii">;
  #fresh = true;
  #stream: StreamName | null = null;
  #half = "";

  constructor(paper: Pick<Paper, "colour" | "ascii">) {
    this.#paper = paper;
  }

  /** What to write for these, after all that were given before. */
  text(parts: readonly Part[]): string {
    return parts.map((part) => ("text" in part ? this.#part(part.stream, part.text) : this.#gap(part))).join("");
  }

  /** The rest, and the end of the last line. */
  end(): string {
    return this.#told(this.#half, true) + this.#line();
  }

  #part(stream: Part["stream"], text: string): string {
    // What is printed on one stream never goes on in a line of the other.
    const before = stream === this.#stream ? "" : this.end();
    this.#stream = stream;
    return before + this.#told(this.#half + text, false);
  }

  #gap({ leftOut }: { readonly leftOut: number }): string {
    const words = glyphs(this.#paper, `… ${leftOut} bytes left out …`);
    return `${this.end()}${paint(this.#paper, "faint", words)}\n`;
  }

  #told(text: string, whole: boolean): string {
    const half = whole ? "" : (HALF.exec(text)?.[0] ?? "");
    this.#half = half;
    const lines = printable(masked(text.slice(0, text.length - half.length))).split("\n");
    return lines.map((line, i) => this.#marked(line) + (i < lines.length - 1 ? this.#newline() : "")).join("");
  }

  #marked(line: string): string {
    if (line === "") return "";
    const mark = this.#fresh && this.#stream === "stderr" && !this.#paper.colour ? "[stderr] " : "";
    this.#fresh = false;
    return mark + paint(this.#paper, this.#stream === "stderr" ? "waiting" : "plain", line);
  }

  #newline(): string {
    this.#fresh = true;
    return "\n";
  }

  #line(): string {
    return this.#fresh ? "" : this.#newline();
  }
}

/** The last `count` lines of it; a place where something was left out is a line. */
export function lastLines(parts: readonly Part[], count: number): Part[] {
  const texts = parts.map((part, i) => {
    if (!("text" in part)) return "\n";
    // Where the other stream goes on a line ends.
    const next = parts[i + 1];
    return next && next.stream !== part.stream && !part.text.endsWith("\n") ? `${part.text}\n` : part.text;
  });
  const whole = texts.join("");
  let from = whole.endsWith("\n") ? whole.length - 1 : whole.length;
  for (let lines = 0; lines < count && from >= 0; lines++) from = from === 0 ? -1 : whole.lastIndexOf("\n", from - 1);
  let at = 0;
  return parts.flatMap((part, i): Part[] => {
    const [start, end] = [at, at + (texts[i]?.length ?? 0)];
    at = end;
    if (count === 0 || end <= from + 1) return [];
    return "text" in part ? [{ ...part, text: part.text.slice(Math.max(0, from + 1 - start)) }] : [part];
  });
}
