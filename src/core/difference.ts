/** Two simulations of the same time compared: which runs came, went or moved. Pure. */
import type { SimulatedRun } from "./simulation.ts";

/** `moved`: to another slot. `shifted`: the same slot starts at another moment. */
export interface RunChange {
  readonly job: string;
  readonly kind: "added" | "removed" | "moved" | "shifted";
  /** Null: it was not there. */
  readonly was: SimulatedRun | null;
  /** Null: it is not there any more. */
  readonly is: SimulatedRun | null;
}

/** By job, then by slot. */
export function difference(before: readonly SimulatedRun[], after: readonly SimulatedRun[]): RunChange[] {
  const [old, young] = [byJob(before), byJob(after)];
  return [...new Set([...old.keys(), ...young.keys()])].sort().flatMap((job) => changesOf(job, old.get(job) ?? [], young.get(job) ?? []));
}

function byJob(runs: readonly SimulatedRun[]): Map<string, SimulatedRun[]> {
  const found = new Map<string, SimulatedRun[]>();
  for (const run of runs) {
    const of = found.get(run.job);
    if (of) of.push(run);
    else found.set(run.job, [run]);
  }
  return found;
}

const keyOf = ({ slot, attempt }: SimulatedRun): string => `${slot.getTime()} ${attempt}`;
const bySlot = (a: SimulatedRun, b: SimulatedRun): number => a.slot.getTime() - b.slot.getTime() || a.attempt - b.attempt;

function changesOf(job: string, before: readonly SimulatedRun[], after: readonly SimulatedRun[]): RunChange[] {
  const old = new Map(before.map((run) => [keyOf(run), run]));
  const both = after.flatMap((is) => {
    const was = old.get(keyOf(is));
    return was ? [{ was, is }] : [];
  });
  const same = new Set(both.map(({ is }) => keyOf(is)));
  const shifted = both.filter(({ was, is }) => was.start.getTime() !== is.start.getTime());
  const left = (runs: readonly SimulatedRun[]) => runs.filter((run) => !same.has(keyOf(run))).sort(bySlot);
  const changes = [
    ...shifted.map(({ was, is }): RunChange => ({ job, kind: "shifted", was, is })),
    ...paired(job, left(before), left(after)),
  ];
  return changes.sort((a, b) => bySlot((a.was ?? a.is) as SimulatedRun, (b.was ?? b.is) as SimulatedRun));
}

/** A slot that went and one that came are one that moved, if neither has a nearer partner. */
function paired(job: string, gone: readonly SimulatedRun[], come: readonly SimulatedRun[]): RunChange[] {
  const changes: RunChange[] = [];
  let [i, j] = [0, 0];
  while (i < gone.length || j < come.length) {
    const [was, is] = [gone[i], come[j]];
    if (was && is && nearest(was, is, { next: gone[i + 1], other: come[j + 1] })) {
      changes.push({ job, kind: "moved", was, is });
      i++;
      j++;
    } else if (was && (!is || was.slot <= is.slot)) {
      changes.push({ job, kind: "removed", was, is: null });
      i++;
    } else if (is) {
      changes.push({ job, kind: "added", was: null, is });
      j++;
    }
  }
  return changes;
}

function nearest(
  was: SimulatedRun,
  is: SimulatedRun,
  { next, other }: { next: SimulatedRun | undefined; other: SimulatedRun | undefined },
): boolean {
  const far = (a: SimulatedRun, b: SimulatedRun) => Math.abs(a.slot.getTime() - b.slot.getTime());
  const distance = far(was, is);
  return (!next || distance <= far(next, is)) && (!other || distance <= far(was, other));
}
