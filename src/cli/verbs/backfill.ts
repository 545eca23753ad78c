/** `backfill NAME --from T --to T [--dry-run] [--again]`, `backfill NAME --cancel`, `backfill NAME`: ask for dates, take that back, look. */
import { UsageError } from "../../core/errors.ts";
import type { Job } from "../../core/job.ts";
import { backfillDocument, backfillText, datesText } from "../../report/backfill.ts";
import { askFor } from "../asking.ts";
import type { Call, Given } from "../call.ts";
import { readInstant, readLast } from "../instant.ts";
import { answer, answerJson } from "../io.ts";
import type { Steered } from "../steering.ts";
import { paperFor, tell } from "../talk.ts";

/** Backfills shown, and dates listed. */
const SHOWN = 20;
const MOST_DATES = 10_000;

type Asked = Steered & { readonly job: Job };
interface Range {
  readonly from: Date;
  readonly to: Date;
}

export async function handle(call: Call): Promise<number> {
  const { given } = call;
  const wanted = given.from !== null || given.to !== null;
  if (wanted && (given.from === null || given.to === null)) throw new UsageError("a backfill needs both --from and --to");
  if (given.cancel && (wanted || given.dryRun || given.again))
    throw new UsageError("--cancel stands alone: it is for all backfills of the job");
  if (!wanted && (given.dryRun || given.again || given.force)) throw new UsageError("which dates? write --from and --to");
  return askFor(call, async (asked) => {
    if (given.cancel) return cancel(asked);
    if (!wanted) return look(asked, given);
    const range = await rangeOf(asked, given);
    return given.dryRun ? dryRun(asked, given, range) : ask(asked, given, range);
  });
}

/** Throws UsageError for what the database would refuse. */
async function rangeOf({ store, job, setup }: Asked, given: Given): Promise<Range> {
  const zone = given.tz ?? setup.config.timezone;
  const from = readInstant(given.from ?? "", zone);
  const to = readLast(given.to ?? "", zone);
  if (job.schedule.kind === "manual") throw new UsageError(`${job.name} has no schedule, and so no dates`);
  if (from > to) throw new UsageError(`--from ${given.from} comes after --to ${given.to}`);
  const { now } = await store.read([job.name]);
  if (now && from > now) throw new UsageError(`--from ${given.from} has not come yet: the schedule runs it`);
  return { from, to };
}

async function ask({ store, name, by, job, setup }: Asked, given: Given, range: Range): Promise<number> {
  const { again, force } = given;
  const { now, states } = await store.read([name]);
  const [first] = await store.requests.dates(job, { state: states.get(name) ?? null, now: now ?? range.to }, { ...range, again, limit: 1 });
  if (!first) {
    if (given.json) answerJson(backfillDocument(name, { backfills: [], dates: [] }));
    else answer(datesText(name, [], paperFor(given, setup.config.timezone)));
    return 0;
  }
  const id = await store.requests.backfill({ name, by }, { ...range, again, force });
  if (given.json) answerJson(backfillDocument(name, { backfills: await store.requests.of(name, ["backfill"], SHOWN), dates: null }));
  else answer(`the backfill of ${name} is request #${id}: crontabber backfill ${name} shows how far it is`);
  return 0;
}

async function dryRun({ store, name, job, setup }: Asked, given: Given, range: Range): Promise<number> {
  const { now, states } = await store.read([name]);
  const what = { ...range, again: given.again, limit: MOST_DATES };
  const dates = await store.requests.dates(job, { state: states.get(name) ?? null, now: now ?? range.to }, what);
  if (given.json) answerJson(backfillDocument(name, { backfills: [], dates }));
  else answer(datesText(name, dates, paperFor(given, setup.config.timezone)));
  if (dates.length === MOST_DATES) tell(`only the first ${MOST_DATES} dates are listed`);
  return 0;
}

async function cancel({ store, name, by }: Asked): Promise<number> {
  const open = (await store.requests.of(name, ["backfill"], SHOWN)).filter(({ outcome }) => outcome === null);
  const done: bigint[] = [];
  for (const { id } of open) if (await store.requests.cancel(id, by)) done.push(id);
  const which = done.map((id) => `#${id}`).join(", ");
  answer(
    done.length === 0 ? `${name} has no backfill to cancel` : `${name}: backfill ${which} is cancelled; a date that runs ends by itself`,
  );
  return 0;
}

async function look({ store, name, setup }: Asked, given: Given): Promise<number> {
  const backfills = await store.requests.of(name, ["backfill"], SHOWN);
  if (given.json) answerJson(backfillDocument(name, { backfills, dates: null }));
  else answer(backfillText(name, backfills, paperFor(given, setup.config.timezone)));
  return 0;
}
