/** All addresses in one application, behind the same questions. Owns their order. */
import { Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { compress } from "hono/compress";
import { methodNotAllowed } from "hono/method-not-allowed";
import { access, sameOrigin } from "./access.ts";
import { actionRoutes } from "./actions.ts";
import { failed } from "./answers.ts";
import { apiRoutes } from "./api.ts";
import type { PageEnv, Tools } from "./context.ts";
import { MOST_BYTES } from "./fields.ts";
import { HEADERS } from "./headers.ts";
import { loginRoutes } from "./login.ts";
import { probeRoutes } from "./probes.ts";
import { Refused } from "./refused.ts";
import { viewRoutes } from "./views.ts";

/** Set by the adapter on an answer that went out by other ways. */
const SENT = "x-hono-already-sent";
/** Bytes from which it is worth while. */
const COMPRESS_FROM = 2_048;

export function makeApp(tools: Tools): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  app.use(async (c, next) => {
    await next();
    if (c.res.headers.has(SENT)) return;
    for (const [name, value] of Object.entries(HEADERS)) if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  });
  app.use(compress({ threshold: COMPRESS_FROM }));
  app.onError((error, c) => failed(c, tools, error));
  app.notFound((c) => failed(c, tools, new Refused(404, "No such page", "There is nothing at this address.")));
  app.use(access(tools));
  const methods = (c: Parameters<typeof failed>[0], allowed: string[]) => {
    const text = `${c.req.method} does nothing here; this address takes ${allowed.join(", ")}.`;
    return failed(c, tools, new Refused(405, "Not that way", text, { allow: allowed.join(", ") }));
  };
  app.use(methodNotAllowed({ app: app as never, onMethodNotAllowed: methods as never }));
  app.use(ofPosts(sameOrigin()));
  const tooLong = () => {
    throw new Refused(413, "Too long", `A form has at most ${MOST_BYTES} bytes.`);
  };
  app.use(ofPosts(bodyLimit({ maxSize: MOST_BYTES, onError: tooLong })));
  viewRoutes(app, tools);
  apiRoutes(app, tools);
  probeRoutes(app, tools);
  loginRoutes(app, tools);
  actionRoutes(app, tools);
  return app;
}

/** Nothing else carries a body, or changes anything. */
function ofPosts(check: MiddlewareHandler<PageEnv>): MiddlewareHandler<PageEnv> {
  return (c, next) => (c.req.method === "POST" ? check(c, next) : next());
}
