import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resultText } from "#lib/run/result.js";
import { clean, cleanJson, cut, firstBytes, lastBytes } from "#lib/run/sanitise.js";

/** Any UTF-16, NUL and halves of pairs often among it. */
const anyText = fc
  .array(fc.oneof(fc.constantFrom("\0", "\ud800", "\udfff", "\\", '"', "u0000", "😀", "€"), fc.string()), { maxLength: 12 })
  .map((parts) => parts.join(""));
const storable = (text: string) => !text.includes("\0") && Buffer.from(text).toString() === text;

describe("text", () => {
  it("can be stored, and is left alone if it could be before", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(storable(clean(text))).toBe(true);
        expect(clean(text).length).toBe(text.length);
        if (storable(text)) expect(clean(text)).toBe(text);
      }),
    );
  });

  it("is cut to its bytes, its head kept", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 20, max: 60 }), (text, bytes) => {
        const short = cut(text, bytes);
        expect(storable(short)).toBe(true);
        expect(Buffer.byteLength(short)).toBeLessThanOrEqual(bytes);
        if (Buffer.byteLength(clean(text)) <= bytes) expect(short).toBe(clean(text));
        else expect(clean(text).startsWith(short.replace(/\n… cut$/, ""))).toBe(true);
      }),
    );
  });

  it("is never torn inside a character", () => {
    fc.assert(
      fc.property(anyText.map(clean), fc.nat({ max: 40 }), (text, bytes) => {
        for (const part of [firstBytes(text, bytes), lastBytes(text, bytes)]) {
          expect(storable(part)).toBe(true);
          expect(Buffer.byteLength(part)).toBeLessThanOrEqual(bytes);
          expect(Buffer.byteLength(part)).toBeGreaterThan(Math.min(bytes, Buffer.byteLength(text)) - 4);
        }
        expect(text.startsWith(firstBytes(text, bytes))).toBe(true);
        expect(text.endsWith(lastBytes(text, bytes))).toBe(true);
      }),
    );
  });
});

describe("JSON", () => {
  const deep = (value: unknown): unknown => {
    if (typeof value === "string") return clean(value);
    if (Array.isArray(value)) return value.map(deep);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [clean(key), deep(part)]));
  };

  it("means the same, with nothing in it that cannot be read back", () => {
    const anyJson = fc.letrec((tie) => ({
      value: fc.oneof(
        anyText,
        fc.integer(),
        fc.constant(null),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(anyText, tie("value"), { maxKeys: 3 }),
      ),
    })).value;
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(JSON.parse(cleanJson(JSON.stringify(value)))).toEqual(JSON.parse(JSON.stringify(deep(value))));
      }),
    );
  });

  it("of a function, of undefined, of null is nothing", () => {
    expect([resultText(() => 1), resultText(undefined), resultText(null), resultText(0), resultText("")]).toEqual([
      null,
      null,
      null,
      "0",
      '""',
    ]);
  });
});
