/** One try at a job: claim, and if it is ours, run and record. The same for a pass and for the daemon. */
import { uptime } from "../clock.ts";
import type { Job } from "../core/job.ts";
import type { ByHand, NotDue } from "../core/plan.ts";
import type { JobState } from "../core/state.ts";
import { type Supervised, supervise } from "./supervise.ts";
import type { World } from "./world.ts";

export type Tried =
  | { readonly run: Supervised; readonly not: null; readonly state: null }
  /** `not` null: the open slot had succeeded before and was closed, ask again; or nothing is claimed any more. `state`: the row as the claim read it, if it did. */
  | { readonly run: null; readonly not: NotDue | null; readonly state: JobState | null };

/** `runId`: what to claim under, where a process stands ready for it; null: a new one. Throws StoreError while the database cannot be used. */
export async function attempt(world: World, job: Job, hand: ByHand | null, runId: string | null = null): Promise<Tried> {
  const { store, registry, heartbeat, emit, draining } = world;
  // What a start needs is there before the claim: a claimed job is not kept waiting, and one that cannot be renewed is not claimed.
  await Promise.all([heartbeat.ready(job.lease), world.runner()]);
  // Told to end while it waited for them.
  if (draining.aborted) return { run: null, not: null, state: null };
  const sentAt = uptime();
  const claimed = await store.claim(job, registry.byName, { hand, ...(runId !== null && { runId }) });
  emit("database:up", { deed: "start" });
  for (const skipped of claimed.skipped ?? []) emit("job:skipped", { job: job.name, skipped });
  if (claimed.held) return { run: await supervise(world, job, { ticket: claimed.ticket, sentAt }), not: null, state: null };
  if (claimed.why === "closed") return { run: null, not: null, state: null };
  const not: NotDue = claimed.why === "no" ? claimed.verdict : { due: false, why: "locked", detail: claimed.detail };
  emit("claim:lost", { job: job.name, why: not.why });
  return { run: null, not, state: claimed.why === "no" ? claimed.state : null };
}
