/** The JSON twin of the pages: the documents of the command line, under the same schemas. Owns addresses and limits, no document. */
import type { Hono } from "hono";
import type { Job } from "../core/job.ts";
import type { Outcome } from "../core/state.ts";
import { allBackfillsDocument, backfillDocument } from "../report/backfill.ts";
import { graph, graphDocument } from "../report/graph.ts";
import { historyDocument } from "../report/history.ts";
import { listDocument } from "../report/list.ts";
import { logsDocument } from "../report/logs.ts";
import { show, showDocument } from "../report/show.ts";
import type { PageContext, PageEnv, Tools } from "./context.ts";
import { numberOf, onlyKnown, wordOf } from "./fields.ts";
import { once } from "./once.ts";
import { Refused } from "./refused.ts";

const RUNS = { min: 1, max: 500 };
const NUMBERS = { min: 1, max: Number.MAX_SAFE_INTEGER };
const OUTCOMES: readonly (Outcome | "running")[] = [
  ...(["succeeded", "failed", "timed-out", "interrupted", "cancelled", "lost", "skipped", "running"] as const),
];
/** As `show NAME --json`. */
const SHOWN = { runs: 10, acts: 5 };

export function apiRoutes(app: Hono<PageEnv>, tools: Tools): void {
  const { source, site } = tools;
  app.get("/api/jobs", async (c) => {
    onlyKnown(c);
    const data = await source.data();
    return c.json(once(data, "jobs", () => listDocument(data.view)));
  });
  app.get("/api/jobs/:name", async (c) => {
    onlyKnown(c);
    const job = jobOf(tools, c.req.param("name"));
    const { view } = await source.data();
    const { store } = site;
    const runs = await source.ask(() => store.history(job.name, SHOWN.runs));
    const acts = await source.ask(() => store.steering.acts(job.name, SHOWN.acts));
    return c.json(showDocument(show(view, job, { runs, acts })));
  });
  app.get("/api/runs", (c) => runs(c, tools));
  app.get("/api/runs/:id/output", (c) => output(c, tools));
  app.get("/api/graph", async (c) => {
    onlyKnown(c);
    const data = await source.data();
    const { view } = data;
    return c.json(once(data, "graph", () => graphDocument(graph(view.registry, { view, of: null }))));
  });
  app.get("/api/backfills", async (c) => {
    onlyKnown(c, "job");
    const { backfills, view } = await source.data();
    const name = c.req.query("job");
    if (name === undefined) return c.json(allBackfillsDocument(view.snapshot.now, backfills));
    const own = backfills.filter(({ job }) => job === jobOf(tools, name).name);
    return c.json(backfillDocument(name, { backfills: own, dates: null }));
  });
}

/** Names of ghosts are welcome: their runs are still there. */
async function runs(c: PageContext, { source }: Tools): Promise<Response> {
  onlyKnown(c, "job", "outcome", "limit", "before");
  const limit = numberOf(c, "limit", RUNS) ?? 50;
  const before = numberOf(c, "before", NUMBERS);
  const outcome = wordOf(c, "outcome", OUTCOMES) ?? null;
  const job = c.req.query("job") ?? null;
  const asked = { job, outcome, before: before === undefined ? null : BigInt(before), limit };
  const found = await source.ask((ledger) => ledger.page(asked));
  const last = found.at(-1);
  if (last && found.length === limit) {
    const next = new URLSearchParams({ ...c.req.query(), before: String(last.id) });
    c.header("link", `</api/runs?${next}>; rel="next"`);
  }
  return c.json(historyDocument(job, found));
}

async function output(c: PageContext, { source }: Tools): Promise<Response> {
  onlyKnown(c, "as");
  const as = wordOf(c, "as", ["text", "json"]) ?? "json";
  const id = /^\d{1,18}$/.test(c.req.param("id") ?? "") ? BigInt(c.req.param("id") ?? "") : null;
  const printed = id === null ? null : await source.ask((ledger) => ledger.output(id));
  if (!printed) throw new Refused(404, "No such run", "There is no run of that number: /api/runs lists them.");
  return as === "text" ? c.text(printed.output ?? "") : c.json(logsDocument(printed));
}

/** Throws Refused. */
export function jobOf({ site }: Tools, name: string): Job {
  const job = site.frame().registry.byName.get(name);
  if (job) return job;
  throw new Refused(404, "No such job", `There is no job ${JSON.stringify(name.slice(0, 200))} in the configuration.`);
}
