/** Notices that configuration or job code has changed, and brings the new registry in, or refuses it. Owns when to look. */
import { type FSWatcher, watch } from "node:fs";
import { basename } from "node:path";
import type { Setup } from "./app.ts";
import { realFolder } from "./config/config.ts";
import { changedSince, stampNow, waitingForRestart } from "./config/reload.ts";
import { identity, waysTo } from "./config/ways.ts";
import { ConfigError, problemLine, UsageError } from "./core/errors.ts";
import type { Emit } from "./core/events.ts";
import type { FileStamp } from "./core/learned.ts";

export interface Reloading {
  /** Reads everything again. Throws ConfigError or UsageError if it cannot be used. */
  reload(): Promise<Setup>;
  replace(setup: Setup): void;
  readonly emit: Emit;
}

/** An editor writes a file in several steps, a deploy many files: look when it has been quiet for so long. */
const QUIET_MS = 300;
/** File systems that tell nothing (network ones, some containers). */
const LOOK_MS = 10_000;

/** Looks on SIGHUP, when its files or a link on the way to them change, and from time to time. An invalid registry is refused, and the old one kept. */
export function watchRegistry(setup: Setup, tools: Reloading): { close(): void } {
  const watcher = new RegistryWatcher(setup, tools);
  const onHangup = () => watcher.look(true);
  process.on("SIGHUP", onHangup);
  return {
    close: () => {
      process.off("SIGHUP", onHangup);
      watcher.close();
    },
  };
}

class RegistryWatcher {
  readonly #tools: Reloading;
  readonly #started: Setup;
  /** What the newest reading, accepted or refused, was made of, and where it really was. */
  #files: readonly FileStamp[];
  #home: string;
  #folders: FSWatcher[] = [];
  #watched = "";
  #quiet: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  /** Somebody came while it was looking: whether he asked; null: nobody came. */
  #again: boolean | null = null;
  #closed = false;
  readonly #clock: NodeJS.Timeout;

  constructor(setup: Setup, tools: Reloading) {
    this.#tools = tools;
    this.#started = setup;
    this.#files = setup.files;
    this.#home = setup.config.home;
    this.#watch();
    this.#clock = setInterval(() => this.look(false), LOOK_MS);
    this.#clock.unref();
    // What changed between its reading and now was told to nobody.
    this.#stir();
  }

  /** `asked`: whatever the files look like. One look at a time; who asks meanwhile is answered by one more. */
  look(asked: boolean): void {
    if (this.#looking !== null) {
      this.#again = asked || this.#again === true;
      return;
    }
    if (!asked && !changedSince(this.#files) && this.#home === this.#homeNow()) {
      this.#watch();
      return;
    }
    this.#looking = this.#reload().finally(() => {
      this.#looking = null;
      const again = this.#again;
      this.#again = null;
      this.#watch();
      if (again !== null && !this.#closed) this.look(again);
    });
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#clock);
    if (this.#quiet) clearTimeout(this.#quiet);
    for (const folder of this.#folders) folder.close();
  }

  async #reload(): Promise<void> {
    const { reload, replace, emit } = this.#tools;
    // Before anything is read: what changes meanwhile is another change.
    const seen = this.#files.map(({ path }) => stampNow(path));
    this.#home = this.#homeNow();
    try {
      const next = await reload();
      this.#files = next.files;
      this.#home = next.config.home;
      if (this.#closed) return;
      replace(next);
      const restart = waitingForRestart(this.#started.config, next.config);
      emit("registry:reloaded", { jobs: next.registry.jobs.length, broken: next.broken.map(problemLine), restart });
    } catch (error) {
      // The same mistake is told once: another change of what was read, now or before, is looked at again.
      const read = error instanceof ConfigError ? error.files : [];
      this.#files = [...new Map([...seen, ...read].map((stamp) => [stamp.path, stamp])).values()];
      if (error instanceof ConfigError) emit("registry:refused", { problems: error.problems.map(problemLine) });
      else if (error instanceof UsageError) emit("registry:refused", { problems: error.message.split("\n") });
      else emit("daemon:trouble", { message: String((error as Error)?.stack ?? error) });
    }
  }

  /** Releases that were unpacked in the same instant may look the same in all else. */
  #homeNow(): string {
    return realFolder(this.#started.config.folder);
  }

  /** Again where the ways to the files are others than before. */
  #watch(): void {
    if (this.#closed) return;
    const ways = waysTo(this.#files.map(({ path }) => path));
    const now = identity(ways);
    if (now === this.#watched) return;
    this.#watched = now;
    for (const folder of this.#folders) folder.close();
    this.#folders = [...ways].flatMap(([folder, names]) => this.#watchFolder(folder, names));
  }

  /** Of a busy folder only its names of interest count; its own name: it was moved or removed. */
  #watchFolder(folder: string, names: ReadonlySet<string>): FSWatcher[] {
    const itself = basename(folder);
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name === null || name === itself || names.has(name)) this.#stir();
      });
      watcher.on("error", () => {}); // the folder is gone: the clock goes on looking
      return [watcher];
    } catch {
      return []; // not there, or too many watches: the clock looks
    }
  }

  #stir(): void {
    if (this.#quiet) clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.look(false), QUIET_MS);
    this.#quiet.unref();
  }
}
