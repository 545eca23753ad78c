/** One at a time: whatever is asked of the page, it holds one of the scheduler's connections at most. Owns the queue. */

/** Whoever comes when so many wait already is sent away. */
const MOST_WAITING = 100;

/** Too many ask at once. */
export class Busy extends Error {
  override readonly name = "Busy";
}

export class Turn {
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` when everything before it has ended, well or not. Throws Busy. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MOST_WAITING) throw new Busy("too many ask at once");
    this.#waiting += 1;
    const mine = this.#last.then(work).finally(() => {
      this.#waiting -= 1;
    });
    this.#last = mine.catch(() => {}); // told to who asked
    return mine;
  }
}
