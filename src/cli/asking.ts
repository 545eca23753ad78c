/** What verbs that ask other hosts for something have in common. Owns whom they may ask for; asks nothing. */
import { UsageError } from "../core/errors.ts";
import type { Job } from "../core/job.ts";
import { quoted } from "../core/text.ts";
import type { Call } from "./call.ts";
import { type Steered, steer } from "./steering.ts";

/** As `steer`, of a job that is configured: nobody would run another. Throws UsageError. */
export function askFor<T>(call: Call, act: (given: Steered & { readonly job: Job }) => Promise<T>): Promise<T> {
  return steer(call, (given) => {
    const { job, name } = given;
    if (!job) throw new UsageError(`${quoted(name)} is not configured any more: no host would run it`);
    return act({ ...given, job });
  });
}
