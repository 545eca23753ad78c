/** Steering jobs from the page: who may, whether he means it, and that it is done once. Owns these questions; what is done is deeds.ts. */
import type { Hono } from "hono";
import { printable } from "../core/text.ts";
import { jobOf } from "./api.ts";
import { consequencesOf } from "./consequences.ts";
import { chromeOf, leaveNotice, type PageContext, type PageEnv, remoteOf, sendPage, type Tools } from "./context.ts";
import { type Asked, DEEDS, noteOf } from "./deeds.ts";
import { confirmDocument, deedDocument } from "./documents.ts";
import { fieldsOf } from "./fields.ts";
import { pages } from "./pages/index.ts";
import { Refused } from "./refused.ts";
import { ACTIONS, type ActionName } from "./seam.ts";

/** Of the form that confirms; `yes` from a program that has shown the token. */
const CONFIRMED = "confirmed";
const CSRF = "csrf";

export function actionRoutes(app: Hono<PageEnv>, tools: Tools): void {
  app.post("/jobs/:name/:action", async (c) => {
    const job = jobOf(tools, c.req.param("name"));
    const action = ACTIONS.find((known) => known === c.req.param("action"));
    if (!action) throw new Refused(404, "No such action", `What can be asked for is ${ACTIONS.join(", ")}.`);
    const fields = await fieldsOf(c);
    checkRights(c, tools, fields);
    const asked = await askedOf(c, tools, { job, fields });
    const wait = await mustConfirm(c, tools, { action, asked });
    if (wait) return wait;
    const said = await tools.source.ask(() => DEEDS[action](asked));
    tools.source.forget();
    tools.hub.nudge();
    if (c.get("bearer")) return c.json(deedDocument(said.kind === "good", said.text), said.kind === "good" ? 200 : 409);
    leaveNotice(c, tools, said);
    return c.redirect(`/jobs/${encodeURIComponent(job.name)}`, 303);
  });
}

/** Throws Refused. */
function checkRights(c: PageContext, { site, sessions }: Tools, fields: Asked["fields"]): void {
  if (!site.settings.actions || !sessions) {
    throw new Refused(
      403,
      "Read-only",
      "Jobs are steered from here only where the configuration says http_actions = yes, and has an http_token.",
    );
  }
  if (c.get("bearer")) return;
  const session = c.get("session");
  if (!session) throw new Refused(401, "Not logged in", "Log in at /login first.");
  if (!sessions.isCsrf(session, fields[CSRF] ?? "")) {
    throw new Refused(403, "An old form", "This form is of another login. Load the page again, and nothing was done.");
  }
}

async function askedOf(c: PageContext, { site, source }: Tools, { job, fields }: Pick<Asked, "job" | "fields">): Promise<Asked> {
  const { store } = site;
  const name = c.get("session")?.name || (c.get("bearer") ? "token" : "somebody");
  const by = { who: `web:${printable(name)}@${remoteOf(c)}`, note: noteOf(fields) };
  const { now, states } = await source.ask(async () => {
    await store.ensureRow(job);
    return store.read([job.name]);
  });
  const { zone } = site.frame();
  return {
    job,
    fields,
    by,
    store,
    state: states.get(job.name) ?? null,
    now: now ?? new Date(0),
    zone,
    instant: (text) => site.instant(text, zone),
  };
}

/** The page that asks once more; null: nothing has to be asked, or it was. */
async function mustConfirm(
  c: PageContext,
  tools: Tools,
  { action, asked }: { action: ActionName; asked: Asked },
): Promise<Response | null> {
  const { source, sessions } = tools;
  const { [CONFIRMED]: given = "", [CSRF]: _, ...fields } = asked.fields;
  const consequences = await source.ask(() => consequencesOf(action, asked));
  if (consequences === null || !sessions) return null;
  if (c.get("bearer")) {
    if (given === "yes") return null;
    return c.json(confirmDocument(consequences, `${CONFIRMED}=yes`), 409);
  }
  // Confirmed is this deed, by this session, with what was said of it: not of a run that started meanwhile.
  const sorted = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  const deed = JSON.stringify([c.get("session")?.id, asked.job.name, action, sorted, consequences]);
  if (given !== "" && sessions.confirmed(deed, given)) return null;
  const again = given === "" ? [] : ["What was confirmed is over or was about something else: look again."];
  const confirm = {
    job: asked.job,
    action,
    consequences: [...again, ...consequences],
    fields: { ...fields, [CONFIRMED]: sessions.confirmation(deed) },
  };
  return sendPage(c, pages.confirm(chromeOf(c, tools), await source.data(), confirm), given === "" ? 200 : 409);
}
