/** Slows down whoever guesses the token. Owns the counting, by remote address. */
import { ticks } from "../clock.ts";

const FREE = 5;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 5 * 60_000;
const MOST_ADDRESSES = 10_000;

interface Guesser {
  wrong: number;
  until: number;
}

export class Guesses {
  readonly #guessers = new Map<string, Guesser>();

  /** Seconds this address has to wait before it is listened to; 0: none. */
  wait(address: string): number {
    const left = (this.#guessers.get(address)?.until ?? 0) - ticks();
    return Math.max(0, Math.ceil(left / 1000));
  }

  /** How many there were; the first few are slips. */
  wrong(address: string): number {
    const guesser = this.#guessers.get(address) ?? { wrong: 0, until: 0 };
    guesser.wrong += 1;
    const over = guesser.wrong - FREE;
    if (over >= 0) guesser.until = ticks() + Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** over);
    // The oldest goes first: a map keeps the order of insertion.
    this.#guessers.delete(address);
    this.#guessers.set(address, guesser);
    const [oldest] = this.#guessers.keys();
    if (this.#guessers.size > MOST_ADDRESSES && oldest !== undefined) this.#guessers.delete(oldest);
    return guesser.wrong;
  }

  right(address: string): void {
    this.#guessers.delete(address);
  }
}
