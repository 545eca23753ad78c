/** Steering from the page: what the verbs do, by whoever may, once, and with a trace of who it was. */
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { type Answer, ask } from "../helpers/http.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { until } from "../helpers/processes.ts";
import { schemaOf, violations } from "../report/schema.ts";
import { cookiesOf, type Serving, serving } from "./page.ts";

const BEARER = { authorization: "Bearer s3cret" };
let database: TestDatabase;
let site: Site;
let sql: pg.Client;
let page: Serving;
let origin: string;
let cookie: string;
let csrf: string;

const ini = (more: string) => `[crontabber]
    database_url = ${database.url}
    http = 127.0.0.1:0
${more}[job:plain]
    command = echo "plain $CRONTABBER_SLOT" >> ran
    schedule = 1h
[job:a/b & "c"]
    command = true
    schedule = manual
[job:long]
    command = echo up >> long; while test ! -e go; do sleep 0.05; done
    schedule = manual
[job:dates]
    command = echo "$CRONTABBER_SLOT" >> dates
    schedule = 1d|03:00
    start_deadline = 1h
`;

beforeAll(async () => {
  database = await freshDatabase();
  sql = await database.client();
  await sql.query("SET datestyle TO 'ISO'");
  site = makeSite(ini("    http_token = s3cret\n    http_actions = yes\n"));
  await site.run("setup", []);
  page = await serving(site, "web-1", ["daemon"]);
  origin = page.url.slice(0, -1);
  const login = await ask(page.url, "/login", { form: { token: "s3cret", name: "Kim <b>" }, headers: { origin } });
  cookie = cookiesOf(login.headers["set-cookie"]);
  csrf = /name="csrf" value="([^"]+)"/.exec((await ask(page.url, "/jobs/plain", { headers: { cookie } })).text)?.[1] ?? "";
});
afterAll(async () => {
  await site.close();
  await database.drop();
});
beforeEach(async () => {
  await sql.query("DELETE FROM crontabber_event");
});

const path = (job: string, action: string) => `/jobs/${encodeURIComponent(job)}/${action}`;
const act = (job: string, action: string, form: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Answer> =>
  ask(page.url, path(job, action), { form: { csrf, ...form }, headers: { cookie, origin, ...headers } });
/** The fields of the form on the page that asks once more. */
const fieldsOf = ({ text }: Answer): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"/g)].map(([, name = "", value = ""]) => [
      name,
      value.replaceAll("&quot;", '"').replaceAll("&amp;", "&"),
    ]),
  );
const confirmed = async (job: string, action: string, form: Record<string, string> = {}): Promise<Answer> => {
  const asked = await act(job, action, form);
  expect(asked.status).toBe(200);
  return act(job, action, fieldsOf(asked));
};
/** What the next page says, once. */
const notice = async ({ headers }: Answer): Promise<string> => {
  const both = `${cookie}; ${cookiesOf(headers["set-cookie"])}`;
  const next = await ask(page.url, String(headers.location), { headers: { cookie: both } });
  expect(String(next.headers["set-cookie"])).toContain("crontabber_notice=; Max-Age=0");
  return next.text;
};
const events = async () => (await sql.query("SELECT what, app_name, who, note FROM crontabber_event ORDER BY id")).rows;
const row = async (job: string) => (await sql.query("SELECT * FROM crontabber WHERE app_name = $1", [job])).rows[0];
const WHO = "web:Kim <b>@127.0.0.1";

describe("each deed is that of its verb", () => {
  it("pause with an end and a note, and resume", async () => {
    const paused = await act("plain", "pause", { for: "2h", note: "disk <full>" });
    expect([paused.status, paused.headers.location]).toEqual([303, "/jobs/plain"]);
    expect(await notice(paused)).toContain("plain is paused for 2h");
    expect(await row("plain")).toMatchObject({ paused_by: WHO, pause_note: "disk <full>", paused_until: expect.any(Date) });
    await act("plain", "pause", {});
    expect((await row("plain")).paused_until).toBeNull();
    await act("plain", "resume", { note: "mended" });
    expect(await notice(await act("plain", "resume"))).toContain("plain is not paused");
    expect((await events()).map(({ what, who, note }) => [what, who, note])).toEqual([
      ["pause", WHO, "disk <full>"],
      ["pause", WHO, null],
      ["resume", WHO, "mended"],
    ]);
  });

  it("run asks for one run, however often it is clicked while that waits", async () => {
    await act("plain", "pause");
    const before = site.lines("ran").length;
    await Promise.all([act("plain", "run"), act("plain", "run"), act("plain", "run")]);
    await act("plain", "resume");
    await until("it ran", () => site.lines("ran").length > before);
    expect((await sql.query("SELECT requested_by FROM crontabber_request WHERE app_name = 'plain' AND kind = 'run'")).rows).toEqual([
      { requested_by: WHO },
    ]);
  });

  it("force runs it whatever stands in its way, after one more question", async () => {
    await act("plain", "pause");
    const before = site.lines("ran").length;
    expect((await confirmed("plain", "force")).status).toBe(303);
    await until("it ran", () => site.lines("ran").length > before);
    await act("plain", "resume");
  });

  it("works on any name", async () => {
    const answer = await act('a/b & "c"', "pause");
    expect(answer.headers.location).toBe("/jobs/a%2Fb%20%26%20%22c%22");
    expect(await row('a/b & "c"')).toMatchObject({ paused_by: WHO });
    expect((await confirmed('a/b & "c"', "reset")).status).toBe(303);
  });

  it("cancel ends the run that was on when it was asked, and not the one after", async () => {
    await confirmed("long", "force");
    await until("it runs", () => site.lines("long").length === 1);
    const asked = await act("long", "cancel");
    expect(asked.text).toContain("on web-1, on since ");
    site.write("go", "");
    await until("that run has ended", async () => (await row("long")).run_id === null);
    expect((await act("long", "cancel", fieldsOf(asked))).status).toBe(409);
    expect(await events()).not.toContainEqual(expect.objectContaining({ what: "cancel" }));
    expect(await notice(await confirmed("long", "cancel"))).toContain("long is not running");
  });

  it("backfill says which dates, then runs them; asked for twice by one form it runs them once", async () => {
    const at = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
    const range = { from: at(4), to: at(1), note: "lost disk" };
    const asked = await act("dates", "backfill", range);
    expect(asked.text).toMatch(/dates runs for 3 dates, oldest first/);
    const again = await Promise.all([act("dates", "backfill", fieldsOf(asked)), act("dates", "backfill", fieldsOf(asked))]);
    expect(again.map(({ status }) => status).sort()).toEqual([303, 409]);
    await until("all dates ran", () => site.lines("dates").length === 3);
    const { backfills } = (await ask(page.url, "/api/backfills?job=dates", { headers: BEARER })).json();
    expect(backfills).toMatchObject([{ by: WHO, note: "lost disk" }]);
  });

  it("cancel-backfill takes back one, or all", async () => {
    const at = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
    expect(await notice(await confirmed("dates", "backfill", { from: at(9), to: at(9) }))).toContain("nothing to run in that range");
    const open = async () =>
      (await sql.query("SELECT id FROM crontabber_request WHERE kind = 'backfill' AND ended_at IS NULL ORDER BY id")).rows.map(({ id }) =>
        Number(id),
      );
    await until("the backfill of the other test is over", async () => (await open()).length === 0);
    await act("dates", "pause");
    for (const days of [20, 30]) await confirmed("dates", "backfill", { from: at(days), to: at(days - 2) });
    const [first] = await open();
    await act("dates", "cancel-backfill", { id: String(first) });
    expect((await open()).length).toBe(1);
    await act("dates", "cancel-backfill");
    expect(await open()).toEqual([]);
    expect(await notice(await act("dates", "cancel-backfill"))).toContain("no such backfill");
    await act("dates", "resume", { skip: "on" });
  });

  it("mark-success, unlock and reset, each after one more question", async () => {
    await sql.query("UPDATE crontabber SET held_at = now(), held_reason = 'three lost', error_count = 2 WHERE app_name = 'plain'");
    expect((await act("plain", "unlock")).text).toContain("three lost");
    expect((await row("plain")).held_at).not.toBeNull();
    await confirmed("plain", "unlock", { note: "looked" });
    expect((await row("plain")).held_at).toBeNull();
    await confirmed("plain", "mark-success");
    expect((await row("plain")).error_count).toBe(0);
    await confirmed("plain", "reset");
    expect((await events()).map(({ what, who }) => [what, who])).toEqual([
      ["unlock", WHO],
      ["mark-success", WHO],
      ["reset", WHO],
    ]);
  });
});

describe("is refused", () => {
  const untouched = async () => expect(await events()).toEqual([]);

  it("from another site, whatever it knows", async () => {
    for (const headers of [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: "" },
      { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
    ] as Record<string, string>[]) {
      expect((await act("plain", "pause", {}, headers)).status).toBe(403);
    }
    await untouched();
  });

  it("without the form of this login", async () => {
    for (const form of [{ csrf: "" }, { csrf: "x" }, { csrf: `${csrf}x` }]) expect((await act("plain", "pause", form)).status).toBe(403);
    const other = cookiesOf((await ask(page.url, "/login", { form: { token: "s3cret" }, headers: { origin } })).headers["set-cookie"]);
    expect((await act("plain", "pause", {}, { cookie: other })).status).toBe(403);
    expect((await ask(page.url, path("plain", "pause"), { form: { csrf }, headers: { origin } })).status).toBe(401);
    await untouched();
  });

  it("with a confirmation of something else, of somebody else, or made up", async () => {
    const fields = fieldsOf(await act("plain", "reset"));
    expect((await act("dates", "reset", fields)).status).toBe(409);
    expect((await act("plain", "mark-success", fields)).status).toBe(409);
    expect((await act("plain", "reset", { ...fields, force: "yes" })).status).toBe(409);
    expect((await act("plain", "reset", { confirmed: "yes" })).status).toBe(409);
    const other = cookiesOf((await ask(page.url, "/login", { form: { token: "s3cret" }, headers: { origin } })).headers["set-cookie"]);
    const theirs = /name="csrf" value="([^"]+)"/.exec((await ask(page.url, "/jobs/plain", { headers: { cookie: other } })).text)?.[1] ?? "";
    expect((await act("plain", "reset", { ...fields, csrf: theirs }, { cookie: other })).status).toBe(409);
    await untouched();
  });

  it("by GET, of no job, of no action", async () => {
    for (const action of ["run", "reset", "pause"])
      expect((await ask(page.url, path("plain", action), { headers: { cookie } })).status).toBe(405);
    expect((await act("nobody", "pause")).status).toBe(404);
    expect((await act("plain", "explode")).status).toBe(404);
    await untouched();
  });

  it.each([
    ["pause", { for: "soon" }, "A pause lasts 30m"],
    ["pause", { for: "0s" }, "A pause lasts"],
    ["pause", { for: "99999999d" }, "A pause lasts"],
    ["pause", { note: "x".repeat(501) }, "at most 500"],
    ["backfill", { from: "yesterday", to: "2026-01-02" }, "from takes 2026-11-13"],
    ["backfill", { from: "2026-01-03", to: "2026-01-02" }, "from comes after to"],
    ["backfill", { from: "2999-01-03", to: "2999-01-04" }, "has not come yet"],
    ["backfill", {}, "from takes"],
  ] as [string, Record<string, string>, string][])("%s with %j, in words", async (action, form, words) => {
    const answer = await act("dates", action, form);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(words)]);
    await untouched();
  });

  it("a notice of another login, or one that was made up, is not shown", async () => {
    const paused = await act("plain", "pause");
    const left = cookiesOf(paused.headers["set-cookie"]);
    const other = cookiesOf((await ask(page.url, "/login", { form: { token: "s3cret" }, headers: { origin } })).headers["set-cookie"]);
    for (const both of [
      `${other}; ${left}`,
      `${cookie}; crontabber_notice=${Buffer.from('{"kind":"good","text":"HACKED"}').toString("base64url")}.x`,
    ]) {
      expect((await ask(page.url, "/jobs/plain", { headers: { cookie: both } })).text).not.toMatch(/is paused|HACKED/);
    }
    await act("plain", "resume");
  });
});

describe("a program with the token", () => {
  const post = (job: string, action: string, form: Record<string, string> = {}) =>
    ask(page.url, path(job, action), { form, headers: BEARER });

  it("needs no form, and says so when it means it", async () => {
    const paused = await post("plain", "pause", { note: "deploy" });
    expect([paused.status, paused.json()]).toEqual([
      200,
      { schema: "crontabber.deed/1", done: true, text: "plain is paused until it is resumed. What runs goes on." },
    ]);
    expect(violations(schemaOf("deed"), paused.json())).toEqual([]);
    const asked = await post("plain", "reset");
    expect([asked.status, violations(schemaOf("confirm"), asked.json())]).toEqual([409, []]);
    expect((await post("plain", "reset", { confirmed: "yes" })).json().done).toBe(true);
    expect((await events()).map(({ what, who }) => [what, who])).toEqual([
      ["pause", "web:token@127.0.0.1"],
      ["reset", "web:token@127.0.0.1"],
    ]);
    await post("plain", "resume");
    expect((await post("plain", "resume")).status).toBe(409);
  });
});

it("without http_actions nothing can be steered, with the token or without", async () => {
  for (const [more, headers] of [
    ["", { origin: "" }],
    ["    http_token = s3cret\n", BEARER],
  ] as [string, Record<string, string>][]) {
    const other = makeSite(ini(more));
    const served = await serving(other, "web-9");
    const answer = await ask(served.url, path("plain", "pause"), {
      form: {},
      headers: { ...headers, ...(headers.origin === "" && { origin: served.url.slice(0, -1) }) },
    });
    expect([answer.status, answer.text]).toEqual([403, expect.stringContaining("http_actions = yes")]);
    expect(await served.end()).toBe(0);
    await other.close();
  }
});
