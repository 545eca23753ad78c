/** What lives on the pages, by key, and since when each value stands: whoever was away gets what changed meanwhile. Owns the numbering. */
import type { Live } from "./seam.ts";

/** Keys that are gone are remembered for whoever was away, up to so many. */
const MOST_GONE = 5_000;

interface Place {
  /** JSON; `null`: the key is gone. */
  json: string;
  since: number;
}

export class Board {
  /** Tells one server's numbers from another's. */
  readonly #epoch: string;
  readonly #places = new Map<string, Place>();
  #seq = 0;
  #gone = 0;
  /** What was gone before is not remembered. */
  #oldest = 0;
  /** Made once for all who come between two changes. */
  #full: string | null = null;

  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  /** Of what stands on it now. */
  get id(): string {
    return `${this.#epoch}-${this.#seq}`;
  }

  /** Puts up what is now; the change as a JSON object, null: there is none. */
  update(live: Live): string | null {
    const next = this.#seq + 1;
    for (const [key, value] of Object.entries(live)) this.#put(key, JSON.stringify(value) ?? "null", next);
    for (const [key, place] of this.#places) {
      if (key in live || place.json === "null") continue;
      this.#put(key, "null", next);
      this.#gone += 1;
    }
    const changed = this.#since(this.#seq);
    if (changed === null) return null;
    this.#seq = next;
    this.#full = null;
    if (this.#gone > MOST_GONE) this.#forgetGone();
    return changed;
  }

  /** All that stands on it. */
  full(): string {
    this.#full ??= this.#object((place) => place.json !== "null") ?? "{}";
    return this.#full;
  }

  /** What changed since somebody saw it with that id; null: nothing. Undefined: nobody can tell. */
  missed(id: string): string | null | undefined {
    const [epoch, seq] = [id.slice(0, id.lastIndexOf("-")), id.slice(id.lastIndexOf("-") + 1)];
    if (epoch !== this.#epoch || !/^\d{1,15}$/.test(seq) || Number(seq) > this.#seq || Number(seq) < this.#oldest) return undefined;
    return this.#since(Number(seq));
  }

  #put(key: string, json: string, seq: number): void {
    const place = this.#places.get(key);
    if (!place) this.#places.set(key, { json, since: seq });
    else if (place.json !== json) Object.assign(place, { json, since: seq });
  }

  #since(seq: number): string | null {
    return this.#object((place) => place.since > seq);
  }

  #object(wanted: (place: Place) => boolean): string | null {
    const parts: string[] = [];
    for (const [key, place] of this.#places) if (wanted(place)) parts.push(`${JSON.stringify(key)}:${place.json}`);
    return parts.length > 0 ? `{${parts.join(",")}}` : null;
  }

  #forgetGone(): void {
    for (const [key, place] of this.#places) if (place.json === "null") this.#places.delete(key);
    this.#gone = 0;
    this.#oldest = this.#seq;
  }
}
