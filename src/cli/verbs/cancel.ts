/** `cancel NAME`: asks the owner of the running attempt to end it, whichever host it is on. */
import { steeredDocument } from "../../report/steered.ts";
import type { Call } from "../call.ts";
import { EXIT } from "../exit.ts";
import { answer, answerJson } from "../io.ts";
import { steer } from "../steering.ts";
import { tell } from "../talk.ts";

export async function handle(call: Call): Promise<number> {
  const { name, ended, by } = await steer(call, async ({ store, name, by }) => {
    return { name, by, ended: await store.steering.cancel(name, by) };
  });
  const { json } = call.given;
  if (json) {
    const { alive = null, host = null } = ended.how === "asked" ? ended : {};
    answerJson(steeredDocument({ verb: "cancel", job: name, done: ended.how === "asked", by }, { how: ended.how, host, alive }));
  }
  if (ended.how === "foreign") {
    tell(`${name} runs under the Python tool, which cannot be asked: end its process on its host`);
    return EXIT.running;
  }
  if (json) return EXIT.done;
  if (ended.how === "nothing") answer(`${name} is not running`);
  else if (ended.alive) answer(`${name} is being cancelled: ${ended.host} ends it at its next renewal`);
  else answer(`${name} is being cancelled: its owner on ${ended.host} is gone, the next pass closes its slot`);
  return EXIT.done;
}
