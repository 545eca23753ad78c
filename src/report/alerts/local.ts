/**
 * What only this host can tell: a configuration it refuses, a database it cannot use. Owns the small file in which its passes and its
 * daemon remember since when, and what was told. Where that file cannot be written nothing is told: better than once a minute.
 */
import { randomUUID } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { hostClock, uptime } from "../../clock.ts";
import type { Channel, Fault } from "../../core/alert.ts";
import type { Emit } from "../../core/events.ts";
import { alertDocument } from "./document.ts";
import { send } from "./send.ts";

/** `refused` covers modules that cannot be imported. */
export type LocalKind = "refused" | "unreachable";

export interface LocalTools {
  /** Absolute; one for each configuration. */
  readonly file: string;
  readonly self: string;
  readonly channels: readonly Channel[];
  readonly emit: Emit;
  /** Seconds a trouble must have lasted before it is told. */
  readonly patience: Readonly<Record<LocalKind, number>>;
}

interface Remembered {
  /** Of its first telling; the recovery's is made of it. */
  readonly id: string;
  /** This host's clock, for people. */
  readonly since: string;
  /** Seconds since boot: what patience is counted by. */
  readonly up: number;
  readonly told: boolean;
  /** Tries in vain, and the seconds since boot before which none is made. */
  readonly tries: number;
  readonly next: number;
}
type Memory = Partial<Record<LocalKind, Remembered>>;

/** Whoever holds the file longer than this, in milliseconds, is dead. */
const HELD_MS = 60_000;
const SUBJECTS: Readonly<Record<LocalKind, string>> = { refused: "config", unreachable: "database" };
/** Seconds to wait after a failed try, doubled each time. */
const RETRY = 30;
const RETRY_AT_MOST = 1_800;

export class LocalTeller {
  readonly #tools: LocalTools;

  constructor(tools: LocalTools) {
    this.#tools = tools;
  }

  /** `value`: what is wrong now; null: nothing is. Tells it, or that it is over, if that is news. Never throws. */
  async check(kind: LocalKind, value: string | null, until: AbortSignal): Promise<void> {
    const known = read(this.#tools.file)[kind];
    if (value === null && !known) return;
    const release = hold(this.#tools.file);
    if (!release) return;
    try {
      await this.#settle(kind, value, until);
    } catch (error) {
      this.#tools.emit("alert:trouble", { message: `${this.#tools.file}: ${(error as Error).message}`, news: false });
    } finally {
      release();
    }
  }

  async #settle(kind: LocalKind, value: string | null, until: AbortSignal): Promise<void> {
    const known = read(this.#tools.file)[kind];
    const up = uptime();
    const waits = known !== undefined && up >= known.up && up < known.next;
    if (waits) return;
    if (value === null) {
      if (known && (!known.told || (await this.#send(kind, { known, fault: null, until })))) this.#save(kind, null);
      return;
    }
    if (!known) return this.#save(kind, { id: randomUUID(), since: hostClock().toISOString(), up, told: false, tries: 0, next: 0 });
    // Less than then: the machine was started anew, and has not been up for longer than this.
    const lasted = up >= known.up ? up - known.up : up;
    if (known.told || lasted < this.#tools.patience[kind]) return;
    const fault: Fault = {
      ...{ subject: SUBJECTS[kind], condition: kind, level: "critical" as const, since: new Date(known.since) },
      ...{ type: TYPES[kind], value, holdsUp: [] },
    };
    if (await this.#send(kind, { known, fault, until })) this.#save(kind, { ...known, told: true });
  }

  /** True: everybody has it. */
  async #send(kind: LocalKind, { known, fault, until }: { known: Remembered; fault: Fault | null; until: AbortSignal }): Promise<boolean> {
    const { self, channels, emit } = this.#tools;
    const was = fault ? "ok" : kind;
    const change = { subject: `${SUBJECTS[kind]}:${self}`, was, fault } as const;
    const alert = alertDocument(change, { id: fault ? known.id : sibling(known.id), at: hostClock(), host: self });
    const { trouble } = await send(alert, channels, { signal: until, took: async () => {} });
    if (trouble === null) {
      emit("alert:told", { id: alert.id, text: alert.text });
      return true;
    }
    const tries = known.tries + 1;
    this.#save(kind, { ...known, tries, next: uptime() + Math.min(RETRY * 2 ** known.tries, RETRY_AT_MOST) });
    emit("alert:failed", { id: alert.id, text: alert.text, tries, trouble });
    return false;
  }

  #save(kind: LocalKind, remembered: Remembered | null): void {
    const { file } = this.#tools;
    const { [kind]: _, ...rest } = read(file);
    const temporary = `${file}.${process.pid}.tmp`;
    writeFileSync(temporary, JSON.stringify(remembered ? { ...rest, [kind]: remembered } : rest), { mode: 0o600 });
    renameSync(temporary, file);
  }
}

const TYPES: Readonly<Record<LocalKind, string>> = { refused: "Configuration", unreachable: "Database" };

/** Another uuid that is the same every time it is asked for. */
function sibling(id: string): string {
  return id.slice(0, -1) + ((Number.parseInt(id.slice(-1), 16) + 1) % 16).toString(16);
}

function read(file: string): Memory {
  try {
    const memory: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof memory === "object" && memory !== null ? (memory as Memory) : {};
  } catch {
    // No file: nothing is wrong; a damaged one: begin anew.
    return {};
  }
}

/** One process of this host at a time. Null: another one is at it, or the folder is not ours to write. */
function hold(file: string): (() => void) | null {
  const lock = `${file}.lock`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const stale = statSync(lock, { throwIfNoEntry: false });
    if (stale && hostClock().getTime() - stale.mtimeMs > HELD_MS) rmSync(lock, { force: true });
    closeSync(openSync(lock, "wx", 0o600));
    return () => rmSync(lock, { force: true });
  } catch {
    return null; // said above
  }
}
