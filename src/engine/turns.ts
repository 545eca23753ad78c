/** Named locks inside one pass: jobs that share one take turns instead of failing their claims. Owns the order; the database has the lock. */
export class Turns {
  readonly #held = new Map<string, Promise<unknown>>();

  /** Runs `work` once nobody here holds any of the locks. All are taken at once, so that no two wait for each other. */
  async take<T>(locks: readonly string[], work: () => Promise<T>): Promise<T> {
    for (;;) {
      const before = locks.flatMap((lock) => this.#held.get(lock) ?? []);
      if (before.length === 0) break;
      await Promise.allSettled(before);
    }
    const done = work();
    for (const lock of locks) this.#held.set(lock, done);
    try {
      return await done;
    } finally {
      for (const lock of locks) this.#held.delete(lock);
    }
  }
}
