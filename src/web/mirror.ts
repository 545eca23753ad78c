/** The newest runs, held in memory while somebody looks, so that a look reads what is new and not everything. Owns the bookkeeping. */
import type { LedgerRun } from "../report/job-json.ts";

/** Runs of each job, and of the last day, as pages get them. */
export const EACH = 40;
export const DAY_RUNS = 5_000;
const DAY_MS = 86_400_000;
/** Numbers are given out before their rows can be seen: those just before the newest are looked at again. */
const OVERLAP = 32n;

export class Mirror {
  readonly #recent = new Map<string, LedgerRun[]>();
  readonly #day = new Map<bigint, LedgerRun>();
  #newest = 0n;

  /** Whatever the order of both. */
  constructor(recent: readonly LedgerRun[], day: readonly LedgerRun[]) {
    for (const run of recent) this.#put(run);
    for (const run of [...day].sort((a, b) => (a.id < b.id ? -1 : 1))) this.#day.set(run.id, run);
    for (const run of [...recent, ...day]) if (run.id > this.#newest) this.#newest = run.id;
  }

  /** From which number on to read, and what was on when it was read last. */
  get asks(): { readonly after: bigint; readonly ids: readonly bigint[] } {
    const live = [...this.#recent.values()].flatMap((runs) => runs.filter((run) => run.outcome === null).map((run) => run.id));
    const day = [...this.#day.values()].filter((run) => run.outcome === null).map((run) => run.id);
    return { after: this.#newest > OVERLAP ? this.#newest - OVERLAP : 0n, ids: [...new Set([...live, ...day])] };
  }

  /** Rows as they stand now. `jobs`: those that count. Whether any of them is news. */
  patch(runs: readonly LedgerRun[], jobs: ReadonlySet<string>): boolean {
    let news = false;
    for (const run of runs) {
      news ||= !isSame(this.#day.get(run.id), run);
      if (jobs.has(run.job)) this.#put(run);
      this.#day.set(run.id, run);
      if (run.id > this.#newest) this.#newest = run.id;
    }
    return news;
  }

  recent(): ReadonlyMap<string, readonly LedgerRun[]> {
    return new Map([...this.#recent].map(([job, runs]) => [job, [...runs]]));
  }

  /** Oldest first; the newest if there are too many. */
  day(now: Date): readonly LedgerRun[] {
    for (const [id, { endedAt }] of this.#day) if (endedAt && endedAt.getTime() < now.getTime() - DAY_MS) this.#day.delete(id);
    const runs = [...this.#day.values()].sort((a, b) => a.claimedAt.getTime() - b.claimedAt.getTime() || (a.id < b.id ? -1 : 1));
    return runs.slice(-DAY_RUNS);
  }

  #put(run: LedgerRun): void {
    const runs = this.#recent.get(run.job) ?? [];
    const at = runs.findIndex(({ id }) => id <= run.id);
    if (at < 0) runs.push(run);
    else runs.splice(at, runs[at]?.id === run.id ? 1 : 0, run);
    runs.splice(EACH);
    this.#recent.set(run.job, runs);
  }
}

/** Apart from how long it has been on. */
function isSame(a: LedgerRun | undefined, b: LedgerRun): boolean {
  if (a === undefined || a.outcome !== b.outcome || a.lateOutcome !== b.lateOutcome) return false;
  return JSON.stringify([a.progress, a.resetAt]) === JSON.stringify([b.progress, b.resetAt]);
}
