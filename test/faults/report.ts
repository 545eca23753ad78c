/** The figures and findings of a campaign as text. Owns the words only. */
import type { Figures, Spread } from "./checker.ts";
import type { Finding } from "./checks/finding.ts";

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, n]) => `${name} ${n}`)
    .join(", ");
const seconds = (spread: Spread | null): string =>
  spread ? `${spread.p50.toFixed(2)} s median, ${spread.p95.toFixed(2)} s p95, ${spread.max.toFixed(2)} s max` : "nothing to measure";

export function report(seed: number, figures: Figures, findings: readonly Finding[]): string {
  const { occurrences, runs, outcomes, faults, kills, lost, duplicates, overlaps, excused, takeover, recovery, lag } = figures;
  return [
    `seed         ${seed}`,
    `occurrences  ${occurrences} slots, ${runs} ledger rows (${listed(outcomes)})`,
    `faults       ${listed(faults)}`,
    `kills        ${kills}`,
    `lost         ${lost}`,
    `duplicates   ${duplicates} (work done twice: its runner died or stood still before the record; jobs without a transaction only)`,
    `overlaps     ${overlaps} (and ${excused} lines of whole hosts that woke up)`,
    `takeover     ${seconds(takeover)} (owner killed, its run recorded as lost)`,
    `recovery     ${seconds(recovery)} (owner killed, its job started again)`,
    `lag          ${seconds(lag)} (slot, claim)`,
    `broken       ${findings.length}`,
    ...findings.slice(0, 40).map(({ check, job, detail }) => `  ${check} ${job}: ${detail}`),
    ...(findings.length > 40 ? [`  and ${findings.length - 40} more`] : []),
  ].join("\n");
}
