/** What a run printed, under a line that says which run. Owns that line; the output is the job's own. */
import { took } from "./ages.ts";
import { result } from "./history.ts";
import { type LedgerRun, runJson } from "./job-json.ts";
import { glyphs, paint } from "./paint.ts";
import { inline, printable, shownName } from "./safe.ts";
import { stampWithZone } from "./times.ts";
import type { Document, Paper } from "./view.ts";

export interface Printed {
  readonly run: LedgerRun;
  /** Null: nothing was printed, or the run is still on. */
  readonly output: string | null;
}

/** Escape sequences of the job are dropped; the document has them. An error follows what led to it. */
export function logsText({ run, output }: Printed, paper: Paper): string {
  const { text, style } = result({ ...run, missed: 0, error: null, progress: null, lateOutcome: null, resetAt: null }, paper);
  const dot = glyphs(paper, " · ");
  const facts = [`slot ${stampWithZone(run.slot, paper.zone)}`, `attempt ${run.attempt}`, inline(run.host ?? "?")];
  const end = `${paint(paper, style, text)} ${run.outcome === null ? "for" : "after"} ${took(run.took)}`;
  const late = run.lateOutcome ? [`ended too late as ${run.lateOutcome}`] : [];
  const head = [paint(paper, "strong", `#${run.id} ${shownName(run.job)}`), ...facts, end, ...late].join(dot);
  const nothing = run.outcome === null ? "(its output can be read when it has ended)" : "(no output)";
  const body = output ? printable(output).replace(/\n*$/, "") : paint(paper, "faint", nothing);
  return [head, body, ...error(run, paper)].map((line) => `${line}\n`).join("");
}

function error({ error: e }: LedgerRun, paper: Paper): string[] {
  if (!e) return [];
  const traceback = printable(e.traceback).replace(/\n+$/, "");
  return [paint(paper, "bad", `${inline(e.type)}: ${printable(e.value)}`), ...(traceback ? [traceback] : [])];
}

export function logsDocument({ run, output }: Printed): Document {
  return { schema: "crontabber.logs/1", job: run.job, run: runJson(run), output };
}
