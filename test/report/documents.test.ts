import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { alertDocument } from "#lib/report/alerts/document.js";
import { alertsDocument } from "#lib/report/alerts/list.js";
import { allBackfillsDocument, backfillDocument } from "#lib/report/backfill.js";
import { configtestDocument } from "#lib/report/configtest.js";
import { doctorDocument } from "#lib/report/doctor.js";
import { explain, explainDocument } from "#lib/report/explain.js";
import { ghostsDocument } from "#lib/report/ghosts.js";
import { graph, graphDocument } from "#lib/report/graph.js";
import { historyDocument } from "#lib/report/history.js";
import { listDocument } from "#lib/report/list.js";
import { followedDocument, logsDocument } from "#lib/report/logs.js";
import { check, checkDocument, unknown } from "#lib/report/nagios.js";
import { next, nextDocument } from "#lib/report/next.js";
import { exitEvent, runEvents } from "#lib/report/run-events.js";
import { show, showDocument } from "#lib/report/show.js";
import { simulationDocument } from "#lib/report/simulation.js";
import { requestDocument, steeredDocument } from "#lib/report/steered.js";
import type { Document } from "#lib/report/view.js";
import { confirmDocument, deedDocument, errorDocument, readyDocument } from "#lib/web/documents.js";
import { makeRegistry } from "../helpers/job.ts";
import { makeTicket } from "../helpers/state.ts";
import { simulated } from "../simulate/made.ts";
import { fleet, history, NOW, recent, run, view, viewOf } from "./fleet.ts";
import { schemaOf, violations } from "./schema.ts";

const empty = viewOf(makeRegistry(), []);
const untouched = viewOf(fleet, []);
const acts = [{ at: NOW, what: "pause", who: "kim@web-1", note: null }];

const parts = [
  { stream: null, text: "a\n" },
  { stream: "stderr" as const, leftOut: 7 },
  { stream: "stdout" as const, text: "b" },
];

const by = { who: "kim@web-1", note: null };
const steered = (verb: Parameters<typeof steeredDocument>[0]["verb"], more = {}) =>
  steeredDocument({ verb, job: "a", done: true, by }, more);

/** Every event a pass has for programs. */
function told(): Document[] {
  const documents: Document[] = [];
  const emit = runEvents((document) => documents.push(document));
  const ticket = makeTicket();
  const error = { type: "E", value: "v", traceback: "" };
  emit("pass:started", { jobs: 3, now: NOW });
  emit("job:not-due", { job: "b", verdict: { due: false, why: "paused", detail: "by kim" } });
  emit("job:skipped", { job: "a", skipped: { from: NOW, to: NOW, count: 1, reason: "paused" } });
  emit("run:started", { ticket });
  emit("run:progress", { ticket, json: '{"done":1}' });
  emit("run:output", { ticket, stream: "stderr", chunk: Buffer.from("one\ntwo token=abc") });
  emit("run:stopping", { ticket, why: "w" });
  emit("run:recorded", { ticket, end: { outcome: "failed", error, result: null, output: null } });
  emit("run:recorded", { ticket, end: { outcome: "succeeded", error: null, result: '{"rows":1}', output: null } });
  emit("run:fenced", { ticket, outcome: "lost" });
  emit("run:spooled", { ticket, file: "f", message: "m" });
  emit("run:reaped", { job: "a", runId: "r", host: null });
  emit("drain:started", { signal: "SIGTERM", seconds: 3 });
  emit("database:down", { deed: "look", message: "m" });
  emit("database:up", { deed: "look" });
  emit("pass:ended", { ran: 1, failed: 1 });
  expect(documents.filter(({ event }) => event === "output").map(({ text }) => text)).toEqual(["one", "two token=***"]);
  return documents;
}

const backfill = {
  ...{ id: 7n, by: "kim@web-1", note: null, requestedAt: NOW, from: NOW, to: NOW, again: false, force: false, slot: null, attempt: 0 },
  ...{
    notBefore: NOW,
    reached: null,
    total: null,
    done: 0,
    failed: 0,
    cancelled: false,
    cancelledBy: null,
    runId: null,
    endedAt: null,
    outcome: null,
  },
};
const fault = {
  ...{ subject: "job:a", condition: "failing" as const, level: "critical" as const, since: null, type: "Error", value: "v" },
  holdsUp: ["b"],
};
const change = {
  ...{ id: "i", subject: "job:a", condition: "failing" as const, was: "ok" as const, at: NOW, host: "web-1", sent: ["webhook"], tries: 1 },
  ...{ trouble: null, told: true, deliveredAt: NOW },
};
const started = {
  slot: NOW,
  attempt: 1,
  reached: NOW,
  total: 7,
  cancelled: true,
  cancelledBy: "kim@web-1",
  runId: "r",
  endedAt: NOW,
  outcome: "cancelled",
};

const documents: Readonly<Record<string, () => readonly Document[]>> = {
  list: () => [listDocument(view), listDocument(view, { recent }), listDocument(untouched), listDocument(empty)],
  show: () =>
    fleet.jobs.flatMap((job) => [showDocument(show(view, job, { runs: history, acts })), showDocument(show(untouched, job, { runs: [] }))]),
  explain: () => [view, untouched].flatMap((seen) => fleet.jobs.map((job) => explainDocument(explain(seen, { job })))),
  next: () => [nextDocument(next(view, fleet.jobs, 3)), nextDocument(next(empty, [], 1))],
  history: () => [historyDocument("a", history), historyDocument("a", []), historyDocument("a", [run({ outcome: null, endedAt: null })])],
  logs: () => history.map((one) => logsDocument({ run: one, output: "x\u0000", parts })),
  "logs-follow": () => [
    ...(["run", "end"] as const).map((event) => followedDocument({ event, run: run() })),
    ...parts.map((part) => followedDocument({ event: "output", run: run(), part })),
  ],
  pause: () => [
    steered("pause", { again: true, until: NOW.toISOString(), runs_on: "web-1" }),
    steered("pause", { again: false, until: null, runs_on: null }),
  ],
  resume: () => [steered("resume", { skip: true })],
  unlock: () => [steered("unlock")],
  "mark-success": () => [steered("mark-success")],
  cancel: () => [steered("cancel", { how: "nothing", host: null, alive: null })],
  reset: () => [steered("reset", { why: "running", cancelled_run: null, host: "web-1", since: NOW.toISOString() })],
  request: () => [requestDocument("a", by, 7n)],
  run: () => [...told(), exitEvent(1, "no\u0000"), exitEvent(0, null)],
  backfill: () => [
    backfillDocument("a", { backfills: [], dates: [NOW] }),
    backfillDocument("a", { backfills: [backfill, { ...backfill, ...started }], dates: null }),
  ],
  backfills: () => [allBackfillsDocument(NOW, []), allBackfillsDocument(NOW, [{ job: "a", ...backfill, ...started }])],
  error: () => [errorDocument({ status: 404, title: "No such job", message: "There is none." })],
  deed: () => [deedDocument(true, "done")],
  confirm: () => [confirmDocument(["It is forgotten."], "confirmed=yes")],
  ready: () => [readyDocument([], ["old"]), readyDocument(["draining"], [])],
  doctor: () => [
    doctorDocument([{ check: "schema", level: "ok", text: "at migration 5", why: null, fix: null }], NOW),
    doctorDocument([{ check: "database", level: "bad", text: "no", why: "nothing runs", fix: "do" }], null),
  ],
  graph: () => [
    graphDocument(graph(fleet, { view, of: null })),
    graphDocument(graph(fleet, { view: null, of: fleet.byName.get("build-report") ?? null })),
    graphDocument(graph({ ...makeRegistry(), unknownParents: new Set(["lost"]) }, { view: empty, of: null })),
  ],
  simulate: () => [simulationDocument(simulated({})), simulationDocument(simulated({ changes: true }))],
  ghosts: () => [ghostsDocument(view), ghostsDocument(empty)],
  configtest: () => [
    configtestDocument({ problems: [], warnings: [] }),
    configtestDocument({
      problems: [{ file: "a.ini", line: 3, column: 1, message: "m", hint: "h" }],
      warnings: [{ file: "b", line: null, message: "m" }],
    }),
  ],
  alerts: () => [
    alertsDocument({ now: NOW, channels: [], faults: [], told: new Map(), changes: [] }),
    alertsDocument({ now: NOW, channels: ["webhook"], faults: [fault], told: new Map(), changes: [change, { ...change, told: false }] }),
  ],
  alert: () => {
    const around = { id: "i", at: NOW, host: "web-1" };
    const [job] = fleet.jobs;
    const known = { ...around, job, state: job && view.snapshot.states.get(job.name), run: history[0] };
    const [told, over] = [{ subject: "job:a", was: "ok", fault } as const, { subject: "host:b", was: "silent", fault: null } as const];
    return [alertDocument(told, around), alertDocument(told, known), alertDocument(over, around)].map((document) => ({ ...document }));
  },
  check: () => [check(view, " | "), check(untouched, " - "), unknown("no database")].map(checkDocument),
};

test.each(Object.entries(documents))("%s --json is what its schema says, through JSON and back", (name, make) => {
  const schema = schemaOf(name);
  for (const document of make()) {
    const back = JSON.parse(JSON.stringify(document));
    expect(back).toEqual(document);
    expect(violations(schema, back)).toEqual([]);
    expect(document.schema).toBe(`crontabber.${name}/1`);
    expect(schema.title).toBe(document.schema);
  }
});

test("every document has its schema, and every schema its document", () => {
  const files = readdirSync(new URL("../../docs/schema/", import.meta.url)).map((file) => file.replace(".json", ""));
  expect(files.sort()).toEqual([...Object.keys(documents), "common"].sort());
});

test("documents carry foreign text as it is", () => {
  expect(logsDocument({ run: run(), output: "\u001b[31mx" }).output).toBe("\u001b[31mx");
});

test.each([
  ["a key that no schema describes", (d: Record<string, unknown>) => ({ ...d, extra: 1 }), /must NOT have additional properties .*"extra"/],
  ["a missing key", ({ now: _, ...d }: Record<string, unknown>) => d, /required property .now./],
  ["a time with an offset", (d: Record<string, unknown>) => ({ ...d, now: "2026-11-20T04:00:00+01:00" }), /\$\/now: must match format/],
  ["another document", (d: Record<string, unknown>) => ({ ...d, schema: "crontabber.list/2" }), /\$\/schema: .*crontabber\.list\/1/],
  [
    "a wrong value deep inside",
    (d: Record<string, unknown>) => ({ ...d, jobs: [{ ...(d.jobs as object[])[0], state: "fine" }] }),
    /\$\/jobs\/0\/state/,
  ],
])("the check of documents notices %s", (_, spoil, message) => {
  expect(violations(schemaOf("list"), spoil({ ...listDocument(view) })).join("\n")).toMatch(message);
});
