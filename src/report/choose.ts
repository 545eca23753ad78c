/** Which jobs a table shows, and in which order. Owns patterns and orders; knows nothing of looks. */
import type { Job } from "../core/job.ts";
import type { StateName, Status } from "./status.ts";

export interface Standing {
  readonly job: Job;
  readonly status: Status;
}

export const ORDERS = ["file", "name", "next", "state"] as const;
export type Order = (typeof ORDERS)[number];

/** What is in trouble first. */
export const WORST: readonly StateName[] = [
  ...(["held", "lost", "failing", "late", "blocked", "cancelled", "running", "due", "new", "paused", "disabled", "ok"] as const),
];

/** What is asked for; empty lists: everything. */
export interface Wish {
  /** Names and labels of jobs, with `*` and `?`. */
  readonly patterns: readonly string[];
  readonly states: readonly StateName[];
  readonly order: Order;
}

export function chosen(all: readonly Standing[], { patterns, states, order }: Wish): Standing[] {
  const kept = all.filter(({ job, status }) => {
    const named = patterns.length === 0 || patterns.some((pattern) => isNamed(job, pattern));
    return named && (states.length === 0 || states.includes(status.state));
  });
  return order === "file" ? kept : kept.sort(COMPARE[order]);
}

/** Whether a name with `*` and `?` means the job; without them it is its name or its label. */
export function isNamed({ name, label, module }: Pick<Job, "name" | "label" | "module">, pattern: string): boolean {
  const words = [...pattern].map((c) => (c === "*" ? ".*" : c === "?" ? "." : c.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"))).join("");
  const fits = new RegExp(`^${words}$`, "su");
  return fits.test(name) || (module !== null && fits.test(label));
}

type Compare = (a: Standing, b: Standing) => number;
const byName: Compare = (a, b) => (a.job.name < b.job.name ? -1 : 1);
const soon = ({ status }: Standing): number => status.nextRun?.getTime() ?? Number.MAX_SAFE_INTEGER;
const COMPARE: Readonly<Record<Exclude<Order, "file">, Compare>> = {
  name: byName,
  next: (a, b) => soon(a) - soon(b) || byName(a, b),
  state: (a, b) => WORST.indexOf(a.status.state) - WORST.indexOf(b.status.state) || byName(a, b),
};
