/**
 * The graph for a terminal: trees of arrows. Each job stands in it once in full, with everything that needs it behind or below it; where it
 * would come again it is only named, with a mark. Owns the drawing.
 */
import { counted } from "./ages.ts";
import type { Graph, GraphNode } from "./graph.ts";
import { wordOf } from "./graph.ts";
import { paint, type Style } from "./paint.ts";
import { columns, shownName } from "./safe.ts";
import { LOOKS } from "./status.ts";
import type { Paper } from "./view.ts";

/** Lines of arrows do not get longer than this, however wide the paper is. */
const WIDEST = 110;
/** Deeper trees go on at the margin, further down. */
const DEEPEST = 48;

interface Signs {
  readonly arrow: string;
  readonly fork: string;
  readonly last: string;
  readonly bar: string;
  readonly above: string;
  readonly below: string;
}
const UNICODE: Signs = { arrow: " ──▶ ", fork: "├─▶ ", last: "└─▶ ", bar: "│   ", above: " ↑", below: " ↓" };
const ASCII: Signs = { arrow: " --> ", fork: "|-> ", last: "`-> ", bar: "|   ", above: " ^", below: " v" };
const ASCII_GLYPHS: Readonly<Record<string, string>> = {
  ...{ "✔": "+", "◐": ">", "◇": "*", "▲": "!", "◌": "o", "✖": "x", "⊘": "/", "■": "#", "‖": "=", "–": "-", "○": "." },
};

/** Ends with a line end. */
export function graphText(graph: Graph, paper: Paper): string {
  if (graph.nodes.length === 0) return "No jobs are configured.\n";
  const drawing = new Drawing(graph, paper);
  const lines = drawing.lines();
  return [...lines, ...(lines.length > 0 ? [""] : []), ...legend(graph, paper, drawing)].map((line) => `${line}\n`).join("");
}

class Drawing {
  readonly #graph: Graph;
  readonly #paper: Paper;
  readonly #signs: Signs;
  readonly #width: number;
  readonly #shown = new Set<string>();
  /** Trees that go on further down. */
  readonly #later: string[] = [];
  readonly #lines: string[] = [];
  above = false;
  below = false;

  constructor(graph: Graph, paper: Paper) {
    this.#graph = graph;
    this.#paper = paper;
    this.#signs = paper.ascii ? ASCII : UNICODE;
    this.#width = Math.min(paper.width, WIDEST);
  }

  lines(): string[] {
    const { nodes } = this.#graph;
    for (const { name, parents, children } of nodes) if (parents.length === 0 && children.length > 0) this.#tree(name);
    for (let next = this.#later.shift(); next !== undefined; next = this.#later.shift()) if (!this.#shown.has(next)) this.#tree(next);
    const alone = nodes.filter(({ parents, children }) => parents.length === 0 && children.length === 0);
    if (alone.length > 0) this.#loners(alone);
    return this.#lines;
  }

  /** A job at the margin, and what hangs on it. */
  #tree(name: string): void {
    if (this.#lines.length > 0) this.#lines.push("");
    this.#branch(name, null, { first: "", rest: "" });
  }

  /** One line: a job and, as long as each has one child only and there is room, what follows from it; then its branches. */
  #branch(name: string, from: string | null, { first, rest }: { first: string; rest: string }): void {
    let line = first;
    let room = this.#width - columns(first);
    let [at, before]: [string, string | null] = [name, from];
    for (;;) {
      const open = this.#full(at, columns(rest));
      const { text, width } = this.#label(at, { before, open });
      line += text;
      room -= width;
      if (open) this.#shown.add(at);
      const children = open ? (this.#graph.byName.get(at)?.children ?? []) : [];
      const [only] = children;
      const next = children.length === 1 && only !== undefined ? this.#label(only, { before: at, open: this.#full(only, 0) }) : null;
      if (only === undefined || next === null || next.width + columns(this.#signs.arrow) > room) {
        this.#lines.push(line);
        this.#branches(at, children, rest);
        return;
      }
      line += paint(this.#paper, "faint", this.#signs.arrow);
      room -= columns(this.#signs.arrow);
      [at, before] = [only, at];
    }
  }

  #branches(from: string, children: readonly string[], rest: string): void {
    for (const [i, child] of children.entries()) {
      const last = i === children.length - 1;
      const { fork, last: end, bar } = this.#signs;
      const [first, next] = [rest + (last ? end : fork), rest + (last ? "    " : bar)];
      this.#branch(child, from, { first, rest: next });
    }
  }

  /** Whether this is where the job stands in full. */
  #full(name: string, indent: number): boolean {
    return !this.#shown.has(name) && indent <= DEEPEST;
  }

  #label(name: string, { before, open }: { before: string | null; open: boolean }): { text: string; width: number } {
    const node = this.#graph.byName.get(name);
    if (!node) return { text: name, width: columns(name) };
    if (open) {
      // At the margin of a tree that goes on, all of them are other.
      const others = node.parents.filter((parent) => parent !== before).map(shownName);
      return this.#named(node, others.length > 0 ? `  (${before === null ? "after" : "and after"} ${others.join(", ")})` : "");
    }
    if (this.#shown.has(name)) {
      this.above = true;
      return this.#named(node, this.#signs.above);
    }
    this.below = true;
    if (!this.#later.includes(name)) this.#later.push(name);
    return this.#named(node, this.#signs.below);
  }

  #named(node: GraphNode, behind: string): { text: string; width: number } {
    const [glyph, style] = lookOf(node, this.#paper);
    const name = shownName(node.name);
    const lead = glyph === "" ? "" : `${paint(this.#paper, style, glyph)} `;
    return {
      text: `${lead}${node.name === this.#graph.of ? paint(this.#paper, "strong", name) : name}${paint(this.#paper, "faint", behind)}`,
      width: (glyph === "" ? 0 : 2) + columns(name) + columns(behind),
    };
  }

  #loners(nodes: readonly GraphNode[]): void {
    const head = "alone: ";
    if (this.#lines.length > 0) this.#lines.push("");
    let [line, width] = [head, head.length];
    for (const [i, node] of nodes.entries()) {
      const { text, width: own } = this.#named(node, "");
      if (i > 0 && width + own + 2 > this.#width) {
        this.#lines.push(line.trimEnd());
        [line, width] = [" ".repeat(head.length), head.length];
      }
      line += `${text}  `;
      width += own + 2;
    }
    this.#lines.push(line.trimEnd());
  }
}

/** Glyph and colour; an empty glyph: states are not shown. */
function lookOf(node: GraphNode, paper: Pick<Paper, "ascii">): readonly [string, Style] {
  const word = wordOf(node);
  if (word === null) return ["", "plain"];
  const [glyph, style] = word === "unknown" ? (["?", "bad"] as const) : LOOKS[word];
  return [paper.ascii ? (ASCII_GLYPHS[glyph] ?? glyph) : glyph, style];
}

/** How many there are, and every glyph with its word. */
function legend({ nodes }: Graph, paper: Paper, { above, below }: Drawing): string[] {
  const edges = nodes.reduce((sum, { parents }) => sum + parents.length, 0);
  const words = new Map<string, { node: GraphNode; count: number }>();
  for (const node of nodes) {
    const word = wordOf(node);
    if (word !== null) words.set(word, { node, count: (words.get(word)?.count ?? 0) + 1 });
  }
  const states = [...words].map(([word, { node, count }]) => {
    const [glyph, style] = lookOf(node, paper);
    return `${paint(paper, style, glyph)} ${count} ${word}`;
  });
  const dot = paper.ascii ? " - " : " · ";
  const { above: up, below: down } = paper.ascii ? ASCII : UNICODE;
  const marks = [...(above ? [`${up.trim()} shown in full above`] : []), ...(below ? [`${down.trim()} goes on below`] : [])];
  const sums = `${counted(nodes.length, "job")}, ${edges === 1 ? "1 dependency" : `${edges} dependencies`}`;
  return [[sums + (states.length > 0 ? `: ${states.join(dot)}` : ""), ...marks].join("   ")];
}
