/** What a run printed, between a line that says which run and one that says how it ended. Owns those lines and the documents. */
import type { Part } from "../core/streams.ts";
import { took } from "./ages.ts";
import { result } from "./history.ts";
import { type LedgerRun, runJson } from "./job-json.ts";
import { masked } from "./mask.ts";
import { glyphs, paint } from "./paint.ts";
import { inline, printable, shownName } from "./safe.ts";
import { Stretches } from "./stretches.ts";
import { stampWithZone } from "./times.ts";
import type { Document, Paper } from "./view.ts";

export interface Printed {
  readonly run: LedgerRun;
  /** Null: nothing was printed, so far. */
  readonly output: string | null;
  /** The same with its streams; absent: as if all of it were of one. */
  readonly parts?: readonly Part[];
}

/** Escape sequences of the job are dropped; the document has them. An error follows what led to it. */
export function logsText({ run, output, parts = [{ stream: null, text: output ?? "" }] }: Printed, paper: Paper): string {
  const stretches = new Stretches(paper);
  const body = output ? (stretches.text(parts) + stretches.end()).replace(/\n+$/, "\n") : nothing(run, paper);
  return headLine(run, paper) + body + errorLines(run, paper);
}

const nothing = ({ outcome }: LedgerRun, paper: Paper): string =>
  `${paint(paper, "faint", outcome === null ? "(no output yet)" : "(no output)")}\n`;

/** Which run, and how it stands. */
export function headLine(run: LedgerRun, paper: Paper): string {
  const facts = [`slot ${stampWithZone(run.slot, paper.zone)}`, `attempt ${run.attempt}`, inline(run.host ?? "?")];
  const late = run.lateOutcome ? [`ended too late as ${run.lateOutcome}`] : [];
  const which = paint(paper, "strong", `#${run.id} ${shownName(run.job)}`);
  return `${[which, ...facts, standing(run, paper), ...late].join(glyphs(paper, " · "))}\n`;
}

function standing(run: LedgerRun, paper: Paper): string {
  const { text, style } = result({ ...run, missed: 0, error: null, progress: null, lateOutcome: null, resetAt: null }, paper);
  return `${paint(paper, style, text)} ${run.outcome === null ? "for" : "after"} ${took(run.took)}`;
}

function errorLines({ error: e }: LedgerRun, paper: Paper): string {
  if (!e) return "";
  const traceback = printable(masked(e.traceback)).replace(/\n+$/, "");
  const lines = [paint(paper, "bad", `${inline(e.type)}: ${printable(masked(e.value))}`), ...(traceback ? [traceback] : [])];
  return lines.map((line) => `${line}\n`).join("");
}

/** Below what was followed to its end. */
export function endLines(run: LedgerRun, paper: Paper): string {
  return `${errorLines(run, paper)}${paint(paper, "strong", `#${run.id} ${shownName(run.job)}`)} ${standing(run, paper)}\n`;
}

export function logsDocument({ run, output, parts = output === null ? [] : [{ stream: null, text: output }] }: Printed): Document {
  const told = parts.map((part) =>
    "text" in part ? { stream: part.stream, text: masked(part.text) } : { stream: part.stream, left_out: part.leftOut },
  );
  return { schema: "crontabber.logs/1", job: run.job, run: runJson(run), output: output && masked(output), parts: told };
}

/** One line of what `logs --follow --json` says: a run is there, a line of its output, bytes nobody kept, its end. */
export type Followed =
  | { readonly event: "run" | "end"; readonly run: LedgerRun }
  | { readonly event: "output"; readonly run: LedgerRun; readonly part: Part };

export function followedDocument(told: Followed): Document {
  const { event, run } = told;
  const whose = { schema: "crontabber.logs-follow/1", event: event as string, job: run.job, id: Number(run.id) };
  if (event !== "output") return { ...whose, run: runJson(run) };
  const { part } = told;
  if ("leftOut" in part) return { ...whose, event: "left-out", stream: part.stream, bytes: part.leftOut };
  return { ...whose, stream: part.stream, text: masked(part.text) };
}
