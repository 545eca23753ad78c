/** What is new in a run's output since it was looked at last. Owns the counting; pure but for what it remembers. */
import type { Part, StreamName } from "../core/streams.ts";

/** Bytes of each stream that were told, those that were left out included. */
type Seen = Record<StreamName, number>;

export class Following {
  #seen: Seen | null = null;
  /** Bytes of the only stream there was, as long as nobody knew which. */
  #unnamed = 0;

  /** `parts`: all of the output, as far as it is kept now. Of what was told before nothing comes again. */
  news(parts: readonly Part[]): Part[] {
    const [first] = parts;
    if (first && first.stream !== null) this.#seen ??= this.#named(first.stream);
    const at = { stdout: 0, stderr: 0, unnamed: 0 };
    return parts.flatMap((part): Part[] => {
      const key = part.stream ?? "unnamed";
      const told = this.#told(part.stream);
      const from = at[key];
      at[key] += "text" in part ? Buffer.byteLength(part.text) : part.leftOut;
      if (at[key] <= told) return [];
      this.#tell(part.stream, at[key]);
      if ("leftOut" in part) return [{ ...part, leftOut: at[key] - Math.max(from, told) }];
      return [
        from >= told
          ? part
          : {
              ...part,
              text: Buffer.from(part.text)
                .subarray(told - from)
                .toString(),
            },
      ];
    });
  }

  /** Everything so far came from the stream that printed first. */
  #named(first: StreamName): Seen {
    return { stdout: 0, stderr: 0, [first]: this.#unnamed };
  }

  /** Unnamed again, for its streams change places too often: what both have told counts. */
  #told(stream: Part["stream"]): number {
    if (stream !== null) return this.#seen?.[stream] ?? 0;
    return this.#unnamed + (this.#seen ? this.#seen.stdout + this.#seen.stderr : 0);
  }

  #tell(stream: Part["stream"], bytes: number): void {
    if (stream !== null && this.#seen) this.#seen[stream] = bytes;
    else if (!this.#seen) this.#unnamed = bytes;
    else this.#unnamed = bytes - this.#seen.stdout - this.#seen.stderr;
  }
}
