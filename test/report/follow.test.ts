/** Following output that is written while it is read: nothing twice, nothing missing, and what was not kept is counted. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Part, partsOf, type StreamName } from "#lib/core/streams.js";
import { Following } from "#lib/report/follow.js";
import { lastLines, Stretches } from "#lib/report/stretches.js";
import { Capture } from "#lib/run/capture.js";

const plain = { colour: false, ascii: false };
const bytesOf = (part: Part) => ("text" in part ? Buffer.byteLength(part.text) : part.leftOut);

/** What a follower is told of each stream who looks whenever a chunk is `seen`. */
function followed(chunks: readonly { stream: StreamName; text: string; seen: boolean }[]): Part[] {
  const [capture, following] = [new Capture(), new Following()];
  const told: Part[] = [];
  const look = () => told.push(...following.news(partsOf(capture.text() ?? "")));
  for (const { stream, text, seen } of chunks) {
    capture.write(stream, Buffer.from(text));
    if (seen) look();
  }
  capture.end();
  look();
  return told;
}

const stream = fc.constantFrom<StreamName>("stdout", "stderr");
const chunksOf = (text: fc.Arbitrary<string>) => fc.array(fc.record({ stream, text, seen: fc.boolean() }), { maxLength: 40 });

test("all of it, each stream in its order, while everything is kept", () => {
  fc.assert(
    fc.property(chunksOf(fc.string({ unit: fc.constantFrom("a", "é", "\n", "💥"), maxLength: 200 })), (chunks) => {
      const told = followed(chunks);
      const printed = (name: StreamName) => chunks.map((chunk) => (chunk.stream === name ? chunk.text : "")).join("");
      const heard = (name: StreamName) => told.map((part) => ("text" in part && part.stream === name ? part.text : "")).join("");
      const unnamed = told.map((part) => ("text" in part && part.stream === null ? part.text : "")).join("");
      const first = printed("stdout").startsWith(unnamed) && printed("stdout") === unnamed + heard("stdout") ? "stdout" : "stderr";
      for (const name of ["stdout", "stderr"] as const) expect((name === first ? unnamed : "") + heard(name)).toBe(printed(name));
    }),
  );
});

test("as many bytes as were printed, told or left out, however much is kept", () => {
  fc.assert(
    fc.property(chunksOf(fc.integer({ min: 0, max: 40_000 }).map((length) => "0123456789".repeat(length / 10))), (chunks) => {
      const told = followed(chunks).reduce((sum, part) => sum + bytesOf(part), 0);
      expect(told).toBe(chunks.reduce((sum, { text }) => sum + text.length, 0));
    }),
    { numRuns: 60 },
  );
});

const shown = (parts: readonly Part[], paper = plain) => {
  const stretches = new Stretches(paper);
  return parts.map((part) => stretches.text([part])).join("") + stretches.end();
};
const out = (text: string): Part => ({ stream: "stdout", text });
const err = (text: string): Part => ({ stream: "stderr", text });

test.each([
  ["streams that change places in a line", [out("a"), err("b\nc"), out("d\n")], "a\n[stderr] b\n[stderr] c\nd\n"],
  ["a line that comes in pieces", [err("on"), err("e\nt"), err("wo")], "[stderr] one\n[stderr] two\n"],
  ["a sequence that comes in halves", [out("a\u001b"), out("[3"), out("1mb\u001b[0m"), out("\r"), out("\nc")], "ab\nc\n"],
  ["a link and a clipboard that are no one's business", [out("x\u001b]8;;http://e"), out("vil\u0007y\u001b]52;c;aGk=\u0007z")], "xyz\n"],
  ["what was never finished", [out("a\u001b[3")], "a\n"],
  ["a place where something is missing", [out("a"), { stream: "stdout", leftOut: 7 } as Part, out("b")], "a\n… 7 bytes left out …\nb\n"],
  ["backspaces, bells, directions, C1", [out("a\b\u0007\u202e\u0085b")], "a\\x08\\x07\\u202e\\x85b\n"],
] as const)("%s", (_, parts, text) => {
  expect(shown(parts)).toBe(text);
});

test("in colour no prefix", () => {
  expect(shown([out("a\n"), err("b\n")], { ...plain, colour: true })).toBe("a\n\u001b[33mb\u001b[39m\n");
});

test.each([
  [0, ""],
  [1, "[stderr] d\n"],
  [2, "c\n[stderr] d\n"],
  [3, "[stderr] b\nc\n[stderr] d\n"],
  [4, "a\n[stderr] b\nc\n[stderr] d\n"],
  [9, "a\n[stderr] b\nc\n[stderr] d\n"],
])("the last %d lines", (count, text) => {
  expect(shown(lastLines([out("a\n"), err("b\n"), out("c"), err("d\n")], count))).toBe(text);
});
