/** What every view is given. Owns the shapes only; views read no clock, no file and no database. */
import type { Host } from "../core/fleet.ts";
import type { Job, Registry } from "../core/job.ts";
import type { Facts } from "../core/plan.ts";
import type { JobState } from "../core/state.ts";

/** All rows at one moment of the database's clock. */
export interface Seen {
  readonly now: Date;
  readonly states: ReadonlyMap<string, JobState>;
}

export interface View {
  readonly registry: Registry;
  readonly snapshot: Seen;
  /** Seconds a job may be due without a run before it counts as late. */
  readonly overdueAfter: number;
  /** Seconds after which a row claimed by the Python tool counts as abandoned. */
  readonly maxOngoingAge: number;
  /** What this host carries; only `explain` asks. */
  readonly tags: readonly string[];
  /** What the hosts said of themselves; absent: not asked, and nothing is said of them. */
  readonly hosts?: readonly Host[];
}

/** How text is to look. None of it touches a JSON document. */
export interface Paper {
  /** IANA zone of the times people read. */
  readonly zone: string;
  /** Columns of the terminal; Infinity: nobody shortens anything. */
  readonly width: number;
  readonly colour: boolean;
  /** No glyphs beyond ASCII (names stay as they are). */
  readonly ascii: boolean;
}

/** A JSON document; `schema` names the file under docs/schema that describes it. */
export interface Document {
  readonly schema: string;
  readonly [key: string]: unknown;
}

/** The facts about one job as the scheduler judges them. `tags`: of the host that is asked; by default of this one. */
export function factsOf(view: View, job: Job, tags: readonly string[] = view.tags): Facts {
  const { registry, snapshot, maxOngoingAge } = view;
  const parents = [...job.dependsOn].sort().map((name) => {
    return { name, job: registry.byName.get(name) ?? null, state: snapshot.states.get(name) ?? null };
  });
  return { now: snapshot.now, state: snapshot.states.get(job.name) ?? null, parents, tags, maxOngoingAge };
}
