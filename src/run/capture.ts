/** What a job prints, bounded: of each stream the head and the tail. Owns the cutting; both streams come out in the order they came in. */
import { StringDecoder } from "node:string_decoder";
import { clean, firstBytes, lastBytes } from "./sanitise.ts";

export type StreamName = "stdout" | "stderr";

const HEAD = 32 * 1024;
const TAIL = 32 * 1024;

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
  readonly head: Piece[] = [];
  readonly tail: Piece[] = [];
  headBytes = 0;
  tailBytes = 0;
  /** Bytes dropped between head and tail. */
  dropped = 0;

  add(order: number, text: string): void {
    if (!text) return;
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

  /** Head, a line about the gap, tail. */
  pieces(): Piece[] {
    const [first, ...others] = this.tail;
    if (!first) return this.head;
    const kept = lastBytes(first.text, first.bytes - Math.max(this.tailBytes - TAIL, 0));
    const dropped = this.dropped + first.bytes - Buffer.byteLength(kept);
    const gap = dropped > 0 ? `\n… ${dropped} bytes left out …\n` : "";
    return [...this.head, { ...first, text: gap + kept }, ...others];
  }
}

export class Capture {
  readonly #streams = { stdout: new Stream(), stderr: new Stream() };
  #order = 0;
  #last: StreamName | null = null;

  write(name: StreamName, chunk: Buffer): void {
    const stream = this.#streams[name];
    if (this.#last !== name) this.#order++;
    this.#last = name;
    stream.add(this.#order, stream.decoder.write(chunk));
  }

  /** Both streams, cleaned; null: nothing was printed. */
  text(): string | null {
    const pieces = [...this.#streams.stdout.pieces(), ...this.#streams.stderr.pieces()].sort((a, b) => a.order - b.order);
    const text = pieces.map((piece) => piece.text).join("");
    return text === "" ? null : clean(text);
  }

  /** The last lines of one stream, at most `bytes`. */
  tail(name: StreamName, bytes: number): string {
    const all = this.#streams[name].pieces().map((piece) => piece.text);
    return clean(lastBytes(all.join("").trimEnd(), bytes));
  }
}
