/**
 * What may be asked for from the page: each does what the verb of its name does, through the same functions of the store, and says so.
 * Owns the reading of its fields; who may ask is actions.ts, what is said before is consequences.ts.
 */
import type { Job } from "../core/job.ts";
import type { By } from "../core/plan.ts";
import type { JobState } from "../core/state.ts";
import { parseDuration } from "../core/text.ts";
import type { Store } from "../store/store.ts";
import { Refused } from "./refused.ts";
import type { ActionName, Chrome } from "./seam.ts";

export interface Asked {
  readonly job: Job;
  /** As it stood when this was asked; null: no pass has seen it yet. */
  readonly state: JobState | null;
  readonly now: Date;
  readonly fields: Readonly<Record<string, string>>;
  readonly by: By;
  readonly store: Store;
  /** Of instants as people write and read them. */
  readonly zone: string;
  /** An instant as people write it; null: it is none. */
  readonly instant: (text: string) => Date | null;
}
type Said = NonNullable<Chrome["notice"]>;

const LONGEST_NOTE = 500;
const MOST_SECONDS = 3_650 * 86_400;

const good = (text: string): Said => ({ kind: "good", text });
const bad = (text: string): Said => ({ kind: "bad", text });

/** The field of a box: there, and not `no`. */
export const ticked = (fields: Asked["fields"], name: string): boolean => !["", "no", "off", "false"].includes(fields[name] ?? "");

/** Why; null: nobody said. Throws Refused. */
export function noteOf(fields: Asked["fields"]): string | null {
  const note = (fields.note ?? "").replaceAll("\0", "").trim();
  if (note.length > LONGEST_NOTE) throw new Refused(400, "Too long a note", `A note has at most ${LONGEST_NOTE} characters.`);
  return note === "" ? null : note;
}

/** Throws Refused for fields nobody can read; what the database says no to is said in the notice. */
export const DEEDS: Readonly<Record<ActionName, (asked: Asked) => Promise<Said>>> = {
  run: async (asked) => {
    const { store, job, by } = asked;
    // A second click asks for nothing more.
    const waiting = (await store.requests.of(job.name, ["run"], 5)).find(
      (one) => one.endedAt === null && one.startedAt === null && !one.force,
    );
    const id = waiting?.id ?? (await store.requests.runDetached({ name: job.name, by }, { slot: null, force: false }));
    return good(`${job.name} is asked for as request #${id}: the next free host runs it when its parents and a pause let it.`);
  },
  force: async ({ store, job, by }) => {
    const id = await store.requests.runDetached({ name: job.name, by }, { slot: null, force: true });
    return good(`${job.name} is asked for as request #${id}: the next free host runs it.`);
  },
  pause: async ({ store, job, by, fields }) => {
    const seconds = lasting(fields.for ?? "");
    const fresh = await store.steering.pause(job.name, seconds, by);
    const until = seconds === null ? "until it is resumed" : `for ${(fields.for ?? "").trim()}`;
    return good(`${job.name} is paused ${fresh ? "" : "as before, now "}${until}. What runs goes on.`);
  },
  resume: async ({ store, job, by, fields }) => {
    const ended = await store.steering.resume(job.name, ticked(fields, "skip"), by);
    await store.steering.settle(job);
    return ended ? good(`${job.name} is resumed.`) : bad(`${job.name} is not paused.`);
  },
  cancel: async ({ store, job, by }) => {
    const ended = await store.steering.cancel(job.name, by);
    if (ended.how === "foreign") return bad(`${job.name} runs under the Python tool, which cannot be asked: end its process on its host.`);
    if (ended.how === "nothing") return bad(`${job.name} is not running.`);
    if (ended.alive) return good(`${job.name} is being cancelled: ${ended.host} ends it.`);
    return good(`${job.name} is being cancelled: its owner on ${ended.host} is gone, the next pass closes its slot.`);
  },
  unlock: async ({ store, job, by }) => {
    return (await store.steering.unlock(job.name, by)) ? good(`${job.name} is released.`) : bad(`${job.name} is not held.`);
  },
  "mark-success": async ({ store, job, by }) => {
    if (!(await store.steering.markSuccess(job.name, by))) return bad(`${job.name} is running: not marked.`);
    await store.steering.settle(job);
    return good(`${job.name} counts as succeeded.`);
  },
  reset: async ({ store, job, by, fields }) => {
    const reset = await store.reset({ name: job.name, force: ticked(fields, "force"), by });
    if (!reset.done && reset.why === "owned") return bad(`${job.name} is running on ${reset.host}: not reset.`);
    return reset.done ? good(`${job.name} is reset.`) : bad(`${job.name} was reset already.`);
  },
  backfill: async (asked) => {
    const { store, job, by, fields, state, now } = asked;
    const what = { ...rangeOf(asked), again: ticked(fields, "again"), force: ticked(fields, "force") };
    const [first] = await store.requests.dates(job, { state, now }, { ...what, limit: 1 });
    if (!first) return bad(`${job.name} has nothing to run in that range.`);
    const id = await store.requests.backfill({ name: job.name, by }, what);
    return good(`The backfill of ${job.name} is request #${id}.`);
  },
  "cancel-backfill": async ({ store, job, by, fields }) => {
    const open = (await store.requests.of(job.name, ["backfill"], 50)).filter(({ outcome }) => outcome === null);
    const wanted = open.filter(({ id }) => [undefined, "", String(id)].includes(fields.id));
    const done: string[] = [];
    for (const { id } of wanted) if (await store.requests.cancel(id, by)) done.push(`#${id}`);
    if (done.length === 0) return bad(`${job.name} has no such backfill to cancel.`);
    return good(`${job.name}: backfill ${done.join(", ")} is cancelled; a date that runs ends by itself.`);
  },
};

/** Seconds; null: without end. Throws Refused. */
function lasting(text: string): number | null {
  if (text.trim() === "") return null;
  const seconds = parseDuration(text);
  if (seconds !== null && seconds > 0 && seconds <= MOST_SECONDS) return seconds;
  throw new Refused(
    400,
    "Not a time",
    `A pause lasts 30m, 2h or 1d, or without end if nothing is said; not ${JSON.stringify(text.slice(0, 40))}.`,
  );
}

/** Both included. Throws Refused for what the database would refuse. */
export function rangeOf({ job, fields, instant, now }: Asked): { from: Date; to: Date } {
  const read = (name: "from" | "to"): Date => {
    const at = instant(fields[name] ?? "");
    if (at) return at;
    throw new Refused(
      400,
      "Not a date",
      `${name} takes 2026-11-13 or 2026-11-13T03:00, not ${JSON.stringify((fields[name] ?? "").slice(0, 40))}.`,
    );
  };
  const [from, to] = [read("from"), read("to")];
  if (job.schedule.kind === "manual") throw new Refused(400, "No dates", `${job.name} has no schedule, and so no dates.`);
  if (from > to) throw new Refused(400, "No dates", "from comes after to.");
  if (from > now) throw new Refused(400, "No dates", "from has not come yet: the schedule runs it.");
  return { from, to };
}
