/** Looking at processes from outside, as an operator would with ps. */
import { readdirSync, readFileSync } from "node:fs";

/** Alive and not a zombie: PID 1 reaps orphans late. */
export function alive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2)[0] !== "Z";
  } catch {
    // No such process.
    return false;
  }
}

/** Process ids of its direct children. */
export function childrenOf(parent: number): number[] {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return pids.filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] === String(parent);
    } catch {
      // It ended meanwhile.
      return false;
    }
  });
}

/** Its children, theirs, and so on. */
export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

/** Processes whose environment carries this text. */
export function carrying(text: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "latin1").includes(text) && alive(pid);
      } catch {
        // It ended meanwhile.
        return false;
      }
    });
}

/** Resolves when `holds` does, looking often; rejects with `what` after `seconds`. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, seconds = 30): Promise<void> {
  const giveUp = performance.now() + seconds * 1000;
  while (!(await holds())) {
    if (performance.now() > giveUp) throw new Error(`waited ${seconds} s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
