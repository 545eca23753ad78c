/** Where the jobs of a registry stand when their dependencies are drawn. Owns the layout; how it looks is graph-svg.ts. */
import { Graph, layout } from "@dagrejs/dagre";
import type { Job, Registry } from "../../core/job.ts";
import { columns, cutColumns, shownName } from "../../report/safe.ts";

export interface Box {
  readonly name: string;
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export interface Arrow {
  /** Within the layout of a registry. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** Of an SVG path. */
  readonly d: string;
}

/** Jobs that hang together, in a drawing of their own; all in pixels. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

export interface Layout {
  readonly drawings: readonly Drawing[];
  /** Jobs too many to be drawn together: a list says more. */
  readonly undrawn: readonly Job[];
  /** Without parents and children. */
  readonly alone: readonly Job[];
}

export const BOX_HEIGHT = 26;
const MOST_BOXES = 200;
const LONGEST_LABEL = 30;
const COLUMN = 7.4;
const MARGIN = 4;

/** A registry never changes once it is made: it is laid out once. */
const known = new WeakMap<Registry, Layout>();

export function layoutOf(registry: Registry): Layout {
  const found = known.get(registry) ?? made(registry);
  known.set(registry, found);
  return found;
}

function made(registry: Registry): Layout {
  const groups = components(registry);
  const together = groups.filter((group) => group.length > 1);
  return {
    drawings: together.filter((group) => group.length <= MOST_BOXES).map((group, i) => drawn(group, registry, i)),
    undrawn: together.filter((group) => group.length > MOST_BOXES).flat(),
    alone: groups.filter((group) => group.length === 1).flat(),
  };
}

/** The largest first; inside, as the registry orders them. */
function components({ order, byName }: Registry): Job[][] {
  const groups = new Map(order.map((job) => [job.name, new Set([job])]));
  for (const { name, dependsOn } of order) {
    for (const parent of dependsOn.filter((other) => byName.has(other))) {
      const [own, other] = [groups.get(name), groups.get(parent)];
      if (!own || !other || own === other) continue;
      // The smaller goes into the larger: a chain of thousands stays cheap.
      const [small, large] = own.size < other.size ? [own, other] : [other, own];
      for (const job of small) {
        large.add(job);
        groups.set(job.name, large);
      }
    }
  }
  const place = new Map(order.map((job, i) => [job, i]));
  const sorted = [...new Set(groups.values())].map((group) => [...group].sort((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0)));
  return sorted.sort((a, b) => b.length - a.length);
}

function drawn(jobs: readonly Job[], { byName }: Registry, id: number): Drawing {
  const graph = new Graph()
    .setGraph({ rankdir: "LR", nodesep: 10, ranksep: 44, marginx: MARGIN, marginy: MARGIN })
    .setDefaultEdgeLabel(() => ({}));
  for (const { name } of jobs) {
    const label = cutColumns(shownName(name), LONGEST_LABEL);
    graph.setNode(name, { label, width: Math.round(columns(label) * COLUMN + 38), height: BOX_HEIGHT });
  }
  for (const { name, dependsOn } of jobs) for (const parent of new Set(dependsOn)) if (byName.has(parent)) graph.setEdge(parent, name);
  layout(graph);
  const boxes = jobs.map(({ name }): Box => {
    const { label = "", x = 0, y = 0, width = 0 } = graph.node(name) as Partial<Box>;
    return { name, label, x: Math.round(x - width / 2), y: Math.round(y - BOX_HEIGHT / 2), width };
  });
  const arrows = (graph.edges() as { v: string; w: string }[]).map(
    ({ v, w }, i): Arrow => ({ id: `${id}.${i}`, from: v, to: w, d: curve(graph.edge(v, w).points ?? []) }),
  );
  const { width = 0, height = 0 } = graph.graph();
  return { width: Math.ceil(width), height: Math.ceil(height), boxes, arrows };
}

/** Through the middles between the points that the layout gives, with its corners as handles. */
function curve(points: readonly { readonly x: number; readonly y: number }[]): string {
  const at = (i: number) => points[i] ?? { x: 0, y: 0 };
  const [n, first, last] = [points.length, at(0), at(points.length - 1)];
  let d = `M${Math.round(first.x)} ${Math.round(first.y)}`;
  for (let i = 1; i < n - 1; i++) {
    const [corner, next] = [at(i), at(i + 1)];
    const end = i === n - 2 ? last : { x: (corner.x + next.x) / 2, y: (corner.y + next.y) / 2 };
    d += `Q${Math.round(corner.x)} ${Math.round(corner.y)} ${Math.round(end.x)} ${Math.round(end.y)}`;
  }
  return d;
}
