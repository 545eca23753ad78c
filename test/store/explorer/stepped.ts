/** A connection whose every statement is a step, with the faults a connection can have. Stands where the store has its `Database`. */
import type { Queryable, Result } from "#lib/store/db.js";
import { CommitUnknown, sqlState } from "#lib/store/db.js";
import { Abandoned, Actor } from "./actor.ts";
import type { Line } from "./lines.ts";
import { essence } from "./look.ts";
import type { Deed, Process, Stage } from "./stage.ts";

/** The row was locked, and this program does not ask twice: nothing new would be learned before somebody else has moved. */
export class GaveUp extends Error {
  override readonly name = "GaveUp";
}

/** As the driver says it: no SQLSTATE. */
const cutOff = () => new Error("Connection terminated unexpectedly");

export class Stepped implements Queryable {
  readonly #stage: Stage;
  readonly #process: Process;
  readonly #actor: Actor;
  /** What its next commit is laid to. */
  deed: Deed = { kind: "plan", runId: null };
  #failed = false;

  constructor(stage: Stage, process: Process, actor: Actor) {
    this.#stage = stage;
    this.#process = process;
    this.#actor = actor;
  }

  /** One statement in a transaction of its own. */
  async query(text: string, params: readonly unknown[] = []): Promise<Result> {
    const result = await this.step(text, params);
    if (!isRead(text)) this.#committed();
    return result;
  }

  /** As `Database.transaction`. */
  async transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    await this.begin(this.#stage.setting.sql.begin);
    let value: T;
    try {
      value = await work({ query: (text, params) => this.step(text, params) });
    } catch (error) {
      await this.rollback(error);
      const claiming = this.deed.kind === "plan" || this.deed.kind === "claim";
      throw claiming && sqlState(error) === "55P03" ? new GaveUp("locked") : error;
    }
    if ((await this.commit()) === "ROLLBACK") throw new Error("the transaction was rolled back at COMMIT");
    return value;
  }

  /** Neither takes a lock nor looks at anything: no order around it matters. */
  async begin(text: string): Promise<void> {
    await this.#actor.stop("begin", { local: true });
    const line = await this.#line();
    await line.client.query(text);
    line.open = true;
    this.#failed = false;
  }

  async step(text: string, params: readonly unknown[] = [], local = false): Promise<Result> {
    const label = labelOf(this.#stage, text);
    this.#announce(label, params);
    const choices = this.#stage.choices(this.#process, ["go"], ["die", "cut"]);
    await this.#ordinary(await this.#actor.stop(label, { local, choices }));
    return this.#send(text, params);
  }

  /** The command tag. Throws CommitUnknown where the answer is lost. */
  async commit(): Promise<string> {
    const choices = this.#stage.choices(this.#process, ["go"], ["die", "lost", "unsent", "late"]);
    const choice = await this.#actor.stop("commit", { choices });
    if (choice === "late") await this.#sendLate();
    if (choice === "unsent") await this.#drop();
    if (choice === "late" || choice === "unsent") throw new CommitUnknown(choice);
    await this.#ordinary(choice);
    const line = await this.#line();
    const { command } = await line.client.query("COMMIT");
    line.open = false;
    this.#committed();
    if (choice !== "lost") return command;
    await this.#drop();
    throw new CommitUnknown(choice);
  }

  /** After a failed statement the server has let go of everything already. */
  async rollback(cause: unknown): Promise<void> {
    if (cause instanceof Abandoned) throw cause;
    const line = this.#process.held.get(this.#actor);
    if (!line?.open) return;
    await this.#actor.stop("rollback", { local: this.#failed });
    await line.client.query("ROLLBACK");
    line.open = false;
  }

  async #send(text: string, params: readonly unknown[]): Promise<Result> {
    const line = await this.#line();
    this.#actor.backend = line.backend;
    this.#actor.mayWait = !isRead(text) && !/ NOWAIT$| SKIP LOCKED/.test(text);
    try {
      const { rows, rowCount } = await line.client.query(text, [...params]);
      this.#actor.note(essence(rows, this.#stage.nameOf) + rowCount);
      return { rows: rows as Result["rows"], rowCount: rowCount ?? 0 };
    } catch (error) {
      this.#failed = true;
      this.#actor.note(String(sqlState(error)));
      throw error;
    } finally {
      this.#actor.backend = null;
    }
  }

  /** The faults any step can have; everything else is its ordinary way on. */
  async #ordinary(choice: string): Promise<void> {
    if (choice === "die") {
      await this.#stage.die(this.#process);
      throw new Abandoned();
    }
    if (choice !== "cut") return;
    await this.#drop();
    throw cutOff();
  }

  /** COMMIT is on its way: it arrives when somebody lets it, or never. */
  async #sendLate(): Promise<void> {
    const stage = this.#stage;
    const line = await this.#line();
    const { deed } = this;
    this.#process.held.delete(this.#actor);
    const network = { ...this.#process, name: "network", actors: [], held: new Map<Actor, Line>(), faults: [] };
    const actor = new Actor(`COMMIT of ${this.#actor.name}`);
    network.held.set(actor, line);
    stage.processes.push(network);
    stage.actors.push(actor);
    actor.start(async () => {
      const choice = await actor.stop("arrives", { choices: ["go", "never"] });
      if (choice === "go") {
        await line.client.query("COMMIT");
        stage.deeds.push(deed);
        stage.dirty = true;
        line.open = false;
      }
      network.held.delete(actor);
      await stage.setting.lines.drop(line);
    });
  }

  async #line(): Promise<Line> {
    const { held } = this.#process;
    const line = held.get(this.#actor) ?? (await this.#stage.setting.lines.take());
    held.set(this.#actor, line);
    return line;
  }

  async #drop(): Promise<void> {
    const line = this.#process.held.get(this.#actor);
    this.#process.held.delete(this.#actor);
    if (line) await this.#stage.setting.lines.drop(line);
  }

  /** The model must know of a claim before its answer is. */
  #announce(label: string, params: readonly unknown[]): void {
    if (label !== "claim" && label !== "claimBeside") return;
    this.#stage.christen(String(params[1]), this.#process);
    this.#stage.model.claiming(String(params[1]), this.#process);
    this.deed = { kind: "claim", runId: String(params[1]) };
  }

  #committed(): void {
    this.#stage.deeds.push(this.deed);
    this.#stage.dirty = true;
  }
}

/** It sees what is committed, and changes and locks nothing. */
const isRead = (text: string): boolean => /^(SELECT|WITH)/.test(text) && !/FOR (UPDATE|SHARE)|UPDATE/.test(text);

function labelOf(stage: Stage, text: string): string {
  const known = Object.entries(stage.setting.sql).find(([, statement]) => statement === text);
  return known?.[0] ?? text.slice(0, 40);
}
