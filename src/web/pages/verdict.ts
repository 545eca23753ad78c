/** What is wrong, in one sentence: the root cause, what it holds up, what happens next. Owns the words; judges nothing. */
import { homeless, live as liveHosts } from "../../core/fleet.ts";
import { counted } from "../../report/ages.ts";
import { LOOKS } from "../../report/status.ts";
import { stamp, stampNear } from "../../report/times.ts";
import { because } from "../../report/upcoming.ts";
import { html } from "../html.ts";
import type { Html } from "../seam.ts";
import { type Board, dependants, type Standing, TROUBLE } from "./board.ts";
import { jobHref } from "./links.ts";
import type { Book, Slots, Value } from "./slots.ts";
import { distance } from "./times.ts";
import { said, shown, someOf } from "./words.ts";

/** Other causes that are named. */
const MOST_OTHERS = 8;

interface Told {
  readonly kind: "good" | "bad" | "odd";
  readonly glyph: string;
  /** The job it is about; null: about none, or all. */
  readonly job: string | null;
  /** Follows the job's name, or stands alone. */
  readonly text: string;
}

export function verdictValues(board: Board, book: Book): void {
  const causes = rootsOf(board);
  const { kind, glyph, job, text } = verdict(board, causes);
  const others = causes.slice(1, 1 + MOST_OTHERS);
  const more = causes.length - 1 - others.length;
  book.put("", {
    verdict: { class: `verdict ${kind}` },
    "verdict:glyph": glyph,
    "verdict:job": job === null ? { text: "", href: null } : { text: shown(job), href: jobHref(job) },
    "verdict:text": text,
    also: others.map(({ key }) => key),
    "also:more": more > 0 ? `and ${more} more` : "",
  });
  for (const one of others) book.put(`also:${one.key}`, { job: alsoValue(one) });
}

const alsoValue = ({ job, status }: Standing): Value => ({
  text: `${LOOKS[status.state][0]} ${shown(job.name)} ${status.words}`,
  href: jobHref(job.name),
});

export function verdictHtml(slots: Slots): Html {
  const also = slots.list("also", (id, own) => html`<li data-scope="also:${id}">${own.at("job", "a")}</li>`);
  return html`<section aria-label="Verdict">
<p ${attributesOf(slots, "verdict")}>${slots.at("verdict:glyph", "b", { "aria-hidden": "true" })}<span>${slots.at("verdict:job", "a")} ${slots.at("verdict:text")}</span></p>
<ul class="also" data-live="also">${also}</ul>${slots.at("also:more", "small")}
</section>`;
}

const attributesOf = (slots: Slots, key: string): Html => html`class="${String(slots.attributes(key).class ?? "")}" data-live="${key}"`;

/** Jobs in trouble whose trouble is their own, or that of something outside the registry: the worst first. */
function rootsOf(board: Board): Standing[] {
  const troubled = board.all.filter(({ status }) => TROUBLE.includes(status.state));
  const roots = troubled.map((one) => (one.status.rootCause && board.byName.get(one.status.rootCause)) || one);
  const rank = ({ status }: Standing) => (TROUBLE.includes(status.state) ? TROUBLE.indexOf(status.state) : TROUBLE.length);
  const holds = new Map([...new Set(roots)].map((one) => [one, dependants(board, one.job.name).length]));
  return [...holds.keys()].sort((a, b) => rank(a) - rank(b) || (holds.get(b) ?? 0) - (holds.get(a) ?? 0));
}

function verdict(board: Board, causes: readonly Standing[]): Told {
  const [worst] = causes;
  const fleet = fleetTrouble(board);
  if (board.all.length === 0) return { kind: "odd", glyph: "○", job: null, text: "No jobs are configured." };
  if (fleet?.kind === "bad") return fleet;
  if (worst) return { kind: "bad", glyph: LOOKS[worst.status.state][0], job: worst.job.name, text: sentence(board, worst) };
  return fleet ?? allWell(board);
}

function sentence(board: Board, cause: Standing): string {
  const { row, status } = cause;
  const since = sinceWords(board, cause);
  const error = row?.lastError && status.errors > 0 ? ` (${said(`${row.lastError.type}: ${row.lastError.value}`, 120)})` : "";
  const held = dependants(board, cause.job.name).filter(
    ({ status: other }) => other.rootCause === cause.job.name || other.blockedBy === cause.job.name,
  );
  const names = held.map(({ job }) => shown(job.name));
  const holds = names.length > 0 ? `, holds up ${someOf(names, 3)}` : "";
  return `${plainWords(cause)}${since}${error}${holds}; ${nextWords(board, cause)}.`;
}

/** Its words without what the sentence says itself. */
function plainWords({ status: { state, words } }: Standing): string {
  if (state === "failing") return words.replace(/, (retry|next run) in .*$|, retry due$/, "");
  if (state === "late") return `is ${words}`.replace("is late ", "is late by ");
  return state === "blocked" || state === "lost" || state === "held" || state === "paused" || state === "disabled"
    ? `is ${words}`
    : `is ${state}`;
}

/** When the failures in a row began, as far as the newest runs tell. */
function sinceWords({ now, zone }: Board, { runs, status }: Standing): string {
  if (status.errors === 0) return "";
  const good = runs.findIndex((run) => run.outcome === "succeeded");
  const streak = runs.slice(0, good < 0 ? runs.length : good).filter((run) => run.outcome !== null && run.outcome !== "skipped");
  const first = streak.at(-1);
  if (!first) return "";
  const [whole, today] = [stamp(first.endedAt ?? first.claimedAt, zone), stamp(now, zone)];
  return ` since ${whole.slice(0, 10) === today.slice(0, 10) ? whole.slice(11, 16) : whole.slice(0, 16)}`;
}

function nextWords({ now, zone }: Board, { status, next: [run] }: Standing): string {
  if (status.state === "running") return "retrying now";
  if (status.state === "held") return "waits for unlock";
  if (status.state === "lost") return "the next pass takes over";
  if (status.state === "late") return "no host runs it";
  if (status.state === "paused") return "waits for resume";
  if (status.state === "disabled") return "waits to be enabled";
  if (!run) return "no run is planned";
  const why = run.why === "slot" || run.why === "due" ? "next run" : because(run);
  if (run.at === null) return because(run);
  return run.at <= now ? `${why} with the next pass` : `${why} at ${stampNear(run.at, now, zone)}`;
}

/** Nobody runs anything; or some jobs have no host. Null: nothing is known to be wrong, or the hosts were not asked. */
function fleetTrouble({ data: { view }, now, all }: Board): Told | null {
  const hosts = view.hosts ?? [];
  if (hosts.length === 0) return null;
  if (liveHosts(hosts, now).length === 0) {
    const newest = [...hosts].sort((a, b) => b.seenAt.getTime() - a.seenAt.getTime())[0];
    const last = newest ? `: ${shown(newest.label)} was the last, ${distance(newest.seenAt, now)}` : "";
    return { kind: "bad", glyph: "▲", job: null, text: `No host is looking after the jobs${last}. Nothing will run.` };
  }
  const nowhere = homeless(
    all.map(({ job }) => job),
    hosts,
    { now, known: false },
  );
  const [first] = nowhere;
  if (!first) return null;
  const more = nowhere.length > 1 ? `, and ${counted(nowhere.length - 1, "other job")} likewise` : "";
  return { kind: "odd", glyph: "▲", job: first.job, text: `can run nowhere: ${shown(first.why)}${more}.` };
}

function allWell({ all, now, zone }: Board): Told {
  const coming = all.flatMap(({ next, job }) => (next[0]?.at ? [{ at: next[0].at, name: job.name }] : []));
  const [first] = coming.sort((a, b) => a.at.getTime() - b.at.getTime());
  const soon = first && (first.at <= now ? "now" : `at ${stampNear(first.at, now, zone)}`);
  const next = first ? `Next: ${shown(first.name)} ${soon}.` : "No run is planned.";
  return { kind: "good", glyph: "✔", job: null, text: `All well. ${next}` };
}
