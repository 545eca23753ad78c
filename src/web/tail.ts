/** What a job's newest run has printed so far, for those who watch it grow. Owns what is new in it. */
import type { OutputPart } from "./seam.ts";

export class Tail {
  readonly job: string;
  #run: bigint | null = null;
  #text = "";

  constructor(job: string) {
    this.job = job;
  }

  /** The new part as JSON; null: nothing is new. */
  update(run: bigint, text: string): string | null {
    if (run === this.#run && text === this.#text) return null;
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
