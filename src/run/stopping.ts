/** How a host child is told to end. Owns SIGTERM in it and `ctx.signal`; the SIGKILL that follows is the runner's. */
import { StoppedError } from "./define.ts";

export class Stopping {
  readonly #controller = new AbortController();
  readonly #onWatched: () => void;
  #watched = false;

  constructor(onWatched: () => void) {
    this.#onWatched = onWatched;
    // The word on the wire says why, and is sent first: let it be read first.
    process.on("SIGTERM", () => setTimeout(() => this.stop("interrupted", "SIGTERM"), 10));
  }

  /** For the job: whoever has asked for it is waited for. */
  get signal(): AbortSignal {
    if (!this.#watched) this.#onWatched();
    this.#watched = true;
    return this.#controller.signal;
  }

  /** For ourselves: asking for it makes nobody wait. */
  get quietSignal(): AbortSignal {
    return this.#controller.signal;
  }

  stop(why: string, detail: string): void {
    if (this.#controller.signal.aborted) return;
    this.#controller.abort(new StoppedError(why, detail));
    // A job that listens to nothing would only use up its grace time; one with a handler of its own for SIGTERM knows what it does.
    if (!this.#watched && process.listenerCount("SIGTERM") === 1) die();
  }
}

/** As if nobody had caught it. */
function die(): void {
  process.removeAllListeners("SIGTERM");
  process.kill(process.pid, "SIGTERM");
}
