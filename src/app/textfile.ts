/**
 * Metrics of a host that only makes passes, as a file for node_exporter's textfile collector. Owns the file and the counts that are
 * carried from pass to pass beside it; never fails a pass.
 */
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, hostClock, ticks } from "../clock.ts";
import type { Emit } from "../core/events.ts";
import { type Count, Meters } from "../report/meters.ts";
import { exposition } from "../report/metrics.ts";
import type { View } from "../report/view.ts";
import { release } from "../store/hosts.ts";

/** How the jobs stand, without what any process has counted; no end of line. */
export async function metricsText(view: View): Promise<string> {
  return (await exposition({ view, version: release() })).body.trimEnd();
}

export interface TextfileSettings {
  /** Absolute. */
  readonly file: string;
  /** The host's state folder: what was counted lies there. */
  readonly spool: string;
  /** The jobs, read when the pass is over. Null: the database does not answer. */
  view(): Promise<View | null>;
  /** It could not be written; told, and nothing else. */
  trouble(message: string): void;
}

/** What one pass adds to the file. */
export class Textfile {
  readonly #settings: TextfileSettings;
  readonly #meters = new Meters();
  readonly #began = ticks();

  constructor(settings: TextfileSettings) {
    this.#settings = settings;
  }

  readonly emit: Emit = (name, payload) => this.#meters.emit(name, payload);

  /** `code`: what the pass ends with; null: there was no pass, the file is only brought up to date. */
  async write(code: number | null): Promise<void> {
    const { file, spool, trouble } = this.#settings;
    try {
      const view = await this.#settings.view().catch(() => null); // the file says database_up 0
      const counts = join(spool, `counts-${createHash("sha256").update(file).digest("hex").slice(0, 16)}.json`);
      mkdirSync(spool, { recursive: true, mode: 0o700 });
      await locked(`${counts}.lock`, async () => {
        this.#meters.add(readCounts(counts));
        this.#meters.ended(code, (ticks() - this.#began) / 1000);
        replace(counts, JSON.stringify(await this.#meters.counts()));
        const { body } = await exposition({ view, version: release(), counted: this.#meters.registry });
        replace(file, body);
      });
    } catch (error) {
      trouble(`the metrics cannot be written: ${(error as Error).message}`);
    }
  }
}

function readCounts(path: string): Count[] {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Count[];
  } catch {
    return []; // the first pass, or a file that somebody damaged: counters begin again, which Prometheus understands
  }
}

/** Readers see the old file or the new one. */
function replace(path: string, text: string): void {
  const aside = join(dirname(path), `.${process.pid}.${createHash("sha256").update(path).digest("hex").slice(0, 8)}.new`);
  try {
    writeFileSync(aside, text, { mode: 0o644 });
    renameSync(aside, path);
  } catch (error) {
    try {
      unlinkSync(aside);
    } catch {
      // It was never there.
    }
    throw error;
  }
}

const WAIT_MS = 25;
const TRIES = 80;
/** Nobody holds it so long: whoever made it is gone. */
const STALE_SECONDS = 10;

/** One pass at a time counts. Throws if the lock cannot be had within two seconds. */
async function locked(path: string, work: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      closeSync(openSync(path, "wx", 0o600));
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || tries === TRIES) throw error;
      dropStale(path);
      await new Promise<void>((done) => after(WAIT_MS, done));
    }
  }
  try {
    await work();
  } finally {
    unlinkSync(path);
  }
}

function dropStale(path: string): void {
  try {
    if (hostClock().getTime() - statSync(path).mtimeMs > STALE_SECONDS * 1000) unlinkSync(path);
  } catch {
    // It is gone already.
  }
}
