/**
 * Tries the orders in which the steps of a scenario can happen, those with the fewest switches and faults first. Stateless: rows are put
 * back, the prefix is replayed, the rest is played out; a state that was met before is not played on. Owns the search, no rule.
 */
import type { Job } from "#lib/core/job.js";
import type { Statements } from "#lib/store/sql.js";
import type { Store } from "#lib/store/store.js";
import type { Actor } from "./actor.ts";
import type { Bench } from "./bench.ts";
import { look } from "./look.ts";
import type { Violation } from "./model.ts";
import { atEnd, clear, isOver, type Move, moves, rest, take } from "./play.ts";
import { recover } from "./recover.ts";
import { type Setting, Stage } from "./stage.ts";

export interface Scenario {
  readonly name: string;
  readonly jobs: readonly Job[];
  /** Once, before the first schedule, on a store that nobody steps. */
  prepare?(store: Store): Promise<void>;
  /** Who acts. */
  readonly actors: (stage: Stage) => void;
  /** Faults in one schedule; default 0. */
  readonly faults?: number;
  /** Statements that differ from the shipped ones. */
  readonly alter?: (sql: Statements) => Partial<Record<keyof Statements, string>>;
  /** Without the unique indexes of the ledger, which would refuse what a mutant tries. */
  readonly bare?: boolean;
}

export interface Report {
  readonly schedules: number;
  readonly states: number;
  /** Every order was tried, up to states met before. */
  readonly complete: boolean;
  readonly found: { readonly violation: Violation; readonly trace: readonly string[] } | null;
}

interface Pending {
  readonly path: readonly string[];
  readonly cost: number;
}

/** Stops at the first violation, or after so many schedules. */
export async function explore(bench: Bench, scenario: Scenario, budget: number): Promise<Report> {
  const setting = await bench.prepare(scenario);
  const pending = new Queue();
  const states = new Set<string>();
  pending.push({ path: [], cost: 0 });
  let schedules = 0;
  for (let next = pending.pop(); next && schedules < budget; next = pending.pop()) {
    schedules += 1;
    const found = await playOne({ bench, setting, scenario, pending, states }, next);
    if (found) return { schedules, states: states.size, complete: false, found };
  }
  return { schedules, states: states.size, complete: pending.size === 0, found: null };
}

interface Search {
  readonly bench: Bench;
  readonly setting: Setting;
  readonly scenario: Scenario;
  readonly pending: Queue;
  readonly states: Set<string>;
}

async function playOne(search: Search, next: Pending): Promise<Report["found"]> {
  const { bench, setting, scenario } = search;
  await bench.restore();
  const stage = new Stage(setting, await look(setting.lines, setting.schema));
  try {
    scenario.actors(stage);
    await rest(stage);
    const done = await walk(search, stage, next);
    if (done === "ended") atEnd(stage);
    if (done === "ended" && stage.violations.length === 0) stage.violations.push(...(await recover(stage, bench.store)));
    const [violation] = stage.violations;
    if (violation) return { violation, trace: [...stage.trace] };
  } finally {
    await clear(stage);
  }
  return null;
}

/** `known`: it came to a state that was met before. */
async function walk({ pending, states }: Search, stage: Stage, { path, cost }: Pending): Promise<"ended" | "known"> {
  const taken: string[] = [];
  let last: Actor | null = null;
  while (!isOver(stage)) {
    const possible = moves(stage, last);
    const planned = path[taken.length];
    let [next] = possible;
    if (planned !== undefined) next = possible.find((move) => move.id === planned);
    else if (possible.length > 1) {
      const { key } = stage;
      if (states.has(key)) return "known";
      states.add(key);
      for (const other of possible.slice(1)) pending.push({ path: [...taken, other.id], cost: cost + price(other, possible[0], last) });
    }
    if (!next) {
      if (planned !== undefined) throw new Error(`the schedule cannot be replayed: no ${planned} after\n${stage.trace.join("\n")}`);
      if (stage.actors.some((actor) => actor.moving)) await Promise.race(stage.actors.filter((a) => a.moving).map((a) => a.arrived));
      else throw new Error(`nobody can move:\n${stage.trace.join("\n")}`);
      await rest(stage);
      continue;
    }
    last = next.actor;
    taken.push(next.id);
    await take(stage, next);
    if (stage.violations.length > 0) return "ended";
  }
  return "ended";
}

/** A switch away from somebody who could have gone on costs one; so does a fault, and what need not happen. */
function price(move: Move, first: Move | undefined, last: Actor | null): number {
  const ordinary = move.choice === move.actor.at?.choices[0] && !move.actor.optional;
  return ordinary && first?.actor !== last ? 0 : 1;
}

/** Cheapest first, newest first among the equally cheap. */
class Queue {
  readonly #byCost: Pending[][] = [];
  size = 0;

  push(pending: Pending): void {
    const stack = this.#byCost[pending.cost] ?? [];
    this.#byCost[pending.cost] = stack;
    stack.push(pending);
    this.size += 1;
  }

  pop(): Pending | undefined {
    const stack = this.#byCost.find((s) => s && s.length > 0);
    if (stack) this.size -= 1;
    return stack?.pop();
  }
}
