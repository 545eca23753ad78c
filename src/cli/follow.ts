/** A run's output as it is written, from any host. Owns when to look and what comes after what; the looks are report/'s. */
import type { Part } from "../core/streams.ts";
import { Following } from "../report/follow.ts";
import { endLines, type Followed, followedDocument, headLine } from "../report/logs.ts";
import { lastLines, Stretches } from "../report/stretches.ts";
import type { Paper } from "../report/view.ts";
import type { Printed } from "../store/outputs.ts";
import type { Store } from "../store/store.ts";
import type { Given } from "./call.ts";
import { EXIT } from "./exit.ts";
import { tell } from "./talk.ts";
import { type Waker, waker } from "./waker.ts";

/** Milliseconds between two looks: at a run, and for one. */
const LIVE_MS = 500;
const WAITING_MS = 1_000;

interface Wanted {
  readonly store: Store;
  /** Of a job, or of a row. */
  readonly name: string;
  readonly paper: Paper;
  readonly given: Pick<Given, "json" | "tail" | "all" | "run" | "quiet">;
}

/** Until a run has ended: 0 if it succeeded, else 1. With `--all` until somebody ends us. `first`: the newest run; null: there was none. */
export async function follow(wanted: Wanted, first: Printed | null): Promise<number> {
  const { store, name, given } = wanted;
  const awake = waker(store, name);
  let run = first;
  if (run && run.run.outcome !== null && given.run === null) {
    // What it did is told; what is waited for is the next one.
    await tellRun(wanted, awake, run);
    run = await next(wanted, awake, run.run.id);
  }
  run ??= await next(wanted, awake, 0n);
  for (;;) {
    const outcome = await tellRun(wanted, awake, run, run === first ? given.tail : null);
    if (!given.all) return outcome === "succeeded" ? EXIT.done : EXIT.failed;
    run = await next(wanted, awake, run.run.id);
  }
}

async function next({ store, name, given }: Wanted, awake: Waker, after: bigint): Promise<Printed> {
  let told = given.quiet || given.json;
  for (;;) {
    const found = await awake.patiently(() => store.outputs.after(name, after));
    if (found) return found;
    if (!told) tell(after === 0n ? `${name} has not run yet: waiting for its first run` : `waiting for the next run of ${name}`);
    told = true;
    await awake.sleep(WAITING_MS);
  }
}

/** From what is there to its end; the outcome, null: its row is gone. */
async function tellRun({ store, paper, given }: Wanted, awake: Waker, first: Printed, tail = given.tail): Promise<string | null> {
  const page = given.json ? new Lines() : new Page(paper);
  const following = new Following();
  let seen = first;
  page.begin(seen);
  const all = following.news(seen.parts);
  page.add(seen, tail === null ? all : lastLines(all, tail));
  while (seen.run.outcome === null) {
    await awake.sleep(LIVE_MS);
    const now = await awake.patiently(() => store.outputs.again(seen));
    if (now === undefined) {
      tell(`run #${seen.run.id} is no longer in the ledger`);
      return null;
    }
    if (now === null) continue;
    seen = now;
    page.add(seen, following.news(seen.parts));
  }
  page.end(seen);
  return seen.run.outcome;
}

/** For people. */
class Page {
  readonly #paper: Paper;
  readonly #stretches: Stretches;

  constructor(paper: Paper) {
    this.#paper = paper;
    this.#stretches = new Stretches(paper);
  }

  begin({ run }: Printed): void {
    process.stdout.write(headLine(run, this.#paper));
  }

  add(_: Printed, parts: readonly Part[]): void {
    const text = this.#stretches.text(parts);
    if (text !== "") process.stdout.write(text);
  }

  end({ run }: Printed): void {
    process.stdout.write(this.#stretches.end() + endLines(run, this.#paper));
  }
}

/** For programs: a document a line, and whole lines of output only. */
class Lines {
  readonly #rest = new Map<Part["stream"], string>();

  begin({ run }: Printed): void {
    this.#tell({ event: "run", run });
  }

  add({ run }: Printed, parts: readonly Part[]): void {
    for (const part of parts) {
      const rest = this.#rest.get(part.stream) ?? "";
      if ("leftOut" in part) {
        this.#flush(run, part.stream);
        this.#tell({ event: "output", run, part });
        continue;
      }
      const lines = (rest + part.text).split("\n");
      this.#rest.set(part.stream, lines.pop() ?? "");
      for (const text of lines) this.#tell({ event: "output", run, part: { stream: part.stream, text } });
    }
  }

  end({ run }: Printed): void {
    for (const stream of this.#rest.keys()) this.#flush(run, stream);
    this.#tell({ event: "end", run });
  }

  #flush(run: Printed["run"], stream: Part["stream"]): void {
    const text = this.#rest.get(stream) ?? "";
    this.#rest.set(stream, "");
    if (text !== "") this.#tell({ event: "output", run, part: { stream, text } });
  }

  #tell(told: Followed): void {
    process.stdout.write(`${JSON.stringify(followedDocument(told))}\n`);
  }
}
