/** Who may run at once in a simulation, and who waits for a turn: each pass (a daemon is one) has room for so many. Pure. */
import { Heap } from "./heap.ts";

export class SimulatedRoom {
  readonly #limit: number;
  /** Runs of each pass that are on. */
  readonly #busy = new Map<number, number>();
  /** Of each pass, jobs by their place in the registry, the lowest first. */
  readonly #queues = new Map<number, Heap<number>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  enter(pass: number): void {
    this.#busy.set(pass, (this.#busy.get(pass) ?? 0) + 1);
  }

  leave(pass: number): void {
    const left = (this.#busy.get(pass) ?? 1) - 1;
    if (left > 0) this.#busy.set(pass, left);
    else this.#busy.delete(pass);
  }

  /** There is room, and nobody who came before waits for it. */
  isFree(pass: number): boolean {
    return this.#hasRoom(pass) && !this.#queues.has(pass);
  }

  wait(pass: number, index: number): void {
    const queue = this.#queues.get(pass) ?? new Heap<number>((a, b) => a < b);
    this.#queues.set(pass, queue);
    queue.push(index);
  }

  /** Whoever waits and has room now, the first in the order of the registry. It may not want it any more. Null: nobody. */
  next(): { readonly pass: number; readonly index: number } | null {
    for (const [pass, queue] of this.#queues) {
      if (!this.#hasRoom(pass)) continue;
      const index = queue.pop();
      if (index !== undefined) return { pass, index };
      this.#queues.delete(pass);
    }
    return null;
  }

  #hasRoom(pass: number): boolean {
    return (this.#busy.get(pass) ?? 0) < this.#limit;
  }
}
