/** What is said before something that cannot be taken back. Owns the sentences, and which deeds have some. */
import type { JobState } from "../core/state.ts";
import { counted } from "../report/ages.ts";
import { stamp } from "../report/times.ts";
import { type Asked, rangeOf, ticked } from "./deeds.ts";
import type { ActionName } from "./seam.ts";

/** Dates that are counted at most, and named. */
const MOST_DATES = 10_000;
const NAMED = 5;

type Told = (asked: Asked) => string[] | Promise<string[]>;

/** Deeds that are not named here are done at once: another undoes them. */
const TOLD: Partial<Record<ActionName, Told>> = {
  force: ({ job }) => [
    `One run of ${job.name} starts on the next free host, whatever its schedule, its parents and a pause say.`,
    NEVER_BESIDE,
  ],
  cancel: ({ job, state, zone }) => [
    state?.runId ? `The run of ${job.name} on ${running(state, zone)} is ended.` : `${job.name} is not running now.`,
    "Its slot is closed without a retry; jobs that depend on it wait for its next success.",
  ],
  unlock: ({ job, state }) => [
    state?.heldAt ? `${job.name} is released; it was held: ${state.heldReason ?? "?"}.` : `${job.name} is not held now.`,
    "Its attempts and its lost runs are counted from nothing again, and it runs when it is due.",
  ],
  "mark-success": ({ job, state, zone }) => [
    `${state?.slot ? `The slot ${stamp(state.slot, zone)} ${zone} of ${job.name}` : job.name} counts as succeeded, though nothing ran for it.`,
    "Its errors and a hold are cleared, and jobs that depend on it may run.",
  ],
  reset: ({ job, state, fields, zone }) => [
    `What is known of ${job.name} is forgotten, as if it had never run; its history and a pause stay.`,
    ...(state?.runId && ticked(fields, "force") ? [`Its run on ${running(state, zone)} ends as cancelled.`] : []),
    ...(state?.runId && !ticked(fields, "force") ? ["It is running now: a reset is refused until that has ended."] : []),
    ...(job.backfill ? ["Dates that have succeeded may be run once more."] : ["It may be due at once."]),
  ],
  backfill: async (asked) => {
    const { job, store, state, now, fields, zone } = asked;
    const again = ticked(fields, "again");
    const dates = await store.requests.dates(job, { state, now }, { ...rangeOf(asked), again, limit: MOST_DATES });
    if (dates.length === 0) return [`${job.name} has nothing to run in that range.`];
    const which = dates.slice(0, NAMED).map((date) => stamp(date, zone));
    const more = dates.length > NAMED ? ` … ${dates.slice(-1).map((date) => stamp(date, zone))}` : "";
    const most = dates.length === MOST_DATES ? "at least " : "";
    return [
      `${job.name} runs for ${most}${counted(dates.length, "date")}, oldest first: ${which.join(", ")}${more} (${zone}).`,
      again ? "Dates that have succeeded are run again." : "Dates that have succeeded are left out.",
      "Its own schedule goes first between two of them, and is not moved.",
    ];
  },
};

/** No two runs are on at the same instant: this names one. */
const running = ({ host, ongoing }: JobState, zone: string): string =>
  `${host ?? "?"}, on since ${ongoing ? `${stamp(ongoing, zone)} ${zone}` : "?"},`;

const NEVER_BESIDE = "It does not start beside a run that is on.";

/** Null: nothing has to be said before. Throws Refused for fields nobody can read. */
export async function consequencesOf(action: ActionName, asked: Asked): Promise<string[] | null> {
  return (await TOLD[action]?.(asked)) ?? null;
}
