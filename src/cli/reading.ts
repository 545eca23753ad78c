/** What verbs that read the tables have in common: configuration, connection, one snapshot, and letting go of it all. */
import { connect, type Setup, setUp } from "../app.ts";
import { credentialsOf } from "../config/secrets.ts";
import { problemLine } from "../core/errors.ts";
import { keepSecret } from "../report/mask.ts";
import type { View } from "../report/view.ts";
import type { Store } from "../store/store.ts";
import type { Call } from "./call.ts";
import { tell } from "./talk.ts";

/** The configuration, as a verb that is not a pass takes it: what is odd is told, what is broken too, and neither stops it. */
export async function configured({ invocation, given }: Pick<Call, "invocation" | "given">): Promise<Setup> {
  const setup = await setUp(invocation, "pass");
  const { config, warnings, broken } = setup;
  keepSecret(...credentialsOf(config));
  if (!given.quiet) for (const problem of [...broken, ...warnings]) tell(`warning: ${problemLine(problem)}`);
  return setup;
}

/** Runs `work` with an open store, and closes it whatever happens. */
export async function withStore<T>(setup: Setup, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await connect(setup);
  try {
    return await work(store);
  } finally {
    await store.close().catch(() => {}); // nothing of ours is open any more
  }
}

/** All rows at one moment, as the views take them. */
export async function viewOf({ config, registry }: Setup, store: Store): Promise<View> {
  const { overdueAfter, maxOngoingAgeHours, tags } = config;
  return { registry, snapshot: await store.snapshot(), overdueAfter, maxOngoingAge: maxOngoingAgeHours * 3600, tags };
}

/** As `viewOf`, with what the hosts said of themselves. */
export async function fleetViewOf(setup: Setup, store: Store): Promise<View> {
  return { ...(await viewOf(setup, store)), hosts: await store.fleet.hosts() };
}
