/** The pages in somebody's hands: sorted, filtered, led by keys, and cut off. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../helpers/processes.ts";
import { type Eyes, openEyes } from "./browser.ts";
import { type Showing, show } from "./showing.ts";

let eyes: Eyes;
let site: Showing;

beforeAll(async () => {
  eyes = await openEyes();
  site = await show();
});
afterAll(async () => {
  await eyes?.close();
  await site?.close();
});

describe("the table of jobs", () => {
  const names = "table.jobs tbody tr:visible th";

  it("is filtered by name and state, which a reload keeps", async () => {
    const { page, done } = await eyes.look(`${site.url}/`);
    await page.locator("#filter").fill("REPORT");
    expect(await page.locator(names).allTextContents()).toEqual(["build-report", "mail-report"]);
    await page.locator("label:has(#f-paused)").click();
    expect(await page.locator(names).allTextContents()).toEqual(["mail-report"]);
    await page.reload();
    expect(await page.locator(names).allTextContents()).toEqual(["mail-report"]);
    await page.locator("#filter").fill("nothing like it");
    expect(await page.locator("#none").isVisible()).toBe(true);
    await done();
  });

  it("is sorted by each column, and says so", async () => {
    const { page, done } = await eyes.look(`${site.url}/`);
    const heading = (name: string) => page.locator("table.jobs th[scope=col]", { hasText: name });
    await heading("Job").getByRole("button").click();
    expect((await page.locator(names).allTextContents()).slice(0, 3)).toEqual(["ask-me", "build-report", "fetch-crashes"]);
    expect(await heading("Job").getAttribute("aria-sort")).toBe("ascending");
    await heading("Took").getByRole("button").click();
    await heading("Took").getByRole("button").click();
    const took = await page.locator("table.jobs td:nth-child(5)").allTextContents();
    expect(took.filter((text) => text !== "").slice(0, 3)).toEqual(["10m 00s", "5m 00s", "4m 02s"]);
    expect(await heading("Took").getAttribute("aria-sort")).toBe("descending");
    expect(await heading("Job").getAttribute("aria-sort")).toBeNull();
    await done();
  });
});

describe("keys", () => {
  it("lead through the page, and nothing is done by a key alone", async () => {
    const { page, done } = await eyes.look(`${site.url}/`);
    const focused = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent);
    await page.keyboard.press("j");
    expect(await focused()).toBe("rotate");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    expect(await focused()).toBe("ingest");
    await page.keyboard.press("/");
    await page.keyboard.type("jump");
    expect(await page.locator("#filter").inputValue()).toBe("jump");
    await page.keyboard.press("Escape");
    expect(await page.locator("#filter").inputValue()).toBe("");
    await page.keyboard.press("g");
    await page.keyboard.press("t");
    expect(await focused()).toBe("timeline");
    await page.keyboard.press("?");
    expect(await page.locator("dialog").isVisible()).toBe(true);
    await page.keyboard.press("Escape");
    await page.keyboard.press("j");
    await page.keyboard.press("r");
    await page.waitForURL("**/jobs/rotate#do-run");
    await page.locator("button:focus", { hasText: "Run now" }).waitFor();
    await page.keyboard.press("p");
    await page.locator("button:focus", { hasText: "Pause" }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("o");
    await page.waitForURL(`${site.url}/`);
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/jobs/rotate");
    await done();
  });

  it("can be done without", async () => {
    const { page, done } = await eyes.look(`${site.url}/`);
    await page.locator("#keys-open").click();
    await page.locator("#keys-on").uncheck();
    await page.locator("dialog button").click();
    await page.reload();
    await page.keyboard.press("/");
    expect(await page.evaluate(() => document.activeElement?.id)).not.toBe("filter");
    await done();
  });
});

describe("a page whose jobs are others", () => {
  it("comes anew once, with what was unfolded and what was filtered, and never goes round", async () => {
    const { page, done } = await eyes.look(`${site.url}/`);
    await page.locator("label:has(#f-ok)").click();
    await page.locator("#timeline summary").click();
    await page.evaluate(() => document.body.setAttribute("data-old", "yes"));
    await until("the page is another", async () => {
      site.tell("change", { shape: "others" });
      return (await page.locator("body[data-old]").count()) === 0;
    });
    await page.locator("#timeline details[open]").waitFor();
    expect(await page.locator("#f-ok").isChecked()).toBe(true);
    await page.evaluate(() => document.body.setAttribute("data-old", "yes"));
    await until("the page has heard", async () => {
      site.tell("change", { shape: "others", "job:foo:word": "heard" });
      return (await page.locator('tr[data-scope="job:foo"] strong').textContent()) === "heard";
    });
    expect(await page.locator("body[data-old]").count()).toBe(1);
    await done();
  });
});

describe("the signal", () => {
  it("is told when it is there, and its loss greys the page", async () => {
    const { page, done } = await eyes.look("about:blank");
    await page.clock.install();
    await page.goto(`${site.url}/`);
    await page.locator("body:not(.live)").waitFor();
    await until("the beat is heard", async () => {
      site.tell("beat", { now: "2026-11-20T03:12:30.000Z", good: true });
      return page.locator("body.live").isVisible();
    });
    expect(await page.locator("#clock").textContent()).toBe("03:12:30");
    await page.clock.fastForward(5_000);
    expect(await page.locator("#clock").textContent()).toBe("03:12:35");
    expect(await page.locator('tr[data-scope="job:fetch-crashes"] small').first().textContent()).toBe("in 4m");
    await page.clock.fastForward(20_000);
    await page.locator("body.stale").waitFor();
    expect(await page.locator(".signal").textContent()).toContain("NO SIGNAL since 03:12:30");
    expect(await page.locator("#say").textContent()).toBe("NO SIGNAL since 03:12:30");
    await until("the beat is heard", async () => {
      site.tell("beat", { now: "2026-11-20T03:13:00.000Z", good: true });
      return page.locator("body.live").isVisible();
    });
    site.tell("beat", { now: "2026-11-20T03:13:02.000Z", good: false });
    await page.locator("body.stale").waitFor();
    expect(await page.locator(".signal").textContent()).toContain("NO DATABASE since 03:13:00");
    await done();
  });
});
