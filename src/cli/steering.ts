/** What verbs that steer a job have in common: who asks, which row is meant, and that it exists. Decides nothing. */
import { userInfo } from "node:os";
import type { Setup } from "../app.ts";
import { UsageError } from "../core/errors.ts";
import type { Job } from "../core/job.ts";
import type { By } from "../core/plan.ts";
import { quoted } from "../core/text.ts";
import type { Store } from "../store/store.ts";
import type { Call } from "./call.ts";
import { rowNamed } from "./name.ts";
import { configured, withStore } from "./reading.ts";

/** What an act is given. */
export interface Steered {
  readonly store: Store;
  /** Of a row that exists. */
  readonly name: string;
  /** Null: a ghost. */
  readonly job: Job | null;
  readonly by: By;
  readonly setup: Setup;
}

/** Throws UsageError where there is neither a job nor a row of that name. */
export async function steer<T>(call: Call, act: (given: Steered) => Promise<T>): Promise<T> {
  const setup = await configured(call);
  return withStore(setup, async (store) => {
    const name = await rowNamed(setup, store, call.operands[0] ?? "");
    const job = setup.registry.byName.get(name) ?? null;
    await ensureRow(store, name, job);
    return act({ store, name, job, by: byOf(call, setup), setup });
  });
}

/** Throws UsageError where nothing but a history is left. */
async function ensureRow(store: Store, name: string, job: Job | null): Promise<void> {
  if (job) return store.ensureRow(job);
  if ((await store.snapshot()).states.has(name)) return;
  throw new UsageError(`${quoted(name)} has no row any more, only a history: there is nothing to steer`);
}

/** Whoever stands behind sudo counts, not root. */
export function byOf({ invocation, given }: Pick<Call, "invocation" | "given">, { config }: Pick<Setup, "config">): By {
  const { SUDO_USER, USER, LOGNAME } = invocation.env;
  return { who: `${SUDO_USER || USER || LOGNAME || accountName()}@${config.hostLabel}`, note: given.note };
}

function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user need not have an entry.
    return `uid ${process.getuid?.() ?? "?"}`;
  }
}
