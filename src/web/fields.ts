/** What a form sends, and what an address asks for. Owns reading and limits; knows no field by name. */
import type { PageContext } from "./context.ts";
import { Refused } from "./refused.ts";

export const MOST_BYTES = 16 * 1024;

/** The last of fields with the same name. Throws Refused for what no form of ours sends. */
export async function fieldsOf(c: PageContext): Promise<Readonly<Record<string, string>>> {
  const type = c.req.header("content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) {
    throw new Refused(415, "Not a form", "Send fields as application/x-www-form-urlencoded.");
  }
  return Object.fromEntries(new URLSearchParams(await c.req.text()));
}

/** A whole number of the query; undefined: it is not there. Throws Refused. */
export function numberOf(c: PageContext, name: string, { min, max }: { min: number; max: number }): number | undefined {
  const text = c.req.query(name);
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new Refused(400, "A bad address", `${name} takes a whole number from ${min} to ${max}.`);
}

/** One of a few words of the query; undefined: it is not there. Throws Refused. */
export function wordOf<Word extends string>(c: PageContext, name: string, words: readonly Word[]): Word | undefined {
  const text = c.req.query(name);
  if (text === undefined) return undefined;
  const word = words.find((known) => known === text);
  if (word !== undefined) return word;
  throw new Refused(400, "A bad address", `${name} takes one of ${words.join(", ")}.`);
}

/** Refuses parameters nobody knows: a slip of the keyboard must not look like an answer. */
export function onlyKnown(c: PageContext, ...known: readonly string[]): void {
  const stranger = Object.keys(c.req.query()).find((name) => !known.includes(name));
  if (stranger === undefined) return;
  const takes = known.length > 0 ? `This address takes ${known.join(", ")}.` : "This address takes nothing.";
  throw new Refused(400, "A bad address", `${JSON.stringify(stranger.slice(0, 40))} is not known. ${takes}`);
}
