/** Keeps known secrets out of a stream of text, however it is cut into chunks. Owns what is held back; knows no secret by itself. */

const MASK = "***";
/** Shorter ones would mask half of every sentence. */
const SHORTEST = 6;

export class Masking {
  readonly #secrets: readonly string[];
  readonly #any: RegExp | null;
  /** What may be the beginning of a secret. */
  #held = "";

  constructor(secrets: readonly string[]) {
    // The longest first: one may be the beginning of another.
    this.#secrets = [...new Set(secrets)].filter((s) => s.length >= SHORTEST).sort((a, b) => b.length - a.length);
    const words = this.#secrets.map((secret) => secret.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
    this.#any = words.length > 0 ? new RegExp(words.join("|"), "g") : null;
  }

  /** What can be told of a stream after this chunk. */
  write(chunk: string): string {
    if (!this.#any) return chunk;
    const text = this.#held + chunk;
    const wait = text.length - this.#begun(text);
    let at = 0;
    let told = "";
    for (const found of text.matchAll(this.#any)) {
      if (found.index >= wait) break;
      told += text.slice(at, found.index) + MASK;
      at = found.index + found[0].length;
    }
    const end = Math.max(at, wait);
    this.#held = text.slice(end);
    return told + text.slice(at, end);
  }

  /** The rest: nothing follows. */
  end(): string {
    const rest = this.#held;
    this.#held = "";
    return this.whole(rest);
  }

  /** A text that is whole. */
  whole(text: string): string {
    return this.#any ? text.replace(this.#any, MASK) : text;
  }

  /** Characters at the end that may be the beginning of a secret. */
  #begun(text: string): number {
    let most = 0;
    for (const secret of this.#secrets) {
      for (let n = Math.min(secret.length - 1, text.length); n > most; n--) if (text.endsWith(secret.slice(0, n))) most = n;
    }
    return most;
  }
}
