/** What went wrong, and what was printed. Owns these two parts of a job's page. */
import { took } from "../../report/ages.ts";
import { html } from "../html.ts";
import type { Html, JobPageData } from "../seam.ts";
import type { Standing } from "./board.ts";
import { at } from "./times.ts";
import { said, saidValue, saidWhole } from "./words.ts";

/** What the record of an error has besides its three old members. */
const SHOWN: ReadonlySet<string> = new Set(["type", "value", "traceback", "cause"]);

export function errorHtml({ row, status, job }: Standing, { runs }: JobPageData): Html | null {
  const error = row?.lastError;
  if (!error) return null;
  const { type, value, traceback, cause } = error;
  const more = Object.entries(error).filter(([key]) => !SHOWN.has(key));
  const run = runs.find((one) => one.error !== null && one.outcome !== "skipped");
  const plain = `${job.name}${run ? `, run #${run.id}` : ""}\n${saidWhole(`${type}: ${value}`)}\n${saidWhole(traceback)}${cause === undefined ? "" : `\ncaused by ${saidValue(cause)}`}`;
  return html`<section id="error" class="error" aria-labelledby="h-error"><div class="bar"><h2 id="h-error">${status.errors > 0 ? "Error" : "Last error"}</h2>${run && html`<p class="dim">run #${run.id} on ${said(run.host ?? "?", 60)}${status.errors > 1 && `, ${status.errors} in a row`}</p>`}<button class="copy" data-copy="error-text" hidden>Copy</button></div>
<p class="value"><strong>${said(type)}</strong>: ${saidWhole(value)}</p>
${cause !== undefined && html`<p class="cause">caused by</p><pre tabindex="0">${saidValue(cause)}</pre>`}
${traceback !== "" && html`<details><summary>Traceback</summary><pre tabindex="0">${saidWhole(traceback)}</pre></details>`}
${more.length > 0 && html`<details><summary>The rest of the record</summary><pre tabindex="0">${saidValue(Object.fromEntries(more))}</pre></details>`}
<pre id="error-text" hidden>${plain}</pre></section>`;
}

export function outputHtml({ output, runs, job }: JobPageData, zone: string): Html {
  const run = output?.run;
  const result = runs.find((one) => one.outcome === "succeeded" && one.result !== null);
  return html`<section id="output" aria-labelledby="h-output"><div class="bar"><h2 id="h-output">Output</h2><p class="dim" id="output-of">${run && html`run #${run.id}, ${at(run.claimedAt, zone)}${run.outcome === null ? ", running" : `, ${run.outcome} after ${took(run.took)}`}`}</p></div>
<pre tabindex="0" class="output" data-output="${job.name}" data-run="${run ? String(run.id) : ""}">${output?.text ? saidWhole(output.text) : "Nothing was printed."}</pre>
${result && html`<details><summary>Result of run #${result.id}</summary><pre tabindex="0">${saidValue(result.result)}</pre></details>`}</section>`;
}
