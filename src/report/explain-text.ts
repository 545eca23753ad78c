/** How an explanation looks in a terminal. Owns the layout; every fact in it comes from explain.ts. */
import type { Check } from "../core/plan.ts";
import { age, near, secondsBetween } from "./ages.ts";
import type { Explained } from "./explain.ts";
import type { ParentAnswer } from "./forecast.ts";
import { glyphs, paint } from "./paint.ts";
import { columns, inline, shownName } from "./safe.ts";
import { stampNear, stampWithZone, zoned } from "./times.ts";
import type { Paper } from "./view.ts";

export function explainText(told: Explained, paper: Paper): string {
  const lines = [
    title(told, paper),
    "",
    answer(told, paper),
    ...questions(told, paper),
    ...fleet(told, paper),
    "",
    ...ahead(told, paper),
    ...tries(told),
  ];
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

function title({ job }: Explained, paper: Paper): string {
  const where = `(${inline(job.origin.file)}:${job.origin.line})`;
  return [paint(paper, "strong", shownName(job.name)), inline(job.label), inline(job.schedule.display), where].join("   ");
}

function answer({ verdict, checks, now, forecasted }: Explained, paper: Paper): string {
  const noes = checks.filter((check) => check.no !== null).length;
  const asked = forecasted ? `at ${stampWithZone(now, paper.zone)}, if nothing changes before` : "now";
  if (verdict.due) return `Would it run ${asked}?   ${paint(paper, "good", "YES")}`;
  return `Would it run ${asked}?   ${paint(paper, "bad", "NO")}, ${noes} of ${checks.length} checks ${noes === 1 ? "says" : "say"} no`;
}

function questions(told: Explained, paper: Paper): string[] {
  const room = Math.max(...told.checks.map((check) => check.name.length));
  return told.checks.flatMap((check) => {
    const line = `  ${mark(check.no === null, paper)} ${check.name.padEnd(room)}  ${detail(told, check, paper)}`;
    return check.name === "dependencies" ? [line, ...parents(told, paper)] : [line];
  });
}

function fleet(told: Explained, paper: Paper): string[] {
  return told.fleet.map((text) => `  ${paint(paper, "waiting", glyphs(paper, "▲"))} fleet: ${zoned(inline(text), paper.zone)}`);
}

function mark(yes: boolean, paper: Paper): string {
  return yes ? paint(paper, "good", glyphs(paper, "✔")) : paint(paper, "bad", glyphs(paper, "✖"));
}

/** The plan in the reader's zone; everything else as the judge said it. */
function detail({ state, now }: Explained, { name, no, detail: yes }: Check, { zone }: Paper): string {
  if (name !== "due" || !state.nextRun) return zoned(inline(no?.detail ?? yes), zone);
  const [at, how] = [stampWithZone(state.nextRun, zone), secondsBetween(state.nextRun, now)];
  return state.nextRun > now ? `next run ${at} (in ${age(secondsBetween(now, state.nextRun))})` : `next run ${at} (was ${age(how)} ago)`;
}

function parents(told: Explained, paper: Paper): string[] {
  const room = Math.max(0, ...told.parents.map((parent) => columns(shownName(parent.name))));
  return told.parents.map((parent) => {
    const name = shownName(parent.name);
    return `      ${mark(parent.no === null, paper)} ${name}${" ".repeat(room - columns(name))}  ${parentFacts(told, parent, paper)}`;
  });
}

function parentFacts({ job, now }: Explained, { name, no, state, status }: ParentAnswer, paper: Paper): string {
  if (!no) return state?.lastSuccess ? `last success ${near(secondsBetween(state.lastSuccess, now))} ago` : "never succeeded";
  const detail = no.detail.startsWith(`'${name}' `) ? no.detail.slice(name.length + 3) : no.detail;
  const error = state?.lastError;
  // For a backfill job an older run may be the one that counts: the judge's words say which.
  if (no.why !== "dependency-failed" || job.backfill || !error) return zoned(inline(detail), paper.zone);
  const times = status && status.errors > 1 ? glyphs(paper, ` (×${status.errors})`) : "";
  return `did not succeed the last time it ran${times}: ${inline(`${error.type}: ${error.value.slice(0, 300)}`)}`;
}

function ahead({ forecast, now, forecasted }: Explained, paper: Paper): string[] {
  return forecast.map(({ at, text }, i) => {
    const when =
      at === null
        ? ""
        : at <= now
          ? forecasted
            ? "then: "
            : "now: "
          : `${stampNear(at, now, paper.zone)} (in ${near(secondsBetween(now, at))}): `;
    return `${i === 0 ? "Next" : "    "}  ${when}${text}`;
  });
}

function tries({ tries: all }: Explained): string[] {
  return all.map((command, i) => `${i === 0 ? "Try " : "    "}  crontabber ${command}`);
}
