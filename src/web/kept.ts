/** An answer that is shared by all who ask for it within a moment. Owns how old it may be. */
import { ticks } from "../clock.ts";

export class Kept<T> {
  readonly #read: () => Promise<T>;
  readonly #ms: number;
  #answer: { readonly began: number; readonly value: Promise<T> } | null = null;

  /** `ms`: how long an answer counts, from the moment its reading began. */
  constructor(read: () => Promise<T>, ms: number) {
    this.#read = read;
    this.#ms = ms;
  }

  /** A failure is shared by those who waited for it, and by nobody after them. */
  get(): Promise<T> {
    if (this.#answer && ticks() - this.#answer.began < this.#ms) return this.#answer.value;
    const value = this.#read();
    const answer = { began: ticks(), value };
    this.#answer = answer;
    value.catch(() => {
      if (this.#answer === answer) this.#answer = null;
    });
    return value;
  }

  /** What is read from now on is newer than this moment. */
  forget(): void {
    this.#answer = null;
  }
}
