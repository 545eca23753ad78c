/** What a host in a schedule is told to do, and what its programs carry around. Shapes only. */
import type { ByHand } from "#lib/core/plan.js";
import type { RunEnd } from "#lib/core/state.js";
import type { Actor } from "./actor.ts";
import type { Fault, Process, Stage } from "./stage.ts";
import type { Stepped } from "./stepped.ts";

export interface HostOptions {
  readonly faults?: readonly Fault[];
  /** Looks at all rows first, registers jobs and takes dead claims over; without it the host only claims. */
  readonly passes?: boolean;
  readonly rounds?: number;
  readonly jobs?: readonly string[];
  readonly outcome?: RunEnd["outcome"];
  /** Asked for by name. */
  readonly hand?: ByHand;
  /** Serves this request instead of the job's own slot. */
  readonly serves?: bigint;
  /** Renewals it may send. Undefined: none, and it never loses trust by itself. */
  readonly beats?: number;
  /** Its body does not end by itself. */
  readonly hangs?: boolean;
  /** Mutants: takes over at its first look; claims in two transactions; starts whatever became of its lease; records apart from its work. */
  readonly hasty?: boolean;
  readonly split?: boolean;
  readonly credulous?: boolean;
  readonly apart?: boolean;
}

export interface Host {
  readonly stage: Stage;
  readonly process: Process;
  readonly actor: Actor;
  readonly db: Stepped;
  readonly options: HostOptions;
}

export function ended(outcome: RunEnd["outcome"]): RunEnd {
  const error = outcome === "succeeded" ? null : { type: "Error", value: outcome, traceback: "" };
  return { outcome, error, result: null, output: null };
}
