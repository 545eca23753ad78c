/** `simulate [NAME…]`: what would run when, on a virtual clock; 1 if there is what --fail-on names. */
import { type Setup, setUp } from "../../app.ts";
import { difference } from "../../core/difference.ts";
import { ConfigError, StoreError, UsageError } from "../../core/errors.ts";
import { type Findings, findings } from "../../core/findings.ts";
import type { Job } from "../../core/job.ts";
import type { Premises, Simulation } from "../../core/simulation.ts";
import { simulate } from "../../core/simulator.ts";
import { type Changes, type Simulated, simulationDocument } from "../../report/simulation.ts";
import { simulationText } from "../../report/simulation-text.ts";
import type { Call, Given } from "../call.ts";
import { EXIT } from "../exit.ts";
import { readInstant } from "../instant.ts";
import { answer, answerJson } from "../io.ts";
import { jobNamed } from "../name.ts";
import { configured, withStore } from "../reading.ts";
import { durationsOf, type FindingKind, failuresOf, kindsOf } from "../simulating.ts";
import { paperFor, tell } from "../talk.ts";

const DAY_MS = 86_400_000;
/** Of the table. */
const LINES = 200;
/** Runs before it gives up. */
const MOST = 1_000_000;

/** What is the same for the configuration and the one it is compared with. */
interface Ground {
  readonly start: "rows" | "empty";
  readonly begin: Date;
  readonly states: Premises["states"];
  readonly past: Premises["past"];
  readonly medians: ReadonlyMap<string, number>;
}

interface Span {
  readonly from: Date;
  readonly until: Date;
}

export async function handle(call: Call): Promise<number> {
  const { given, operands } = call;
  const kinds = kindsOf(given.failOn);
  if (kinds.includes("changes") && given.other === null)
    throw new UsageError("--fail-on=changes needs a second configuration: --with FILE");
  const setup = await configured(call);
  const zone = given.tz ?? setup.config.timezone;
  // With a second file everything is said of that one; the first is what it is compared with.
  const subject = given.other === null ? setup : await setUp({ ...call.invocation, conf: given.other }, "pass");
  const named = operands.map((name) => jobNamed(subject, name));
  const ground = await groundOf(setup, given);
  const span = spanOf(ground, given, zone);
  const fails = failuresOf(given.fail, { zone, jobNamed: (name) => jobNamed(subject, name) });
  const telling = { given, ground, span, fails, jobs: named.length > 0 ? named : subject.registry.jobs };
  const made = told(subject, telling);
  const changes = given.other === null ? null : changesOf(made.runs, { ...telling, was: setup, is: subject, named });
  const failedOn = kinds.filter((kind) => has(kind, made.findings, changes));
  const answered: Simulated = { ...made, changes, failedOn };
  if (answered.stopped && !given.quiet)
    tell(`warning: more than ${MOST} runs; what would run after ${answered.stopped.toISOString()} is not here`);
  if (given.json) answerJson(simulationDocument(answered));
  else answer(simulationText(answered, paperFor(given, setup.config.timezone), given.limit ?? LINES));
  return failedOn.length > 0 ? EXIT.failed : EXIT.done;
}

/** The rows as they are, or none. Throws UsageError where nobody can say when to begin. */
async function groundOf(setup: Setup, given: Given): Promise<Ground> {
  const zone = given.tz ?? setup.config.timezone;
  const empty = (): Ground => {
    if (given.from === null)
      throw new UsageError("without the database it needs a beginning: --from, such as 2026-11-20 (only the database knows the time)");
    return { start: "empty", begin: readInstant(given.from, zone), states: new Map(), past: [], medians: new Map() };
  };
  if (given.offline) return empty();
  try {
    return await withStore(setup, async (store): Promise<Ground> => {
      const { now, states } = await store.snapshot();
      const { runs, medians } = await store.past(setup.registry.jobs.map(({ name }) => name));
      return { start: "rows", begin: now, states, past: runs, medians };
    });
  } catch (error) {
    if (!(error instanceof StoreError) && !(error instanceof ConfigError)) throw error;
    if (given.from === null) throw error;
    if (!given.quiet) tell(`warning: as if no job had ever run: ${error.message.split("\n")[0]} (--offline does not ask)`);
    return empty();
  }
}

function spanOf({ start, begin }: Ground, given: Given, zone: string): Span {
  const from = given.from === null ? begin : readInstant(given.from, zone);
  const until = given.to === null ? new Date(from.getTime() + DAY_MS) : readInstant(given.to, zone);
  if (start === "rows" && from < begin) {
    throw new UsageError(
      `--from ${given.from} is past, and the rows are as they are now: leave it out, or simulate --offline from nothing`,
    );
  }
  if (until < from) throw new UsageError(`--to ${given.to ?? until.toISOString()} comes before --from ${given.from ?? from.toISOString()}`);
  return { from, until };
}

interface Telling {
  readonly given: Given;
  readonly ground: Ground;
  readonly span: Span;
  readonly fails: Premises["fails"];
  /** Those that are shown: all of them run. */
  readonly jobs: readonly Job[];
}

function told(setup: Setup, { jobs, ...rest }: Telling): Omit<Simulated, "changes" | "failedOn"> {
  const { config } = setup;
  const { given, ground, span } = rest;
  const made = run(setup, rest);
  const shown = new Set(jobs.map(({ name }) => name));
  return {
    ...{ ...span, start: ground.start, concurrency: config.concurrency, every: given.every, stopped: made.stopped },
    runs: made.runs.filter(({ job, start }) => shown.has(job) && start >= span.from),
    findings: findings(made, { jobs, ...span, overdueAfter: config.overdueAfter }),
  };
}

function run({ config, registry }: Setup, { given, ground, span, fails }: Omit<Telling, "jobs">): Simulation {
  return simulate({
    ...{ registry, begin: ground.begin, until: span.until, states: ground.states, past: ground.past, most: MOST },
    ...{
      concurrency: config.concurrency,
      maxOngoingAge: config.maxOngoingAgeHours * 3600,
      every: given.every === null ? null : given.every * 1000,
    },
    seconds: durationsOf(given.durations, ground.medians),
    fails,
  });
}

interface Compared extends Omit<Telling, "jobs"> {
  readonly was: Setup;
  readonly is: Setup;
  readonly named: readonly Job[];
}

function changesOf(runs: Simulated["runs"], { was, is, named, ...rest }: Compared): Changes {
  const names = named.map(({ name }) => name);
  const shown = (name: string) => names.length === 0 || names.includes(name);
  const before = run(was, rest).runs.filter(({ job, start }) => start >= rest.span.from && shown(job));
  const lacks = (from: Setup, to: Setup) =>
    from.registry.jobs.flatMap(({ name }) => (!to.registry.byName.has(name) && shown(name) ? [name] : []));
  return { file: is.config.shown, added: lacks(is, was), removed: lacks(was, is), runs: difference(before, runs) };
}

function has(kind: FindingKind, found: Findings, changes: Changes | null): boolean {
  switch (kind) {
    case "never":
      return found.never.some(({ meant }) => !meant);
    case "clock":
      return found.clock.some(({ slots }) => slots.length > 0);
    case "changes":
      return changes !== null && changes.runs.length + changes.added.length + changes.removed.length > 0;
    default:
      return found[kind].length > 0;
  }
}
