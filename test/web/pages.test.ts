/** The pages as text: every state has its sentence, every date its fate, every box its place; and little is sent. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JobState } from "#lib/core/state.js";
import { explain } from "#lib/report/explain.js";
import type { LedgerRun } from "#lib/report/job-json.js";
import { layoutOf } from "#lib/web/pages/graph.js";
import { pages } from "#lib/web/pages/index.js";
import { scheduleWords } from "#lib/web/pages/words.js";
import type { PageData } from "#lib/web/seam.js";
import { makeJob, makeRegistry } from "../helpers/job.ts";
import { NOW, row, run, states, t, viewOf } from "../report/fleet.ts";
import { calm, chrome, many, past, sample } from "./sample.ts";

const textOf = (page: { html: string }): string =>
  page.html
    .replace(/<(script|title)\b.*?<\/\1>/gs, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/&#39;/g, "'")
    .replace(/&quot;/g, '"')
    .replace(/\s+/g, " ");

describe("the verdict", () => {
  const verdict = (data: PageData): string => {
    const values = pages.live(data, "UTC") as Record<string, string | { text: string }>;
    const job = values["verdict:job"] as { text: string };
    return `${job.text} ${values["verdict:text"]}`.trim();
  };
  const of = (...names: string[]): PageData => {
    const all = sample();
    const kept = states.map((state) => (names.includes(state.name) ? state : row(state.name, { ...state, ...GOOD })));
    return { ...all, view: { ...all.view, snapshot: { now: NOW, states: new Map(kept.map((state) => [state.name, state])) } } };
  };
  const GOOD: Partial<JobState> = {
    errorCount: 0,
    lastError: null,
    heldAt: null,
    pausedAt: null,
    ongoing: null,
    runId: null,
    nextRun: t("03:30:00"),
    slot: t("03:30:00"),
    lastRun: t("02:30:00"),
    lastSuccess: t("02:30:00"),
    schedule: null,
  };

  it("names the root cause, what it holds up, and what comes", () => {
    expect(verdict(of("fetch-crashes", "build-report"))).toBe(
      "fetch-crashes failing ×2 since 02:00 (TypeError: fetch failed), holds up build-report; retry at 03:17:05.",
    );
  });
  it("says the day of trouble that is older than today", () => {
    const data = of("fetch-crashes");
    const bad = Array.from({ length: 12 }, (_, i) => i);
    const recent = new Map([["fetch-crashes", past("fetch-crashes", { every: 60, count: 20, took: 72, bad })]]);
    expect(verdict({ ...data, recent })).toContain("failing ×2 since 2026-11-19 16:00 (");
  });
  it("says that a human is waited for", () => {
    expect(verdict(of("rotate"))).toBe(
      "rotate is held: 3 of 3 attempts used up, failing ×3 since 00:00 (TypeError: fetch failed); waits for unlock.",
    );
  });
  it("says that nobody runs a job", () => {
    expect(verdict(of("sync"))).toBe("sync is late by 17m; no host runs it.");
  });
  it("says that a dead owner's run is taken over", () => {
    expect(verdict(of("ingest"))).toBe("ingest is lost on web-9, to be taken over; the next pass takes over.");
  });
  it("says that all is well, and what is next", () => {
    expect(verdict(calm())).toBe("All well. Next: ingest at 04:00:00.");
  });
  it("says before all else that no host is there", () => {
    const data = of("rotate");
    const hosts = (data.view.hosts ?? []).map((host) => ({ ...host, seenAt: t("2026-11-19 03:00:00") }));
    expect(verdict({ ...data, view: { ...data.view, hosts } })).toMatch(
      /^No host is looking after the jobs: web-1 was the last, 1d ago\. Nothing will run\.$/,
    );
  });
});

describe("a schedule in words", () => {
  it.each([
    ["10m", "every 10 minutes"],
    ["1h", "every hour"],
    ["90s", "every 90 seconds"],
    ["1d|03:00", "every day at 03:00, UTC"],
    ["7d|05:30", "every 7 days at 05:30, UTC"],
    ["37 6 * * 1-5", "Monday to Friday at 06:37, UTC"],
    ["5 4 * * sun,wed", "Sunday and Wednesday at 04:05, UTC"],
    ["15 * * * *", "every hour at minute 15, UTC"],
    ["@weekly", "every Sunday, UTC"],
    ["*/5 9-17 1 * *", "by */5 9-17 1 * *, UTC"],
    ["manual", "only on request"],
  ])("%s", (text, words) => {
    expect(scheduleWords(makeJob({ name: "x", schedule: text }))).toBe(words);
  });
});

describe("the dates of a job", () => {
  const dates = (runs: readonly LedgerRun[], over: Partial<JobState> = {}) => {
    const base = sample();
    const job = makeJob({ name: "daily", schedule: "1d|02:00", backfill: true });
    const state = row("daily", { schedule: job.schedule.text, slot: t("2026-11-21 02:00:00"), nextRun: t("2026-11-21 02:00:00"), ...over });
    const view = viewOf(makeRegistry(job), [state]);
    const { html: page } = pages.job(chrome(), {
      ...base,
      view,
      backfills: [],
      recent: new Map([["daily", runs]]),
      job,
      runs,
      explained: explain(view, { job }),
      output: null,
      acts: [],
    });
    return Object.fromEntries([...page.matchAll(/<td class="cell (\w+)" title="([\d-]+):/g)].map(([, fate, day]) => [day, fate]));
  };
  const daily = (day: number, over: Partial<LedgerRun> = {}) =>
    run({ id: BigInt(day), job: "daily", slot: t(`2026-11-${day} 02:00:00`), ...over });

  it("shows what ran, failed, is missing, was skipped, and is owed", () => {
    const skipped = daily(17, { attempt: 0, outcome: "skipped", missed: 1, missedFrom: t("2026-11-16 02:00:00") });
    const told = dates([daily(18, { outcome: "failed" }), skipped, daily(15), daily(13), daily(12, { outcome: "failed" }), daily(12)], {
      slot: t("2026-11-19 02:00:00"),
    });
    expect(told).toEqual({
      ...{ "2026-11-12": "good", "2026-11-13": "good", "2026-11-14": "missing", "2026-11-15": "good", "2026-11-16": "odd" },
      ...{ "2026-11-17": "odd", "2026-11-18": "bad", "2026-11-19": "open", "2026-11-20": "open" },
    });
  });

  it("forgets what a reset has stamped", () => {
    expect(dates([daily(20), daily(19, { resetAt: NOW })])).toMatchObject({ "2026-11-19": "missing", "2026-11-20": "good" });
  });
});

describe("the drawing of the dependencies", () => {
  it("says that there are no jobs, without empty drawings", () => {
    const text = textOf(pages.overview(chrome(), { ...calm(), view: viewOf(makeRegistry(), []), recent: new Map(), day: [] }));
    expect(text).toContain("No jobs are configured.");
    expect(text).not.toMatch(/Timeline|Dependencies|No job matches/);
  });

  it("has nothing to draw where nothing depends on anything, and says so", () => {
    const jobs = [makeJob({ name: "a" }), makeJob({ name: "b" })];
    const view = viewOf(makeRegistry(...jobs), []);
    const page = pages.overview(chrome(), { ...calm(), view, recent: new Map(), day: [] });
    expect(textOf(page)).toContain("No job depends on another");
    expect(page.html).not.toContain('class="wide graph"');
  });

  it("puts parents left of their children and no box on another, whatever the order", () => {
    const edges = fc.array(fc.tuple(fc.nat(14), fc.nat(14)), { maxLength: 30 });
    fc.assert(
      fc.property(edges, (pairs) => {
        const parents = (i: number) => [...new Set(pairs.filter(([a, b]) => b === i && a < b).map(([a]) => `j${a}`))];
        const jobs = Array.from({ length: 15 }, (_, i) => makeJob({ name: `j${i}`, dependsOn: parents(i) })).reverse();
        const { drawings, alone, undrawn } = layoutOf(makeRegistry(...jobs));
        const boxes = drawings.flatMap((drawing) => drawing.boxes);
        expect(boxes.length + alone.length + undrawn.length).toBe(15);
        for (const drawing of drawings) {
          const by = new Map(drawing.boxes.map((box) => [box.name, box]));
          for (const { from, to } of drawing.arrows) {
            const [parent, child] = [by.get(from), by.get(to)];
            expect((parent?.x ?? 0) + (parent?.width ?? 0)).toBeLessThan(child?.x ?? 0);
          }
          for (const a of drawing.boxes) {
            for (const b of drawing.boxes) {
              const apart = a === b || a.x + a.width <= b.x || b.x + b.width <= a.x || Math.abs(a.y - b.y) >= 26;
              expect(apart, `${a.name} on ${b.name}`).toBe(true);
            }
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it("dashes the way of what is held up", () => {
    expect(pages.overview(chrome(), sample()).html).toMatch(/<path d="[^"]+" data-live="edge:[\d.]+" class="held"\/>/);
  });
});

describe("how much is sent", () => {
  const client = fileURLToPath(new URL("../../dist/web/client/", import.meta.url));
  const sent = (text: string) => gzipSync(text).length;
  const file = (name: string) => readFileSync(client + name, "utf8");

  it("stays small", () => {
    const scripts = ["clock", "patch", "live", "table", "keys", "worker"].map((name) => file(`${name}.js`)).join("");
    const overview = pages.overview(chrome(), many(50)).html;
    expect(sent(overview)).toBeLessThan(20_000);
    expect(overview.length).toBeLessThan(110_000);
    expect(sent(scripts)).toBeLessThan(8_000);
    expect(sent(file("page.css"))).toBeLessThan(5_000);
  });

  it("stays readable with 500 jobs: what is worst first, the rest folded away", () => {
    const data = many(500);
    const page = pages.overview(chrome(), data);
    expect(page.html.match(/<tr data-scope/g)?.length).toBe(500);
    expect(textOf(page)).toContain("460 more jobs");
  });
});
