/** What is sent of a change: the document and its one line of text. Pure; every text in it is printable, cut, and without secrets. */
import type { AlertDocument, Change, Condition, Fault } from "../../core/alert.ts";
import type { Job } from "../../core/job.ts";
import type { JobState } from "../../core/state.ts";
import type { Run } from "../../store/runs.ts";
import { masked } from "../mask.ts";
import { cutBytes, inline, printable, shownName } from "../safe.ts";
import { iso } from "../times.ts";
import { list } from "./fleet.ts";

const VALUE_LIMIT = 2048;
const TRACEBACK_LIMIT = 8192;
/** Bytes of an error in the line of text. */
const LINE_LIMIT = 500;

/** Around the change. */
export interface Circumstances {
  /** The same for every sending of it. */
  readonly id: string;
  /** The database's clock, or this host's where there is no database. */
  readonly at: Date;
  readonly host: string;
  /** What it is about, if that is a job. */
  readonly job?: Job | undefined;
  readonly state?: JobState | undefined;
  /** The job's newest. */
  readonly run?: Run | undefined;
}

export function alertDocument({ subject, was, fault }: Omit<Change, "seq" | "told">, around: Circumstances): AlertDocument {
  const { id, at, host, job, state, run } = around;
  const condition: Condition = fault?.condition ?? "ok";
  const cut = subject.indexOf(":");
  const bare = { subject: { kind: subject.slice(0, cut), name: inline(subject.slice(cut + 1)) }, condition, was };
  const owned = { owner: clean(job?.owner, 500), runbook: clean(job?.runbook, 2000) };
  return {
    schema: "crontabber.alert/1",
    id,
    at: iso(at),
    text: textOf({ ...bare, fault, errors: state?.errorCount ?? 0, ...owned }),
    ...bare,
    level: fault?.level ?? "ok",
    since: iso(fault?.since ?? null),
    job: bare.subject.kind === "job" ? bare.subject.name : null,
    ...owned,
    errors: state?.errorCount ?? 0,
    error: fault && errorOf(fault, state),
    run: run ? runOf(run) : null,
    next_run: iso(state?.nextRun ?? null),
    holds_up: (fault?.holdsUp ?? []).map(inline),
    seen_by: inline(host),
  };
}

function clean(text: string | null | undefined, limit: number): string | null {
  return text ? cutBytes(inline(masked(text)), limit) : null;
}

/** The recorded traceback belongs to the recorded error only. */
function errorOf({ type, value }: Fault, state: JobState | undefined): AlertDocument["error"] {
  const traceback = state?.lastError?.type === type ? state.lastError.traceback : "";
  return {
    type: inline(type).slice(0, 200),
    value: cutBytes(lines(masked(value.slice(0, 4 * VALUE_LIMIT))), VALUE_LIMIT),
    traceback: cutBytes(lines(masked(traceback.slice(0, 4 * TRACEBACK_LIMIT))), TRACEBACK_LIMIT),
  };
}

const lines = (text: string): string =>
  text
    .split(/\r\n|[\n\r\u0085\u2028\u2029]/)
    .map(printable)
    .join("\n");

function runOf({ id, slot, attempt, outcome, host }: Run): AlertDocument["run"] {
  return { id: String(id), slot: iso(slot), attempt, outcome, host: host === null ? null : inline(host) };
}

type Said = Pick<AlertDocument, "subject" | "condition" | "was" | "owner" | "runbook"> & {
  readonly fault: Fault | null;
  readonly errors: number;
};

/** `nightly-report is failing (2 errors in a row): Error: no space left; holds up digest; owner data-team; runbook https://…` */
function textOf({ subject: { kind, name }, condition, was, fault, errors, owner, runbook }: Said): string {
  const who = kind === "job" ? shownName(name) : (SUBJECTS[kind]?.(name) ?? name);
  if (kind === "test") return `crontabber: this is a test from ${name}, nothing is wrong`;
  if (!fault) return `crontabber: ${who} is ok again, it was ${was}`;
  const times = condition === "failing" && errors > 1 ? ` (${errors} errors in a row)` : "";
  const said = cutBytes(inline(masked(`${fault.type}: ${fault.value}`)), LINE_LIMIT);
  const parts = [
    `crontabber: ${who} is ${condition}${times}: ${said}`,
    ...(fault.holdsUp.length > 0 ? [`holds up ${list(fault.holdsUp)}`] : []),
    ...(owner ? [`owner ${owner}`] : []),
    ...(runbook ? [`runbook ${runbook}`] : []),
  ];
  return parts.join("; ");
}

const SUBJECTS: Readonly<Record<string, (name: string) => string>> = {
  host: (name) => `the host ${name}`,
  tags: (name) => `the tag ${name}`,
  fleet: () => "the fleet",
  config: (name) => `the configuration of ${name}`,
  database: (name) => `the database, seen from ${name},`,
};
