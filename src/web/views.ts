/** The pages themselves, what they load, and the stream that keeps them alive. Owns their addresses; how they look is pages/. */
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Hono } from "hono";
import { jobState } from "../report/status.ts";
import { jobOf } from "./api.ts";
import { badge } from "./badge.ts";
import { chromeOf, type PageContext, type PageEnv, sendPage, type Tools } from "./context.ts";
import { onlyKnown } from "./fields.ts";
import { HEADERS } from "./headers.ts";
import { once } from "./once.ts";
import { pages } from "./pages/index.ts";
import { Refused } from "./refused.ts";

const FOR_EVER = "public, max-age=31536000, immutable";
const MOST_TAILS = 10;

export function viewRoutes(app: Hono<PageEnv>, tools: Tools): void {
  const { source, assets } = tools;
  app.get("/", async (c) => {
    const data = await source.data();
    const chrome = chromeOf(c, tools);
    return sendPage(
      c,
      once(data, JSON.stringify(["/", chrome]), () => pages.overview(chrome, data)),
    );
  });
  app.get("/jobs/:name", async (c) => {
    const data = await source.job(jobOf(tools, c.req.param("name")));
    const chrome = chromeOf(c, tools);
    return sendPage(
      c,
      once(data, JSON.stringify(["job", chrome]), () => pages.job(chrome, data)),
    );
  });
  app.get("/events", (c) => events(c, tools));
  app.get("/badge/:file{.+\\.svg}", async (c) => {
    const job = jobOf(tools, c.req.param("file").replace(/\.svg$/, ""));
    const { view } = await source.data();
    return c.body(await badge(job.name, jobState(view, job)), 200, { "content-type": "image/svg+xml" });
  });
  app.get("/assets/:edition/:name", (c) => {
    const file = assets.find(c.req.param("edition"), c.req.param("name"));
    if (!file) throw new Refused(404, "No such file", "There is no such file.");
    return c.body(file.body, 200, { "content-type": file.type, "cache-control": file.current ? FOR_EVER : "no-cache" });
  });
  app.get("/favicon.ico", (c) => c.redirect(assets.address("icon.svg"), 302));
  app.get("/robots.txt", (c) => c.text("User-agent: *\nDisallow: /\n"));
}

async function events(c: PageContext, tools: Tools): Promise<Response> {
  onlyKnown(c, "job");
  const jobs = c.req.queries("job") ?? [];
  if (jobs.length > MOST_TAILS) throw new Refused(400, "A bad address", `At most ${MOST_TAILS} jobs can be watched at once.`);
  const names = [...new Set(jobs.map((name) => jobOf(tools, name).name))];
  if (tools.hub.full) throw new Refused(503, "Too many readers", "Too many pages are open here.", { "retry-after": "10" });
  if (c.req.raw.method === "HEAD") return c.body(null, 200, { "content-type": "text/event-stream; charset=utf-8" });
  const lastId = c.req.header("last-event-id") ?? null;
  await tools.hub.join(c.env.outgoing, { headers: { ...HEADERS }, lastId, jobs: names });
  return RESPONSE_ALREADY_SENT;
}
