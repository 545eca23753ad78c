/** The runner's side of its guard process. Owns starting it, talking to it and replacing it; what it does stands in guard-main.ts. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import type { Trust } from "./deadlines.ts";
import { readJsonLines, writeJsonLine } from "./lines.ts";
import { killRuns } from "./procs.ts";

export type GuardOrder =
  | ({ readonly do: "watch"; readonly runId: string; readonly pgid: number } & Trust)
  | ({ readonly do: "trust"; readonly runId: string } & Trust)
  | { readonly do: "end"; readonly runId: string };
export interface GuardAnswer {
  readonly did: "watch" | "expire" | "end";
  readonly runId: string;
}

export interface GuardEvents {
  /** The guard saw a deadline pass and acted on the run's group. */
  expired(runId: string): void;
  /** There is no guard any more and none can be started: nobody would end these jobs with us. */
  unguarded(runIds: readonly string[]): void;
}

interface Watched {
  readonly pgid: number;
  trust: Trust;
  /** Settles when a guard first knows of it. */
  readonly known: Deferred;
  isKnown: boolean;
  ended: Deferred | null;
}

interface Deferred {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

/** A guard that dies this often without having answered once is not started again for the runs at hand. */
const MAX_STARTS = 3;
/** Longer than its longest sweep. */
const PATIENCE_MS = 10_000;
const MAIN = fileURLToPath(new URL("./guard-main.js", import.meta.url));

export class Guard {
  readonly #events: GuardEvents;
  readonly #runs = new Map<string, Watched>();
  #process: ChildProcess | null = null;
  #starts = 0;
  #closed = false;

  constructor(events: GuardEvents) {
    this.#events = events;
  }

  /** The guard's process id; null: not running. */
  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  /** Resolves when the guard knows the group: only then may its work begin. Rejects if there can be no guard. */
  watch(runId: string, pgid: number, trust: Trust): Promise<void> {
    const run: Watched = { pgid, trust, known: deferred(), isKnown: false, ended: null };
    if (this.#closed) return Promise.reject(new Error("the runner is closed"));
    this.#runs.set(runId, run);
    if (this.#process) this.#send({ do: "watch", runId, pgid, ...trust });
    else this.#start();
    return this.#answered(run.known.promise);
  }

  trust(runId: string, trust: Trust): void {
    const run = this.#runs.get(runId);
    if (!run) return;
    run.trust = trust;
    this.#send({ do: "trust", runId, ...trust });
  }

  /** Ends whatever the run left behind, in its group or escaped from it, and forgets it. Resolves when that is done. */
  async end(runId: string): Promise<void> {
    const run = this.#runs.get(runId);
    if (!run) return;
    if (this.#closed) return killRuns(new Map([[runId, run.pgid]]));
    run.ended = deferred();
    if (this.#process) this.#send({ do: "end", runId });
    else this.#start();
    await this.#answered(run.ended.promise);
    this.#runs.delete(runId);
    this.#hold();
  }

  /** Ends the guard, and with it whatever it still watches. Nothing can be started any more. */
  async close(): Promise<void> {
    this.#closed = true;
    const guard = this.#process;
    if (!guard) return;
    this.#process = null;
    guard.ref();
    for (const run of this.#runs.values()) run.known.reject(new Error("the runner is closed"));
    await new Promise<void>((done) => {
      guard.once("exit", () => done());
      guard.stdin?.end();
    });
    for (const run of this.#runs.values()) run.ended?.resolve();
  }

  /** A guard that is stopped or stuck is as good as none: it is replaced. */
  async #answered(answer: Promise<void>): Promise<void> {
    const replace = setInterval(() => this.#process?.kill("SIGKILL"), PATIENCE_MS);
    try {
      await answer;
    } finally {
      clearInterval(replace);
    }
  }

  #start(): void {
    this.#starts++;
    // An empty environment: no run id that a sweep could find, no NODE_OPTIONS. Its own session: Ctrl-C does not reach it.
    const guard: ChildProcess = spawn(process.execPath, [MAIN], { cwd: "/", env: {}, detached: true, stdio: ["pipe", "pipe", "ignore"] });
    this.#process = guard;
    guard.unref();
    // Without a free file descriptor there is a process object and no pipes; its error follows.
    guard.stdin?.on("error", () => {}); // it died: its close says so
    if (guard.stdout) readJsonLines(guard.stdout, (message) => this.#hear(message as GuardAnswer));
    guard.once("error", () => this.#gone(guard));
    guard.once("close", () => this.#gone(guard));
    for (const [runId, run] of this.#runs) {
      this.#send({ do: "watch", runId, pgid: run.pgid, ...run.trust });
      if (run.ended) this.#send({ do: "end", runId });
    }
  }

  #send(order: GuardOrder): void {
    if (this.#process?.stdin) void writeJsonLine(this.#process.stdin, order);
    this.#hold();
  }

  #hear(answer: GuardAnswer): void {
    this.#starts = 0;
    const run = this.#runs.get(answer.runId);
    if (answer.did === "expire") this.#events.expired(answer.runId);
    if (answer.did === "end") run?.ended?.resolve();
    if (answer.did !== "watch" || !run) return;
    run.isKnown = true;
    run.known.resolve();
  }

  #gone(guard: ChildProcess): void {
    if (this.#process !== guard) return;
    this.#process = null;
    if (this.#runs.size === 0) return;
    if (this.#starts < MAX_STARTS) this.#start();
    else this.#despair();
  }

  /** No guard, and none to be had. */
  #despair(): void {
    this.#starts = 0;
    const unguarded: string[] = [];
    for (const [runId, run] of this.#runs) {
      if (run.ended) void killRuns(new Map([[runId, run.pgid]])).then(() => run.ended?.resolve());
      else if (run.isKnown) unguarded.push(runId);
      else this.#runs.delete(runId);
      run.known.reject(new Error("its guard process cannot be started"));
    }
    this.#events.unguarded(unguarded);
  }

  /** The pipes keep this process alive while a run is watched, and not a moment longer. */
  #hold(): void {
    const pipes = [this.#process?.stdin, this.#process?.stdout] as (Socket | null | undefined)[];
    for (const pipe of pipes) {
      if (this.#runs.size > 0) pipe?.ref();
      else pipe?.unref();
    }
  }
}

function deferred(): Deferred {
  let settle: Pick<Deferred, "resolve" | "reject"> | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => {}); // whoever waits is told; nobody may be waiting any more
  return { promise, ...(settle as Pick<Deferred, "resolve" | "reject">) };
}
