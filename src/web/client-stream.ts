/** One reader of the events. Owns the wire form and when a reader is too slow; knows nothing of what is sent. */
import type { ServerResponse } from "node:http";
import { ticks } from "../clock.ts";

/** Bytes that wait in memory for one reader, and milliseconds within which they must have gone on. */
const MOST_WAITING = 4 * 1024 * 1024;
const SLOW_MS = 20_000;
/** Milliseconds after which a browser that was cut off comes again. */
const RETRY_MS = 3_000;

export class ClientStream {
  readonly #response: ServerResponse;
  /** Since when something waits; null: nothing does. */
  #stuckSince: number | null = null;

  /** Answers with an open stream. `headers`: those every answer has. */
  constructor(response: ServerResponse, headers: Readonly<Record<string, string>>, closed: () => void) {
    this.#response = response;
    response.on("close", closed);
    response.on("error", () => {}); // it has gone: `close` follows
    response.on("drain", () => {
      this.#stuckSince = null;
    });
    response.writeHead(200, {
      ...headers,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    });
    response.write(`retry: ${RETRY_MS}\n\n`);
  }

  /** What `eventText` made. A reader that does not keep up is cut off: it comes back and gets what it missed. */
  send(text: string): void {
    if (this.#response.destroyed) return;
    const slow = this.#stuckSince !== null && ticks() - this.#stuckSince > SLOW_MS;
    if (slow || this.#response.writableLength > MOST_WAITING) {
      this.#response.destroy();
      return;
    }
    if (!this.#response.write(text)) this.#stuckSince ??= ticks();
  }

  end(): void {
    this.#response.end();
  }
}

/** `data` is JSON: it has no line ends. `id` null: nothing to go on from. */
export function eventText(event: string, data: string, id: string | null = null): string {
  return `event: ${event}\n${id === null ? "" : `id: ${id}\n`}data: ${data}\n\n`;
}
