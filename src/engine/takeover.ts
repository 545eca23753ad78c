/** The second look at a lease that has run out. Owns how long to wait; the write is the store's. */
import type { Job } from "../core/job.ts";
import type { JobState } from "../core/state.ts";
import type { World } from "./world.ts";

/** One and a half renewals of the owner's lease: a living owner renews in between, whatever the database's clock did. */
const SECOND_LOOK = 1.5 / 6;

/** Waits and takes the dead claim away. False: it lives, somebody else was faster, or this pass is draining. */
export async function takeOver(world: World, { job, state }: { job: Job | null; state: JobState }): Promise<boolean> {
  const { store, clock, emit, draining } = world;
  const { name, runId, heartbeats } = state;
  if (runId === null) return false;
  await clock.sleep((state.leaseSeconds ?? 0) * SECOND_LOOK * 1000, draining);
  if (draining.aborted) return false;
  const taken = await store.reap({ name, runId, heartbeats }, job);
  if (taken) emit("run:reaped", { job: name, runId, host: state.host });
  return taken;
}
