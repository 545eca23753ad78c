/** One run, from its start to its end. Owns the order: child, guard, go; then first cause, TERM, KILL; then the rest of its group. */
import { setTimeout as sleep } from "node:timers/promises";
import { after, uptime } from "../clock.ts";
import type { ErrorRecord } from "../core/errors.ts";
import type { StreamName } from "../core/streams.ts";
import { Capture } from "./capture.ts";
import { type Child, type Exit, spawnChild } from "./child.ts";
import type { Deadlines, Trust } from "./deadlines.ts";
import { describe } from "./describe.ts";
import { conclude, type Ended, type FinalReport, type Seen } from "./ending.ts";
import type { Guard } from "./guard.ts";
import { type Launch, launch } from "./launch.ts";
import { readJsonLines, writeJsonLine, writeLine } from "./lines.ts";
import { Masking } from "./masking.ts";
import { groupAlive, signalGroup } from "./procs.ts";
import type { Order, Report, StopCause } from "./protocol.ts";
import type { RunnerSettings, RunningJob, RunSpec } from "./runner.ts";
import type { Ready } from "./standby.ts";

interface Tools {
  readonly guard: Guard;
  readonly deadlines: Deadlines;
  readonly settings: RunnerSettings;
  /** A child of this run that waits for its word, known to the guard; null: there is none yet. */
  readonly ready: Ready | null;
}

const KILL_GRACE_MS = 5_000;
/** What ends by itself together with its main process (`> >(tee log)`) gets this long before the rest of the group is ended. */
const LEFTOVER_MS = 250;
/** Output still in the pipes after everybody is gone; somebody who escaped may hold them for ever. */
const DRAIN_MS = 2_000;
const COMPLAINT_BYTES = 4 * 1024;

export class Running implements RunningJob {
  readonly done: Promise<Ended>;
  readonly #run: RunSpec;
  readonly #tools: Tools;
  readonly #capture: Capture;
  readonly #masking: Masking;
  #trust: Trust;
  #child: Child | null = null;
  /** It was told to go: from here on it may hold something that wants a SIGTERM. */
  #working = false;
  #cause: Seen["cause"] = null;
  #report: FinalReport | null = null;
  #exit: Exit | null = null;
  #committing = false;
  /** When it was told to end, in seconds of `uptime()`. */
  #toldAt: number | null = null;
  /** The exit of a command that ran below a host child, under another account. */
  #relayed: Exit | null = null;
  /** The lease was no longer trusted when the process ended. */
  #late = false;
  readonly #timers: (() => void)[] = [];
  #host = false;

  constructor(run: RunSpec, tools: Tools) {
    this.#run = run;
    this.#tools = tools;
    this.#trust = run.trust;
    const secrets = tools.settings.secrets?.(run.job) ?? [];
    this.#capture = new Capture(secrets);
    this.#masking = new Masking(secrets);
    this.done = this.#live();
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  output(): string | null {
    return this.#capture.text();
  }

  trust(trust: Trust): void {
    if (this.#exit) return;
    this.#trust = trust;
    this.#tools.deadlines.set(this.#runId, trust);
    this.#tools.guard.trust(this.#runId, trust);
  }

  stop(cause: StopCause, detail: string = DETAILS[cause]): void {
    if (!this.#report && !this.#exit) this.#cause ??= { cause, detail };
    this.#tell(cause, detail);
  }

  kill(): void {
    if (this.#child && !this.#exit) signalGroup(this.#child.pid, "SIGKILL");
  }

  /** A lease deadline has passed. */
  expire(stage: "term" | "kill"): void {
    // Also where a renewal came through since: its guard may have acted by then.
    this.#late = true;
    // Whoever stood still hears first what ended meanwhile: an end is not a loss.
    setImmediate(() => {
      this.stop("lost");
      if (stage === "kill") this.kill();
    });
  }

  get #runId(): string {
    return this.#run.ticket.runId;
  }

  get #distrusted(): boolean {
    return uptime() >= this.#trust.termAt;
  }

  async #live(): Promise<Ended> {
    try {
      const { ready, settings } = this.#tools;
      const plan = ready?.plan ?? launch(this.#run.job, this.#run.ticket, settings);
      this.#host = plan.host;
      if (this.#distrusted) this.stop("interrupted", "the lease was no longer trusted when the job was to start");
      if (this.#cause && !ready) return this.#ended(plan);
      const child = ready ? this.#adopt(ready) : await this.#spawn(plan);
      await this.#begin(child, plan);
      this.#exit = await child.exited;
      this.#late ||= this.#distrusted;
      await this.#clear(child);
      return this.#ended(plan);
    } catch (error) {
      // A folder that is not there, a user nobody knows, no processes left: the job's failure, retried like any other.
      const failure = { ...describe(error), type: "StartError", traceback: "" };
      for (const cancel of this.#timers) cancel();
      return { outcome: "failed", error: failure, result: null, output: this.#capture.text(), committed: "no" };
    }
  }

  async #spawn(plan: Launch): Promise<Child> {
    const child = await spawnChild({ ...plan, onOutput: (name, chunk) => this.#print(name, chunk) });
    return this.#own(child);
  }

  #adopt({ child, hear }: Ready): Child {
    hear((name, chunk) => this.#print(name, chunk));
    return this.#own(child);
  }

  #own(child: Child): Child {
    readJsonLines(child.wire, (message) => this.#hear(message as Report));
    this.#child = child;
    return child;
  }

  #print(name: StreamName, chunk: Buffer): void {
    this.#capture.write(name, chunk);
    this.#run.onOutput?.(chunk, name);
  }

  /** Nothing works before the guard knows its group, nor after its lease is no longer trusted. */
  async #begin(child: Child, plan: Launch): Promise<void> {
    const { guard, deadlines, ready } = this.#tools;
    try {
      // Until this is read, the guard goes by the earlier deadline under which it got to know the child.
      if (ready) guard.trust(this.#runId, this.#trust);
      else await guard.watch(this.#runId, child.pid, this.#trust);
    } catch (error) {
      this.#giveUp(child);
      await child.exited;
      await child.drained(DRAIN_MS);
      throw error;
    }
    if (this.#distrusted) this.stop("interrupted", "the lease was no longer trusted when the job was to start");
    if (this.#cause) return this.#giveUp(child);
    this.#working = true;
    deadlines.set(this.#runId, this.#trust);
    const { timeout } = this.#run.job;
    if (timeout !== null) this.#timers.push(after(timeout * 1000, () => this.stop("timed-out", `timed out after ${timeout} s`)));
    await writeLine(child.wire, plan.go(this.#run.ticket));
  }

  #giveUp(child: Child): void {
    signalGroup(child.pid, "SIGKILL");
  }

  #hear(report: Report): void {
    if (report.say === "progress") this.#run.onProgress?.(report.progress);
    else if (report.say === "committing") this.#committing = true;
    else if (report.say === "exited") this.#relayed = report;
    else this.#settle(report);
  }

  #settle(report: FinalReport): void {
    this.#report ??= report;
    // It ends by itself now; what it does in its last moments must not keep its lease.
    this.#timers.push(after(this.#graceMs(), () => this.kill()));
  }

  #tell(cause: StopCause, detail: string): void {
    const child = this.#child;
    if (!child || this.#exit || this.#toldAt !== null) return;
    if (!this.#working) {
      this.#giveUp(child);
      return;
    }
    this.#toldAt = uptime();
    if (this.#host) void writeJsonLine(child.wire, { stop: cause, detail } satisfies Order);
    signalGroup(child.pid, "SIGTERM");
    this.#timers.push(after(this.#graceMs(), () => this.kill()));
  }

  #graceMs(): number {
    return this.#tools.settings.killGraceMs ?? KILL_GRACE_MS;
  }

  /** The main process has ended; nothing of its group may work on. Told to stop, the group keeps the rest of its grace time. */
  async #clear(child: Child): Promise<void> {
    const { guard, deadlines } = this.#tools;
    const spent = this.#toldAt === null ? 0 : (uptime() - this.#toldAt) * 1000;
    const left = this.#toldAt === null ? LEFTOVER_MS : Math.max(this.#graceMs() - spent, 0);
    const until = performance.now() + left;
    for (let pause = 5; performance.now() < until && groupAlive(child.pid); pause = Math.min(pause * 2, 50)) await sleep(pause);
    for (const cancel of this.#timers) cancel();
    deadlines.delete(this.#runId);
    await guard.end(this.#runId);
    await child.drained(DRAIN_MS);
  }

  #ended(plan: Launch): Ended {
    this.#capture.end();
    const ended = conclude({
      cause: this.#cause,
      exit: this.#relayed ?? this.#exit,
      report: this.#report,
      committing: this.#committing,
      reports: plan.reports,
      distrusted: this.#late,
      output: this.#capture.text(),
      complaint: this.#capture.tail("stderr", COMPLAINT_BYTES),
    });
    return { ...ended, error: ended.error && this.#masked(ended.error) };
  }

  /** What a job throws may quote what it was given. */
  #masked(error: ErrorRecord): ErrorRecord {
    const mask = (part: string) => this.#masking.whole(part);
    return { ...error, value: mask(error.value), traceback: mask(error.traceback) };
  }
}

const DETAILS: Record<StopCause, string> = {
  "timed-out": "it took too long",
  interrupted: "its scheduler was told to stop",
  cancelled: "somebody cancelled it",
  lost: "the lease was not renewed in time",
};
