/** One host of the fleet: a daemon, or passes one after the other as from cron, behind a network of its own. Owns the processes it starts. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { descendantsOf } from "../helpers/processes.ts";
import { type NetworkProxy, startProxy } from "../helpers/proxy.ts";
import { makeNamespace, type Namespace } from "./namespace.ts";

export interface HostOptions {
  readonly label: string;
  readonly kind: "daemon" | "passes";
  /** Where crontabber.ini is. */
  readonly folder: string;
  /** The program under test. */
  readonly cli: string;
  /** `postgres://…` without a network in between. */
  readonly database: string;
}

/** Between two passes of a host without a daemon. */
const PAUSE_MS = 1_200;

export class Host {
  readonly label: string;
  readonly network: NetworkProxy;
  /** Null: it shares this machine's network, and has no cable of its own. */
  readonly cable: Namespace | null;
  /** A fault is on: the nemesis leaves it alone until that is over. */
  isBusy = false;
  readonly #options: HostOptions;
  #child: ChildProcess | null = null;
  #wanted = false;
  #loop: Promise<void> = Promise.resolve();
  #rest = new AbortController();
  /** Exit codes and signals of what it started, how often. */
  readonly ends = new Map<string, number>();

  private constructor(options: HostOptions, network: NetworkProxy, cable: Namespace | null) {
    this.label = options.label;
    this.cable = cable;
    this.network = network;
    this.#options = options;
  }

  static async make(options: HostOptions): Promise<Host> {
    const cable = makeNamespace();
    const host = new Host(options, await startProxy(options.database, cable?.gateway), cable);
    mkdirSync(host.#home, { recursive: true });
    host.setClock(0);
    return host;
  }

  get #home(): string {
    return join(this.#options.folder, `home-${this.label}`);
  }

  /** The runner's process id; null: none runs right now. */
  get pid(): number | null {
    const child = this.#child;
    return child?.pid && child.exitCode === null && child.signalCode === null ? child.pid : null;
  }

  /** Keeps a daemon, or passes, going until `stop`. */
  start(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    const before = this.#loop;
    this.#loop = before.then(() => this.#keepGoing());
  }

  /** One command on this host, beside whatever else runs there. */
  async command(...args: string[]): Promise<void> {
    const child = this.#spawn(args);
    await once(child, "exit");
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** The runner, its guard, its jobs and what they started: a machine without power, or one that is frozen. */
  everything(signal: NodeJS.Signals): void {
    const { pid } = this;
    if (pid === null) return;
    for (const each of [pid, ...descendantsOf(pid)]) {
      try {
        process.kill(each, signal);
      } catch {
        // It ended meanwhile.
      }
    }
  }

  /** No new processes; what runs goes on. */
  rest(): void {
    this.#wanted = false;
    this.#rest.abort();
  }

  /** Drains and waits for that; whatever does not end is killed. */
  async stop(): Promise<void> {
    this.rest();
    this.everything("SIGCONT");
    this.kill("SIGTERM");
    const timer = setTimeout(() => this.everything("SIGKILL"), 20_000);
    await this.#loop;
    clearTimeout(timer);
  }

  /** Seconds by which this host's clock is wrong from now on; its monotonic clock stays right. */
  setClock(offset: number): void {
    writeFileSync(join(this.#home, "clock"), `${offset < 0 ? "" : "+"}${offset.toFixed(0)}\n`);
  }

  async close(): Promise<void> {
    await this.stop();
    await this.network.close();
    this.cable?.close();
  }

  async #keepGoing(): Promise<void> {
    while (this.#wanted) {
      this.#rest = new AbortController();
      const child = this.#spawn(this.#options.kind === "daemon" ? ["daemon"] : []);
      this.#child = child;
      const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
      const how = signal ?? String(code);
      this.ends.set(how, (this.ends.get(how) ?? 0) + 1);
      if (this.#wanted) await sleep(PAUSE_MS, undefined, { signal: this.#rest.signal }).catch(() => {}); // told to rest
    }
  }

  #spawn(args: readonly string[]): ChildProcess {
    const { folder, cli, database } = this.#options;
    const out = openSync(join(this.#home, "log"), "a");
    const env = {
      ...{ PATH: process.env.PATH ?? "", HOME: this.#home, XDG_STATE_HOME: this.#home, CRONTABBER_HOST: this.label },
      ...{ FAULT_DB: this.network.url(database), ...clockOf(join(this.#home, "clock")) },
    };
    // Nothing of a campaign outlives it: its hosts die with it, and their guards end the jobs.
    const [file = "", ...argv] = [...(this.cable?.enter ?? []), "setpriv", "--pdeathsig", "KILL", process.execPath, cli, ...args];
    const child = spawn(file, argv, {
      cwd: folder,
      env,
      stdio: ["ignore", out, out],
    });
    closeSync(out);
    // libfaketime leaves these behind when its process is killed.
    child.once("exit", () => {
      for (const name of ["faketime_shm_", "sem.faketime_sem_"]) rmSync(`/dev/shm/${name}${child.pid}`, { force: true });
    });
    return child;
  }
}

/** What makes a process read its wall clock's offset from a file; nothing where libfaketime is not installed. */
function clockOf(file: string): Record<string, string> {
  const library = faketime();
  if (!library) return {};
  return { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_CACHE_DURATION: "1", FAKETIME_DONT_FAKE_MONOTONIC: "1" };
}

/** Where libfaketime is; null: not on this machine. */
export function faketime(): string | null {
  const root = "/usr/lib";
  if (!existsSync(root)) return null;
  const folders = readdirSync(root).map((name) => join(root, name, "faketime", "libfaketime.so.1"));
  return folders.find((path) => existsSync(path)) ?? null;
}
