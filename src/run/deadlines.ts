/** Trust in leases, as deadlines on the clock that counts suspension. Used by the runner and by its guard alike; kills nothing itself. */
import { uptime } from "../clock.ts";

/** Until when a run is trusted to own its lease, in seconds of `uptime()`. */
export interface Trust {
  /** From here on the job is asked to end. */
  readonly termAt: number;
  /** From here on it is ended. */
  readonly killAt: number;
}

type Stage = "trusted" | "term" | "kill";
type Act = (runId: string, stage: "term" | "kill") => void;

/** A suspended machine's timers fire late by the length of the suspension: look at least this often. */
const LOOK_MS = 1_000;

export class Deadlines {
  readonly #act: Act;
  readonly #runs = new Map<string, { trust: Trust; stage: Stage }>();
  #timer: NodeJS.Timeout | null = null;

  /** `act` is called once per run and stage, as soon as its deadline has passed. */
  constructor(act: Act) {
    this.#act = act;
  }

  /** A renewal that arrives after the job was told to end is no reprieve: the job may be half gone. */
  set(runId: string, trust: Trust): void {
    const run = this.#runs.get(runId);
    if (run && run.stage !== "trusted") return;
    this.#runs.set(runId, { trust, stage: "trusted" });
    this.#arm();
  }

  delete(runId: string): void {
    this.#runs.delete(runId);
  }

  #arm(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    let next = Number.POSITIVE_INFINITY;
    for (const { trust, stage } of this.#runs.values()) {
      if (stage === "trusted") next = Math.min(next, trust.termAt);
      if (stage === "term") next = Math.min(next, trust.killAt);
    }
    if (next === Number.POSITIVE_INFINITY) return;
    const ms = Math.min(Math.max((next - uptime()) * 1000, 0), LOOK_MS);
    // A renewal, or the end of a job, may lie unread in a pipe of a process that was frozen: read it first, then judge.
    this.#timer = setTimeout(() => setImmediate(() => this.#judge()), ms + 5);
    this.#timer.unref();
  }

  #judge(): void {
    const now = uptime();
    for (const [runId, run] of this.#runs) {
      if (run.stage === "trusted" && now >= run.trust.termAt) {
        run.stage = "term";
        this.#act(runId, "term");
      }
      if (run.stage === "term" && now >= run.trust.killAt) {
        run.stage = "kill";
        this.#act(runId, "kill");
      }
    }
    this.#arm();
  }
}
