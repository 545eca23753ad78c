/** `reset NAME`: forgets the row. Works on ghosts, never beside a living owner unless forced. */
import type { Call } from "../call.ts";
import { EXIT } from "../exit.ts";
import { answer } from "../io.ts";
import { rowNamed } from "../name.ts";
import { configured, withStore } from "../reading.ts";
import { byOf } from "../steering.ts";
import { tell } from "../talk.ts";

export async function handle(call: Call): Promise<number> {
  const setup = await configured(call);
  const { force } = call.given;
  const { name, reset } = await withStore(setup, async (store) => {
    const name = await rowNamed(setup, store, call.operands[0] ?? "");
    return { name, reset: await store.reset({ name, force, by: byOf(call, setup) }) };
  });
  if (!reset.done && reset.why === "owned") {
    const since = reset.since ? ` since ${reset.since.toISOString()}` : "";
    tell(`${name} is running on ${reset.host}${since}: not reset (--force ends that run as cancelled)`);
    return EXIT.running;
  }
  answer(reset.done ? "App reset" : "App already reset");
  if (reset.done && reset.fenced !== null) tell(`its run was cancelled; the job is ended at its owner's next renewal`);
  return EXIT.done;
}
