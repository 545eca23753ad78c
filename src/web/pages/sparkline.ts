/** The last runs of a job as a row of bars: up as high as it took long, down where it failed. Owns the drawing. */
import { counted } from "../../report/ages.ts";
import type { LedgerRun } from "../../report/job-json.ts";
import type { Html } from "../seam.ts";
import type { Mark, Slots, Value } from "./slots.ts";

const BARS = 20;
const STEP = 4;
/** Successes stand on this line; failures hang from below it, so that nobody needs the colours. */
const GROUND = 13;

/** `bad` counts against the job; `odd` is neither good nor bad. */
export function kindOf({ outcome }: LedgerRun): "good" | "bad" | "odd" | "busy" {
  if (outcome === null) return "busy";
  if (outcome === "succeeded") return "good";
  return outcome === "failed" || outcome === "timed-out" || outcome === "lost" ? "bad" : "odd";
}

/** `all`: newest first; the newest bar stands on the right. */
export function sparkline(all: readonly LedgerRun[]): Value {
  const runs = all.slice(0, BARS).reverse();
  const longest = Math.max(...runs.filter((run) => kindOf(run) === "good").map((run) => run.took), 0.001);
  const paths: Record<string, string> = {};
  for (const [i, run] of runs.entries()) {
    const kind = kindOf(run);
    const x = (BARS - runs.length + i) * STEP + 2;
    // The root keeps short runs visible beside one that took an hour.
    const up = Math.max(1.5, Math.sqrt(Math.min(1, run.took / longest)) * (GROUND - 1));
    const line = kind === "bad" ? `M${x} ${GROUND + 1}v6` : kind === "odd" ? `M${x} ${GROUND - 2}v2` : `M${x} ${GROUND}v-${Math.round(up)}`;
    paths[kind] = (paths[kind] ?? "") + line;
  }
  const draw = Object.entries(paths).map(([kind, d]): Mark => ["path", { class: kind, d }]);
  return { text: sparkWords(runs), draw };
}

function sparkWords(runs: readonly LedgerRun[]): string {
  if (runs.length === 0) return "no runs yet";
  const bad = runs.filter((run) => kindOf(run) === "bad").length;
  return `${counted(runs.length, "run")}, ${bad === 0 ? "none" : bad} failed`;
}

export function sparkHtml(slots: Slots): Html {
  return slots.at("spark", "svg", { class: "spark", role: "img" });
}
