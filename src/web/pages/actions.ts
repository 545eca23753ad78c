/** What may be done to a job from its page. Owns the forms; what cannot be taken back is asked once more by the server. */
import { html } from "../html.ts";
import type { ActionName, Chrome, Html, JobPageData } from "../seam.ts";
import type { Standing } from "./board.ts";
import { actionForm } from "./forms.ts";
import { actionHref } from "./links.ts";

interface Offer {
  readonly action: ActionName;
  readonly label: string;
  readonly does: string;
  readonly fields?: Html;
}

const note = html`<label>Why <input name="note" maxlength="500" autocomplete="off"></label>`;
const tick = (name: string, text: string): Html =>
  html`<label class="tick"><input type="checkbox" name="${name}" value="yes"> ${text}</label>`;

export function actionsHtml({ actions, noActions, wall }: Chrome, { job }: JobPageData, one: Standing): Html | null {
  if (wall) return null;
  const heading = html`<h2 id="h-actions">Actions</h2>`;
  if (!actions)
    return html`<section id="actions" aria-labelledby="h-actions">${heading}<p class="dim">${noActions ?? "Nothing can be done here."}</p></section>`;
  const form = ({ action, label, does, fields }: Offer) => {
    const ask = html`<small>${does}</small><span class="fields">${fields}${note}</span>`;
    return html`<li>${actionForm({ csrf: actions.csrf, action: actionHref(job.name, action), label, id: `do-${action}`, fields: ask })}</li>`;
  };
  return html`<section id="actions" aria-labelledby="h-actions">${heading}<ul class="actions">${offers(one).map(form)}</ul></section>`;
}

function offers({ job, row, status }: Standing): Offer[] {
  const on = status.state === "running" || status.state === "lost";
  const paused = row?.pausedAt !== null && row?.pausedAt !== undefined;
  const all: (Offer | false)[] = [
    !on && { action: "run", label: "Run now", does: "the next free host runs it, once its parents and a pause let it" },
    !on && { action: "force", label: "Run anyway", does: "the next free host runs it, whatever its parents and a pause say" },
    on && { action: "cancel", label: "Cancel the run", does: "ends it; the slot is closed without a retry" },
    row?.heldAt ? { action: "unlock", label: "Unlock", does: "lets it run again" } : false,
    paused
      ? {
          action: "resume",
          label: "Resume",
          does: "goes on with the next slot",
          fields: html`${job.backfill && tick("skip", "leave out dates that came due meanwhile")}`,
        }
      : {
          action: "pause",
          label: "Pause",
          does: "starts nothing until it is resumed",
          fields: html`<label>For <input name="for" size="6" placeholder="2h" autocomplete="off"></label>`,
        },
    { action: "mark-success", label: "Mark as succeeded", does: "closes the open slot as if it had run" },
    job.schedule.kind !== "manual" && {
      action: "backfill",
      label: "Backfill",
      does: "runs the dates between these two, oldest first",
      fields: backfillFields(),
    },
    {
      action: "reset",
      label: "Reset",
      does: "forgets that it ever ran; the history stays",
      fields: html`${on && tick("force", "even beside the run that is on")}`,
    },
  ];
  return all.filter((offer) => offer !== false);
}

function backfillFields(): Html {
  return html`<label>From <input name="from" required size="17" placeholder="2026-11-13" autocomplete="off"></label><label>To <input name="to" required size="17" placeholder="2026-11-20" autocomplete="off"></label>${tick("again", "also what has succeeded")}`;
}
