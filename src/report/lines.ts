/** What each event says in the log: the words, the level, and whether it is worth a mail. Pure; writes nothing. */
import type { Events } from "../core/events.ts";
import type { RunEnd, Ticket } from "../core/state.ts";
import { inline, shownName } from "./safe.ts";

export type Level = "debug" | "info" | "warn" | "error";

export interface Line {
  readonly level: Level;
  /** Good turned bad, or bad good: told without being asked for more. */
  readonly change: boolean;
  /** On one line, printable. */
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

type Lines = { readonly [Name in keyof Events]: (payload: Events[Name]) => Line | null };

const more = (message: string, fields: Line["fields"] = {}): Line => ({ level: "info", change: false, message, fields });
const bad = (message: string, fields: Line["fields"] = {}): Line => ({ level: "error", change: true, message, fields });
const odd = (message: string, fields: Line["fields"] = {}): Line => ({ level: "warn", change: true, message, fields });
const name = shownName;

const LINES: Lines = {
  "pass:started": ({ jobs }) => ({ ...more(`pass over ${jobs} jobs`, { jobs }), level: "debug" }),
  "job:not-due": ({ job, verdict: { why, detail } }) => more(`${name(job)} does not run: ${why}, ${inline(detail)}`, { job, why }),
  "claim:lost": () => null,
  "job:skipped": ({ job, skipped: { from, to, count, reason } }) =>
    more(`${name(job)}: ${count} slots are skipped (${reason})`, { job, from, to, count, reason }),
  "run:started": ({ ticket }) => more(`${name(ticket.job)} started`, about(ticket)),
  "run:progress": () => null,
  "run:output": () => null,
  "run:stopping": ({ ticket, why }) => more(`${name(ticket.job)} is being ended: ${inline(why)}`, about(ticket)),
  "run:recorded": ({ ticket, end }) => recorded(ticket, end),
  "run:fenced": ({ ticket, outcome }) =>
    odd(`${name(ticket.job)} lost its lease while it ran; its end (${outcome}) counts only as late`, { ...about(ticket), outcome }),
  "run:spooled": ({ ticket, file, message }) =>
    bad(`the end of ${name(ticket.job)} could not be recorded and waits in ${file} for this host's next pass: ${inline(message)}`, {
      ...about(ticket),
      file,
    }),
  "spool:delivered": ({ ticket, end, how }) => {
    const { job, runId } = ticket;
    const late = recorded(ticket, end);
    // The pass that ran it could not say how it ended.
    if (how === "recorded" && late.change) return late;
    return more(`${name(job)}: the end of an earlier run was delivered (${how})`, { job, runId, how });
  },
  "spool:unreadable": ({ file }) => odd(`the end of a run cannot be read; it was set aside as ${file}`, { file }),
  "run:reaped": ({ job, runId, host }) =>
    odd(`${name(job)} was lost on ${inline(host ?? "an unknown host")}: its lease ran out and this host took over`, { job, runId, host }),
  "drain:started": ({ signal, seconds }) => more(`${signal}: nothing more is started; what runs may end within ${seconds} s`, { signal }),
  "database:down": ({ message }) => bad(`the database cannot be used: ${inline(message)}`),
  "database:up": () => ({ ...odd("the database is good again"), level: "info" }),
  "registry:reloaded": ({ jobs, broken, restart }) => {
    const waits = restart.length > 0 ? `; restart the daemon for ${restart.join(", ")}` : "";
    const message = `the configuration was reloaded: ${jobs} jobs${waits}`;
    if (broken.length > 0) return bad(`${message}; ${broken.length} modules cannot be imported: ${inline(broken.join("; "))}`, { jobs });
    return restart.length > 0 ? odd(message, { jobs, restart }) : { ...odd(message, { jobs }), level: "info" };
  },
  "registry:refused": ({ problems }) =>
    bad(`the configuration has changed and is wrong, the old one holds on: ${inline(problems.join("; "))}`, { problems }),
  "daemon:trouble": ({ message }) => bad(`this is a bug in crontabber; the daemon goes on: ${inline(message)}`),
  "guard:trouble": ({ message }) => odd(`the guard of this host's jobs: ${inline(message)}`),
  "alert:told": ({ id, text }) => more(`told: ${inline(text)}`, { alert: id }),
  "alert:failed": ({ id, text, tries, trouble }) => {
    const message = `an alert was not taken and is tried again: ${inline(trouble)} (${inline(text)})`;
    return { ...odd(message, { alert: id, tries }), change: tries === 1 };
  },
  "alert:trouble": ({ message, news }) => ({ ...odd(`alerts: ${inline(message)}`), change: news }),
  "http:listening": ({ url }) => ({ ...odd(`page at ${url}`, { url }), level: "info" }),
  "http:failed": ({ address, message }) => bad(`there is no page at ${address}, and it is tried again: ${inline(message)}`, { address }),
  "http:trouble": ({ message }) => bad(`this is a bug in crontabber; the page goes on: ${inline(message)}`),
  "http:guess": ({ remote, tries }) =>
    odd(`a wrong token was sent to the page from ${inline(remote)} (${tries} in a row)`, { remote, tries }),
  "job:told": () => null,
  "ledger:pruned": ({ rows }) => more(`${rows} old runs were removed from the ledger`, { rows }),
  "pass:ended": ({ ran, failed }) => ({ ...more(`pass ended: ${ran} runs, ${failed} failed`, { ran, failed }), level: "debug" }),
};

/** Null: never a line of its own. */
export function lineOf<Name extends keyof Events>(event: Name, payload: Events[Name]): Line | null {
  return LINES[event](payload);
}

function about({ job, slot, attempt, runId, trigger }: Ticket): Record<string, unknown> {
  return { job, slot, attempt, trigger, runId };
}

/** `Type: value` on one line, cut to what a mail's reader needs. */
export function errorText({ error, outcome }: Pick<RunEnd, "error" | "outcome">): string {
  if (!error) return outcome;
  const value = inline(error.value);
  return `${inline(error.type)}: ${value.length > 500 ? `${value.slice(0, 500)}…` : value}`;
}

function recorded(ticket: Ticket, end: RunEnd): Line {
  const { job, errors } = ticket;
  const fields = { ...about(ticket), outcome: end.outcome, ...(end.error && { error: { type: end.error.type, value: end.error.value } }) };
  if (end.outcome === "succeeded") {
    const again = errors > 0;
    return {
      level: "info",
      change: again,
      message: again ? `${name(job)} is good again after ${times(errors)}` : `${name(job)} succeeded`,
      fields,
    };
  }
  if (end.outcome === "interrupted" || end.outcome === "cancelled")
    return more(`${name(job)} was ${end.outcome}: ${errorText(end)}`, fields);
  const held = heldBy(ticket);
  const nth = errors > 0 ? ` (${times(errors + 1)} in a row)` : "";
  const message = `${name(job)} ${end.outcome}${nth}: ${errorText(end)}${held ? `; it is held until crontabber unlock ${name(job)}` : ""}`;
  return { level: "error", change: errors === 0 || held, message, fields };
}

const times = (n: number): string => `${n} ${n === 1 ? "error" : "errors"}`;

/** This failure uses the slot's last attempt up. */
function heldBy({ opens, slotErrors, policy }: Ticket): boolean {
  return opens && policy.maxAttempts !== null && slotErrors + 1 >= policy.maxAttempts;
}
