/** `run`, `run NAME`: a pass, or one job, here; with `--detach` one job, on whichever host is free. */
import type { Setup } from "../../app.ts";
import type { ByHand } from "../../core/plan.ts";
import { requestDocument } from "../../report/steered.ts";
import { askFor } from "../asking.ts";
import type { Call } from "../call.ts";
import { readInstant } from "../instant.ts";
import { answer, answerJson } from "../io.ts";
import { jobNamed } from "../name.ts";
import { passOver } from "../pass.ts";
import { byOf } from "../steering.ts";

export async function handle(call: Call): Promise<number> {
  const { invocation, given } = call;
  const [name] = call.operands;
  if (name === undefined) return passOver({ invocation, given, named: null });
  if (given.detach) return detach(call);
  const named = async (setup: Setup) => {
    const slot = slotOf(call, setup);
    const hand: ByHand | null = given.force || slot ? { force: given.force, slot, by: byOf({ invocation, given }, setup) } : null;
    return { job: jobNamed(setup, name), hand };
  };
  return passOver({ invocation, given, named });
}

async function detach(call: Call): Promise<number> {
  const { force } = call.given;
  const { name, id, by } = await askFor(call, async ({ store, name, by, setup }) => {
    const id = await store.requests.runDetached({ name, by }, { slot: slotOf(call, setup), force });
    return { name, id, by };
  });
  if (call.given.json) answerJson(requestDocument(name, by, id));
  else answer(`${name} is asked for as request #${id}: the next free host runs it${force ? "" : " when its parents and a pause let it"}`);
  return 0;
}

function slotOf({ given }: Call, { config }: Setup): Date | null {
  return given.slot === null ? null : readInstant(given.slot, given.tz ?? config.timezone);
}
