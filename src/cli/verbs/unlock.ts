/** `unlock NAME`: releases a held job. */
import { steeredDocument } from "../../report/steered.ts";
import type { Call } from "../call.ts";
import { answer, answerJson } from "../io.ts";
import { steer } from "../steering.ts";

export async function handle(call: Call): Promise<number> {
  const { name, done, by } = await steer(call, async ({ store, name, by }) => {
    return { name, by, done: await store.steering.unlock(name, by) };
  });
  if (call.given.json) answerJson(steeredDocument({ verb: "unlock", job: name, done, by }));
  else answer(done ? `${name} is released` : `${name} is not held`);
  return 0;
}
