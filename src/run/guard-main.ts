/**
 * The guard: one small process beside a runner, in a session of its own, that outlives it long enough to end its jobs. A dead-man's
 * switch: it ends the watched groups when its pipe from the runner closes (killed, crashed, whatever) or when a deadline passes unrenewed
 * (frozen, with its pipe open). Imports nothing but builtins and the files beside it: it has to be up before the first job may start.
 */
import { Deadlines } from "./deadlines.ts";
import type { GuardAnswer, GuardOrder } from "./guard.ts";
import { readJsonLines } from "./lines.ts";
import { killRuns, signalGroup } from "./procs.ts";

/** Run id to process group. */
const watched = new Map<string, number>();

const deadlines = new Deadlines((runId, stage) => {
  const pgid = watched.get(runId);
  if (pgid === undefined) return;
  if (stage === "term") signalGroup(pgid, "SIGTERM");
  else void killRuns(new Map([[runId, pgid]]));
  answer({ did: "expire", runId });
});

function obey(order: GuardOrder): void {
  if (order.do === "watch") {
    watched.set(order.runId, order.pgid);
    deadlines.delete(order.runId); // of another child that was to become this run
    deadlines.set(order.runId, order);
    answer({ did: "watch", runId: order.runId });
  } else if (order.do === "trust") {
    deadlines.set(order.runId, order);
  } else {
    void end(order.runId);
  }
}

/** Runs whose main process has ended, and that no sweep has seen yet. */
const ended = new Set<string>();
let sweeping = false;

/** The run's main process has ended: nothing it left behind may work on. A look at all processes costs the same for one run and for many. */
async function end(runId: string): Promise<void> {
  deadlines.delete(runId);
  ended.add(runId);
  if (sweeping) return;
  sweeping = true;
  while (ended.size > 0) await sweep([...ended]);
  sweeping = false;
}

async function sweep(runIds: readonly string[]): Promise<void> {
  for (const runId of runIds) ended.delete(runId);
  await killRuns(new Map(runIds.flatMap((runId) => (watched.has(runId) ? [[runId, watched.get(runId) as number]] : []))));
  for (const runId of runIds) {
    watched.delete(runId);
    answer({ did: "end", runId });
  }
}

function answer(message: GuardAnswer): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

// Whoever stops the runner with a signal to everything around it must not reach its guard.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const) process.on(signal, () => {});
process.stdout.on("error", () => {}); // the runner is gone; the end of stdin says so too
readJsonLines(process.stdin, (message) => obey(message as GuardOrder));
process.stdin.on("error", () => {}); // followed by close
process.stdin.once("close", () => void killRuns(watched).then(() => process.exit(0)));
