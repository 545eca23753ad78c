/** Notices that configuration or job code has changed, and brings the new registry in, or refuses it. Owns when to look. */
import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";
import type { Setup } from "./app.ts";
import { changedSince, stampNow } from "./config/reload.ts";
import { ConfigError, problemLine } from "./core/errors.ts";
import type { Emit } from "./core/events.ts";

export interface Reloading {
  reload(): Promise<Setup>;
  replace(setup: Setup): void;
  readonly emit: Emit;
}

/** An editor writes a file in several steps, a deploy many files: look when it has been quiet for so long. */
const QUIET_MS = 300;
/** File systems that tell nothing (network ones, some containers). */
const LOOK_MS = 10_000;

/** Looks on SIGHUP, when a folder of its files changes, and from time to time. An invalid registry is refused, and the old one kept. */
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
  #setup: Setup;
  #folders: FSWatcher[] = [];
  #quiet: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #again = false;
  readonly #clock: NodeJS.Timeout;

  constructor(setup: Setup, tools: Reloading) {
    this.#setup = setup;
    this.#tools = tools;
    this.#watch();
    this.#clock = setInterval(() => this.look(false), LOOK_MS);
    this.#clock.unref();
  }

  /** `asked`: whatever the files look like. One look at a time; who asks meanwhile is answered by one more. */
  look(asked: boolean): void {
    if (this.#looking !== null) {
      this.#again ||= asked;
      return;
    }
    if (!asked && !changedSince(this.#setup.files)) return;
    this.#looking = this.#reload().finally(() => {
      this.#looking = null;
      const again = this.#again;
      this.#again = false;
      if (again) this.look(true);
    });
  }

  close(): void {
    clearInterval(this.#clock);
    if (this.#quiet) clearTimeout(this.#quiet);
    for (const folder of this.#folders) folder.close();
  }

  async #reload(): Promise<void> {
    const { reload, replace, emit } = this.#tools;
    try {
      const next = await reload();
      this.#setup = next;
      replace(next);
      emit("registry:reloaded", { jobs: next.registry.jobs.length, broken: next.broken.map(problemLine) });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      emit("registry:refused", { problems: error.problems.map(problemLine) });
      // The same mistake is told once: only another change is looked at again.
      this.#setup = { ...this.#setup, files: this.#setup.files.map(({ path }) => stampNow(path)) };
    }
    this.#watch();
  }

  #watch(): void {
    for (const folder of this.#folders) folder.close();
    const folders = new Set(this.#setup.files.map(({ path }) => dirname(path)));
    this.#folders = [...folders].flatMap((folder) => {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#stir());
        watcher.on("error", () => {}); // the folder is gone: the clock goes on looking
        return [watcher];
      } catch {
        return []; // not there, or too many watches: the clock looks
      }
    });
  }

  #stir(): void {
    if (this.#quiet) clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.look(false), QUIET_MS);
    this.#quiet.unref();
  }
}
