/** Leases are renewed in time, whatever else the process is doing. Real timers, real Postgres; spans are a lease's, never a measurement. */
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { uptime } from "#lib/clock.js";
import { replan } from "#lib/core/replan.js";
import type { Ticket } from "#lib/core/state.js";
import { Heartbeat, type Kept, type Trust } from "#lib/engine/heartbeat.js";
import type { Store } from "#lib/store/store.js";
import { makeJob } from "../helpers/job.ts";
import { until } from "../helpers/processes.ts";
import { type TestStore, testStore } from "../helpers/store.ts";

let test: TestStore;
let store: Store;
let sql: pg.Client;

beforeAll(async () => {
  test = await testStore();
  store = test.host("a");
  sql = await test.database.client();
});
afterAll(() => test?.close());

async function claimed(name: string): Promise<Ticket> {
  const job = makeJob({ name, lease: 3 });
  const { now } = await store.snapshot();
  const plan = replan(job, null, now);
  if (plan) await store.insertPlans([{ job, plan }]);
  const result = await store.claim(job, new Map([[name, job]]));
  if (!result.held) throw new Error(`${name} was not claimed`);
  return result.ticket;
}

function makeHeartbeat(): Heartbeat {
  return new Heartbeat({
    connect: async (queryMs) => {
      const client = await store.db.dedicated(queryMs);
      return { db: client, close: () => client.end() };
    },
    renew: (db, runIds) => store.renew(db, runIds),
    uptime,
    onState: () => {},
  });
}

const kept = (over: Partial<Kept> = {}): Kept => ({ trust: () => {}, fence: () => {}, cancel: () => {}, ...over });

it("renews a long run while short ones come and go more often than it is renewed", async () => {
  const heartbeat = makeHeartbeat();
  const long = await claimed("long");
  const trusted: Trust[] = [];
  await heartbeat.ready(3);
  heartbeat.add(long, uptime(), kept({ trust: (until) => trusted.push(until) }));
  const short = { ...long, runId: "00000000-0000-4000-8000-000000000000" };
  const coming = setInterval(() => heartbeat.add(short, uptime(), kept()), 50);
  await until("the long run was renewed three times", () => trusted.length >= 4, 10);
  clearInterval(coming);
  await heartbeat.close();
  expect((await sql.query("SELECT heartbeats >= 3 AS renewed FROM crontabber WHERE app_name = 'long'")).rows).toEqual([{ renewed: true }]);
});

it("trusts a renewal from when it was sent, for two thirds and five sixths of the lease", async () => {
  const heartbeat = makeHeartbeat();
  const ticket = await claimed("trusted");
  const trusted: Trust[] = [];
  await heartbeat.ready(3);
  heartbeat.add(ticket, 1000, kept({ trust: (until) => trusted.push(until) }));
  expect(trusted).toEqual([{ termAt: 1002, killAt: 1002.5 }]);
  await heartbeat.close();
});

it("tells a run whose row is somebody else's now", async () => {
  const heartbeat = makeHeartbeat();
  const ticket = await claimed("fenced");
  await sql.query("UPDATE crontabber SET run_id = gen_random_uuid() WHERE app_name = 'fenced'");
  let fenced = false;
  await heartbeat.ready(3);
  heartbeat.add(
    ticket,
    uptime(),
    kept({
      fence: () => {
        fenced = true;
      },
    }),
  );
  await until("it is fenced", () => fenced, 10);
  await heartbeat.close();
});

it("goes on after its connection was ended", async () => {
  const heartbeat = makeHeartbeat();
  const ticket = await claimed("cut");
  await heartbeat.ready(3);
  heartbeat.add(ticket, uptime(), kept());
  const beats = async () => (await sql.query("SELECT heartbeats AS n FROM crontabber WHERE app_name = 'cut'")).rows[0].n as number;
  await until("it was renewed", async () => (await beats()) >= 1, 10);
  await sql.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()");
  const before = await beats();
  await until("it was renewed again", async () => (await beats()) > before, 10);
  await heartbeat.close();
});

it("renews at once when something was said about a run, and tells once that it is to be cancelled", async () => {
  const heartbeat = makeHeartbeat();
  const run = { ...(await claimed("said")), lease: 3600 };
  const trusted: Trust[] = [];
  let cancels = 0;
  await heartbeat.ready(3);
  heartbeat.add(run, uptime(), kept({ trust: (until) => trusted.push(until), cancel: () => cancels++ }));
  await sql.query("SELECT crontabber_cancel('said')");
  for (const renewals of [2, 3, 4]) {
    heartbeat.soon();
    await until("it was renewed", () => trusted.length >= renewals, 10);
  }
  await heartbeat.close();
  expect(cancels).toBe(1);
});
