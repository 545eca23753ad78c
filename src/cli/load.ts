/** Where each verb's handler is. Loads one when it is asked for, and nothing before. */
import type { Handler } from "./call.ts";

export const HANDLERS: Readonly<Record<string, () => Promise<{ readonly handle: Handler }>>> = {
  run: () => import("./verbs/run.ts"),
  daemon: () => import("./verbs/daemon.ts"),
  serve: () => import("./verbs/serve.ts"),
  list: () => import("./verbs/list.ts"),
  show: () => import("./verbs/show.ts"),
  next: () => import("./verbs/next.ts"),
  explain: () => import("./verbs/explain.ts"),
  graph: () => import("./verbs/graph.ts"),
  simulate: () => import("./verbs/simulate.ts"),
  history: () => import("./verbs/history.ts"),
  logs: () => import("./verbs/logs.ts"),
  reset: () => import("./verbs/reset.ts"),
  pause: () => import("./verbs/pause.ts"),
  resume: () => import("./verbs/resume.ts"),
  cancel: () => import("./verbs/cancel.ts"),
  unlock: () => import("./verbs/unlock.ts"),
  "mark-success": () => import("./verbs/mark-success.ts"),
  check: () => import("./verbs/check.ts"),
  alerts: () => import("./verbs/alerts.ts"),
  metrics: () => import("./verbs/metrics.ts"),
  ghosts: () => import("./verbs/ghosts.ts"),
  trigger: () => import("./verbs/trigger.ts"),
  backfill: () => import("./verbs/backfill.ts"),
  doctor: () => import("./verbs/doctor.ts"),
  configtest: () => import("./verbs/configtest.ts"),
  config: () => import("./verbs/config.ts"),
  migrate: () => import("./verbs/migrate.ts"),
  sentrytest: () => import("./verbs/sentrytest.ts"),
  completion: () => import("./verbs/completion.ts"),
  man: () => import("./verbs/man.ts"),
  version: () => import("./verbs/version.ts"),
  help: () => import("./verbs/help.ts"),
};

/** The verb's handler. Throws where the table has a verb and this one does not: a bug. */
export async function load(verb: string): Promise<Handler> {
  const loader = HANDLERS[verb];
  if (!loader) throw new Error(`no handler for ${verb}`);
  return (await loader()).handle;
}
