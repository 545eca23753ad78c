/** The graph as other programs draw it: Graphviz and Mermaid. Owns their quoting; names may hold anything. */
import type { Graph, GraphNode } from "./graph.ts";
import { wordOf } from "./graph.ts";
import { inline } from "./safe.ts";
import type { StateName } from "./status.ts";

type Word = StateName | "unknown";

/** Fill and border. */
const COLOURS: Readonly<Record<Word, readonly [fill: string, line: string]>> = {
  ...{ ok: ["#d8f3dc", "#2d6a4f"], running: ["#d6eaff", "#1b5e9e"], due: ["#ffffff", "#555555"], late: ["#ffe0d6", "#b23b1e"] },
  ...{ blocked: ["#fff3cd", "#8a6d00"], failing: ["#ffd6d6", "#b00020"], lost: ["#ffd6d6", "#b00020"], cancelled: ["#fff3cd", "#8a6d00"] },
  ...{ held: ["#ffd6d6", "#b00020"], paused: ["#eeeeee", "#666666"], disabled: ["#f7f7f7", "#999999"], new: ["#ffffff", "#555555"] },
  unknown: ["#ffd6d6", "#b00020"],
};

/** What stands in a box: the name, the schedule, the state. */
function linesOf(node: GraphNode): string[] {
  const word = node.job === null ? "unknown" : (node.status?.words ?? null);
  return [inline(node.name), ...(node.job ? [inline(node.job.schedule.display)] : []), ...(word === null ? [] : [word])];
}

/** For `dot`. Boxes are called by their jobs' names. */
export function graphDot({ nodes }: Graph): string {
  const boxes = nodes.map((node) => {
    const label = linesOf(node)
      .map((line) => quote(line.replaceAll("&", "&amp;")).slice(1, -1))
      .join("\\n");
    const word = wordOf(node);
    const look = word === null ? "" : `, fillcolor="${COLOURS[word][0]}", color="${COLOURS[word][1]}", class="${word}"`;
    return `  ${quote(node.name)} [label="${label}"${look}];`;
  });
  const arrows = nodes.flatMap(({ name, parents }) => parents.map((parent) => `  ${quote(parent)} -> ${quote(name)};`));
  const head = [
    "digraph crontabber {",
    "  rankdir=LR;",
    '  node [shape=box, style="rounded,filled", fillcolor="#ffffff", fontname="sans-serif"];',
  ];
  return [...head, ...boxes, ...arrows, "}"].map((line) => `${line}\n`).join("");
}

/** A string of Graphviz. In a label a backslash would begin an escape. */
const quote = (text: string): string =>
  `"${text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replace(/\r\n|[\r\n]/g, "\\n")}"`;

/** A Mermaid flowchart. Boxes are numbered: its identifiers take few characters. */
export function graphMermaid({ nodes }: Graph): string {
  const ids = new Map(nodes.map(({ name }, i) => [name, `n${i}`]));
  const boxes = nodes.map((node) => {
    const word = wordOf(node);
    return `  ${ids.get(node.name)}["${linesOf(node).map(entities).join("<br/>")}"]${word === null ? "" : `:::${word}`}`;
  });
  const arrows = nodes.flatMap(({ name, parents }) => parents.map((parent) => `  ${ids.get(parent)} --> ${ids.get(name)}`));
  const words = [...new Set(nodes.flatMap((node) => wordOf(node) ?? []))];
  const styles = words.map((word) => `  classDef ${word} fill:${COLOURS[word][0]},stroke:${COLOURS[word][1]},color:#111111`);
  return ["flowchart LR", ...boxes, ...arrows, ...styles].map((line) => `${line}\n`).join("");
}

/** Every character that HTML, Mermaid or its Markdown could take for something else, by its number. */
const entities = (text: string): string => text.replace(/[&<>"'`#;\\[\]{}|*_~]/g, (c) => `#${c.charCodeAt(0)};`);
