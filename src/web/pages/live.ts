/** Everything that lives on the pages, by its key. Owns nothing but the sum of the parts. */
import { createHash } from "node:crypto";
import type { PageData } from "../seam.ts";
import { backfillValues } from "./backfills.ts";
import { type Board, boardOf } from "./board.ts";
import { countValues } from "./counts.ts";
import { fleetValues } from "./fleet.ts";
import { graphValues } from "./graph-svg.ts";
import { runningValues } from "./running.ts";
import type { Values } from "./slots.ts";
import { jobValues } from "./table.ts";
import { timelineValues } from "./timeline.ts";
import { verdictValues } from "./verdict.ts";

export function live(data: PageData, zone: string): Values {
  return valuesOf(boardOf(data, zone));
}

export function valuesOf(board: Board): Values {
  return {
    shape: shapeOf(board),
    ...verdictValues(board),
    ...countValues(board),
    ...runningValues(board),
    ...backfillValues(board),
    ...jobValues(board),
    ...timelineValues(board),
    ...graphValues(board),
    ...fleetValues(board),
    ...Object.fromEntries(board.all.map((one) => [`${one.key}:head`, headOf(one)])),
  };
}

/** What a page must be made anew for: jobs that came or went, or hang together otherwise. */
export function shapeOf({ all }: Board): string {
  const shape = all.map(({ job: { name, schedule, dependsOn, enabled } }) => [name, schedule.text, dependsOn, enabled]);
  return createHash("sha256").update(JSON.stringify(shape)).digest("base64url").slice(0, 12);
}

/** What a job's page must be made anew for: a run began or ended, or somebody steered the job. */
export function headOf({ runs: [newest], row }: Board["all"][number]): string {
  const steered = [row?.pausedAt, row?.heldAt, row?.resumedAt, row?.markedAt].map((t) => (t ? t.getTime() : ""));
  return [newest ? `${newest.id}${newest.outcome ?? ""}` : "", row?.errorCount ?? "", ...steered].join(".");
}
