/** `pause NAME [--for TIME] [--note TEXT]`: nothing of it starts until `resume`, or until the time is over. */
import { steeredDocument } from "../../report/steered.ts";
import { iso } from "../../report/times.ts";
import type { Call } from "../call.ts";
import { answer, answerJson } from "../io.ts";
import { steer } from "../steering.ts";

export async function handle(call: Call): Promise<number> {
  const { lasts, json } = call.given;
  const { name, fresh, state, by } = await steer(call, async ({ store, name, by }) => {
    const fresh = await store.steering.pause(name, lasts, by);
    return { name, fresh, by, state: (await store.read([name])).states.get(name) };
  });
  const until = state?.pausedUntil ?? null;
  const runsOn = state?.runId ? (state.host ?? "?") : null;
  if (json) {
    answerJson(steeredDocument({ verb: "pause", job: name, done: true, by }, { again: !fresh, until: iso(until), runs_on: runsOn }));
    return 0;
  }
  const ends = until ? `until ${until.toISOString()}` : "until crontabber resume";
  const running = runsOn === null ? "" : `; what runs on ${runsOn} goes on (crontabber cancel ends it)`;
  answer(`${name} is paused ${fresh ? "" : "as before, now "}${ends}${running}`);
  return 0;
}
