/** An owner's heartbeat in a schedule: renewals on a connection of their own, and the trust that ends without them. */
import type { Ticket } from "#lib/core/state.js";
import { isTransient } from "#lib/store/db.js";
import type { Renewal } from "#lib/store/lease.js";
import { Abandoned, type Actor } from "./actor.ts";
import type { Host } from "./host.ts";
import type { Process } from "./stage.ts";
import type { Stepped } from "./stepped.ts";

/** At most so many renewals; at any moment the owner may instead have lost its trust. The answer ends it all. */
export function beat({ stage, process }: Pick<Host, "stage" | "process">, ticket: Ticket, times: number): () => void {
  const { runId, job } = ticket;
  let left = times;
  let on = true;
  const open = () => on && stage.model.trusted(runId);
  const program = async (actor: Actor, db: Stepped) => {
    db.deed = { kind: "renew", runId };
    for (;;) {
      const choice = await actor.stop("renewal is due", { open, choices: left > 0 ? ["renew", "distrust"] : ["distrust"] });
      if (choice === "distrust") return stage.distrust(runId);
      left -= 1;
      const answer = await renewal(process, db, runId);
      if (answer === "gone") return stage.distrust(runId);
      if (answer !== "renewed") continue;
      stage.model.renewed(runId);
      if (stage.seen.rows.get(job)?.run_id !== runId)
        stage.breach("I3", `a renewal of ${stage.nameOf(runId)} was accepted without its claim`);
    }
  };
  stage.spawn(process, `${process.name}'s heartbeat`, program, true);
  return () => {
    on = false;
  };
}

/** Null: nobody answered, and the next renewal opens another line. */
async function renewal(process: Process, db: Stepped, runId: string): Promise<Renewal | null> {
  try {
    return (await process.store.renew(db, [runId])).get(runId) ?? null;
  } catch (error) {
    if (error instanceof Abandoned || !isTransient(error)) throw error;
    return null;
  }
}
