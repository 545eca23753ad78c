/** Judges what two crons have left: the promises, the exit codes, and that a mail came once for each incident. Pure. */
import { check } from "../faults/checker.ts";
import type { RunRow } from "../faults/evidence.ts";
import type { CronOutcome } from "./campaign.ts";

/** A line of a mail, as far as it is judged. */
interface Said {
  readonly host: string;
  readonly text: string;
  /** Of a run's end; null: of something else. */
  readonly runId: string | null;
}

/** Everything that is not as it should be; empty: all is well. */
export function cronFindings({ evidence, hosts }: CronOutcome): string[] {
  const said = hosts.flatMap(({ label, mails }) => mails.filter((line) => line !== "").map((line) => read(label, line)));
  return [
    ...check(evidence).map(({ check: name, job, detail }) => `${name} ${job}: ${detail}`),
    ...hosts.flatMap(({ label, codes }) => oddCodes(label, codes)),
    ...hosts.filter(({ label }) => !evidence.runs.some((run) => run.host === label)).map(({ label }) => `${label} ran nothing`),
    ...mailsOfJobs(evidence.runs, said),
    ...mailsOfConfiguration(said.filter(({ runId }) => runId === null)),
  ];
}

/** 2 and 3: what is due is in the other's hands. 78: only where the configuration was spoilt, and there it was. */
function oddCodes(label: string, codes: Readonly<Record<string, number>>): string[] {
  const odd = Object.entries(codes).filter(([code]) => !["0", "2", "3", ...(label === "web-2" ? ["78"] : [])].includes(code));
  const missing = label === "web-2" && !codes["78"] ? [`${label} never ended with 78`] : [];
  return [...odd.map(([code, times]) => `${label} ended with ${code}, ${times} times`), ...missing];
}

/** One line when a job turns bad and one when it is good again, from whichever host saw it. */
function mailsOfJobs(runs: readonly RunRow[], said: readonly Said[]): string[] {
  const bad = new Map<string, boolean>();
  const wanted = runs.flatMap((run) => {
    const isBad = run.outcome === "failed";
    const was = bad.get(run.job) ?? false;
    bad.set(run.job, isBad);
    return isBad === was ? [] : [run];
  });
  const told = said.flatMap(({ runId }) => (runId === null ? [] : [runId]));
  const unsaid = wanted.filter(({ runId }) => told.filter((id) => id === runId).length !== 1);
  const ids = new Set(wanted.map(({ runId }) => runId));
  return [
    ...unsaid.map((run) => `${run.job} ${run.outcome} on ${run.host} (run ${run.id}), and not one mail says so`),
    ...said.filter(({ runId }) => runId !== null && !ids.has(runId)).map(({ host, text }) => `a mail from ${host} too many: ${text}`),
  ];
}

function mailsOfConfiguration(said: readonly Said[]): string[] {
  const expected = [/^web-2 .*error_retry_tme/, /^web-2 the configuration is good again/];
  const lines = said.map(({ host, text }) => `${host} ${text}`);
  const missing = expected.filter((pattern) => !lines.some((line) => pattern.test(line)));
  const odd = lines.filter((line) => !expected.some((pattern) => pattern.test(line)));
  const again = lines.filter((line) => expected[1]?.test(line)).length > 1;
  return [
    ...missing.map((pattern) => `no mail says ${pattern}`),
    ...odd.map((line) => `a mail nobody expects: ${line}`),
    ...(again || new Set(lines).size < lines.length ? [`told twice: ${lines.join("; ")}`] : []),
  ];
}

function read(host: string, line: string): Said {
  try {
    const { msg, runId } = JSON.parse(line) as { msg: string; runId?: string };
    return { host, text: msg, runId: runId ?? null };
  } catch {
    return { host, text: `not a line of ours: ${line}`, runId: null };
  }
}

/** What was seen, in a few lines. */
export function cronReport({ evidence, hosts }: CronOutcome): string {
  const { runs } = evidence;
  const counts = (values: readonly string[]) =>
    [...new Set(values)].sort().map((value) => `${value} ${values.filter((v) => v === value).length}`);
  const of = hosts.map(({ label, codes, mails }) => {
    const ended = Object.entries(codes).map(([code, times]) => `${code}: ${times}`);
    return `${label}: ${runs.filter((run) => run.host === label).length} runs, exit codes ${ended.join(", ")}, ${mails.filter(Boolean).length} lines of mail`;
  });
  const slots = new Set(runs.map((run) => `${run.job} ${run.slot}`)).size;
  return [
    `${runs.length} runs for ${slots} slots of ${evidence.jobs.length} jobs: ${counts(runs.map((run) => run.outcome ?? "live")).join(", ")}`,
    ...of,
  ].join("\n");
}
