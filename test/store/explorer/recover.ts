/** After any schedule, time and one healthy host are enough: no human is needed, and no slot is forgotten. Owns that check. */
import type { Job } from "#lib/core/job.js";
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
    await lines.ask(`UPDATE ${schema}.crontabber_request SET not_before = '2026-01-01' WHERE ended_at IS NULL`);
    const { states } = await store.snapshot();
    for (const job of jobs) {
      const state = states.get(job.name) ?? null;
      const plan = state ? null : replan(job, null, now);
      if (plan) await store.insertPlans([{ job, plan }]);
      if (state?.runId && state.leaseExpired) await store.reap({ ...state, runId: state.runId }, job);
      await serve(stage, store, job);
      let claimed = await store.claim(job, stage.byName);
      while (claimed.held) {
        await store.record(claimed.ticket, SUCCESS);
        claimed = await store.claim(job, stage.byName);
      }
    }
  }
  const found: Violation[] = [];
  const due = [...(await store.snapshot()).states.values()].filter((state) => !state.nextRun || state.nextRun <= now || state.runId);
  for (const { id } of await store.requests.open()) found.push({ rule: "I8", text: `request ${id} was never served` });
  const { rows } = await lines.ask(`SELECT app_name FROM ${schema}.crontabber_run WHERE outcome = 'succeeded' AND reset_at IS NULL`);
  const missed = jobs.filter((job) => !rows.some((row) => row.app_name === job.name));
  return [...found, ...[...due, ...missed].map(({ name }) => ({ rule: "I8", text: `${name} did not recover by itself` }))];
}

/** What somebody asked for, the job's own slot first. */
async function serve(stage: Stage, store: Store, job: Job): Promise<void> {
  for (const { id, job: name } of await store.requests.open()) {
    const claimed = name === job.name ? await store.claim(job, stage.byName, { requestId: id }) : null;
    if (claimed?.held) await store.record(claimed.ticket, SUCCESS);
  }
}
