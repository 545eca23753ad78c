/** What a pass has to tell besides stderr, and the lack of one. Owns who is asked; loads nothing where nobody wants to hear. */
import { configOf, type Invocation, type Setup } from "../app.ts";
import { alertsWanted } from "../config/alerts.ts";
import type { Config } from "../config/config.ts";
import type { Emit } from "../core/events.ts";
import type { Store } from "../store/store.ts";
import type { Failure } from "./failure.ts";

/** When everything else is done. Never throws; ten seconds at most. */
export async function tellAfterPass(setup: Setup, store: Store, emit: Emit): Promise<void> {
  if (alertsWanted(setup.config)) await (await import("../app/alerts.ts")).tellAfterPass(setup, store, emit);
}

/** There was no pass: the configuration is refused, or the database cannot be used. As `tellAfterPass`. */
export async function tellFailure(invocation: Invocation, failure: Failure, emit: Emit): Promise<void> {
  const about = failure.kind === "configuration" ? "refused" : failure.kind === "database" ? "unreachable" : null;
  const config = about && readable(invocation);
  if (!config || !alertsWanted(config)) return;
  await (await import("../app/alerts.ts")).tellFailure(config, { about, lines: failure.lines }, emit);
}

/** As much of a configuration as can be read, right or wrong; null: not even that. */
function readable(invocation: Invocation): Config | null {
  try {
    return configOf(invocation).config;
  } catch {
    return null; // there is no file: nobody to tell
  }
}
