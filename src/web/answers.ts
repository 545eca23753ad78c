/** What is answered when something goes wrong: a page to people, a document to programs. Owns the translation of errors. */
import { ConfigError, StoreError } from "../core/errors.ts";
import { masked } from "../report/mask.ts";
import { chromeOf, type PageContext, sendPage, type Tools } from "./context.ts";
import { errorDocument } from "./documents.ts";
import { pages } from "./pages/index.ts";
import { Refused } from "./refused.ts";
import { Busy } from "./turn.ts";

const PROGRAMS = /^\/(?:api|events|metrics|healthz|readyz|badge)(?:\/|$)/;

export function failed(c: PageContext, tools: Tools, error: unknown): Response {
  const refused = refusalOf(error, tools);
  for (const [name, value] of Object.entries(refused.headers)) c.header(name, value);
  if (PROGRAMS.test(c.req.path) || c.get("bearer")) {
    return c.json(errorDocument(refused), refused.status);
  }
  // Whoever came by a stranger's name learns nothing of this place.
  if (refused.status === 421) return c.text(`${refused.message}\n`, 421);
  const { status, title, message: text } = refused;
  return sendPage(c, pages.failure(chromeOf(c, tools), { status, title, text }), status);
}

function refusalOf(error: unknown, { site }: Tools): Refused {
  if (error instanceof Refused) return error;
  const again = { "retry-after": "5" };
  if (error instanceof Busy) return new Refused(503, "Too busy", "Too many ask at once. Try again in a moment.", again);
  if (isTrouble(error)) {
    return new Refused(503, "The database cannot be used", masked((error as Error).message), again);
  }
  site.emit("http:trouble", { message: String((error as Error)?.stack ?? error) });
  return new Refused(500, "Something went wrong", "This is a bug in crontabber; its log has more.");
}

/** The database's, or the operator's, and no mistake of ours. */
export function isTrouble(error: unknown): error is Error {
  return error instanceof ConfigError || error instanceof StoreError || error instanceof Busy || (error as Error)?.name === "CommitUnknown";
}
