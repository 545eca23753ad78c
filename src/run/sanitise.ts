/** Text as a database and a page can hold it. Owns what is replaced and where is cut; pure. */

/** Bytes of UTF-8 that a result and each part of an error may have. */
export const LIMIT = 64 * 1024;

/** NUL (SQLSTATE 22021) and lone surrogates (no UTF-8) become U+FFFD. */
export function clean(text: string): string {
  return text.replace(/\0|\p{Cs}/gu, "\ufffd");
}

/** At most `bytes` of UTF-8, the head kept; what is cut off is said at the end. Cleaned. */
export function cut(text: string, bytes: number = LIMIT): string {
  // Every UTF-16 unit has at least one byte: what is further away is cut for certain, and need not be cleaned.
  const whole = clean(text.slice(0, bytes + 1));
  if (text.length <= bytes && Buffer.byteLength(whole) <= bytes) return whole;
  const mark = "\n… cut";
  return firstBytes(whole, bytes - Buffer.byteLength(mark)) + mark;
}

/** The first `bytes` bytes, no character torn. */
export function firstBytes(text: string, bytes: number): string {
  const buffer = Buffer.from(text);
  if (buffer.length <= bytes) return text;
  let end = Math.max(bytes, 0);
  while (end > 0 && continues(buffer[end])) end--;
  return buffer.toString("utf8", 0, end);
}

/** The last `bytes` bytes, no character torn. */
export function lastBytes(text: string, bytes: number): string {
  const buffer = Buffer.from(text);
  if (buffer.length <= bytes) return text;
  let start = buffer.length - Math.max(bytes, 0);
  while (start < buffer.length && continues(buffer[start])) start++;
  return buffer.toString("utf8", start);
}

function continues(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/**
 * Escapes in a JSON text that `json` accepts and nothing can read afterwards: `\u0000` and lone surrogates, in keys too.
 * Only for texts of `JSON.stringify`, which writes whole pairs as they are.
 */
export function cleanJson(json: string): string {
  // Escapes are taken one by one, so that the second half of `\\` is never taken for the start of `\u0000`.
  return json.replace(/\\(?:u[0-9a-f]{4}|.)/gi, (found) => (/^\\u(?:0000|d[89a-f]..)$/i.test(found) ? "\\ufffd" : found));
}
