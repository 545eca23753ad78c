/** What the file and the code say of a job. Owns this part of its page. */

import type { Job } from "../../core/job.ts";
import { span } from "../../report/ages.ts";
import { safeValues } from "../../report/secrets.ts";
import { html } from "../html.ts";
import type { Html } from "../seam.ts";
import { said, saidValue, saidWhole } from "./words.ts";

export function definitionHtml(job: Job): Html {
  const fields = [...identity(job), ...policy(job)].filter(([, text]) => text !== "");
  const options = Object.keys(job.options).length > 0 ? saidValue(safeValues(job.options)) : "";
  const code = saidWhole(job.command ?? job.sql ?? "");
  return html`<section aria-labelledby="h-definition"><details><summary><h2 id="h-definition">Definition</h2></summary>
<dl class="facts">${fields.map(([name, text]) => html`<div><dt>${name}</dt><dd>${text}</dd></div>`)}</dl>
${code !== "" && html`<pre tabindex="0">${code}</pre>`}${options !== "" && html`<h3>Options</h3><pre tabindex="0">${options}</pre>`}</details></section>`;
}

type Field = readonly [name: string, text: string];

function identity({ label, module, schedule, origin, enabled, broken, tags, locks, cwd, user, env, envPass }: Job): Field[] {
  return [
    ["Class", said(label)],
    ["Module", module ? said(`${module.file}#${module.export}`) : ""],
    ["Schedule", said(schedule.display)],
    ["Configured in", said(`${origin.file}:${origin.line}`)],
    ["Enabled", enabled ? "" : "no"],
    ["Not importable", said(broken ?? "")],
    ["Tags", said(tags.join(", "))],
    ["Locks", said(locks.join(", "))],
    ["Folder", said(cwd ?? "")],
    ["User", said(user ?? "")],
    ["Environment", said([...Object.entries(safeValues(env)).map(([key, value]) => `${key}=${String(value)}`), ...envPass].join(" "))],
  ];
}

function policy({
  retry,
  errorRetryTime,
  maxAttempts,
  onLost,
  maxLost,
  timeout,
  startDeadline,
  lease,
  transaction,
  backfill,
}: Job): Field[] {
  return [
    ["Missed slots", backfill ? "one run for each" : "one run for the newest"],
    ["Retry", `${retry}, after ${span(errorRetryTime)}${maxAttempts === null ? "" : `, at most ${maxAttempts} attempts a slot`}`],
    ["When lost", `${onLost}, held after ${maxLost} in a row`],
    ["Timeout", timeout === null ? "" : span(timeout)],
    ["Start within", startDeadline === null ? "" : span(startDeadline)],
    ["Lease", `${span(lease)}${transaction ? ", commits with its record" : ""}`],
  ];
}
