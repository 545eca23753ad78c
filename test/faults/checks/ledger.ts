/** What the tables say by themselves: one success for a slot, effects with successes only, nothing left over. */
import type { Evidence } from "../evidence.ts";
import { type Finding, groups, iso, told } from "./finding.ts";

export function twoSuccesses({ runs }: Evidence): Finding[] {
  const successes = runs.filter((run) => run.outcome === "succeeded" && run.trigger !== "manual");
  return [...groups(successes, (run) => `${run.job} ${run.slot}`).values()]
    .filter((same) => same.length > 1)
    .map((same) => ({ check: "two-successes", job: same[0]?.job ?? "", detail: same.map(told).join("; ") }));
}

/** A job has one live run at any moment. */
export function twoLive({ runs }: Evidence): Finding[] {
  return [...groups(runs, (run) => run.job).values()].flatMap((same) => {
    const real = same.filter((run) => run.pid !== null && run.outcome !== "skipped").sort((a, b) => a.claimedAt - b.claimedAt);
    return real.flatMap((run, i) => {
      const before = real[i - 1];
      if (!before || (before.endedAt !== null && before.endedAt <= run.claimedAt)) return [];
      return [{ check: "two-live", job: run.job, detail: `${told(before)}; ${told(run)}` }];
    });
  });
}

/** What a transaction did is there once for each success, and never without one. */
export function effects({ jobs, runs, effects: rows }: Evidence): Finding[] {
  const counted = groups(rows, (row) => row.runId);
  const names = new Set(jobs.filter((job) => job.transactional).map((job) => job.name));
  const ran = runs.filter((run) => names.has(run.job) && run.pid !== null && run.outcome !== "skipped");
  const wrong = ran.flatMap((run) => {
    const times = counted.get(run.runId)?.length ?? 0;
    const wanted = run.outcome === "succeeded" ? 1 : 0;
    return times === wanted ? [] : [{ check: "effects", job: run.job, detail: `${times} effects instead of ${wanted}: ${told(run)}` }];
  });
  const known = new Set(ran.map((run) => run.runId));
  const orphans = rows.filter((row) => !known.has(row.runId));
  return [
    ...wrong,
    ...orphans.map((row) => ({ check: "effects", job: row.job, detail: `an effect of ${iso(row.slot)} by an unknown run ${row.runId}` })),
  ];
}

/** After the faults are over nothing runs for ever, is held, or is due without being run. */
export function stuck({ jobs, runs, rows, until }: Evidence): Finding[] {
  const live = runs.filter((run) => run.outcome === null);
  const states = new Map(rows.map((row) => [row.job, row]));
  const finding = (job: string, detail: string): Finding => ({ check: "stuck", job, detail });
  const left = jobs.flatMap(({ name }) => {
    const row = states.get(name);
    if (!row) return [finding(name, "it has no row")];
    if (row.isOwned) return [finding(name, "its row is still owned")];
    if (row.held) return [finding(name, `it is held: ${row.held}`)];
    if (row.nextRun === null) return [finding(name, "its row has no next run")];
    return row.nextRun <= until ? [finding(name, `it is due since ${iso(row.nextRun)}`)] : [];
  });
  return [...live.map((run) => finding(run.job, `a run without an end: ${told(run)}`)), ...left];
}
