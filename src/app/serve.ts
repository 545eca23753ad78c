/** The page alone. */
import { once } from "node:events";
import type { Setup } from "../app.ts";
import type { Emit } from "../core/events.ts";
import { listen } from "../signals.ts";
import type { Store } from "../store/store.ts";
import { openPage } from "./page.ts";
import { watchRegistry } from "./reload.ts";

/** The page alone, until a signal. Throws ConfigError if its address cannot be had. */
export async function runServer(setup: Setup, store: Store, { emit, reload }: { emit: Emit; reload(): Promise<Setup> }): Promise<void> {
  const { draining, forget } = listen({ drainTimeout: 0, drain: () => {}, kill: () => {} });
  try {
    const page = await openPage({ ...setup, ...{ store, emit, draining, schedules: false, meters: null } });
    const tell: Emit = (name, payload) => {
      page.heard(name);
      emit(name, payload);
    };
    const watch = watchRegistry(setup, { reload, emit: tell, replace: (next) => page.replace(next) });
    if (!draining.aborted) await once(draining, "abort");
    watch.close();
    await page.close();
  } finally {
    forget();
  }
}
