import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partsOf, plainOutput, type StreamName } from "#lib/core/streams.js";
import { Capture } from "#lib/run/capture.js";

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

/** Without the marks that say which stream is which. */
const shown = (capture: Capture): string => plainOutput(capture.text() ?? "");

const sizes = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 5 });

describe("what is kept of a stream", () => {
  it("all of it up to 64 KiB, however it arrives", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 * KIB32 }), sizes, (length, chunks) => {
        const text = "0123456789é".repeat(length / 10).slice(0, length / 2);
        const capture = new Capture();
        feed(capture, "stdout", text, chunks);
        expect(shown(capture)).toBe(text);
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
        expect(shown(capture)).toBe(`${text.slice(0, KIB32)}\n… ${more} bytes left out …\n${text.slice(-KIB32)}`);
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
    expect(shown(capture)).toBe(`one two three ${"x".repeat(KIB32 - 4)}${gap}${"x".repeat(KIB32)}four`);
    expect(capture.tail("stdout", 8)).toBe("ree four");
  });

  it("says which stream is which where there were two, and takes no job's characters for its marks", () => {
    const capture = new Capture();
    capture.write("stderr", Buffer.from("warn\x1e5\n"));
    expect(capture.text()).toBe("warn\ufffd5\n");
    expect(partsOf("warn\n")).toEqual([{ stream: null, text: "warn\n" }]);
    capture.write("stdout", Buffer.from("fine\n"));
    capture.write("stderr", Buffer.from(`${"x".repeat(2 * KIB32)}${"y".repeat(10)}`));
    expect(partsOf(capture.text() ?? "")).toEqual([
      { stream: "stderr", text: "warn\ufffd5\n" },
      { stream: "stdout", text: "fine\n" },
      { stream: "stderr", text: "x".repeat(KIB32 - 9) },
      { stream: "stderr", leftOut: 19 },
      { stream: "stderr", text: `${"x".repeat(KIB32 - 10)}${"y".repeat(10)}` },
    ]);
  });

  it("of two streams that change places all the time, no more than is kept", () => {
    const capture = new Capture();
    for (let i = 0; i < 20_000; i++) capture.write(i % 2 ? "stderr" : "stdout", Buffer.from("x"));
    expect(capture.text()).toBe("x".repeat(20_000));
  });

  it("keeps halves of characters at the end", () => {
    const capture = new Capture();
    capture.write("stdout", Buffer.from("a€").subarray(0, 2));
    expect(capture.text()).toBe("a");
    capture.end();
    expect(capture.text()).toBe("a\ufffd");
  });

  it("no secret, however it is cut into chunks", () => {
    const secrets = ["hunter2!", "hunter2!-and-more", "abcab(1)", "b(1)xyz", "short"];
    const words = fc.array(fc.constantFrom(...secrets, "abc", "hunter", "\n", " ", "b(", "2!"), { maxLength: 30 });
    fc.assert(
      fc.property(words, sizes, (parts, chunks) => {
        const capture = new Capture(secrets);
        feed(capture, "stdout", parts.join(""), chunks);
        capture.end();
        const whole = new Capture(secrets);
        feed(whole, "stdout", parts.join(""), [100_000]);
        whole.end();
        expect(capture.text()).toBe(whole.text());
        for (const secret of secrets.slice(0, 4)) expect(shown(capture)).not.toContain(secret);
      }),
    );
    const capture = new Capture(secrets);
    feed(capture, "stderr", "key hunter2!-and-more, hunter2!; shorty hunt", [3]);
    expect(shown(capture)).toBe("key ***, ***; shorty ");
    capture.end();
    expect(shown(capture)).toBe("key ***, ***; shorty hunt");
    expect(capture.tail("stderr", 100)).toBe("key ***, ***; shorty hunt");
  });

  it("tears no character at its borders", () => {
    const capture = new Capture();
    feed(capture, "stderr", `a${"€".repeat(50_000)}`, [7]);
    expect(shown(capture)).toMatch(/^a€+\n… \d+ bytes left out …\n€+$/);
  });
});
