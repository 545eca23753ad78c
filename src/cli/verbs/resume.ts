/** `resume NAME [--skip]`: ends a pause. What is owed from it is settled at once where the job is configured. */
import type { Call } from "../call.ts";
import { answer } from "../io.ts";
import { steer } from "../steering.ts";

export async function handle(call: Call): Promise<number> {
  const told = await steer(call, async ({ store, name, job, by }) => {
    const ended = await store.steering.resume(name, call.given.skip, by);
    if (job) await store.steering.settle(job);
    return ended ? `${name} is resumed` : `${name} is not paused`;
  });
  answer(told);
  return 0;
}
