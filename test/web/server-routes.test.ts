/** Every address of the page, as a program and as a browser asks for it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { ask } from "../helpers/http.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { schemaOf, violations } from "../report/schema.ts";
import { type Serving, serving } from "./page.ts";

const STRANGE = "a/b %41 ü \"<zz>'&?#";
let database: TestDatabase;
let site: Site;
let page: Serving;

beforeAll(async () => {
  database = await freshDatabase();
  site = makeSite(`[crontabber]
    database_url = ${database.url}
    http = 127.0.0.1:0
    timezone = Europe/Berlin
[job:good]
    command = printf 'fine\\n\\033[31m<zz>'
    schedule = 1h
[job:bad]
    command = false
    schedule = 1h
[job:child]
    command = true
    schedule = 1h
    depends_on = bad
[job:${STRANGE}]
    command = true
    schedule = 1h
`);
  await site.run("setup", []);
  await site.run("setup", ["run", "good", "--force"]);
  page = await serving(site, "web-1");
});
afterAll(async () => {
  await site.close();
  await database.drop();
});

const get = (path: string, headers: Record<string, string> = {}) => ask(page.url, path, { headers });
const encoded = encodeURIComponent;

describe("pages", () => {
  it("are there for the whole and for each job, whatever its name", async () => {
    expect((await get("/")).text).toContain("good");
    for (const name of ["good", STRANGE]) {
      const answer = await get(`/jobs/${encoded(name)}`);
      expect([answer.status, answer.headers["content-type"]]).toEqual([200, "text/html; charset=UTF-8"]);
      expect(answer.text).not.toContain("<zz>");
    }
  });

  it("say that there is no such job, and no such page", async () => {
    for (const path of ["/jobs/nobody", "/jobs/%zz", "/nowhere", "/jobs/", "/assets/x/..%2f..%2fpackage.json", "/assets/../package.json"]) {
      expect([path, (await get(path)).status]).toEqual([path, 404]);
    }
  });

  it("have the strictest of policies, on every answer", async () => {
    for (const path of ["/", "/jobs/nobody", "/api/jobs", "/healthz", "/events?nonsense=1"]) {
      const { headers } = await get(path);
      expect(headers["content-security-policy"]).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; " +
          "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'",
      );
      expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "cross-origin-opener-policy": "same-origin" });
      expect(headers).toMatchObject({ "cross-origin-resource-policy": "same-origin", "cache-control": "no-store" });
      expect(headers["access-control-allow-origin"]).toBeUndefined();
    }
  });

  it("answer to HEAD without a body, and to nothing but their own methods", async () => {
    for (const path of ["/", "/api/jobs", "/events", "/healthz"]) {
      const head = await ask(page.url, path, { method: "HEAD" });
      expect([path, head.status, head.text]).toEqual([path, 200, ""]);
    }
    for (const [method, path, allow] of [
      ["PUT", "/", "GET, HEAD"],
      ["DELETE", "/api/jobs", "GET, HEAD"],
      ["GET", "/jobs/good/run", "POST"],
      ["OPTIONS", "/jobs/good", "GET, HEAD"],
    ] as const) {
      const answer = await ask(page.url, path, { method });
      expect([method, path, answer.status, answer.headers.allow]).toEqual([method, path, 405, allow]);
    }
  });
});

describe("documents", () => {
  it("are those of the command line, under the same schemas", async () => {
    for (const [path, schema] of [
      ["/api/jobs", "list"],
      [`/api/jobs/${encoded(STRANGE)}`, "show"],
      ["/api/runs", "history"],
      ["/api/graph", "graph"],
      ["/api/backfills", "backfills"],
      ["/api/backfills?job=good", "backfill"],
      ["/api/jobs/nobody", "error"],
      ["/readyz", "ready"],
    ] as const) {
      const answer = await get(path);
      expect(violations(schemaOf(schema), answer.json())).toEqual([]);
    }
    const { jobs } = (await get("/api/jobs")).json();
    expect(jobs.map((job: { name: string; state: string }) => [job.name, job.state])).toEqual([
      ["good", "ok"],
      ["bad", "failing"],
      ["child", "blocked"],
      [STRANGE, "ok"],
    ]);
    expect((await get("/api/graph")).json().edges).toEqual([{ from: "bad", to: "child" }]);
  });

  it("list runs by job and outcome, page by page", async () => {
    const all = (await get("/api/runs")).json().runs;
    const ids = all.map((run: { id: number }) => run.id);
    expect(ids).toEqual([...ids].sort((a, b) => b - a));
    const failed = (await get("/api/runs?outcome=failed")).json().runs;
    expect(failed.map((run: { job: string }) => run.job)).toEqual(["bad"]);
    const own = (await get(`/api/runs?job=${encoded(STRANGE)}`)).json();
    expect([own.job, own.runs.length]).toEqual([STRANGE, 1]);
    const seen: number[] = [];
    let path: string | undefined = "/api/runs?limit=2";
    while (path) {
      const answer = await get(path);
      seen.push(...answer.json().runs.map((run: { id: number }) => run.id));
      path = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers.link ?? ""))?.[1];
    }
    expect(seen).toEqual(ids);
    expect((await get("/api/runs?outcome=running")).json().runs).toEqual([]);
  });

  it("have what a run printed, as it printed it", async () => {
    const [run] = (await get("/api/runs?job=good&limit=1")).json().runs;
    const document = await get(`/api/runs/${run.id}/output`);
    expect(violations(schemaOf("logs"), document.json())).toEqual([]);
    const text = await get(`/api/runs/${run.id}/output?as=text`);
    expect([text.headers["content-type"], text.text]).toEqual(["text/plain;charset=UTF-8", "fine\n\u001b[31m<zz>"]);
    for (const id of ["0", "999999", "x", "9".repeat(40)]) expect((await get(`/api/runs/${id}/output`)).status).toBe(404);
  });

  it.each([
    ["/api/runs?limit=0", "limit takes a whole number from 1 to 500"],
    ["/api/runs?limit=501", "limit takes"],
    ["/api/runs?limit=1e2", "limit takes"],
    ["/api/runs?before=-1", "before takes"],
    ["/api/runs?outcome=bad", "outcome takes one of"],
    ["/api/runs?jop=good", '"jop" is not known'],
    ["/api/jobs?x=1", '"x" is not known'],
    ["/events?job=a&job=b&job=c&job=d&job=e&job=f&job=g&job=h&job=i&job=j&job=k", "At most 10 jobs"],
  ])("refuse %s in words", async (path, words) => {
    const answer = await get(path);
    expect(answer.status).toBe(400);
    expect(answer.json().error).toContain(words);
    expect(violations(schemaOf("error"), answer.json())).toEqual([]);
  });
});

describe("small things", () => {
  it("badges have the state, and escape the name", async () => {
    const good = await get("/badge/good.svg");
    expect([good.status, good.headers["content-type"]]).toEqual([200, "image/svg+xml"]);
    expect(good.text).toContain(">ok<");
    expect((await get(`/badge/${encoded(STRANGE)}.svg`)).text).toContain("&lt;zz&gt;");
    expect((await get("/badge/nobody.svg")).status).toBe(404);
  });

  it("robots are sent away; metrics have each job, whatever its name; probes answer", async () => {
    expect((await get("/robots.txt")).text).toContain("Disallow: /");
    const metrics = await get("/metrics");
    expect([metrics.status, metrics.headers["content-type"]]).toEqual([200, expect.stringContaining("version=0.0.4")]);
    expect(metrics.text).toContain('crontabber_job_errors{job="bad"} 1\n');
    expect(metrics.text).toContain(`crontabber_job_errors{job="${STRANGE.replaceAll('"', '\\"')}"} 0\n`);
    expect([(await get("/healthz")).text, (await get("/readyz")).json()]).toEqual([
      "ok\n",
      { schema: "crontabber.ready/1", ready: true, reasons: [], notes: [] },
    ]);
  });
});
