/** The graph of dependencies as every form of `graph` shows it: jobs, arrows, states. Owns which jobs belong to it, and its document. */
import type { Job, Registry } from "../core/job.ts";
import { jobState, type StateName, type Status } from "./status.ts";
import { iso } from "./times.ts";
import type { Document, View } from "./view.ts";

export interface GraphNode {
  readonly name: string;
  /** Null: a parent that is named and not known, because a module that may define it cannot be imported. */
  readonly job: Job | null;
  /** Names inside the graph, parents first in it as everywhere. */
  readonly parents: readonly string[];
  readonly children: readonly string[];
  /** 0: nothing stands before it; else one more than its deepest parent's. */
  readonly level: number;
  /** Null: states are not shown, or nothing is known of the job. */
  readonly status: Status | null;
}

export interface Graph {
  /** Parents before children, and otherwise in the order of names. */
  readonly nodes: readonly GraphNode[];
  readonly byName: ReadonlyMap<string, GraphNode>;
  /** The job it was asked for; null: all of them. */
  readonly of: string | null;
  /** The database's clock when the states were read; null: they are not shown. */
  readonly now: Date | null;
}

/** `view` null: without states. `of`: only that job, what it needs and what needs it, however far away. */
export function graph(registry: Registry, { view, of }: { view: View | null; of: Job | null }): Graph {
  const parentsOf = new Map<string, readonly string[]>([...registry.unknownParents].sort().map((name) => [name, []]));
  for (const { name, dependsOn } of registry.order) parentsOf.set(name, [...new Set(dependsOn)]);
  const kept = of ? around(of.name, parentsOf) : new Set(parentsOf.keys());
  const children = inverse(parentsOf);
  const levels = new Map<string, number>();
  const nodes = [...parentsOf.keys()].flatMap((name): GraphNode[] => {
    if (!kept.has(name)) return [];
    const parents = (parentsOf.get(name) ?? []).filter((parent) => kept.has(parent));
    const level = Math.max(-1, ...parents.map((parent) => levels.get(parent) ?? 0)) + 1;
    levels.set(name, level);
    const job = registry.byName.get(name) ?? null;
    const status = view && job ? jobState(view, job) : null;
    return [{ name, job, parents, children: (children.get(name) ?? []).filter((child) => kept.has(child)), level, status }];
  });
  const byName = new Map(nodes.map((node) => [node.name, node]));
  return { nodes, byName, of: of?.name ?? null, now: view?.snapshot.now ?? null };
}

/** The state of a node in one word; null: it is not shown. */
export function wordOf({ job, status }: GraphNode): StateName | "unknown" | null {
  return job === null ? "unknown" : (status?.state ?? null);
}

function inverse(parentsOf: ReadonlyMap<string, readonly string[]>): Map<string, string[]> {
  const children = new Map<string, string[]>();
  for (const [name, parents] of parentsOf) for (const parent of parents) children.set(parent, [...(children.get(parent) ?? []), name]);
  return children;
}

/** The job, its ancestors and its descendants. */
function around(name: string, parentsOf: ReadonlyMap<string, readonly string[]>): Set<string> {
  const children = inverse(parentsOf);
  const reach = (next: (from: string) => readonly string[]) => {
    const seen = new Set([name]);
    for (const at of seen) for (const further of next(at)) seen.add(further);
    return seen;
  };
  return new Set([...reach((at) => parentsOf.get(at) ?? []), ...reach((at) => children.get(at) ?? [])]);
}

export function graphDocument({ nodes, of, now }: Graph): Document {
  return {
    ...{ schema: "crontabber.graph/1", now: iso(now), job: of },
    nodes: nodes.map((node) => ({
      ...{ name: node.name, known: node.job !== null, schedule: node.job?.schedule.display ?? null, level: node.level },
      ...{ depends_on: node.parents, needed_by: node.children, state: node.status?.state ?? null, state_text: node.status?.words ?? null },
      ...{ blocked_by: node.status?.blockedBy ?? null, root_cause: node.status?.rootCause ?? null },
    })),
    edges: nodes.flatMap(({ name, parents }) => parents.map((parent) => ({ from: parent, to: name }))),
  };
}
