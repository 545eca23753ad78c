/** "Did you mean …?": the nearest known word. Loads its library only once something is wrong. */
import { createRequire } from "node:module";

let measure: ((a: string, b: string) => number) | undefined;

/** The candidate nearest to `word`; null: none is near enough to be what was meant. Case and `-` against `_` count little. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  measure ??= (createRequire(import.meta.url)("fastest-levenshtein") as { distance: (a: string, b: string) => number }).distance;
  const plain = flat(word);
  let best: string | null = null;
  let least = Math.max(1, Math.floor(Math.min(word.length, 24) / 3)) + 0.5;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > least) continue;
    const distance = measure(plain, flat(candidate)) + (candidate === word ? 0 : 0.25);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** `did you mean "x"?`, or `otherwise` if nothing is near. */
export function didYouMean(word: string, candidates: Iterable<string>, otherwise?: string): string | undefined {
  const near = nearest(word, candidates);
  return near === null ? otherwise : `did you mean ${JSON.stringify(near)}?`;
}

const flat = (word: string): string => word.toLowerCase().replaceAll("_", "-");
