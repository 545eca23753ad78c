/** `mark-success NAME`: the open slot counts as succeeded, and is closed at once where the job is configured. */
import type { Call } from "../call.ts";
import { EXIT } from "../exit.ts";
import { answer } from "../io.ts";
import { steer } from "../steering.ts";
import { tell } from "../talk.ts";

export async function handle(call: Call): Promise<number> {
  const { name, done } = await steer(call, async ({ store, name, job, by }) => {
    const done = await store.steering.markSuccess(name, by);
    if (done && job) await store.steering.settle(job);
    return { name, done };
  });
  if (!done) {
    tell(`${name} is running: not marked (crontabber cancel ends it)`);
    return EXIT.running;
  }
  answer(`${name} counts as succeeded`);
  return EXIT.done;
}
