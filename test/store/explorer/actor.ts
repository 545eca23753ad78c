/** A program that stops before each of its steps until it is let go. Owns stopping and arriving; knows no database. */
import { createHash } from "node:crypto";

/** Thrown into a program whose schedule is over, or whose process has died: nothing it does counts any more. */
export class Abandoned extends Error {
  override readonly name = "Abandoned";
}

export interface Gate {
  readonly label: string;
  /** What may happen here; the first is the ordinary way on. */
  readonly choices: readonly string[];
  /** False: something else has to happen first. */
  readonly open: () => boolean;
  /** It commutes with every step of everybody else, so no other order around it needs to be tried. */
  readonly local: boolean;
}

export class Actor {
  readonly name: string;
  readonly optional: boolean;
  /** Where it waits; null: it moves, or is over. */
  at: Gate | null = null;
  over = false;
  /** Its statement waits for a lock that somebody else holds. */
  blocked = false;
  /** The backend of the statement under way. */
  backend: number | null = null;
  /** The statement under way is of a kind that waits for locks: worth an early look whether it does. */
  mayWait = false;
  /** What its program threw, unless it was abandoned. */
  failure: unknown = null;
  #history = "";
  #abandoned = false;
  #way: { go(choice: string): void; leave(error: Error): void } | null = null;
  #arrived = deferred();

  /** An `optional` actor need not come to its end: the passing of time, a renewal more. */
  constructor(name: string, optional = false) {
    this.name = name;
    this.optional = optional;
  }

  start(program: () => Promise<void>): void {
    void program()
      .catch((error: unknown) => {
        if (!(error instanceof Abandoned)) this.failure = error;
      })
      .finally(() => {
        this.over = true;
        this.#arrived.resolve();
      });
  }

  /** Called by the program before a step: resolves to the choice it is let go with. */
  stop(label: string, gate: Partial<Omit<Gate, "label">> = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#abandoned) return reject(new Abandoned());
      this.#way = { go: resolve, leave: reject };
      this.at = { label, choices: ["go"], open: () => true, local: false, ...gate };
      this.#arrived.resolve();
    });
  }

  go(choice: string): void {
    this.note(`${this.at?.label}/${choice}`);
    this.at = null;
    this.#arrived = deferred();
    this.#way?.go(choice);
  }

  abandon(): void {
    this.#abandoned = true;
    this.at = null;
    this.#way?.leave(new Abandoned());
  }

  get moving(): boolean {
    return !this.over && this.at === null;
  }

  /** Resolves when it waits at a gate again, or is over. */
  get arrived(): Promise<void> {
    return this.#arrived.promise;
  }

  /** What it has learned decides what it will do: two schedules that taught it the same have it in the same state. */
  note(what: string): void {
    this.#history = createHash("sha1").update(this.#history).update(what).digest("base64");
  }

  get state(): string {
    return `${this.name} ${this.over} ${this.blocked} ${this.at?.label} ${this.#history}`;
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
