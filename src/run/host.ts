/**
 * A child that does one run: a module's, an sql job's, a command's under another account. Owns what a run is wrapped in: the word to go,
 * the one final report, and everything a job can do instead of returning.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { after } from "../clock.ts";
import { thawTicket } from "../core/ticket.ts";
import type { Account } from "./account.ts";
import { createContext, needed } from "./context.ts";
import { describe, record } from "./describe.ts";
import { runWords } from "./environment.ts";
import { readJsonLines, writeJsonLine } from "./lines.ts";
import { createLoader, pickRun } from "./load.ts";
import { ProgressMeter } from "./progress.ts";
import type { Go, Order, Report } from "./protocol.ts";
import { resultText } from "./result.ts";
import { lazyClient } from "./session.ts";
import { cancelBackend, sendSql } from "./sql.ts";
import { Stopping } from "./stopping.ts";
import { begin, commit, type JobTransaction } from "./transaction.ts";

const WIRE = 3;
/** A job may have broken its own stdout; then it is not waited for. */
const FLUSH_MS = 2_000;

export function serve(): void {
  const wire = new Socket({ fd: WIRE });
  const stopping = new Stopping(() => wire.ref());
  let host: Host | undefined;
  readJsonLines(wire, (message) => {
    const order = message as Order;
    if ("stop" in order) return stopping.stop(order.stop, order.detail);
    host ??= new Host(wire, stopping);
    void host.do(order.go);
  });
  // Nobody would hear of the work, and the guard is about to end it.
  wire.once("close", () => process.exit(125));
  wire.on("error", () => {}); // followed by close
}

class Host {
  readonly #wire: Socket;
  readonly #stopping: Stopping;
  readonly #progress: ProgressMeter;
  #finished = false;

  constructor(wire: Socket, stopping: Stopping) {
    this.#wire = wire;
    this.#stopping = stopping;
    this.#progress = new ProgressMeter((progress) => void this.#say({ say: "progress", progress }));
  }

  async do(go: Go): Promise<void> {
    // The wire must not keep a process alive whose job can never settle; one that watches its signal waits for the wire.
    this.#wire.unref();
    process.umask(0o022);
    Object.assign(process.env, runWords(thawTicket(go.ticket)));
    this.#watch();
    try {
      if (go.account) become(go.account);
      await this.#finish(await this.#work(go));
    } catch (error) {
      await this.#finish({ say: "failed", error: describe(error), committed: "no" });
    }
  }

  #work(go: Go): Promise<Report> {
    const { work } = go;
    if (work.kind === "command") return runCommand(work.command);
    if (work.kind === "module") return this.#module(go, work);
    return go.transaction ? this.#sqlInTransaction(go, work.sql) : this.#sqlAlone(go, work.sql);
  }

  async #module(go: Go, work: Extract<Go["work"], { kind: "module" }>): Promise<Report> {
    const loader = await createLoader(work.file, go.cacheDir);
    const run = pickRun(await loader.load(work.file), work.export, work.file);
    const tx = go.transaction ? transactionOf(go) : null;
    if (tx) await begin(tx);
    const ctx = createContext({
      job: go.job,
      ticket: thawTicket(go.ticket),
      options: work.options,
      connection: go.connection,
      tx: tx?.client ?? null,
      progress: this.#progress,
      stopping: this.#stopping,
    });
    const result = resultText(await run(ctx));
    return tx ? this.#commit(tx, result) : { say: "succeeded", result, committed: false };
  }

  async #sqlAlone(go: Go, text: string): Promise<Report> {
    const client = lazyClient(needed(go.connection), go.job);
    return { say: "succeeded", result: resultText(await sendSql(client, text)), committed: false };
  }

  async #sqlInTransaction(go: Go, text: string): Promise<Report> {
    const tx = transactionOf(go);
    const backend = await begin(tx);
    const { signal } = this.#stopping;
    const { host, port } = tx.client;
    const there = { ...needed(go.connection), servers: [{ host, port }] };
    signal.addEventListener("abort", () => void cancelBackend(there, go.job, backend), { once: true });
    const result = resultText(await sendSql(tx.client, text));
    signal.throwIfAborted();
    return this.#commit(tx, result);
  }

  #commit(tx: JobTransaction, result: string | null): Promise<Report> {
    return commit(tx, result, () => this.#say({ say: "committing" }));
  }

  /** What a job can do instead of returning: throw outside of its promise, exit, or wait for what cannot come. */
  #watch(): void {
    process.on("uncaughtException", (error, origin) => {
      void this.#finish({ say: "failed", error: { ...describe(error), origin }, committed: "no" });
    });
    process.on("beforeExit", () => {
      const value = "run() can never settle: nothing is left that it could be waiting for";
      void this.#finish({ say: "failed", error: record("NeverSettled", value), committed: "no" });
    });
    process.on("exit", (code) => {
      if (this.#finished) return;
      const error = exitedEarly(code);
      try {
        writeSync(WIRE, `${JSON.stringify({ say: "failed", error, committed: "no" } satisfies Report)}\n`);
      } catch {
        // The pipe is full or gone; the runner sees an exit without a report and says the same.
      }
    });
  }

  /** The first report is the one that counts. Then the process ends, whatever the job has left open. */
  async #finish(report: Report): Promise<void> {
    if (this.#finished) return;
    this.#finished = true;
    this.#progress.flush();
    const told = Promise.all([this.#say(report), flush(process.stdout), flush(process.stderr)]);
    await Promise.race([told, new Promise<void>((done) => after(FLUSH_MS, done))]);
    process.exit(report.say === "failed" ? 1 : 0);
  }

  #say(report: Report): Promise<void> {
    return writeJsonLine(this.#wire, report);
  }
}

function transactionOf(go: Go): JobTransaction {
  const client = lazyClient(needed(go.connection), go.job);
  return { client, ticket: thawTicket(go.ticket), schema: go.schema, timeout: go.timeout };
}

/** For good, with that user's groups, before any code of the job's. */
function become({ name, uid, gid }: Account): void {
  (process as typeof process & { initgroups(user: string, group: number): void }).initgroups(name, gid);
  process.setgid?.(gid);
  process.setuid?.(uid);
}

/** Its output is ours. It gets the group's signals itself; we only stay to tell how it ended. */
async function runCommand(command: string): Promise<Report> {
  process.on("SIGTERM", () => {});
  const child = spawn("/bin/sh", ["-c", command], { stdio: ["ignore", "inherit", "inherit"] });
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  return { say: "exited", code, signal };
}

function exitedEarly(code: number) {
  const { stack = "" } = new Error();
  // Below the call of process.exit stands whoever called it.
  const caller = stack
    .slice(Math.max(stack.indexOf("process.exit"), 0))
    .split("\n")
    .slice(1)
    .join("\n");
  return record("ExitedEarly", `process.exit(${code}) was called before run() settled`, caller);
}

function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((done) => stream.write("", () => done()));
}
