/** One schedule being played: who acts in it, on which connections, and what has been seen so far. Owns no order of steps. */
import type { Job } from "#lib/core/job.js";
import type { Statements } from "#lib/store/sql.js";
import { Store } from "#lib/store/store.js";
import { Actor } from "./actor.ts";
import type { Line, Lines } from "./lines.ts";
import { type Look, lookKey } from "./look.ts";
import { Model, type Violation } from "./model.ts";
import { Stepped } from "./stepped.ts";

/** Faults beyond a step's ordinary way on. `lost`, `unsent` and `late` are answers to COMMIT that never come: it happened, it did not, it will. */
export type Fault = "die" | "cut" | "lost" | "unsent" | "late" | "timeout";

/** What a change of the database may be laid to. */
export interface Deed {
  readonly kind: "claim" | "record" | "reap" | "reset" | "renew" | "plan" | "time" | "work";
  /** The run it was done for; null: none, or not known yet. */
  readonly runId: string | null;
}

/** A process of a host: one or more actors that die together. */
export interface Process {
  readonly name: string;
  alive: boolean;
  readonly faults: readonly Fault[];
  readonly actors: Actor[];
  readonly held: Map<Actor, Line>;
  readonly store: Store;
}

export interface Setting {
  readonly lines: Lines;
  readonly schema: string;
  readonly sql: Statements;
  readonly jobs: readonly Job[];
  readonly now: Date;
  readonly faults: number;
}

export class Stage {
  readonly setting: Setting;
  readonly model = new Model();
  readonly actors: Actor[] = [];
  readonly processes: Process[] = [];
  readonly violations: Violation[] = [];
  readonly deeds: Deed[] = [];
  /** What hosts were told of their records, by run id. */
  readonly told = new Map<string, string>();
  readonly trace: string[] = [];
  readonly byName: ReadonlyMap<string, Job>;
  faultsLeft: number;
  /** Something was committed since the last look. */
  dirty = false;
  /** The dead do not say when they have come to rest. */
  dying: Promise<void> = Promise.resolve();
  /** The latest look. */
  seen: Look;
  readonly #names = new Map<string, string>();

  constructor(setting: Setting, seen: Look) {
    this.setting = setting;
    this.seen = seen;
    this.faultsLeft = setting.faults;
    this.byName = new Map(setting.jobs.map((job) => [job.name, job]));
  }

  /** A host's process, with the shipped store over stepped connections. */
  process(name: string, faults: readonly Fault[] = []): Process {
    const { schema, sql, now } = this.setting;
    const connection = { servers: [], user: "", database: "", password: null, sslmode: null };
    const settings = { connection, schema, autoMigrate: false, max: 1, host: name, tags: [], maxOngoingAge: 43_200, pinned: () => now };
    const store = new Store(settings);
    const process: Process = { name, alive: true, faults, actors: [], held: new Map(), store };
    this.processes.push(process);
    Object.assign(store, { sql });
    return process;
  }

  /** Starts a program of the process; its store speaks on the first one's connection. */
  spawn(process: Process, name: string, program: (actor: Actor, db: Stepped) => Promise<void>, optional = false): Actor {
    const actor = new Actor(name, optional);
    const db = new Stepped(this, process, actor);
    if (process.actors.length === 0) Object.assign(process.store, { db });
    this.actors.push(actor);
    process.actors.push(actor);
    actor.start(() => program(actor, db));
    return actor;
  }

  /** The choices of a step of this process, faults that may still happen included. */
  choices(process: Process, offered: readonly string[], possible: readonly Fault[]): string[] {
    const faults = this.faultsLeft > 0 ? possible.filter((fault) => process.faults.includes(fault)) : [];
    return [...offered, ...faults];
  }

  /** Everything of the process is gone at once, its jobs included. */
  die(process: Process): Promise<void> {
    this.dying = this.#die(process);
    return this.dying;
  }

  async #die(process: Process): Promise<void> {
    process.alive = false;
    this.model.died(process.name);
    for (const actor of process.actors) await this.end(process, actor);
  }

  /** One actor of a process is killed: its connection goes, and what was open on it. */
  async end(process: Process, actor: Actor): Promise<void> {
    const line = process.held.get(actor);
    process.held.delete(actor);
    actor.over = true;
    actor.abandon();
    if (line) await this.setting.lines.drop(line);
  }

  /** A child that works in a transaction of its own; killed with its run. */
  readonly children = new Map<string, { process: Process; actor: Actor }>();

  /** The owner gives the run up: its body, and the transaction of it, are gone before anything else happens. */
  async distrust(runId: string): Promise<void> {
    this.model.distrust(runId);
    const child = this.children.get(runId);
    if (child && !child.actor.over) await this.end(child.process, child.actor);
  }

  breach(rule: string, text: string): void {
    this.violations.push({ rule, text });
  }

  /** The name a run id has in every schedule: who sent its claim, and which of his it was. */
  nameOf = (uuid: string): string => this.#names.get(uuid) ?? uuid;

  christen(uuid: string, process: Process): void {
    if (this.#names.has(uuid)) return;
    const earlier = [...this.#names.values()].filter((name) => name.startsWith(`${process.name}#`)).length;
    this.#names.set(uuid, `${process.name}#${earlier + 1}`);
  }

  /** Schedules that lead here can only go on alike. */
  get key(): string {
    return [...this.actors.map((actor) => actor.state), this.model.key, this.faultsLeft, lookKey(this.seen, this.nameOf)].join("\n");
  }
}
