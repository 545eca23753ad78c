/** Rows that no configured job has. Owns who counts as one, and the text of `--audit-ghosts`, which never changes. */
import type { JobState } from "../core/state.ts";
import { shownName } from "./safe.ts";
import { iso } from "./times.ts";
import type { Document, View } from "./view.ts";

type Given = Pick<View, "registry" | "snapshot">;

/** By name. A name that a module which cannot be imported may define is none: nobody knows. */
export function ghosts({ registry, snapshot }: Given): JobState[] {
  const states = [...snapshot.states.values()];
  const unknown = states.filter(({ name }) => !registry.byName.has(name) && !registry.unknownParents.has(name));
  return unknown.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Empty if there are none. */
export function ghostsText(given: Given): string {
  const names = ghosts(given).map(({ name }) => `\t${shownName(name)}\n`);
  if (names.length === 0) return "";
  return `Found the following in the state database but not available as a configured job:\n${names.join("")}`;
}

export function ghostsDocument(given: Given): Document {
  const rows = ghosts(given).map(({ name, lastRun, lastSuccess, nextRun, ongoing, host, errorCount }) => ({
    ...{ name, last_run: iso(lastRun), last_success: iso(lastSuccess), next_run: iso(nextRun) },
    ...{ ongoing: iso(ongoing), host, error_count: errorCount },
  }));
  return { schema: "crontabber.ghosts/1", now: iso(given.snapshot.now), ghosts: rows };
}
