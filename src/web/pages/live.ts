/** Everything that lives on the pages, by its key. Owns nothing but the sum of the parts. */
import { createHash } from "node:crypto";
import type { Registry } from "../../core/job.ts";
import type { PageData } from "../seam.ts";
import { backfillValues } from "./backfills.ts";
import { type Board, boardOf } from "./board.ts";
import { countValues } from "./counts.ts";
import { fleetValues } from "./fleet.ts";
import { graphValues } from "./graph-svg.ts";
import { runningValues } from "./running.ts";
import { Book, type Values } from "./slots.ts";
import { jobValues } from "./table.ts";
import { timelineValues } from "./timeline.ts";
import { verdictValues } from "./verdict.ts";

/** The same data is shown to many: what was made of it is kept as long as it. */
const kept = new WeakMap<PageData, { readonly zone: string; readonly board: Board; readonly book: Book }>();

export function live(data: PageData, zone: string): Values {
  return wholeOf(data, zone).book.flat();
}

/** Every job, and everything that lives on the overview. */
export function wholeOf(data: PageData, zone: string): { readonly board: Board; readonly book: Book } {
  const known = kept.get(data);
  if (known?.zone === zone) return known;
  const board = boardOf(data, zone);
  const book = headBook(board);
  book.put("", { shape: shapeOf(data.view.registry) });
  for (const part of [verdictValues, countValues, backfillValues, timelineValues, graphValues, fleetValues]) part(board, book);
  const made = { zone, board, book };
  kept.set(data, made);
  return made;
}

/** What a job's page has of its job, too. */
export function headBook(board: Board): Book {
  const book = new Book();
  runningValues(board, book);
  jobValues(board, book);
  for (const one of board.all) book.put(one.key, { head: headOf(one) });
  return book;
}

/** What a page must be made anew for: jobs that came or went, or hang together otherwise. */
export function shapeOf({ jobs }: Registry): string {
  const shape = jobs.map(({ name, schedule, dependsOn, enabled }) => [name, schedule.text, dependsOn, enabled]);
  return createHash("sha256").update(JSON.stringify(shape)).digest("base64url").slice(0, 12);
}

/** What a job's page must be made anew for: a run began or ended, or somebody steered the job. */
export function headOf({ runs: [newest], row }: Board["all"][number]): string {
  const steered = [row?.pausedAt, row?.heldAt, row?.resumedAt, row?.markedAt].map((t) => (t ? t.getTime() : ""));
  return [newest ? `${newest.id}${newest.outcome ?? ""}` : "", row?.errorCount ?? "", ...steered].join(".");
}
