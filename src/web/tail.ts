/** What a job's newest run has printed so far, for those who watch it grow. Owns what is new in it. */
import type { LedgerRun } from "../report/job-json.ts";
import type { OutputPart } from "./seam.ts";

/** What a run printed may be written a moment after its end. */
const LAST_LOOKS = 3;

export class Tail {
  readonly job: string;
  #run: bigint | null = null;
  #text = "";
  #still = 0;

  constructor(job: string) {
    this.job = job;
  }

  /** It ended, and nothing came after that: there is no need to look again. */
  isOver(newest: bigint | undefined): boolean {
    return newest === this.#run && this.#still > LAST_LOOKS;
  }

  /** The new part as JSON; null: nothing is new. */
  update({ id: run, outcome }: Pick<LedgerRun, "id" | "outcome">, text: string): string | null {
    const same = run === this.#run && text === this.#text;
    this.#still = same && outcome !== null ? this.#still + 1 : 0;
    if (same) return null;
    const grown = run === this.#run && text.startsWith(this.#text);
    const from = grown ? this.#text.length : 0;
    this.#run = run;
    this.#text = text;
    return this.#part(from);
  }

  /** All of it, for whoever comes now. */
  whole(): string[] {
    return this.#run === null ? [] : [this.#part(0)];
  }

  #part(from: number): string {
    const part: OutputPart = { job: this.job, run: Number(this.#run), from, text: this.#text.slice(from) };
    return JSON.stringify(part);
  }
}
