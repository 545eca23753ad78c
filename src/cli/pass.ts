/** One pass from start to exit code, over everything or over one job. Owns the order in which things can go wrong; decides nothing about jobs. */

import type { Textfile } from "../app/textfile.ts";
import { connect, type Invocation, type PassEnd, runPass, type Setup, setUp } from "../app.ts";
import { credentialsOf } from "../config/secrets.ts";
import { ConfigError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import type { Asked } from "../engine/pass.ts";
import type { Store } from "../store/store.ts";
import { tellAfterPass, tellFailure } from "./alerting.ts";
import type { Given } from "./call.ts";
import { EXIT, type JobEnd, passExit } from "./exit.ts";
import { type Failure, failureOf } from "./failure.ts";
import { answer, leaveSignals, outliveReader } from "./io.ts";
import { Voice } from "./voice.ts";

export interface PassCall {
  readonly invocation: Invocation;
  readonly given: Pick<Given, "verbose" | "quiet" | "colour" | "ascii" | "json" | "progress">;
  /** Finds what was asked for by name; null: everything that is due. Throws UsageError. */
  readonly named: ((setup: Setup) => Promise<Asked>) | null;
}

/** Resolves to the exit code; whatever went wrong is told, but for UsageError, which is thrown. */
export async function passOver({ invocation, given, named }: PassCall): Promise<number> {
  const held: Held = { store: null, tell: null, failure: null };
  const usual = async (job: string) => median((await held.store?.outputs.recent([job], USUAL_RUNS))?.get(job) ?? []);
  const voice = new Voice({ invocation, given, named: named !== null, usual });
  const lines = given.json ? await eventLines() : null;
  try {
    const setup = await prepare(invocation, voice);
    const asked = named ? await named(setup) : null;
    const code = await run(setup, asked, { voice, lines, held, invocation });
    lines?.exit(code, held.failure?.lines.join("; ") ?? null);
    return code;
  } catch (error) {
    const failure = failureOf(error);
    // Whoever typed it reads text, every time.
    if (failure.kind === "usage") throw error;
    voice.trouble(failure);
    lines?.exit(failure.code, failure.lines.join("; "));
    await tellFailure(invocation, failure, voice.emit);
    return failure.code;
  } finally {
    await voice.settled();
  }
}

async function prepare(invocation: Invocation, voice: Voice): Promise<Setup> {
  const setup = await setUp(invocation, "pass");
  const { config, broken, warnings } = setup;
  voice.keep(...credentialsOf(config));
  voice.warn(warnings);
  if (broken.length > 0) voice.trouble(failureOf(new ConfigError(broken)));
  return setup;
}

/** Of so many runs the middle one says how long a job takes. */
const USUAL_RUNS = 11;

function median(runs: readonly { readonly outcome: string; readonly took: number }[]): number | null {
  const times = runs.filter(({ outcome }) => outcome === "succeeded").map(({ took }) => took);
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? null;
}

interface Telling {
  readonly voice: Voice;
  readonly lines: Lines | null;
  readonly held: Held;
  readonly invocation: Invocation;
}

interface Lines {
  readonly emit: Emit;
  exit(code: number, message: string | null): void;
}

/** Events as documents on stdout, one a line. */
async function eventLines(): Promise<Lines> {
  const { exitEvent, runEvents } = await import("../report/run-events.ts");
  outliveReader();
  const write = (document: unknown) => answer(JSON.stringify(document));
  return { emit: runEvents(write), exit: (code, message) => write(exitEvent(code, message)) };
}

/** What a pass has opened, for whoever comes after it. */
interface Held {
  store: Store | null;
  /** What is left to tell somebody; null: nothing. */
  tell: (() => Promise<void>) | null;
  /** What ended it early; null: nothing. */
  failure: Failure | null;
}

async function run(setup: Setup, asked: Asked | null, telling: Telling): Promise<number> {
  const { voice, held } = telling;
  const textfile = await textfileOf(setup, voice, held);
  try {
    const code = await onePass(setup, asked, { ...telling, counted: textfile?.emit ?? null });
    await textfile?.write(code);
    await held.tell?.();
    return code;
  } finally {
    await held.store?.close().catch(() => {}); // what matters is recorded; the process ends anyway
  }
}

interface Beside extends Telling {
  readonly counted: Emit | null;
}

async function onePass(setup: Setup, asked: Asked | null, { voice, held, lines, invocation, counted }: Beside): Promise<number> {
  const broken = setup.broken.length > 0;
  let spooled = false;
  const emit: Emit = (name, payload) => {
    if (name === "run:spooled") spooled = true;
    counted?.(name, payload);
    voice.emit(name, payload);
    lines?.emit(name, payload);
  };
  try {
    const store = await connect(setup);
    held.store = store;
    leaveSignals();
    const end = await runPass(setup, store, { emit, asked });
    if (!broken) voice.good("configuration");
    if (!spooled) voice.good("database");
    const jobs = end.results.map(jobEnd);
    const code = passExit({ named: asked !== null, broken, signalled: end.signalled, cut: end.cut, spooled, jobs });
    explainSilence(voice, asked, { end, code });
    if (asked && code === EXIT.notRun) voice.hint(`why? crontabber explain ${asked.job.name}`);
    if (asked && code === EXIT.failed) voice.hint(`crontabber logs ${asked.job.name}`);
    if (!end.signalled) held.tell = () => tellAfterPass(setup, store, emit);
    return code;
  } catch (error) {
    const failure = failureOf(error);
    held.failure = failure;
    // Not before: tables that are missing are a matter of the configuration, too.
    if (failure.kind === "database" && !broken) voice.good("configuration");
    voice.trouble(failure);
    held.tell = () => tellFailure(invocation, failure, voice.emit);
    return broken && failure.kind === "database" ? EXIT.config : failure.code;
  }
}

/** Null: nobody wants the metrics of passes, and nothing of them is loaded. */
async function textfileOf(setup: Setup, voice: Voice, held: Held): Promise<Textfile | null> {
  const { textfile: file, spool } = setup.config;
  if (file === null) return null;
  const [{ Textfile }, { fleetViewOf }] = await Promise.all([import("../app/textfile.ts"), import("./reading.ts")]);
  const view = async () => held.store && fleetViewOf(setup, held.store);
  return new Textfile({ file, spool, view, trouble: (message) => voice.say("warn", message) });
}

function jobEnd({ runs, not }: PassEnd["results"][number]): JobEnd {
  return { ran: runs.length, failed: runs.some((run) => !run.recorded || run.end.outcome !== "succeeded"), why: not?.why ?? null };
}

/** A job that was asked for and did not even get a reason. */
function explainSilence(voice: Voice, asked: Asked | null, { end, code }: { end: PassEnd; code: number }): void {
  if (!asked || code === EXIT.done) return;
  const nothing = end.results.every(({ runs, not }) => runs.length === 0 && not === null);
  if (nothing)
    voice.say("warn", `${asked.job.name} was not started: ${end.signalled ? `ended by ${end.signalled}` : "nothing of it is due"}`);
}
