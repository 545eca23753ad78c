/** The graph of dependencies: its order and its cycles. Pure. Names that no job has are ignored: whoever checks the registry reports them. */

export interface Node {
  readonly name: string;
  readonly dependsOn: readonly string[];
}

/** Plain code-unit order, the same on every host whatever its locale. */
const byName = (a: Node, b: Node): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/**
 * Parents first: topological levels (a job stands one level below its deepest parent), alphabetical inside a level.
 * Stable: the order of the input does not matter. What is in a cycle, or behind one, is left out: ask `cycles` first.
 */
export function order<T extends Node>(jobs: readonly T[]): T[] {
  const children = new Map<string, T[]>(jobs.map((job) => [job.name, []]));
  const waiting = new Map<T, number>();
  for (const job of jobs) {
    const parents = job.dependsOn.filter((name, i) => children.has(name) && job.dependsOn.indexOf(name) === i);
    waiting.set(job, parents.length);
    for (const name of parents) children.get(name)?.push(job);
  }
  const sorted: T[] = [];
  let level = jobs.filter((job) => waiting.get(job) === 0);
  while (level.length > 0) {
    level.sort(byName);
    sorted.push(...level);
    const next: T[] = [];
    for (const child of level.flatMap((job) => children.get(job.name) ?? [])) {
      const left = (waiting.get(child) ?? 0) - 1;
      waiting.set(child, left);
      if (left === 0) next.push(child);
    }
    level = next;
  }
  return sorted;
}

/**
 * The cycles, closed: `[a, b, c, a]` says that a depends on b, b on c, c on a. Each job that stands in a cycle is named in at least
 * one of them; each starts at its alphabetically first name that no earlier one has; a job that depends on itself is `[a, a]`.
 * Empty: there is an order.
 */
export function cycles(jobs: readonly Node[]): string[][] {
  const sorted = new Set(order(jobs).map((job) => job.name));
  const stuck = new Map(jobs.filter((job) => !sorted.has(job.name)).map((job) => [job.name, job]));
  const shown = new Set<string>();
  const found: string[][] = [];
  for (const name of [...stuck.keys()].sort()) {
    const cycle = shown.has(name) ? null : shortest(stuck, name);
    if (!cycle) continue;
    found.push(cycle);
    for (const member of cycle) shown.add(member);
  }
  return found;
}

/** Breadth first from `start` along dependencies, until one leads back. Null: none does, it only stands behind a cycle. */
function shortest(jobs: ReadonlyMap<string, Node>, start: string): string[] | null {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const name of queue) {
    for (const parent of [...(jobs.get(name)?.dependsOn ?? [])].sort()) {
      if (parent === start) return [start, ...wayBack(cameFrom, name, start), start];
      if (!jobs.has(parent) || cameFrom.has(parent)) continue;
      cameFrom.set(parent, name);
      queue.push(parent);
    }
  }
  return null;
}

/** What lies between `start` and `end`, in order, `end` included and `start` not. */
function wayBack(cameFrom: ReadonlyMap<string, string>, end: string, start: string): string[] {
  const path: string[] = [];
  for (let at = end; at !== start; at = cameFrom.get(at) ?? start) path.push(at);
  return path.reverse();
}
