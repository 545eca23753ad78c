/** What was made of one reading is made once, for all who ask while that reading counts. Owns the memory; it goes with the reading. */

const made = new WeakMap<object, Map<string, unknown>>();

/** `key`: everything besides the reading that makes a difference. */
export function once<T>(reading: object, key: string, make: () => T): T {
  let mine = made.get(reading);
  if (!mine) {
    mine = new Map();
    made.set(reading, mine);
  }
  if (!mine.has(key)) mine.set(key, make());
  return mine.get(key) as T;
}
