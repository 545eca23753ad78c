/** What hosts tell each other of a row is what the row says: nobody has to read it. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { claimed, ended } from "#lib/core/notice.js";
import type { JobState, Outcome } from "#lib/core/state.js";
import type { Told } from "#lib/store/listen.js";
import type { Store } from "#lib/store/store.js";
import { makeJob, makeRegistry } from "../helpers/job.ts";
import { until } from "../helpers/processes.ts";
import { type TestStore, testStore } from "../helpers/store.ts";

let test: TestStore;
let owner: Store;
let told: Told[];
let line: { close(): Promise<void> } | null;

beforeEach(async () => {
  test = await testStore();
  owner = test.host("owner");
  told = [];
  line = await test.host("peer").listen(
    (one) => told.push(one),
    () => {},
  );
});
afterEach(async () => {
  await line?.close();
  await test.close();
});

const read = async (name: string): Promise<JobState> => (await owner.read([name])).states.get(name) as JobState;
const heard = async (count: number): Promise<Told> => {
  await until("it is told", () => told.length >= count);
  return told[count - 1] as Told;
};

/** What nobody decides by: how old a claim is, and the words of an error. */
const essence = ({ ongoingAge: _, lastError, heldAt, slot, lastSlot: __, attempt, schedule: ___, dependsOn: ____, ...rest }: JobState) => ({
  ...rest,
  ...{ error: lastError?.type ?? null, held: heldAt !== null },
  // While it runs, nothing is decided by the plan.
  ...(rest.runId === null && { slot, attempt }),
});

async function due(): Promise<JobState> {
  const client = await test.database.client();
  await client.query("INSERT INTO crontabber (app_name, next_run, error_count) VALUES ('j', now() - interval '1 minute', 0)");
  return read("j");
}

it.each([
  ["succeeded", {}],
  ["failed", {}],
  ["failed", { maxAttempts: 1 }],
  ["interrupted", {}],
  ["cancelled", {}],
  ["succeeded", { backfill: true, schedule: "1d" }],
] as const)("a run that %s, of a job with %o", async (outcome, over) => {
  const job = makeJob({ name: "j", schedule: "1h", ...over });
  const before = await due();
  const result = await owner.claim(job, makeRegistry(job).byName);
  if (!result.held) throw new Error(result.why);
  const claim = await heard(1);
  expect(claim).toMatchObject({ job: "j", what: "claimed", end: null });
  const running = claimed(before, claim.claim as never);
  expect(essence(running)).toEqual(essence({ ...(await read("j")), nextRun: running.nextRun, moved: running.moved }));
  const error = outcome === "succeeded" ? null : { type: "E", value: "v".repeat(9000), traceback: "" };
  const end = { outcome: outcome as Exclude<Outcome, "skipped">, error, result: null, output: null };
  expect(await owner.record(result.ticket, end)).toBe("recorded");
  const notice = await heard(2);
  expect(notice).toMatchObject({ job: "j", what: outcome });
  expect(essence(ended(running, notice.end as never, new Date()) as JobState)).toEqual(essence(await read("j")));
});

it("of another run than the one that is known says nothing", async () => {
  const job = makeJob({ name: "j" });
  const before = await due();
  const result = await owner.claim(job, makeRegistry(job).byName);
  if (!result.held) throw new Error(result.why);
  await owner.record(result.ticket, { outcome: "succeeded", error: null, result: null, output: null });
  expect(ended(before, (await heard(2)).end as never, new Date())).toBeNull();
});
