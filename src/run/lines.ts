/** JSON, one document a line, over a pipe. Owns the framing only. */
import type { Readable, Writable } from "node:stream";

/** Longer lines are dropped: nobody of ours writes them, and memory is not for whoever does. */
const LONGEST = 4 * 1024 * 1024;

/** Calls `take` with each whole line's value; what is no JSON is passed over. */
export function readJsonLines(stream: Readable, take: (message: unknown) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LONGEST) rest = "";
    for (const line of lines) {
      const message = parse(line);
      if (message !== undefined) take(message);
    }
  });
}

/** Resolves when the line has left this process; never rejects: a reader that is gone is told by the stream's own events. */
export function writeLine(stream: Writable, line: string): Promise<void> {
  return new Promise((done) => {
    if (stream.destroyed || stream.writableEnded) return done();
    stream.write(`${line}\n`, () => done());
  });
}

/** As `writeLine`. */
export function writeJsonLine(stream: Writable, message: unknown): Promise<void> {
  return writeLine(stream, JSON.stringify(message));
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // not ours: something else wrote into the pipe
  }
}
