/** What a run writes while it is on: never waits, never after its end, never over what is not new. */
import { afterAll, expect, it } from "vitest";
import { replan } from "#lib/core/replan.js";
import { makeJob, makeRegistry } from "../helpers/job.ts";
import { testStore } from "../helpers/store.ts";

const test = await testStore();
const store = test.host("a");
const sql = await test.database.client();
afterAll(() => test.close());

const row = async () => (await sql.query("SELECT progress, output FROM crontabber_run")).rows[0];

it("is passed over while somebody holds the row, and refused after the end", async () => {
  const job = makeJob({ name: "j" });
  const { now } = await store.snapshot();
  const plan = replan(job, null, now);
  if (!plan) throw new Error("no plan");
  await store.insertPlans([{ job, plan }]);
  const claimed = await store.claim(job, makeRegistry(job).byName);
  if (!claimed.held) throw new Error("not claimed");
  const { ticket } = claimed;
  expect(await store.news(ticket.runId, '{"done":1}', "one\n")).toBe(true);
  expect(await store.news(ticket.runId, '{"done":2}', null)).toBe(true);
  expect(await row()).toEqual({ progress: { done: 2 }, output: "one\n" });
  await sql.query("BEGIN");
  await sql.query("SELECT 1 FROM crontabber_run FOR UPDATE");
  expect(await store.news(ticket.runId, null, "two\n")).toBe(false);
  await sql.query("COMMIT");
  expect(await store.news(ticket.runId, null, "three\n")).toBe(true);
  await store.record(ticket, { outcome: "succeeded", error: null, result: null, output: "all\n" });
  expect(await store.news(ticket.runId, '{"done":3}', "four\n")).toBe(false);
  expect(await row()).toEqual({ progress: { done: 2 }, output: "all\n" });
  await store.attachOutput(ticket.runId, "more\n");
  expect((await row()).output).toBe("more\n");
});
