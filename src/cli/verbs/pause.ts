/** `pause NAME [--for TIME] [--note TEXT]`: nothing of it starts until `resume`, or until the time is over. */
import type { Call } from "../call.ts";
import { answer } from "../io.ts";
import { steer } from "../steering.ts";

export async function handle(call: Call): Promise<number> {
  const { lasts } = call.given;
  const told = await steer(call, async ({ store, name, by }) => {
    const fresh = await store.steering.pause(name, lasts, by);
    const state = (await store.read([name])).states.get(name);
    const until = state?.pausedUntil ? `until ${state.pausedUntil.toISOString()}` : "until crontabber resume";
    const running = state?.runId ? `; what runs on ${state.host} goes on (crontabber cancel ends it)` : "";
    return `${name} is paused ${fresh ? "" : "as before, now "}${until}${running}`;
  });
  answer(told);
  return 0;
}
