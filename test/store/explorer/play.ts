/** Plays one schedule: the choices it is given, then ordinary ways on. Owns what is possible next and when a step has come to rest. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Actor } from "./actor.ts";
import { look } from "./look.ts";
import { judgeChange, judgeEnd } from "./oracle.ts";
import type { Stage } from "./stage.ts";

export interface Move {
  /** The same in every schedule. */
  readonly id: string;
  readonly actor: Actor;
  readonly choice: string;
}

/** Cheapest first: whoever moved last goes on, then the others, then faults and what is optional. */
export function moves(stage: Stage, last: Actor | null): Move[] {
  const ready = stage.actors.filter((actor) => !actor.over && actor.at?.open());
  const local = ready.find((actor) => actor.at?.local);
  if (local) return [move(local, "go")];
  const inOrder = [...ready].sort((a, b) => rank(a, last) - rank(b, last));
  const ordinary = inOrder.map((actor) => move(actor, actor.at?.choices[0] ?? "go"));
  const rest = inOrder.flatMap((actor) => (actor.at?.choices ?? []).slice(1).map((choice) => move(actor, choice)));
  return [...ordinary, ...rest, ...timeouts(stage)];
}

const move = (actor: Actor, choice: string): Move => ({ id: `${actor.name}:${choice}`, actor, choice });
const rank = (actor: Actor, last: Actor | null): number => (actor === last ? 0 : actor.optional ? 2 : 1);

/** A statement that waits may be given up by the server at any moment. */
function timeouts(stage: Stage): Move[] {
  const waiting = stage.processes.filter((p) => p.alive && stage.choices(p, [], ["timeout"]).length > 0).flatMap((p) => p.actors);
  return waiting.filter((actor) => actor.blocked && actor.moving).map((actor) => move(actor, "timeout"));
}

/** Everybody who must come to an end has, and nobody is in the middle of a transaction. */
export function isOver(stage: Stage): boolean {
  const open = stage.processes.some((process) => [...process.held.values()].some((line) => line.open));
  return !open && stage.actors.every((actor) => actor.over || actor.optional);
}

export async function take(stage: Stage, { actor, choice }: Move): Promise<void> {
  stage.trace.push(`${actor.name}: ${actor.at?.label ?? "waits"}${choice === "go" ? "" : ` (${choice})`}`);
  if (choice === "timeout") await giveUp(stage, actor);
  else {
    if (isFault(choice)) stage.faultsLeft -= 1;
    actor.go(choice);
  }
  await rest(stage);
  if (stage.dirty) await observe(stage);
}

const isFault = (choice: string): boolean => ["die", "cut", "lost", "unsent", "late"].includes(choice);

async function giveUp(stage: Stage, actor: Actor): Promise<void> {
  stage.faultsLeft -= 1;
  actor.blocked = false;
  await stage.setting.lines.ask("SELECT pg_cancel_backend($1)", [actor.backend]);
  await actor.arrived;
}

/** Resolves when every actor waits at a gate, for a lock, or for nothing any more. */
export async function rest(stage: Stage): Promise<void> {
  const running = () => stage.actors.find((actor) => actor.moving && !actor.blocked);
  let freed = true;
  while (freed) {
    for (let actor = running(); actor; actor = running()) await settle(stage, actor);
    await stage.dying;
    freed = false;
    // What has just happened may have let go of what somebody waits for.
    for (const actor of stage.actors.filter((a) => a.blocked)) {
      actor.blocked = await waits(stage, actor);
      freed ||= !actor.blocked;
    }
  }
}

async function settle(stage: Stage, actor: Actor): Promise<void> {
  await Promise.race([actor.arrived, sleep(actor.mayWait ? 4 : 100)]);
  if (actor.moving) actor.blocked = await waits(stage, actor);
}

async function waits({ setting }: Stage, actor: Actor): Promise<boolean> {
  return actor.moving && actor.backend !== null && (await setting.lines.isBlocked(actor.backend));
}

async function observe(stage: Stage): Promise<void> {
  const after = await look(stage.setting.lines, stage.setting.schema);
  stage.violations.push(...judgeChange(stage, stage.seen, after));
  stage.seen = after;
  stage.dirty = false;
  stage.deeds.length = 0;
}

export function atEnd(stage: Stage): void {
  stage.violations.push(...judgeEnd(stage));
}

/** Nothing of the schedule is left at work; its connections are fit for the next one. */
export async function clear(stage: Stage): Promise<void> {
  const { lines } = stage.setting;
  for (const actor of stage.actors) actor.abandon();
  const held = stage.processes.flatMap((process) => [...process.held].map(([actor, line]) => ({ actor, line })));
  for (const { actor, line } of held) {
    if (!actor.blocked || !actor.moving) continue;
    await lines.ask("SELECT pg_cancel_backend($1)", [line.backend]);
    await actor.arrived;
  }
  for (const { line } of held) await lines.give(line);
}
