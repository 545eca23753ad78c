/**
 * How a pass speaks: to a terminal as it goes, else in log lines, and from cron only what is news. Owns who says what;
 * nothing that speaks is loaded before there is something to say.
 */
import { existsSync, statSync } from "node:fs";
import type { Invocation } from "../app.ts";
import { hostClock } from "../clock.ts";
import { type Problem, problemLine } from "../core/errors.ts";
import type { Emit, Events } from "../core/events.ts";
import type { Trouble } from "../report/incident.ts";
import type { Level } from "../report/lines.ts";
import type { Given } from "./call.ts";
import type { Failure } from "./failure.ts";
import type { Speakers } from "./speakers.ts";
import { configPath, incidentFile } from "./state-file.ts";

export interface VoiceSettings {
  readonly invocation: Invocation;
  readonly given: Pick<Given, "verbose" | "quiet" | "colour" | "ascii" | "progress">;
  /** A job was asked for by name: whoever did waits for an answer. */
  readonly named: boolean;
  /** Seconds a job usually takes; null: nobody knows, absent: nobody can be asked. Asked for what somebody looks at only. */
  readonly usual?: (job: string) => Promise<number | null>;
}

/** Events without a word at the usual level: the most frequent ones load nothing. */
const SILENT: ReadonlySet<keyof Events> = new Set<keyof Events>([
  ...(["pass:started", "pass:ended", "job:not-due", "claim:lost", "job:skipped", "run:started", "run:progress", "run:output"] as const),
  ...(["run:stopping", "drain:started", "ledger:pruned", "job:told", "alert:told"] as const),
]);

export class Voice {
  readonly #settings: VoiceSettings;
  /** Nobody looks on and nobody asked: trouble is told once. */
  readonly #remembers: boolean;
  /** Every event is worth showing. */
  readonly #looksOn: boolean;
  readonly #config: string;
  readonly #file: string;
  /** Before the configuration was read. */
  readonly #began = hostClock();
  readonly #secrets: (string | null)[] = [];
  #speakers: Promise<Speakers> | null = null;
  #said: Promise<void> = Promise.resolve();

  constructor(settings: VoiceSettings) {
    this.#settings = settings;
    this.#looksOn = settings.given.progress === "auto" ? process.stderr.isTTY === true : settings.given.progress !== "none";
    this.#remembers = !settings.named && !settings.given.verbose && process.stderr.isTTY !== true;
    this.#config = configPath(settings.invocation);
    this.#file = incidentFile(this.#config, settings.invocation.env);
  }

  /** Never to be said, wherever they turn up. */
  keep(...secrets: readonly (string | null)[]): void {
    this.#secrets.push(...secrets);
  }

  readonly emit: Emit = (name, payload) => {
    const { named, given } = this.#settings;
    const live = given.verbose || named || this.#looksOn || process.stderr.isTTY === true;
    if (!live && (SILENT.has(name) || isRoutine(name, payload))) return;
    this.#then((to) => {
      if (this.#remembers && name === "database:down" && !to.news(this.#file, "database", this.#stamped("database", "unreachable"))) return;
      if (this.#remembers && name === "database:up" && to.over(this.#file, "database") === null) return;
      to.emit(name, payload);
    });
  };

  say(level: Level, message: string): void {
    this.#then((to) => to.say(level, message));
  }

  /** A next step, for somebody at a terminal. */
  hint(text: string): void {
    if (process.stderr.isTTY === true && !this.#settings.given.quiet) this.say("info", text);
  }

  /** Bad configuration or database, each problem a line; to cron only if it is news. */
  trouble({ kind, lines, problems, sort, stack }: Failure): void {
    const about: Trouble | null = kind === "database" ? "database" : kind === "bug" ? null : "configuration";
    const told = lines.map((line, i) => ({ line, problem: problems[i] }));
    this.#then((to) => {
      if (about && this.#remembers && !to.news(this.#file, about, this.#stamped(about, sort || lines.join("\n")))) return;
      for (const { line, problem } of told) to.say("error", line, problem && { ...problem });
      if (stack !== null && this.#settings.given.verbose) to.say("error", stack);
    });
  }

  /** What is odd about the configuration, but stops nothing; to cron only once. */
  warn(problems: readonly Problem[]): void {
    if (problems.length === 0 || this.#settings.given.quiet) return;
    const lines = problems.map(problemLine);
    this.#then((to) => {
      if (this.#remembers && !to.news(this.#file, "warnings", lines.join("\n"))) return;
      for (const [i, line] of lines.entries()) to.say("warn", line, { ...problems[i] });
    });
  }

  /** It works: whoever was told that it does not is told. */
  good(kind: Exclude<Trouble, "warnings">): void {
    if (!this.#remembers || !existsSync(this.#file)) return;
    this.#then((to) => {
      // A long pass ends with the configuration it began with, good or bad as that may be by now.
      const since = to.over(this.#file, kind, kind === "configuration" ? this.#began : null);
      if (since !== null) to.say("info", `the ${kind} is good again; it was bad since ${since}`);
    });
  }

  /** Resolves when everything is said. */
  async settled(): Promise<void> {
    await this.#said;
    if (this.#speakers) (await this.#speakers).close();
  }

  /** An edited file that is still wrong is worth another line. */
  #stamped(about: Trouble, sort: string): string {
    let stamp = "no file";
    try {
      const { size, mtimeMs } = statSync(this.#config);
      stamp = `${size} ${mtimeMs}`;
    } catch {
      // Not there, or not for us to see: it is the trouble itself then.
    }
    return `${about} ${stamp}\n${sort}`;
  }

  #then(say: (to: Speakers) => void): void {
    this.#speakers ??= import("./speakers.ts").then(({ createSpeakers }) => createSpeakers(this.#settings, this.#secrets));
    const speakers = this.#speakers;
    // What cannot be said is lost; the runs of this pass matter more.
    this.#said = this.#said.then(async () => say(await speakers)).catch(() => {});
  }
}

/** A success after a success. */
function isRoutine<Name extends keyof Events>(name: Name, payload: Events[Name]): boolean {
  if (name !== "run:recorded") return false;
  const { ticket, end } = payload as Events["run:recorded"];
  return ticket.errors === 0 && end.outcome === "succeeded";
}
