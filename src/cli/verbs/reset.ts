/** `reset NAME`: forgets the row. Works on ghosts, never beside a living owner unless forced. */
import { steeredDocument } from "../../report/steered.ts";
import { iso } from "../../report/times.ts";
import type { Reset } from "../../store/reset.ts";
import type { Call } from "../call.ts";
import { EXIT } from "../exit.ts";
import { answer, answerJson } from "../io.ts";
import { rowNamed } from "../name.ts";
import { configured, withStore } from "../reading.ts";
import { byOf } from "../steering.ts";
import { tell } from "../talk.ts";

export async function handle(call: Call): Promise<number> {
  const setup = await configured(call);
  const { force, json } = call.given;
  const by = byOf(call, setup);
  const { name, reset } = await withStore(setup, async (store) => {
    const name = await rowNamed(setup, store, call.operands[0] ?? "");
    return { name, reset: await store.reset({ name, force, by }) };
  });
  if (json) answerJson(steeredDocument({ verb: "reset", job: name, done: reset.done, by }, why(reset)));
  if (!reset.done && reset.why === "owned") {
    const since = reset.since ? ` since ${reset.since.toISOString()}` : "";
    tell(`${name} is running on ${reset.host}${since}: not reset (--force ends that run as cancelled)`);
    return EXIT.running;
  }
  if (json) return EXIT.done;
  answer(reset.done ? "App reset" : "App already reset");
  if (reset.done && reset.fenced !== null) tell(`its run was cancelled; the job is ended at its owner's next renewal`);
  return EXIT.done;
}

function why(reset: Reset) {
  const cancelled = reset.done ? reset.fenced : null;
  const owned = !reset.done && reset.why === "owned" ? { host: reset.host, since: iso(reset.since) } : { host: null, since: null };
  return { why: reset.done ? null : reset.why === "owned" ? "running" : "no-row", cancelled_run: cancelled, ...owned };
}
