/** Who gets in: names, tokens, sessions; and what a stranger's page can do, which is nothing. */
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { type Ask, ask, listenTo } from "../helpers/http.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { cookiesOf, type Serving, serving } from "./page.ts";

const BEARER = { authorization: "Bearer s3cret-token" };
let database: TestDatabase;
let open: Site;
let closed: Site;
let page: Serving;
let guarded: Serving;

const ini = (more: string) => `[crontabber]
    database_url = ${database.url}
    http = 127.0.0.1:0
${more}[job:good]
    command = true
    schedule = 1h
`;

beforeAll(async () => {
  database = await freshDatabase();
  open = makeSite(ini("    http_hosts = jobs.example.com\n"));
  closed = makeSite(ini("    http_token = s3cret-token\n"));
  await open.run("setup", []);
  page = await serving(open, "web-1");
  guarded = await serving(closed, "web-2");
});
afterAll(async () => {
  await open.close();
  await closed.close();
  await database.drop();
});

describe("names", () => {
  it.each([
    "localhost",
    "LOCALHOST:1",
    "127.0.0.1:8484",
    "[::1]:8484",
    "10.1.2.3",
    "a.localhost",
    "jobs.example.com",
    "jobs.example.com:443",
    "web-1",
    "jobs.example.com.",
  ])("answers to %s", async (host) => {
    expect((await ask(page.url, "/", { headers: { host } })).status).toBe(200);
  });

  it.each([
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "jobs.example.com.evil",
    "evil.example:80",
    "127.0.0.1@evil.example",
    "a b",
  ])("tells %s nothing: a stranger's name may have been made to point here", async (host) => {
    for (const path of ["/", "/api/jobs", "/events", "/jobs/good"]) {
      const answer = await ask(page.url, path, { headers: { host } });
      expect([400, 421]).toContain(answer.status);
      expect(answer.text).not.toMatch(/good|postgres|web-1/);
    }
  });

  it("probes answer by any name: they are asked by whatever the network calls this host", async () => {
    for (const path of ["/healthz", "/readyz"])
      expect((await ask(page.url, path, { headers: { host: "pod-7.cluster" } })).status).toBe(200);
  });
});

describe("without the token", () => {
  it("nothing is told but whether it lives and is ready, and how to log in", async () => {
    for (const path of ["/api/jobs", "/api/runs", "/events", "/metrics", "/badge/good.svg", "/api/graph"]) {
      const answer = await ask(guarded.url, path);
      expect([path, answer.status, answer.headers["www-authenticate"]]).toEqual([path, 401, 'Bearer realm="crontabber"']);
    }
    for (const path of ["/healthz", "/readyz", "/robots.txt", "/login"]) expect((await ask(guarded.url, path)).status).toBe(200);
    const form = await ask(guarded.url, "/jobs/good", { headers: { accept: "text/html" } });
    expect(form.status).toBe(401);
    expect(form.text).toContain('action="/login"');
    expect(form.headers.refresh).toBeUndefined();
  });

  it("a link from elsewhere, which comes without the cookie, is asked for once more by ourselves", async () => {
    const headers = { accept: "text/html", "sec-fetch-site": "cross-site" };
    expect((await ask(guarded.url, "/jobs/good", { headers })).headers.refresh).toBe("0");
  });

  it("a program shows it in a header", async () => {
    expect((await ask(guarded.url, "/api/jobs", { headers: BEARER })).status).toBe(200);
    const byName = { ...BEARER, host: "crontabber.monitoring.svc" };
    expect((await ask(guarded.url, "/api/jobs", { headers: byName })).status).toBe(200);
    const ear = await listenTo(guarded.url, "/events", BEARER);
    await ear.hears("everything", ({ event }) => event === "full");
    ear.close();
    for (const authorization of ["Bearer nonsense", "Basic czNjcmV0", "Bearer ", ""]) {
      expect([authorization, (await ask(guarded.url, "/api/jobs", { headers: { authorization } })).status]).toEqual([authorization, 401]);
    }
  });
});

describe("a login", () => {
  const login = (form: Record<string, string>, headers: Ask["headers"] = {}) =>
    ask(guarded.url, "/login", { form, headers: { origin: guarded.url.slice(0, -1), ...headers } });

  it("gives a cookie that scripts and other sites never see, and leads back", async () => {
    const answer = await login({ token: "s3cret-token", name: "kim" }, { referer: `${guarded.url}jobs/good?wall=1` });
    expect([answer.status, answer.headers.location]).toEqual([303, "/jobs/good?wall=1"]);
    expect(answer.headers["set-cookie"]?.[0]).toMatch(/^crontabber_session=\S+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/);
    const cookie = cookiesOf(answer.headers["set-cookie"]);
    expect((await ask(guarded.url, "/jobs/good", { headers: { cookie } })).status).toBe(200);
    // Signed by the token alone: another process with the same one takes it.
    const other = await serving(closed, "web-3");
    expect((await ask(other.url, "/", { headers: { cookie } })).status).toBe(200);
    await other.end();
  });

  it("over TLS gives one for TLS only", async () => {
    const headers = { origin: "https://localhost", host: "localhost", referer: "https://localhost/" };
    expect((await login({ token: "s3cret-token" }, headers)).headers["set-cookie"]?.[0]).toContain("; Secure");
  });

  it("leads nowhere but to a page of its own", async () => {
    for (const referer of ["https://evil.example/x", "nonsense", `${guarded.url}/evil.example/`, `${guarded.url}login`]) {
      const { headers } = await login({ token: "s3cret-token" }, { referer });
      expect(headers.location).toMatch(/^\/(?!\/)/);
    }
  });

  it("of another site, or of none, is not looked at", async () => {
    for (const headers of [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: guarded.url, "sec-fetch-site": "same-site", host: "other.localhost" },
    ]) {
      expect((await login({ token: "s3cret-token" }, headers)).status).toBe(403);
    }
    expect((await ask(guarded.url, "/login", { form: { token: "s3cret-token" } })).status).toBe(403);
  });

  it("that was tampered with is none", async () => {
    const cookie = cookiesOf((await login({ token: "s3cret-token", name: "kim" })).headers["set-cookie"]);
    const [name, value = ""] = cookie.split("=");
    const [body = "", mac = ""] = value.split(".");
    const forged = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body, "base64url").toString()), name: "root" })).toString(
      "base64url",
    );
    const old = Buffer.from(JSON.stringify({ id: "x", name: "x", at: 0 })).toString("base64url");
    for (const bad of [`${forged}.${mac}`, `${old}.${mac}`, `${body}.`, body, `${body}.${mac}x`, "%00", "."]) {
      expect((await ask(guarded.url, "/api/jobs", { headers: { cookie: `${name}=${bad}` } })).status).toBe(401);
    }
    expect((await ask(guarded.url, "/api/jobs", { headers: { cookie } })).status).toBe(200);
  });

  it("is over after the logout, which needs the form of that login", async () => {
    const cookie = cookiesOf((await login({ token: "s3cret-token" })).headers["set-cookie"]);
    const headers = { cookie, origin: guarded.url.slice(0, -1) };
    expect((await ask(guarded.url, "/logout", { form: { csrf: "nonsense" }, headers })).status).toBe(403);
  });

  it("takes nothing that is no form, and nothing long", async () => {
    const headers = { origin: guarded.url.slice(0, -1) };
    expect((await ask(guarded.url, "/login", { body: "{}", headers: { ...headers, "content-type": "application/json" } })).status).toBe(
      415,
    );
    const long = await ask(guarded.url, "/login", { form: { token: "x".repeat(20_000) }, headers });
    expect(long.status).toBe(413);
  });

  it("is slowed down after some wrong tokens, and the operator is told", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 8; i++) statuses.push((await login({ token: `guess ${i}` })).status);
    expect(statuses.slice(0, 1)).toEqual([401]);
    expect(statuses.at(-1)).toBe(429);
    const right = await login({ token: "s3cret-token" });
    expect([right.status, Number(right.headers["retry-after"]) > 0]).toEqual([429, true]);
    await guarded.said("a wrong token was sent to the page from 127.0.0.1");
    expect(guarded.stderr()).not.toContain("guess");
  });
});

describe("what takes its time or its room", () => {
  it("a request that never ends is cut off, others go on meanwhile", async () => {
    const { hostname, port } = new URL(page.url);
    const slow = connect(Number(port), hostname);
    let answer = "";
    slow.setEncoding("utf8").on("data", (text) => {
      answer += text;
    });
    slow.write("GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
    const gone = new Promise<void>((done) => slow.on("close", () => done()));
    expect((await ask(page.url, "/")).status).toBe(200);
    await gone;
    expect(answer).toContain("408 Request Timeout");
  });

  it("a head that is too big is refused", async () => {
    expect((await ask(page.url, "/", { headers: { "x-big": "x".repeat(20_000) } })).status).toBe(431);
  });
});

it("the colours of the page are the reader's choice, and nothing else is put into a cookie", async () => {
  const headers = { origin: page.url.slice(0, -1), referer: `${page.url}jobs/good` };
  const dark = await ask(page.url, "/theme", { form: { theme: "dark" }, headers });
  expect([dark.status, dark.headers.location]).toEqual([303, "/jobs/good"]);
  expect(dark.headers["set-cookie"]).toEqual(["crontabber_theme=dark; Max-Age=31536000; Path=/; SameSite=Lax"]);
  expect((await ask(page.url, "/theme", { form: { theme: "x\r\nset-cookie: y=1" }, headers })).status).toBe(400);
});

it.each(["0.0.0.0:0", "[::]:0", "192.0.2.1:8484"])("listens at %s only with a token, wherever that is said", async (http) => {
  const site = makeSite(ini("").replace("127.0.0.1:0", http));
  const refused = await site.run("web-1", ["serve"]);
  expect([refused.code, refused.stderr]).toEqual([
    78,
    expect.stringMatching(/crontabber\.ini:3.*can be reached from elsewhere and there is no http_token/s),
  ]);
  const typed = await open.run("web-1", ["serve", "--http", http]);
  expect([typed.code, typed.stderr]).toEqual([64, expect.stringContaining("can be reached from elsewhere")]);
  await site.close();
});
