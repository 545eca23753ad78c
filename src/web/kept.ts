/** An answer that is shared by all who ask for it within a moment. Owns how old it may be. */
import { ticks } from "../clock.ts";

export class Kept<T> {
  readonly #read: () => Promise<T>;
  readonly #ms: number;
  #answer: { readonly began: number; readonly value: Promise<T>; pending: boolean } | null = null;

  /** `ms`: how long an answer counts, from the moment its reading began. */
  constructor(read: () => Promise<T>, ms: number) {
    this.#read = read;
    this.#ms = ms;
  }

  /** One reading at a time. A failure is shared by those who waited for it, and by nobody after them. */
  get(): Promise<T> {
    const last = this.#answer;
    if (last && (last.pending || ticks() - last.began < this.#ms)) return last.value;
    const answer = { began: ticks(), value: this.#read(), pending: true };
    this.#answer = answer;
    const end = (good: boolean) => {
      answer.pending = false;
      if (!good && this.#answer === answer) this.#answer = null;
    };
    answer.value.then(
      () => end(true),
      () => end(false),
    );
    return answer.value;
  }

  /** What is read from now on is newer than this moment. */
  forget(): void {
    this.#answer = null;
  }
}
