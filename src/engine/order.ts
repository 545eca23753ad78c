/**
 * The order in which the hosts of a fleet ask for a job that comes due. One goes at once; the others wait, each place twice as long as the
 * one before it, and hear or look before they ask. Owns the spans, in milliseconds; decides nothing about jobs.
 */
import { ticks } from "../clock.ts";
import type { Job } from "../core/job.ts";
import { place, type Rival } from "../core/lot.ts";
import type { JobState } from "../core/state.ts";

/** What a claim and its notice take on a busy machine. */
const FIRST_MS = 50;
const LONGEST_MS = 2_000;

/** Milliseconds that somebody in this place lets the others go first. */
function span(place: number): number {
  if (place === 0) return 0;
  return Math.min(FIRST_MS * 2 ** (place - 1), LONGEST_MS) * (1 + Math.random() / 2);
}

interface Due {
  readonly key: string;
  /** In `ticks()`. */
  readonly from: number;
  /** It waited, so somebody else may have been faster: look before asking. */
  mustLook: boolean;
}

export class Order {
  readonly #own: string;
  #rivals: readonly Rival[] = [];
  readonly #due = new Map<string, Due>();
  /** What comes due by the end of a run here: whoever knows it first goes first. */
  readonly #ours = new Set<string>();

  constructor(own: string) {
    this.#own = own;
  }

  /** The daemons that have looked lately, as far as it is known; and whose rows were read with them. */
  know(rivals: readonly Rival[], read: Iterable<string>): void {
    this.#rivals = rivals;
    this.#ours.clear();
    this.looked(read);
  }

  /** This host is the one to start the job at that slot, and may get ready for it. */
  first(job: Job, slot: Date | null): boolean {
    return this.#place(job, String(slot?.getTime())) === 0;
  }

  /** A run of this job has ended here: its children, or its next date, are this host's. */
  ended(job: Job, all: readonly Job[]): void {
    for (const { name, dependsOn } of all) {
      if (dependsOn.includes(job.name) || (job.backfill && name === job.name)) this.#ours.add(name);
    }
  }

  /** Milliseconds until this host may ask for a job that is due; 0: now. `look`: read its row before. */
  wait(job: Job, state: JobState | null): { ms: number; look: boolean } {
    const key = `${state?.nextRun?.getTime()} ${state?.attempt}`;
    let due = this.#due.get(job.name);
    if (due?.key !== key) {
      const ms = this.#ours.delete(job.name) ? 0 : span(this.#place(job, String(state?.nextRun?.getTime())));
      due = { key, from: ticks() + ms, mustLook: ms > 0 };
      this.#due.set(job.name, due);
    }
    return { ms: Math.max(0, due.from - ticks()), look: due.mustLook };
  }

  /** Their rows have been read. */
  looked(names: Iterable<string>): void {
    for (const name of names) {
      const due = this.#due.get(name);
      if (due && due.from <= ticks()) due.mustLook = false;
    }
  }

  /** What comes due next of this job is this host's. */
  ours(name: string): void {
    this.#ours.add(name);
  }

  /** Milliseconds that this host lets others go first with anything else about a job. */
  delay(job: Pick<Job, "name" | "tags">, key: string): number {
    return span(this.#place(job, key));
  }

  /** The same for looking after a run whose owner says nothing any more: it does not go first. */
  inherits({ name, host, runId }: JobState): number {
    const others = this.#rivals.filter(({ label }) => label !== host);
    return span(place(this.#own, others, { key: `${name} lost ${runId}`, tags: [] }));
  }

  #place({ name, tags }: Pick<Job, "name" | "tags">, slot: string): number {
    return place(this.#own, this.#rivals, { key: `${name} ${slot}`, tags });
  }
}
