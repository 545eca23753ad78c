/** After any schedule, time and one healthy host are enough: no human is needed, and no slot is forgotten. Owns that check. */
import { replan } from "#lib/core/replan.js";
import type { RunEnd } from "#lib/core/state.js";
import type { Store } from "#lib/store/store.js";
import type { Violation } from "./model.ts";
import type { Stage } from "./stage.ts";

const SUCCESS: RunEnd = { outcome: "succeeded", error: null, result: null, output: null };

/** Lets every lease run out, and the store of a healthy host do its passes; what is due after that was lost. */
export async function recover(stage: Stage, store: Store): Promise<Violation[]> {
  const { jobs, now, lines, schema } = stage.setting;
  for (let passes = 0; passes < 3; passes++) {
    await lines.ask(`UPDATE ${schema}.crontabber SET lease_until = now() - interval '1 hour' WHERE run_id IS NOT NULL`);
    const { states } = await store.snapshot();
    for (const job of jobs) {
      const state = states.get(job.name) ?? null;
      const plan = state ? null : replan(job, null, now);
      if (plan) await store.insertPlans([{ job, plan }]);
      if (state?.runId && state.leaseExpired) await store.reap({ ...state, runId: state.runId }, job);
      let claimed = await store.claim(job, stage.byName);
      while (claimed.held) {
        await store.record(claimed.ticket, SUCCESS);
        claimed = await store.claim(job, stage.byName);
      }
    }
  }
  const due = [...(await store.snapshot()).states.values()].filter((state) => !state.nextRun || state.nextRun <= now || state.runId);
  const { rows } = await lines.ask(`SELECT app_name FROM ${schema}.crontabber_run WHERE outcome = 'succeeded' AND reset_at IS NULL`);
  const missed = jobs.filter((job) => !rows.some((row) => row.app_name === job.name));
  return [...due, ...missed].map(({ name }) => ({ rule: "I8", text: `${name} did not recover by itself` }));
}
