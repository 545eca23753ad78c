/** The pages in front of a real daemon: what happens is seen without a reload, and what is asked for happens. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { until } from "../helpers/processes.ts";
import { type Eyes, type Looking, openEyes } from "./browser.ts";
import { type Serving, serving } from "./page.ts";

let database: TestDatabase;
let sql: pg.Client;
let site: Site;
let page: Serving;
let open: Serving;
let eyes: Eyes;

const ini = (more: string) => `[crontabber]
    database_url = ${database.url}
    http = 127.0.0.1:0
${more}[job:plain]
    command = echo plain
    schedule = 1d
[job:long]
    command = while test ! -e on; do sleep 0.05; done
    schedule = manual
[job:child]
    command = true
    schedule = 1d
    depends_on = plain
[job:silent]
    command = sleep 0.5
    schedule = manual
[job:broken]
    command = echo "cannot: <i>" >&2; exit 3
    schedule = manual
`;

beforeAll(async () => {
  database = await freshDatabase();
  sql = await database.client();
  site = makeSite(ini("    http_token = s3cret-token\n    http_actions = yes\n"));
  site.write("open.ini", ini(""));
  await site.run("setup", []);
  [page, open, eyes] = await Promise.all([
    serving(site, "web-1", ["daemon"]),
    serving(site, "web-2", ["serve", "-c", "open.ini"]),
    openEyes(),
  ]);
});
afterAll(async () => {
  await eyes?.close();
  await site?.close();
  await sql?.end();
  await database?.drop();
});

const row = (name: string) => `tr[data-scope="job:${name}"]`;

async function login(): Promise<Looking> {
  const look = await eyes.look(page.url);
  await look.page.getByLabel("Your name").fill("kim");
  await look.page.getByLabel("Token").fill("s3cret-token");
  await look.page.getByRole("button", { name: "Open" }).click();
  await look.page.locator("table.jobs").waitFor();
  // The login itself was answered with 401, which a browser tells.
  look.complaints.length = 0;
  return look;
}

describe("an open page", () => {
  it("shows a run begin, progress, print and end, without a reload", async () => {
    const { page: all, complaints, done, context } = await login();
    await all.locator("body.live").waitFor();
    await all.evaluate(() => document.body.setAttribute("data-same", "yes"));
    const one = await context.newPage();
    await one.goto(`${page.url}jobs/long`);
    await one.locator("#do-run button").click();
    await one.locator(".notice.good").waitFor();
    await all.locator('[data-scope="running:job:long"]').waitFor();
    expect(await all.locator(`${row("long")} strong`).textContent()).toBe("running");
    expect(await all.locator("label:has(#f-running) strong").textContent()).toBe("1");
    const printed = (text: string) =>
      sql.query("UPDATE crontabber_run SET output = coalesce(output, '') || $1 WHERE app_name = 'long' AND outcome IS NULL", [text]);
    await printed("one <b> postgres://u:hunter22@db\n");
    await one.locator("pre.output", { hasText: "one <b> postgres://u:***@db" }).waitFor();
    await printed("two\n");
    await one.locator("pre.output", { hasText: "two" }).waitFor();
    await sql.query("UPDATE crontabber_run SET progress = $1 WHERE app_name = 'long' AND outcome IS NULL", [
      { done: 3, total: 4, message: "page <u>3" },
    ]);
    await all.locator(".message", { hasText: "page <u>3" }).waitFor();
    expect(await all.locator(".running progress").evaluate((bar: HTMLProgressElement) => bar.position)).toBe(0.75);
    site.write("on", "");
    await all.locator("#running p", { hasText: "Nothing runs now." }).waitFor();
    await all.locator(`${row("long")} strong`, { hasText: "ok" }).waitFor();
    expect(await all.locator(`${row("long")} .spark path.good`).count()).toBe(1);
    await one.locator("#runs tbody td", { hasText: "succeeded" }).waitFor();
    expect(await all.getAttribute("body", "data-same")).toBe("yes");
    expect(complaints).toEqual([]);
    await done();
  });

  it("tells what is wrong in one sentence, and where that comes from", async () => {
    const { page: all, done } = await login();
    expect(await all.locator(".verdict").textContent()).toContain("All well.");
    await sql.query(
      `UPDATE crontabber SET error_count = 1, last_error = '{"type":"Oops","value":"<i>no</i>","traceback":""}', next_run = now() + '5 min' WHERE app_name = 'plain'`,
    );
    await sql.query("NOTIFY crontabber_wake");
    await all.locator(".verdict.bad", { hasText: "plain failing ×1" }).waitFor();
    expect(await all.locator(".verdict").textContent()).toContain("(Oops: <i>no</i>)");
    await all.locator("#say", { hasText: "plain failing ×1" }).waitFor({ state: "attached" });
    await sql.query("UPDATE crontabber SET error_count = 0, last_error = '{}' WHERE app_name = 'plain'");
    await all.locator(".verdict.good").waitFor();
    await done();
  });

  it("is made anew when the jobs are others", async () => {
    const { page: all, done } = await login();
    expect(await all.locator("table.jobs tbody tr").count()).toBe(5);
    site.write(
      "crontabber.ini",
      `${ini("    http_token = s3cret-token\n    http_actions = yes\n")}[job:fresh]\n    command = true\n    schedule = manual\n`,
    );
    await all.locator(row("fresh")).waitFor();
    expect(await all.locator("table.jobs tbody tr").count()).toBe(6);
    await done();
  });
});

describe("actions", () => {
  it("that cannot be taken back are asked for once more, and leave a trace", async () => {
    const { page: one, complaints, done } = await login();
    await one.goto(`${page.url}jobs/child`);
    await one.locator("#do-pause input[name=for]").fill("2h");
    await one.locator("#do-pause input[name=note]").fill("a <b> reason");
    await one.locator("#do-pause button").click();
    await one.locator(".notice.good", { hasText: "paused" }).waitFor();
    expect(await one.locator(".standing").textContent()).toContain('"a <b> reason"');
    await one.locator("#do-reset button").click();
    await one.locator("h1", { hasText: "Reset child?" }).waitFor();
    await one.getByRole("link", { name: "No, go back" }).click();
    await one.locator("#do-reset button").click();
    await one.locator("main").getByRole("button", { name: "Reset" }).click();
    await one.locator(".notice.good").waitFor();
    const acts = await one.locator("section[aria-labelledby=h-acts] tbody tr").allTextContents();
    expect(acts.join("\n")).toMatch(/reset.*kim[\s\S]*pause.*kim.*a <b> reason/);
    expect(complaints).toEqual([]);
    await done();
  });

  it("are not offered where they may not be done, and the page says why", async () => {
    const { page: one, complaints, done } = await eyes.look(`${open.url}jobs/plain`);
    expect(await one.locator("form:not(.theme):not([method=dialog])").count()).toBe(0);
    expect(await one.locator("#actions").textContent()).toContain("http_actions = yes");
    expect(complaints).toEqual([]);
    await done();
  });

  it("work without a script", async () => {
    const look = await eyes.look(page.url, { javaScriptEnabled: false });
    await look.page.getByLabel("Token").fill("s3cret-token");
    await look.page.getByLabel("Token").press("Enter", { noWaitAfter: true });
    await look.page.locator("table.jobs").waitFor();
    await look.page.goto(`${page.url}jobs/broken`, { waitUntil: "commit" });
    await look.page.locator("#do-run button").click({ noWaitAfter: true });
    await look.page.locator(".notice.good").waitFor();
    // All who look within a second are shown the same.
    await until("the failure is shown", async () => {
      await look.page.goto(`${page.url}jobs/broken`);
      return (
        (await look.page.locator("#error").count()) === 1 && (await look.page.locator("pre.output", { hasText: "cannot" }).count()) === 1
      );
    });
    expect(await look.page.locator("#error").textContent()).toContain("3");
    expect(await look.page.locator("pre.output").textContent()).toContain("cannot: <i>");
    await look.done();
  });

  it("are told until somebody leaves, though what they did renews the page; and who printed nothing is said to", async () => {
    const { page: one, complaints, done } = await login();
    await one.goto(`${page.url}jobs/silent`);
    expect(await one.locator("pre.output").textContent()).toBe("Nothing was printed.");
    await one.locator("#do-run button").click();
    await one.locator(".notice.good", { hasText: "silent" }).waitFor();
    await one.locator("tr", { hasText: "succeeded" }).waitFor();
    expect(await one.locator(".notice.good").textContent()).toContain("silent");
    expect(await one.locator("pre.output").textContent()).toBe("Nothing was printed.");
    expect(complaints).toEqual([]);
    await done();
  });

  it("refuse a wrong token", async () => {
    const { page: one, done } = await eyes.look(page.url);
    await one.getByLabel("Token").fill("wrong");
    await one.getByRole("button", { name: "Open" }).click();
    await one.locator("[role=alert]").waitFor();
    expect(await one.locator("table.jobs").count()).toBe(0);
    await done();
  });
});

describe("the connection", () => {
  it("is one for all tabs of a browser", async () => {
    const { page: first, context, done } = await login();
    const asked: string[] = [];
    context.on("request", (request) => {
      if (new URL(request.url()).pathname === "/events") asked.push(request.url());
    });
    const others = await Promise.all([context.newPage(), context.newPage(), context.newPage()]);
    await Promise.all(others.map((tab) => tab.goto(page.url)));
    await Promise.all([first, ...others].map((tab) => tab.locator("body.live").waitFor()));
    expect(asked.length).toBeLessThanOrEqual(1);
    await done();
  });
});
