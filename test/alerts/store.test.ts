/** The table of what was told: who may tell, in which order, for how long, and what is forgotten. */
import { randomUUID } from "node:crypto";
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { AlertDocument, Change, Fault } from "#lib/core/alert.js";
import { alertDocument } from "#lib/report/alerts/document.js";
import type { Store } from "#lib/store/store.js";
import { type TestStore, testStore } from "../helpers/store.ts";

let test: TestStore;
let hosts: Store[];
let sql: pg.Client;

beforeAll(async () => {
  test = await testStore();
  hosts = ["a", "b", "c", "d", "e"].map((name) => test.host(name));
  sql = await test.database.client();
});
beforeEach(() => sql.query("TRUNCATE crontabber_alert"));
afterAll(() => test?.close());

const host = (i: number) => hosts[i] as Store;
const at = new Date("2026-01-05T10:00:00Z");
const bad: Fault = { subject: "job:a", condition: "failing", level: "critical", since: null, type: "E", value: "v", holdsUp: [] };
const change = (seq: number, fault: Fault | null = bad, told = true): Change => ({ subject: "job:a", seq, was: "ok", fault, told });
const claim = (store: Store, one: Change, id: string = randomUUID()) =>
  store.alerts.claim(one, { id, at, alert: one.told ? alertDocument(one, { id, at, host: "a" }) : null });
const lapse = () => sql.query("UPDATE crontabber_alert SET claimed_until = clock_timestamp() - interval '1 s'");
const ids = async (store: Store) => {
  const found: AlertDocument[] = [];
  for (let next = await store.alerts.reclaim(); next; next = await store.alerts.reclaim()) found.push(next.alert);
  return found.map(({ condition }) => condition);
};

it("of all hosts that see the same change, one tells it", async () => {
  for (let seq = 1; seq <= 20; seq++) {
    const won = await Promise.all(hosts.map((store) => claim(store, change(seq))));
    expect(won.filter(Boolean)).toHaveLength(1);
  }
  expect((await host(0).alerts.told()).told).toEqual(new Map([["job:a", { subject: "job:a", seq: 20, condition: "failing" }]]));
});

it("what was claimed and not delivered is anybody's after half a minute, one host's at a time, in its order", async () => {
  await claim(host(0), change(1));
  await claim(host(0), change(2, null));
  expect((await host(1).alerts.told()).waiting).toBe(false);
  expect(await host(1).alerts.reclaim()).toBeNull();
  await lapse();
  expect((await host(1).alerts.told()).waiting).toBe(true);
  const taken = await Promise.all(hosts.map((store) => store.alerts.reclaim()));
  expect(taken.flatMap((one) => (one ? [[one.alert.condition, one.tries]] : []))).toEqual([["failing", 2]]);
  await host(2).alerts.delivered(taken.find((one) => one !== null)?.alert.id ?? "");
  expect(await ids(host(3))).toEqual(["ok"]);
});

it("a change that is only noted is never delivered", async () => {
  await claim(host(0), change(1, bad, false));
  await lapse();
  expect(await host(1).alerts.reclaim()).toBeNull();
  expect((await host(1).alerts.told()).told.get("job:a")).toMatchObject({ condition: "failing", seq: 1 });
});

it("what nobody takes waits longer each time it is said so, and is given up after a day", async () => {
  const id = randomUUID();
  await claim(host(0), change(1), id);
  await host(1).alerts.failed(id, "not mine", 0);
  await host(0).alerts.failed(id, "no mail here", 600);
  expect((await host(0).alerts.list(5)).map(({ trouble, tries, sent, deliveredAt }) => [trouble, tries, sent, deliveredAt])).toEqual([
    ["no mail here", 1, [], null],
  ]);
  expect(await host(1).alerts.reclaim()).toBeNull();
  await sql.query("UPDATE crontabber_alert SET claimed_at = claimed_at - interval '25 hours'");
  await lapse();
  expect(await host(1).alerts.reclaim()).toBeNull();
  await claim(host(0), change(2, null));
  await lapse();
  expect(await ids(host(1))).toEqual(["ok"]);
});

it("a channel that has it is remembered once", async () => {
  const id = randomUUID();
  await claim(host(0), change(1), id);
  for (let i = 0; i < 2; i++) await host(0).alerts.sent(id, "webhook");
  await lapse();
  expect(await host(1).alerts.reclaim()).toMatchObject({ sent: ["webhook"], tries: 2, alert: { id } });
});

it("old changes are forgotten, but not that something is still wrong", async () => {
  for (const seq of [1, 2, 3]) await claim(host(0), change(seq, seq === 2 ? null : bad));
  await claim(host(0), { ...change(1), subject: "job:b" });
  await claim(host(0), { ...change(2, null), subject: "job:b" });
  await sql.query("UPDATE crontabber_alert SET claimed_at = claimed_at - interval '91 days'");
  await claim(host(0), { ...change(1, null), subject: "job:c" });
  await sql.query("UPDATE crontabber_upkeep SET pruned_at = now() - interval '61 minutes'");
  await host(0).fleet.prune(90, null);
  const { rows } = await sql.query("SELECT subject, seq FROM crontabber_alert ORDER BY id");
  expect(rows).toEqual([
    { subject: "job:a", seq: 3 },
    { subject: "job:c", seq: 1 },
  ]);
});

it("texts of jobs are stored as they can be read again", async () => {
  const value = "nul \u0000, escape \u001b[31m, lone \ud800, https://user:hunter2@host/ and\nlines";
  const one = change(1, { ...bad, value });
  expect(await claim(host(0), one)).toBe(true);
  await lapse();
  const alert = (await host(1).alerts.reclaim())?.alert;
  expect(JSON.stringify(alert)).not.toMatch(/hunter2|\\u001b|\\u0000/);
  expect(alert?.error?.value.split("\n")).toHaveLength(2);
});
