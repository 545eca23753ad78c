import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JobState } from "#lib/core/state.js";
import { explain } from "#lib/report/explain.js";
import type { LedgerRun } from "#lib/report/job-json.js";
import { keepSecret } from "#lib/report/mask.js";
import { element, escaped, html } from "#lib/web/html.js";
import { pages } from "#lib/web/pages/index.js";
import type { JobPageData, PageData } from "#lib/web/seam.js";
import { makeJob, makeRegistry } from "../helpers/job.ts";
import { NOW, row, run, t, viewOf } from "../report/fleet.ts";
import { chrome, dayOf, sample } from "./sample.ts";

describe("html", () => {
  it("escapes every value, between tags and in attributes", () => {
    expect(html`<p title="${`"'<>&`}">${"<b>"}</p>`.html).toBe('<p title="&quot;&#39;&lt;&gt;&amp;">&lt;b&gt;</p>');
    expect(html`${null}${undefined}${false}${0}${12n}${["<", html`<br>`]}`.html).toBe("012&lt;<br>");
  });

  it("takes markup only from itself", () => {
    expect(() => html`${{ html: "<script>" }}`).toThrow(TypeError);
    expect(() => html`${JSON.parse('{"html":"<b>"}') as never}`).toThrow(TypeError);
    expect(() => element("a onclick", {})).toThrow(TypeError);
    expect(() => element("a", { "href x": "1" })).toThrow(TypeError);
    expect(() => element("a", { onclick: "1" })).toThrow(TypeError);
    expect(() => element("a", { style: "1" })).toThrow(TypeError);
  });

  it("never lets a text out of its place, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(escaped(text)).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
        expect(escaped(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });
});

const EVIL = `"><img src=x onerror=alert(1)>'</script><script>alert(2)</script>\u202e\u0007\u001b[31m`;

/** A fleet whose every text is hostile. */
function hostile(): JobPageData {
  const name = `job${EVIL}`;
  const [left, right] = [`parent${EVIL}`, `child${EVIL}`];
  const error = { type: EVIL, value: `${EVIL} postgres://u:hunter22@db/x`, traceback: EVIL, cause: EVIL, more: EVIL };
  const kind = {
    kind: "command" as const,
    command: `echo ${EVIL} --token=s3cr3t-value`,
    label: EVIL,
    description: EVIL,
    tags: [EVIL],
    locks: [EVIL],
  };
  const job = makeJob({
    ...kind,
    name,
    dependsOn: [left],
    schedule: "1h",
    env: { A: EVIL },
    options: { [EVIL]: EVIL, api_key: "k3y" },
    broken: EVIL,
    origin: { file: EVIL, line: 1 },
  });
  const registry = makeRegistry(makeJob({ name: left, schedule: "1h" }), job, makeJob({ name: right, dependsOn: [name], schedule: "1h" }));
  const bad: Partial<JobState> = {
    errorCount: 3,
    lastError: error,
    heldAt: NOW,
    heldReason: EVIL,
    pauseNote: EVIL,
    pausedBy: EVIL,
    lastRun: NOW,
    slot: NOW,
  };
  const live: Partial<JobState> = { ongoing: t("03:00:00"), runId: "x", host: EVIL, ongoingAge: 10, lastError: error, errorCount: 1 };
  const paused: Partial<JobState> = { ...bad, heldAt: null, pausedAt: NOW };
  const rows = [row(left, live), row(name, bad), row(right, paused)];
  const told = { done: 1, total: 2, message: EVIL };
  const runs = [
    run({ job: name, outcome: null, endedAt: null, progress: told, host: EVIL }),
    run({ id: 1n, job: name, outcome: "failed", error, host: EVIL, result: { [EVIL]: EVIL } }),
    run({ id: 2n, job: name, result: EVIL }),
  ];
  const recent = new Map<string, readonly LedgerRun[]>([
    [name, runs],
    [left, [run({ job: left, outcome: null, endedAt: null, progress: told })]],
  ]);
  const host = {
    label: EVIL,
    version: EVIL,
    mode: "daemon" as const,
    tags: [EVIL],
    registry: "a",
    registrySince: NOW,
    jobs: new Map([[name, "1"]]),
    seenAt: NOW,
    gap: 1,
  };
  const other = { ...host, label: `b${EVIL}`, registry: "b", registrySince: t("01:00:00"), jobs: new Map([[name, "2"]]) };
  const view = { ...viewOf(registry, rows), hosts: [{ ...host, registrySince: t("01:00:00") }, other] };
  const [backfill] = sample().backfills;
  const backfills = backfill ? [{ ...backfill, job: name, by: EVIL, note: EVIL, cancelledBy: EVIL, outcome: "cancelled" }] : [];
  const data: PageData = { view, recent, day: dayOf(recent), backfills, ghosts: [EVIL] };
  const acts = [{ at: NOW, what: EVIL, who: EVIL, note: EVIL }];
  const output = { run: runs[1] as LedgerRun, text: `${EVIL} password=hunter22` };
  return { ...data, job, runs, explained: explain(view, { job }), output, acts };
}

describe("what jobs and people control", () => {
  const data = hostile();
  const around = chrome({ site: EVIL, host: EVIL, version: EVIL, noActions: EVIL, notice: { kind: "bad", text: EVIL } });
  const confirm = { job: data.job, action: "reset" as const, consequences: [EVIL], fields: { [`${EVIL}`]: EVIL, note: EVIL } };
  const all = {
    overview: () => pages.overview(around, data),
    job: () => pages.job(around, data),
    "job without actions": () => pages.job({ ...around, actions: null }, data),
    confirm: () => pages.confirm(around, data, confirm),
    failure: () => pages.failure(around, { status: 404, title: EVIL, text: EVIL }),
    login: () => pages.login(around, true),
  };
  it.each(Object.entries(all))("stays text on the page %s", (_, make) => {
    const { html: text } = make();
    expect(text).not.toContain("<img");
    expect(text.match(/<script/g)?.length ?? 0).toBe(
      text.match(/<script type="module" src="\/assets\/x\/[a-z]+\.js"><\/script>/g)?.length ?? 0,
    );
    expect(text).toContain("&lt;img src=x onerror=alert(1)&gt;");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(text).not.toMatch(/[\u0007\u001b\u202e]/);
    for (const secret of ["hunter22", "s3cr3t-value", "k3y"]) expect(text).not.toContain(secret);
  });

  it("stays text in what is sent later", () => {
    const text = JSON.stringify(pages.live(data, "UTC"));
    expect(text).not.toContain("hunter22");
    expect(text).not.toMatch(/\\u001b|\u202e/);
  });

  it("is shown without what the configuration calls a secret", () => {
    keepSecret("correct-horse-battery");
    const shown = pages.job(chrome(), { ...data, output: { run: data.runs[1] as LedgerRun, text: "using correct-horse-battery" } });
    expect(shown.html).not.toContain("correct-horse");
  });
});
