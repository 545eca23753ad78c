/** A job's last runs as a row of bars, the oldest first. Owns heights and glyphs. */
import type { Outcome } from "../core/state.ts";
import { glyphs } from "./paint.ts";
import type { Styled } from "./table.ts";
import type { Paper } from "./view.ts";

/** How one run went. */
export interface Past {
  readonly outcome: Outcome;
  /** Seconds. */
  readonly took: number;
}

const HEIGHTS = "▁▂▃▄▅▆▇█";
const ASCII_HEIGHTS = ".:-=+*#%";

/** `runs`: the newest first. A bar is as high as its run was long, beside the longest that succeeded; one that did not succeed is a cross. */
export function bars(runs: readonly Past[], paper: Pick<Paper, "ascii">): Styled[] {
  const longest = Math.max(0, ...runs.filter(({ outcome }) => outcome === "succeeded").map(({ took }) => took));
  return runs.toReversed().map(({ outcome, took }) => {
    if (outcome === "cancelled" || outcome === "interrupted") return { text: glyphs(paper, "⊘"), style: "waiting" };
    if (outcome !== "succeeded") return { text: glyphs(paper, "✖"), style: "bad" };
    const heights = paper.ascii ? ASCII_HEIGHTS : HEIGHTS;
    const height = longest > 0 ? Math.round((took / longest) * (heights.length - 1)) : 0;
    return { text: heights[height] ?? "", style: "plain" };
  });
}
