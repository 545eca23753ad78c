/** A small, whole campaign's evidence, and ways to plant a defect in it. For the checker's own tests. */
import type { BodyLine, Evidence, Line, RunRow, StateRow } from "./evidence.ts";
import type { FleetJob } from "./fleet.ts";

/** 2026-01-05T10:00:00Z. */
export const T0 = Date.UTC(2026, 0, 5, 10);
export const at = (seconds: number): number => T0 + seconds * 1000;

const blank = { kind: "command", parents: [], backfill: false, transactional: false, beats: 0, fails: false } as const;
/** `j` every 10 s, its child `k` 5 s later, `b` with a run for each slot, `t` with effects. */
export const JOBS: readonly FleetJob[] = [
  { ...blank, name: "j", schedule: "10s" },
  { ...blank, name: "k", schedule: "5-59/10 * * * * *", parents: ["j"] },
  { ...blank, name: "b", schedule: "10s", backfill: true },
  { ...blank, name: "c", schedule: "10s", backfill: true, parents: ["b"] },
  { ...blank, name: "t", schedule: "10s", kind: "sql", transactional: true },
];

export interface Planted {
  runs: RunRow[];
  lines: Line[];
  rows: StateRow[];
  effects: Evidence["effects"][number][];
}

let number = 0;

/** A run for the slot at second `s`, claimed 0.1 s later for 0.5 s; its body ended if it succeeded. */
export function run(job: string, s: number, over: Partial<RunRow> = {}): RunRow {
  number++;
  const claimedAt = at(s) + 100;
  return {
    ...{ id: number, runId: `run-${number}`, job, slot: at(s), attempt: 1, trigger: "schedule", host: "h1", pid: 7 },
    ...{ claimedAt, endedAt: claimedAt + 500, outcome: "succeeded", missed: 0, missedFrom: null },
    ...over,
  };
}

export function line(of: RunRow, what: BodyLine["what"], uptime: number, over: Partial<BodyLine> = {}): BodyLine {
  const { job, slot, attempt, runId, host } = of;
  return { what, job, slot, attempt, runId, host: host ?? "", pid: 70, uptime, ...over };
}

export const bodyOf = (of: RunRow): BodyLine[] => {
  const second = (of.claimedAt - T0) / 1000;
  return [line(of, "start", second + 0.05), line(of, "end", second + 0.4)];
};

/** Three slots of every job, all well. `spoil` plants the defect. */
export function evidence(spoil: (planted: Planted) => void = () => {}): Evidence {
  const runs = [0, 10, 20].flatMap((s) => [
    run("j", s),
    run("k", s + 5),
    run("b", s),
    run("c", s, { claimedAt: at(s) + 800, endedAt: at(s) + 1_200 }),
    run("t", s),
  ]);
  const planted: Planted = {
    runs,
    lines: runs
      .filter((r) => r.job !== "t")
      .sort((a, b) => a.claimedAt - b.claimedAt)
      .flatMap(bodyOf),
    rows: JOBS.map(({ name }) => ({ job: name, nextRun: at(name === "k" ? 35 : 30), isOwned: false, held: null })),
    effects: runs.filter((r) => r.job === "t").map(({ job, slot, runId }) => ({ job, slot, runId })),
  };
  spoil(planted);
  return { jobs: JOBS, ...planted, zero: T0, from: at(1), until: at(28) };
}

/** The one row that fits, replaced. */
export function change(runs: RunRow[], job: string, s: number, over: Partial<RunRow>): RunRow {
  const index = runs.findIndex((r) => r.job === job && r.slot === at(s));
  const changed = { ...(runs[index] as RunRow), ...over };
  runs[index] = changed;
  return changed;
}
