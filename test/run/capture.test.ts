import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Capture, type StreamName } from "#lib/run/capture.js";

const KIB32 = 32 * 1024;

/** A text cut into chunks at arbitrary bytes. */
function feed(capture: Capture, name: StreamName, text: string, sizes: readonly number[]): void {
  const bytes = Buffer.from(text);
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    capture.write(name, bytes.subarray(at, at + size));
    at += size;
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 5 });

describe("what is kept of a stream", () => {
  it("all of it up to 64 KiB, however it arrives", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 * KIB32 }), sizes, (length, chunks) => {
        const text = "0123456789é".repeat(length / 10).slice(0, length / 2);
        const capture = new Capture();
        feed(capture, "stdout", text, chunks);
        expect(capture.text() ?? "").toBe(text);
      }),
      { numRuns: 50 },
    );
  });

  it("head, tail and how much is left out beyond", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500_000 }), sizes, (more, chunks) => {
        const text = Array.from({ length: Math.ceil((2 * KIB32 + more) / 8) }, (_, i) => String(i).padStart(8, "0"))
          .join("")
          .slice(0, 2 * KIB32 + more);
        const capture = new Capture();
        feed(capture, "stdout", text, chunks);
        expect(capture.text()).toBe(`${text.slice(0, KIB32)}\n… ${more} bytes left out …\n${text.slice(-KIB32)}`);
      }),
      { numRuns: 30 },
    );
  });

  it("both streams in the order they came, each with its own bounds", () => {
    const capture = new Capture();
    capture.write("stdout", Buffer.from("one "));
    capture.write("stderr", Buffer.from("two "));
    capture.write("stdout", Buffer.from("three "));
    capture.write("stderr", Buffer.from("x".repeat(200_000)));
    capture.write("stdout", Buffer.from("four"));
    const gap = `\n… ${200_004 - 2 * KIB32} bytes left out …\n`;
    expect(capture.text()).toBe(`one two three ${"x".repeat(KIB32 - 4)}${gap}${"x".repeat(KIB32)}four`);
    expect(capture.tail("stdout", 8)).toBe("ree four");
  });

  it("tears no character at its borders", () => {
    const capture = new Capture();
    feed(capture, "stderr", `a${"€".repeat(50_000)}`, [7]);
    expect(capture.text()).toMatch(/^a€+\n… \d+ bytes left out …\n€+$/);
  });
});
