/** The live part: everything first, then what changes; resumed, shared, and never in the way. */
import { connect } from "node:net";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { ask, type Ear, listenTo } from "../helpers/http.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { until } from "../helpers/processes.ts";
import { type NetworkProxy, startProxy } from "../helpers/proxy.ts";
import { type Serving, serving } from "./page.ts";

let database: TestDatabase;
let site: Site;
let sql: pg.Client;
let page: Serving;
let proxy: NetworkProxy;

beforeAll(async () => {
  database = await freshDatabase();
  sql = await database.client();
  proxy = await startProxy(database.url);
  site = makeSite(`[crontabber]
    database_url = ${proxy.url(database.url)}
    http = 127.0.0.1:0
[job:quiet]
    command = true
    schedule = 1h
[job:loud]
    command = true
    schedule = manual
`);
  await site.run("setup", []);
  page = await serving(site, "web-1");
});
afterAll(async () => {
  await site.close();
  await proxy.close();
  await database.drop();
});

const changed = (name: string) => (ear: Ear) =>
  ear.hears(`a change of ${name}`, ({ event, data }) => event === "change" && JSON.stringify(data).includes(name));
const pause = (name: string, note: string) => sql.query("SELECT crontabber_pause($1, NULL, $2, 'kim')", [name, note]);
const resume = (name: string) => sql.query("SELECT crontabber_resume($1)", [name]);
/** Sessions of the server that are doing, or have just done, something. */
const statements = async () =>
  Number((await sql.query("SELECT sum(xact_commit) AS n FROM pg_stat_database WHERE datname = current_database()")).rows[0].n);

describe("a stream", () => {
  it("begins with everything, goes on with what changes, and says so to proxies", async () => {
    const ear = await listenTo(page.url);
    expect(ear.response.headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
      "content-security-policy": expect.stringContaining("default-src 'none'"),
    });
    const { data, id } = await ear.hears("everything", ({ event }) => event === "full");
    expect(JSON.stringify(data)).toContain("quiet");
    expect(id).toMatch(/^[0-9a-f]+-\d+$/);
    expect(ear.text()).toMatch(/^retry: 3000\n\n/);
    expect(ear.heard[0]?.event).toBe("full");
    await ear.hears("that it is well", ({ event, data }) => event === "beat" && data.good === true && /Z$/.test(data.now));
    await pause("quiet", "first note");
    const change = await changed("first note")(ear);
    expect(Object.keys(change.data).every((key) => key.includes("quiet") || !key.includes("loud"))).toBe(true);
    expect(change.id).not.toBe(id);
    await resume("quiet");
    ear.close();
  });

  it("goes on where it was cut off: what changed meanwhile, and nothing else", async () => {
    const first = await listenTo(page.url);
    const { id } = await first.hears("everything", ({ event }) => event === "full");
    first.close();
    await first.ended;
    await pause("quiet", "while away");
    const second = await listenTo(page.url, "/events", { "last-event-id": String(id) });
    await changed("while away")(second);
    expect(second.heard.some(({ event }) => event === "full")).toBe(false);
    const last = second.heard.filter(({ id }) => id !== null).at(-1)?.id;
    second.close();
    await second.ended;
    const third = await listenTo(page.url, "/events", { "last-event-id": String(last) });
    await third.hears("that it is well", ({ event }) => event === "beat");
    expect(JSON.stringify(third.heard)).not.toContain("while away");
    third.close();
    await resume("quiet");
  });

  it.each(["0", "zzzz-1", "%", `${"9".repeat(50)}`])("of which the last event is not known (%s) begins again", async (id) => {
    const ear = await listenTo(page.url, "/events", { "last-event-id": id });
    await ear.hears("everything", ({ event }) => event === "full");
    ear.close();
  });

  it("tells what a run prints as it grows, and how it ends", async () => {
    const started = await sql.query(
      "INSERT INTO crontabber_run (run_id, app_name, slot, attempt, trigger, output) VALUES (gen_random_uuid(), 'loud', now(), 1, 'manual', 'one\n') RETURNING id",
    );
    const id = Number(started.rows[0].id);
    const ear = await listenTo(page.url, "/events?job=loud");
    const part = (text: string) => ear.hears(JSON.stringify(text), ({ event, data }) => event === "output" && data.text === text);
    expect((await part("one\n")).data).toEqual({ job: "loud", run: id, from: 0, text: "one\n" });
    await sql.query("UPDATE crontabber_run SET output = output || E'two \\u00fc\\n' WHERE id = $1", [id]);
    expect((await part("two ü\n")).data.from).toBe(4);
    await sql.query("UPDATE crontabber_run SET output = '(cut) three', outcome = 'succeeded', ended_at = now() WHERE id = $1", [id]);
    expect((await part("(cut) three")).data.from).toBe(0);
    ear.close();
  });

  it("says that the database is away, and that it is back", async () => {
    const ear = await listenTo(page.url);
    await ear.hears("that it is well", ({ event, data }) => event === "beat" && data.good);
    proxy.cut();
    await ear.hears("that it is away", ({ event, data }) => event === "beat" && !data.good);
    const answer = await ask(page.url, "/");
    expect([answer.status, answer.headers["retry-after"]]).toEqual([503, "5"]);
    expect(answer.text).toContain("The database cannot be used");
    expect((await ask(page.url, "/api/jobs")).json()).toMatchObject({ status: 503, title: "The database cannot be used" });
    expect((await ask(page.url, "/readyz")).json()).toMatchObject({ ready: false, reasons: ["database: it cannot be used"] });
    expect((await ask(page.url, "/healthz")).status).toBe(200);
    proxy.heal();
    await pause("quiet", "after the cut");
    await changed("after the cut")(ear);
    await ear.hears("that it is back", (heard) => heard.event === "beat" && heard.data.good && ear.heard.indexOf(heard) > 2);
    await resume("quiet");
    ear.close();
  });
});

describe("many readers", () => {
  it("cost one look between them, and nothing is read when they have gone", async () => {
    const ears = await Promise.all(Array.from({ length: 200 }, () => listenTo(page.url)));
    await Promise.all(ears.map((ear) => ear.hears("everything", ({ event }) => event === "full")));
    const before = await statements();
    await pause("quiet", "for all of them");
    await Promise.all(ears.map(changed("for all of them")));
    await until("the statistics have come", async () => (await statements()) - before > 5);
    // Our own questions count, too: still nothing like one statement a reader.
    expect((await statements()) - before).toBeLessThan(150);
    for (const ear of ears) ear.close();
    await Promise.all(ears.map((ear) => ear.ended));
    await resume("quiet");
    const state = () =>
      sql.query(
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name LIKE 'crontabber%' AND datname = current_database()",
      );
    await until("the server has let go of its connections", async () => (await state()).rows[0].n === 0);
  });

  it("of whom one does not read are not held up, and that one is dropped", async () => {
    const { hostname, port } = new URL(page.url);
    const lazy = connect(Number(port), hostname);
    lazy.on("error", () => {}); // it is cut off in the end
    lazy.pause();
    lazy.write("GET /events?job=loud HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const ear = await listenTo(page.url, "/events?job=loud");
    await ear.hears("everything", ({ event }) => event === "full");
    const gone = new Promise<void>((done) => lazy.on("close", () => done()));
    const { rows } = await sql.query(
      "INSERT INTO crontabber_run (run_id, app_name, slot, attempt, trigger) VALUES (gen_random_uuid(), 'loud', now(), 1, 'manual') RETURNING id",
    );
    // More than sockets and the server keep for anybody.
    for (let i = 0; i < 5; i++) {
      await sql.query("UPDATE crontabber_run SET output = $2 || repeat(md5($2::text), 130000) WHERE id = $1", [rows[0].id, `part ${i} `]);
      await ear.hears(`part ${i}`, ({ event, data }) => event === "output" && data.text.startsWith(`part ${i} `));
    }
    await sql.query("UPDATE crontabber_run SET outcome = 'succeeded', ended_at = now() WHERE id = $1", [rows[0].id]);
    lazy.resume();
    await gone;
    ear.close();
  });

  it("are sent away when there are too many, in words", async () => {
    const ears: Ear[] = [];
    for (let i = 0; i < 10; i++) ears.push(...(await Promise.all(Array.from({ length: 50 }, () => listenTo(page.url)))));
    const answer = await ask(page.url, "/events");
    expect([answer.status, answer.headers["retry-after"], answer.json().title]).toEqual([503, "10", "Too many readers"]);
    for (const ear of ears) ear.close();
    await until("there is room again", async () => {
      const { status } = await ask(page.url, "/events", { method: "HEAD" });
      return status === 200;
    });
  });
});

it("open streams do not keep the server from ending", async () => {
  const ears = await Promise.all([listenTo(page.url), listenTo(page.url, "/events?job=loud")]);
  await Promise.all(ears.map((ear) => ear.hears("everything", ({ event }) => event === "full")));
  expect(await page.end()).toBe(0);
  await Promise.all(ears.map((ear) => ear.ended));
});
