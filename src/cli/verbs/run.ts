/** `run`, `run NAME`: a pass, or one job. */
import type { ByHand } from "../../core/plan.ts";
import type { Call } from "../call.ts";
import { readInstant } from "../instant.ts";
import { jobNamed } from "../name.ts";
import { passOver } from "../pass.ts";

export async function handle({ invocation, given, operands: [name] }: Call): Promise<number> {
  if (name === undefined) return passOver({ invocation, given, named: null });
  const named = async (setup: Parameters<typeof jobNamed>[0] & { config: { timezone: string } }) => {
    const slot = given.slot === null ? null : readInstant(given.slot, given.tz ?? setup.config.timezone);
    const hand: ByHand | null = given.force || slot ? { force: given.force, slot } : null;
    return { job: jobNamed(setup, name), hand };
  };
  return passOver({ invocation, given, named });
}
