/** Processes as the kernel sees them: groups, and who carries a run's id. Owns the signals sent to a group; knows nothing of jobs. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** The variable every process of a run inherits, and by which those that left its group are found. */
export const RUN_ID = "CRONTABBER_RUN_ID";

/** False: no such group any more, or none of its processes is ours to signal. */
export function signalGroup(pgid: number, signal: NodeJS.Signals): boolean {
  return send(-pgid, signal);
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    // ESRCH: gone. EPERM: a set-uid program of the job; whoever may not signal it cannot wait for it either.
    return false;
  }
}

/** Whether a process of the group is still at work. Zombies are not: process 1 may be slow to reap them. */
export function groupAlive(pgid: number): boolean {
  if (!send(-pgid, 0)) return false;
  const pids = allPids();
  if (pids.length === 0) return true;
  return pids.some((pid) => {
    const stat = read(`/proc/${pid}/stat`);
    // pid (name) state ppid pgrp …: the name may hold blanks and brackets.
    const [state, , pgrp] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return pgrp === String(pgid) && state !== "Z" && state !== "X";
  });
}

/** Processes that carry one of the run ids in their environment, wherever they went. None where there is no /proc. */
export function carriers(runIds: readonly string[]): number[] {
  const marks = runIds.map((id) => `${RUN_ID}=${id}`);
  return allPids().filter((pid) => {
    if (pid === process.pid) return false;
    const environ = read(`/proc/${pid}/environ`);
    return environ.includes(RUN_ID) && environ.split("\0").some((entry) => marks.includes(entry));
  });
}

/**
 * Ends everything of these runs with SIGKILL: their groups, and whoever left a group but carries a run's id.
 * Looks again until nobody is found, at most about two seconds: a process in an uninterruptible wait cannot be ended by anybody.
 */
export async function killRuns(runs: ReadonlyMap<string, number>): Promise<void> {
  for (const pgid of runs.values()) signalGroup(pgid, "SIGKILL");
  const runIds = [...runs.keys()];
  for (let round = 0; round < 40; round++) {
    const found = carriers(runIds);
    if (found.length === 0) return;
    for (const pid of found) send(pid, "SIGKILL");
    await sleep(Math.min(5 * (round + 1), 60));
  }
}

function allPids(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return []; // no /proc on this system
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // ended meanwhile, or not ours to read
  }
}
