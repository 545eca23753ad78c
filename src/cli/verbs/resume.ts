/** `resume NAME [--skip]`: ends a pause. What is owed from it is settled at once where the job is configured. */
import { steeredDocument } from "../../report/steered.ts";
import type { Call } from "../call.ts";
import { answer, answerJson } from "../io.ts";
import { steer } from "../steering.ts";

export async function handle(call: Call): Promise<number> {
  const { skip, json } = call.given;
  const { name, done, by } = await steer(call, async ({ store, name, job, by }) => {
    const done = await store.steering.resume(name, skip, by);
    if (job) await store.steering.settle(job);
    return { name, done, by };
  });
  if (json) answerJson(steeredDocument({ verb: "resume", job: name, done, by }, { skip }));
  else answer(done ? `${name} is resumed` : `${name} is not paused`);
  return 0;
}
