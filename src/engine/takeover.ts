/** The second look at a lease that has run out. Owns how long to wait; the write is the store's. */
import type { Job } from "../core/job.ts";
import type { JobState } from "../core/state.ts";
import type { World } from "./world.ts";

/** One and a half renewals of the owner's lease: a living owner renews in between, whatever the database's clock did. */
const SECOND_LOOK = 1.5;
/** Of a renewal: for letting other hosts go first, at each of the two looks. All of it stays below two renewals. */
const POLITE = 1 / 12;

/** Seconds: the second look at such a one comes while what was made ready at the first is still kept. */
export const SHORT_LEASE = 12;

export interface Dead {
  readonly job: Job | null;
  readonly state: JobState;
  /** Milliseconds that others go first; at most the part of a renewal that is left for it is waited. */
  readonly after?: number;
  /** Asked before the second look: false, somebody else was faster. */
  stands?(): boolean;
}

/** Milliseconds between the owner's renewals. */
const renewalOf = ({ leaseSeconds }: JobState): number => ((leaseSeconds ?? 0) * 1000) / 6;

/** Milliseconds to let others go first, as far as there is time for it. */
export function politely(ms: number, state: JobState): number {
  return Math.min(ms, renewalOf(state) * POLITE);
}

/** Waits and takes the dead claim away. False: it lives, somebody else was faster, or this pass is draining. */
export async function takeOver(world: World, { job, state, after = 0, stands = () => true }: Dead): Promise<boolean> {
  const { store, clock, emit, draining } = world;
  const { name, runId, heartbeats } = state;
  if (runId === null) return false;
  await clock.sleep(renewalOf(state) * SECOND_LOOK + politely(after, state), draining);
  if (draining.aborted || !stands()) return false;
  const taken = await store.reap({ name, runId, heartbeats }, job);
  if (taken) emit("run:reaped", { job: name, runId, host: state.host });
  return taken;
}
