/** The runs of a job as a table, and how long they took as a chart. Owns both. */
import { counted, took } from "../../report/ages.ts";
import { result, sums } from "../../report/history.ts";
import type { LedgerRun } from "../../report/job-json.ts";
import { masked } from "../../report/mask.ts";
import { element, html } from "../html.ts";
import type { Html, JobPageData } from "../seam.ts";
import { runsHref } from "./links.ts";
import { kindOf } from "./sparkline.ts";
import { at } from "./times.ts";
import { said } from "./words.ts";

const CHART_RUNS = 60;
const STEP = 10;
const HIGH = 96;
/** A few runs are no broad beams. */
const LEAST_WIDTH = 300;
/** Room below the bars for the marks of failures, and above for the numbers. */
const FOOT = 14;
const HEAD = 16;
/** Runs in the table; the rest is folded away. */
const OPEN_RUNS = 20;

export function runsHtml({ job, runs }: JobPageData, zone: string): Html {
  const table = (
    some: readonly LedgerRun[],
    caption: string,
  ) => html`<div class="wide" tabindex="0" role="group" aria-label="${caption}"><table class="runs"><caption class="sr">${caption}; times in ${zone}</caption>
<thead><tr><th scope="col">Run</th><th scope="col">Slot</th><th scope="col">Started</th><th scope="col">Took</th><th scope="col">Host</th><th scope="col">By</th><th scope="col">Result</th></tr></thead><tbody>${some.map((run) => runRow(run, zone))}</tbody></table></div>`;
  const older = runs.slice(OPEN_RUNS);
  return html`<section id="runs" aria-labelledby="h-runs"><h2 id="h-runs">Runs</h2>
${runs.length === 0 ? html`<p class="dim">It has never run.</p>` : table(runs.slice(0, OPEN_RUNS), "The newest runs")}
${older.length > 0 && html`<details class="fold"><summary>${counted(older.length, "older run")}</summary>${table(older, "Older runs")}</details>`}
${runs.length >= 200 && html`<p><a href="${runsHref(job.name)}">All runs as JSON</a></p>`}</section>`;
}

function runRow(run: LedgerRun, zone: string): Html {
  const { id, slot, attempt, trigger, host, claimedAt } = run;
  const how = result(run, { zone, width: Number.POSITIVE_INFINITY, colour: false, ascii: false });
  const skipped = run.outcome === "skipped";
  const by = skipped ? "–" : trigger + (attempt > 1 ? ` ${attempt}` : "");
  return html`<tr><th scope="row"><a href="/api/runs/${id}/output?as=text">#${id}</a></th><td>${at(slot, zone)}</td><td>${skipped ? "–" : at(claimedAt, zone)}</td><td>${skipped ? "–" : took(run.took)}</td><td>${said(host ?? "–", 60)}</td><td>${by}</td><td class="${kindOf(run)}">${masked(how.text)}</td></tr>`;
}

export function chartHtml({ runs }: JobPageData): Html | null {
  const shown = runs
    .filter((run) => run.outcome !== "skipped")
    .slice(0, CHART_RUNS)
    .reverse();
  if (shown.length < 2) return null;
  const { median, p95, ended, succeeded } = sums(shown);
  const top = Math.max(...shown.map((run) => run.took), 0.1);
  const y = (seconds: number) => Math.round((HEAD + (HIGH - HIGH * (seconds / top))) * 10) / 10;
  const paths: Record<string, string> = {};
  for (const [i, run] of shown.entries()) {
    const [kind, x] = [kindOf(run), i * STEP + STEP / 2];
    paths[kind] = `${paths[kind] ?? ""}M${x} ${HEAD + HIGH}V${Math.min(y(run.took), HEAD + HIGH - 2)}`;
    if (kind === "bad") paths.mark = `${paths.mark ?? ""}M${x - 3} ${HEAD + HIGH + 4}l6 6m-6 0l6 -6`;
  }
  const width = Math.max(LEAST_WIDTH, shown.length * STEP);
  const words = `The last ${counted(shown.length, "run")}: ${ended > 0 ? `${Math.floor((100 * succeeded) / ended)} % ok, ` : ""}${median === null ? "" : `median ${took(median)}, `}${p95 === null ? "" : `95 % took at most ${took(p95)}, `}the longest ${took(top)}.`;
  const rule = (seconds: number | null, name: string) =>
    seconds !== null && html`<line class="${name}" x1="0" x2="${width}" y1="${y(seconds)}" y2="${y(seconds)}"/>`;
  return html`<section aria-labelledby="h-chart"><div class="bar"><h2 id="h-chart">Durations</h2><p class="key dim" aria-hidden="true"><i class="good"></i>ran <i class="bad"></i>✖ failed <i class="median"></i>median <i class="p95"></i>95 %</p></div>
<svg class="chart" role="img" preserveAspectRatio="xMinYMid" viewBox="0 0 ${width} ${HEAD + HIGH + FOOT}"><title>${words}</title>${Object.entries(paths).map(([kind, d]) => element("path", { class: kind, d }))}${rule(p95, "p95")}${rule(median, "median")}<text x="0" y="10">${took(top)}</text></svg>
<p class="dim">${words}</p></section>`;
}
