/** `mark-success NAME`: the open slot counts as succeeded, and is closed at once where the job is configured. */
import { steeredDocument } from "../../report/steered.ts";
import type { Call } from "../call.ts";
import { EXIT } from "../exit.ts";
import { answer, answerJson } from "../io.ts";
import { steer } from "../steering.ts";
import { tell } from "../talk.ts";

export async function handle(call: Call): Promise<number> {
  const { name, done, by } = await steer(call, async ({ store, name, job, by }) => {
    const done = await store.steering.markSuccess(name, by);
    if (done && job) await store.steering.settle(job);
    return { name, done, by };
  });
  if (call.given.json) answerJson(steeredDocument({ verb: "mark-success", job: name, done, by }));
  if (!done) {
    tell(`${name} is running: not marked (crontabber cancel ends it)`);
    return EXIT.running;
  }
  if (!call.given.json) answer(`${name} counts as succeeded`);
  return EXIT.done;
}
