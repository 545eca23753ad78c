/** `cancel NAME`: asks the owner of the running attempt to end it, whichever host it is on. */
import type { Call } from "../call.ts";
import { EXIT } from "../exit.ts";
import { answer } from "../io.ts";
import { steer } from "../steering.ts";
import { tell } from "../talk.ts";

export async function handle(call: Call): Promise<number> {
  const { name, ended } = await steer(call, async ({ store, name, by }) => {
    return { name, ended: await store.steering.cancel(name, by) };
  });
  if (ended.how === "foreign") {
    tell(`${name} runs under the Python tool, which cannot be asked: end its process on its host`);
    return EXIT.running;
  }
  if (ended.how === "nothing") answer(`${name} is not running`);
  else if (ended.alive) answer(`${name} is being cancelled: ${ended.host} ends it at its next renewal`);
  else answer(`${name} is being cancelled: its owner on ${ended.host} is gone, the next pass closes its slot`);
  return EXIT.done;
}
