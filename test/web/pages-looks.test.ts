/** The pages in a browser, without a scheduler: what everybody can read, in every scheme and width, in motion, and without a script. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pages } from "#lib/web/pages/index.js";
import { NOW } from "../report/fleet.ts";
import { axe, type Eyes, openEyes } from "./browser.ts";
import { sample } from "./sample.ts";
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

const ALL = ["/", "/calm", "/?wall=1", "/jobs/fetch-crashes", "/jobs/import-adi", "/jobs/foo?actions=no", "/confirm", "/login", "/failure"];

describe("everybody can use", () => {
  it.each(ALL)("%s, in light and wide, in dark and narrow", async (path) => {
    const { page, complaints, done } = await eyes.look(site.url + path, { bypassCSP: true, colorScheme: "light" });
    expect(await axe(page)).toEqual([]);
    expect(await page.locator("h1").count()).toBe(1);
    await page.emulateMedia({ colorScheme: "dark" });
    await page.setViewportSize({ width: 320, height: 800 });
    expect(await axe(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), "wider than the window").toBeLessThanOrEqual(0);
    expect(complaints).toEqual([]);
    await done();
  });
});

describe("recent runs", () => {
  it("stand beside the first line of their row, however high it is", async () => {
    const { page, done } = await eyes.look(`${site.url}/`);
    await page.setViewportSize({ width: 760, height: 800 });
    const apart = await page.evaluate(() =>
      [...document.querySelectorAll(".jobs tbody tr:has(.spark)")].map((row) => {
        const [line, bars] = [row.querySelector("time, td"), row.querySelector(".spark")].map((one) => one?.getBoundingClientRect());
        return { high: row.getBoundingClientRect().height, off: Math.abs((line?.top ?? 0) - (bars?.top ?? 0)) };
      }),
    );
    expect(Math.max(...apart.map(({ high }) => high)), "a row of several lines").toBeGreaterThan(40);
    expect(Math.max(...apart.map(({ off }) => off))).toBeLessThan(8);
    await done();
  });
});

describe("on paper", () => {
  it("columns keep their titles, and a dark page is dark on white", async () => {
    const { page, done } = await eyes.look(`${site.url}/`, { colorScheme: "dark" });
    await page.evaluate(() => document.documentElement.setAttribute("data-theme", "dark"));
    await page.emulateMedia({ media: "print" });
    expect(await page.locator(".jobs thead th", { hasText: "Next run" }).isVisible()).toBe(true);
    expect(await page.evaluate(() => getComputedStyle(document.body).color)).toBe("rgb(27, 32, 39)");
    await done();
  });
});

describe("the policy of the browser", () => {
  it.each(["/", "/jobs/foo", "/login"])("is never broken by %s", async (path) => {
    const { page, complaints, done } = await eyes.look(site.url + path);
    await page.waitForLoadState("load");
    expect(complaints).toEqual([]);
    expect(await page.locator("[style], style, script:not([src])").count()).toBe(0);
    await done();
  });
});

describe("values that come later", () => {
  it("are those the page was made with: putting them in place changes nothing", async () => {
    const { page, done } = await eyes.look(`${site.url}/?wall=1`);
    const [before = "", after = ""] = await page.evaluate(
      ([values, now]) => {
        const main = () => document.getElementById("main")?.innerHTML;
        document.dispatchEvent(new CustomEvent("told", { detail: now }));
        const before = main();
        document.dispatchEvent(new CustomEvent("values", { detail: values }));
        return [before, main()];
      },
      [pages.live(sample(), "UTC"), NOW.toISOString()] as const,
    );
    expect(plain(after)).toBe(plain(before));
    await done();
  });

  it("reach every place that lives", async () => {
    const { page, done } = await eyes.look(`${site.url}/`);
    const keys = await page.locator("[data-live]").evaluateAll((places) =>
      places.map((place) => {
        const scope = place.closest<HTMLElement>("[data-scope]")?.dataset.scope;
        return scope === undefined ? place.getAttribute("data-live") : `${scope}:${place.getAttribute("data-live")}`;
      }),
    );
    const values = pages.live(sample(), "UTC");
    expect([...new Set(keys)].filter((key) => !(String(key) in values))).toEqual([]);
    expect(keys.length).toBeGreaterThan(100);
    await done();
  });

  it("move lists, drawings and texts, and keep what stays", async () => {
    const { page, done } = await eyes.look(`${site.url}/`);
    const put = (values: Record<string, unknown>) =>
      page.evaluate((all) => document.dispatchEvent(new CustomEvent("values", { detail: all })), values);
    await page.locator('[data-scope="running:job:foo"]').evaluate((item) => item.setAttribute("data-mine", "yes"));
    await put({
      running: ["job:x<b>y", "job:foo"],
      "running:job:x<b>y:job": { text: "x<b>y", href: "/jobs/x%3Cb%3Ey" },
      "running:job:x<b>y:message": "<img src=x onerror=alert(1)>",
      "running:job:foo:job": { href: "javascript:alert(1)" },
      "running:job:foo:bar": { value: 10, max: 20, onclick: "alert(1)" },
      "job:foo:spark": {
        text: "news",
        draw: [
          ["path", { class: "bad", d: "M2 2v5" }],
          ["script", {}, "alert(1)"],
        ],
      },
      "job:foo:word": "late",
    });
    expect(await page.locator(".running li").allTextContents()).toEqual([
      expect.stringContaining("<img src=x onerror=alert(1)>"),
      expect.stringContaining("foo"),
    ]);
    expect(await page.locator(".running a.name").nth(0).getAttribute("href")).toBe("/jobs/x%3Cb%3Ey");
    expect(await page.locator('[data-mine="yes"] a.name').getAttribute("href")).toBe("/jobs/foo");
    expect(
      await page
        .locator('[data-mine="yes"] progress')
        .evaluate((bar: HTMLProgressElement) => [bar.value, bar.max, bar.getAttribute("onclick")]),
    ).toEqual([10, 20, null]);
    expect(await page.locator('tr[data-scope="job:foo"] svg > *').evaluateAll((marks) => marks.map((mark) => mark.tagName))).toEqual([
      "title",
      "path",
    ]);
    expect(await page.locator('tr[data-scope="job:foo"] strong').textContent()).toBe("late");
    expect(await page.locator("img, main script").count()).toBe(0);
    await done();
  });
});

/** Without what may differ: the order of attributes, and marks that close themselves. */
const plain = (text: string): string =>
  text.replace(
    /<([a-z1-9]+)((?: [\w-]+="[^"]*")*)/gi,
    (_, tag: string, attributes: string) => `<${tag}${(attributes.match(/ [\w-]+="[^"]*"/g) ?? []).sort().join("")}`,
  );

describe("without a script", () => {
  it("a page shows everything, asks again by itself, and its filter works", async () => {
    const { page, done } = await eyes.look(`${site.url}/`, { javaScriptEnabled: false });
    expect(await page.locator("noscript meta[http-equiv=refresh]").getAttribute("content")).toBe("15");
    expect(await page.locator("table.jobs tbody tr").count()).toBe(12);
    await page.locator("label:has(#f-failing)").click();
    expect(await page.locator("table.jobs tbody tr:visible th").allTextContents()).toEqual(["fetch-crashes"]);
    expect(await page.locator(".signal").textContent()).toContain("as of 03:12:08");
    await done();
  });
});

describe("the theme", () => {
  it("is chosen once, and the server's next page comes with it", async () => {
    const { page, context, done } = await eyes.look(`${site.url}/`, { colorScheme: "light" });
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await paper();
    await page.locator("#theme").click();
    await page.locator("#theme").click();
    expect(await page.locator("#theme").textContent()).toBe("Theme: dark");
    const dark = await paper();
    expect(dark).not.toBe(light);
    const answer = await context.request.get(`${site.url}/`);
    expect(await answer.text()).toContain('<html lang="en" data-theme="dark">');
    await page.reload();
    expect(await paper()).toBe(dark);
    await done();
  });
});

describe("motion", () => {
  it("marks what runs, and is still for those who asked for that", async () => {
    const { page, done } = await eyes.look(`${site.url}/`);
    const moves = () => page.locator("tr.s-running td > b").evaluate((glyph) => getComputedStyle(glyph).animationName);
    expect(await moves()).toBe("pulse");
    await page.emulateMedia({ reducedMotion: "reduce" });
    expect(await moves()).toBe("none");
    await done();
  });
});
