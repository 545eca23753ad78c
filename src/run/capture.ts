/** What a job prints, bounded: of each stream the head and the tail. Owns the cutting; both streams come out in the order they came in. */
import { StringDecoder } from "node:string_decoder";
import { MARK, markedText, type Part, type StreamName } from "../core/streams.ts";
import { Masking } from "./masking.ts";
import { firstBytes, lastBytes } from "./sanitise.ts";

const HEAD = 32 * 1024;
const TAIL = 32 * 1024;

/** As `clean` has it, and what would be taken for our mark; in one go, for all of it passes here. */
const UNKEPT = new RegExp(`[\\0${MARK}]|\\p{Cs}`, "gu");
/** Small writes are put together up to this size. */
const PIECE = 4 * 1024;

interface Piece {
  /** Its place among the pieces of both streams. */
  readonly order: number;
  text: string;
  bytes: number;
}

class Stream {
  readonly decoder = new StringDecoder("utf8");
  readonly masking: Masking;
  readonly head: Piece[] = [];
  readonly tail: Piece[] = [];
  headBytes = 0;
  tailBytes = 0;
  /** Bytes dropped between head and tail. */
  dropped = 0;

  constructor(secrets: readonly string[]) {
    this.masking = new Masking(secrets);
  }

  add(order: number, text: string): void {
    const room = HEAD - this.headBytes;
    // Once the head has been closed by a cut, all that follows is tail: nothing may slip in before the gap.
    const head = this.tail.length > 0 || this.dropped > 0 ? "" : firstBytes(text, room);
    if (head) {
      const bytes = Buffer.byteLength(head);
      this.head.push({ order, text: head, bytes });
      this.headBytes += bytes;
    }
    const rest = text.slice(head.length);
    if (rest) this.#addTail({ order, text: rest, bytes: Buffer.byteLength(rest) });
  }

  #addTail(piece: Piece): void {
    this.tailBytes += piece.bytes;
    const last = this.tail.at(-1);
    if (last?.order === piece.order && last.bytes < PIECE) {
      last.text += piece.text;
      last.bytes += piece.bytes;
    } else {
      this.tail.push(piece);
    }
    for (let first = this.tail[0]; first && this.tailBytes - first.bytes >= TAIL; first = this.tail[0]) {
      this.tail.shift();
      this.tailBytes -= first.bytes;
      this.dropped += first.bytes;
    }
  }

  /** Head, tail, and what was left out between them. */
  pieces(): Kept[] {
    const [first, ...others] = this.tail;
    if (!first) return this.head;
    const kept = lastBytes(first.text, first.bytes - Math.max(this.tailBytes - TAIL, 0));
    const leftOut = this.dropped + first.bytes - Buffer.byteLength(kept);
    return [...this.head, { ...first, text: kept, leftOut }, ...others];
  }
}

type Kept = Piece & { readonly leftOut?: number };

const NAMES = ["stdout", "stderr"] as const;

export class Capture {
  readonly #streams: Readonly<Record<StreamName, Stream>>;
  #order = 0;
  #last: StreamName | null = null;

  /** `secrets`: never kept, `***` stands for them. */
  constructor(secrets: readonly string[] = []) {
    this.#streams = { stdout: new Stream(secrets), stderr: new Stream(secrets) };
  }

  write(name: StreamName, chunk: Buffer): void {
    const { decoder, masking } = this.#streams[name];
    this.#add(name, masking.write(decoder.write(chunk).replace(UNKEPT, "\ufffd")));
  }

  /** Nothing follows: halves of characters, and what might have become a secret, are kept as they are. */
  end(): void {
    for (const name of NAMES) {
      const { decoder, masking } = this.#streams[name];
      this.#add(name, masking.write(decoder.end()) + masking.end());
    }
  }

  #add(name: StreamName, text: string): void {
    if (text === "") return;
    if (this.#last !== name) this.#order++;
    this.#last = name;
    this.#streams[name].add(this.#order, text);
  }

  /** Both streams, marked as in `core/streams.ts`; null: nothing was printed. */
  text(): string | null {
    const pieces = NAMES.flatMap((stream) => this.#streams[stream].pieces().map((piece) => ({ ...piece, stream })));
    const parts = pieces
      .sort((a, b) => a.order - b.order)
      .flatMap(({ stream, text, leftOut = 0 }): Part[] =>
        leftOut > 0
          ? [
              { stream, leftOut },
              { stream, text },
            ]
          : [{ stream, text }],
      );
    return markedText(parts) || null;
  }

  /** The last lines of one stream, at most `bytes`. */
  tail(name: StreamName, bytes: number): string {
    const all = this.#streams[name].pieces().map((piece) => piece.text);
    return lastBytes(all.join("").trimEnd(), bytes);
  }
}
