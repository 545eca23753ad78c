/** What machines ask: alive, ready, in numbers. Owns the words of an answer that is not yes. */
import type { Hono } from "hono";
import type { PageEnv, Tools } from "./context.ts";
import { readyDocument } from "./documents.ts";
import { Kept } from "./kept.ts";

/** Milliseconds for which all who ask get the same answer. */
const KEPT_MS = 1_000;

export function probeRoutes(app: Hono<PageEnv>, tools: Tools): void {
  const { site, source } = tools;
  const database = new Kept(() => databaseTrouble(tools), KEPT_MS);
  app.get("/healthz", (c) => {
    const ill = site.ill();
    return ill === null ? c.text("ok\n") : c.text(`${ill}\n`, 503);
  });
  app.get("/readyz", async (c) => {
    const reasons = [...site.unready(), ...(await database.get())];
    return c.json(readyDocument(reasons, site.notes()), reasons.length === 0 ? 200 : 503);
  });
  // Without a database the metrics say so, and what was counted.
  const metrics = new Kept(async () => site.metrics(await source.view().catch(() => null)), KEPT_MS);
  app.get("/metrics", async (c) => {
    const { type, body } = await metrics.get();
    return c.body(body, 200, { "content-type": type });
  });
}

/** What the driver says is for the log: who asks need not have shown a token. */
async function databaseTrouble({ source, site }: Tools): Promise<string[]> {
  try {
    const problems = await source.ask((ledger) => ledger.unusable());
    const told = site.schedules ? problems : problems.filter((problem) => !problem.includes("read-only"));
    return told.map((problem) => `database: ${problem}`);
  } catch {
    return ["database: it cannot be used"];
  }
}
