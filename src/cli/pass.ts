/** One pass from start to exit code, over everything or over one job. Owns the order in which things can go wrong; decides nothing about jobs. */
import { configOf, connect, type Invocation, type PassEnd, runPass, type Setup, setUp } from "../app.ts";
import { alertsWanted } from "../config/alerts.ts";
import type { Config } from "../config/config.ts";
import { ConfigError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import type { Asked } from "../engine/pass.ts";
import type { Store } from "../store/store.ts";
import type { Given } from "./call.ts";
import { EXIT, type JobEnd, passExit } from "./exit.ts";
import { type Failure, failureOf } from "./failure.ts";
import { leaveSignals } from "./io.ts";
import { Voice } from "./voice.ts";

export interface PassCall {
  readonly invocation: Invocation;
  readonly given: Pick<Given, "verbose" | "quiet" | "colour" | "ascii">;
  /** Finds what was asked for by name; null: everything that is due. Throws UsageError. */
  readonly named: ((setup: Setup) => Promise<Asked>) | null;
}

/** Resolves to the exit code; whatever went wrong is told, but for UsageError, which is thrown. */
export async function passOver({ invocation, given, named }: PassCall): Promise<number> {
  const voice = new Voice({ invocation, given, named: named !== null });
  try {
    const setup = await prepare(invocation, voice);
    const asked = named ? await named(setup) : null;
    return await run({ setup, asked, invocation }, voice);
  } catch (error) {
    const failure = failureOf(error);
    // Whoever typed it reads text, every time.
    if (failure.kind === "usage") throw error;
    voice.trouble(failure);
    await tellFailure(invocation, failure, voice);
    return failure.code;
  } finally {
    await voice.settled();
  }
}

async function prepare(invocation: Invocation, voice: Voice): Promise<Setup> {
  const setup = await setUp(invocation, "pass");
  const { config, broken, warnings } = setup;
  voice.keep(config.httpToken, config.sentryDsn, config.alerts.webhook, config.alerts.pingUrl);
  voice.keep(config.database?.kind === "server" ? config.database.connection.password : null);
  voice.warn(warnings);
  if (broken.length > 0) voice.trouble(failureOf(new ConfigError(broken)));
  else voice.good("configuration");
  return setup;
}

interface PassOver {
  readonly setup: Setup;
  readonly asked: Asked | null;
  readonly invocation: Invocation;
}

async function run({ setup, asked, invocation }: PassOver, voice: Voice): Promise<number> {
  const broken = setup.broken.length > 0;
  let spooled = false;
  const emit: Emit = (name, payload) => {
    if (name === "run:spooled") spooled = true;
    voice.emit(name, payload);
  };
  let store: Store | null = null;
  try {
    store = await connect(setup);
    leaveSignals();
    const end = await runPass(setup, store, { emit, asked });
    if (!spooled) voice.good("database");
    const jobs = end.results.map(jobEnd);
    const code = passExit({ named: asked !== null, broken, signalled: end.signalled, cut: end.cut, spooled, jobs });
    explainSilence(voice, asked, { end, code });
    if (asked && code === EXIT.notRun) voice.hint(`why? crontabber explain ${asked.job.name}`);
    if (asked && code === EXIT.failed) voice.hint(`crontabber logs ${asked.job.name}`);
    if (alertsWanted(setup.config) && !end.signalled) await (await import("../app/alerts.ts")).tellAfterPass(setup, store, emit);
    return code;
  } catch (error) {
    const failure = failureOf(error);
    voice.trouble(failure);
    await tellFailure(invocation, failure, voice);
    return broken && failure.kind === "database" ? EXIT.config : failure.code;
  } finally {
    await store?.close().catch(() => {}); // what matters is recorded; the process ends anyway
  }
}

/** Somebody may have asked to hear of a pass that could not be made. */
export async function tellFailure(invocation: Invocation, failure: Failure, voice: Voice): Promise<void> {
  const about = failure.kind === "configuration" ? "refused" : failure.kind === "database" ? "unreachable" : null;
  const config = about && readable(invocation);
  if (!config || !alertsWanted(config)) return;
  await (await import("../app/alerts.ts")).tellFailure(config, { about, lines: failure.lines }, voice.emit);
}

/** As much of a configuration as can be read, right or wrong; null: not even that. */
function readable(invocation: Invocation): Config | null {
  try {
    return configOf(invocation).config;
  } catch {
    return null; // there is no file: nobody to tell
  }
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
