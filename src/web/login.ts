/** Logging in and out, and the choice of colours. Owns the cookies' comings and goings. */
import type { Hono } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import { checkToken } from "./access.ts";
import { backTo, COOKIES, chromeOf, cookieRules, type PageEnv, sendPage, type Tools } from "./context.ts";
import { fieldsOf } from "./fields.ts";
import { pages } from "./pages/index.ts";
import { Refused } from "./refused.ts";
import { SESSION_SECONDS } from "./session.ts";

const YEAR = 365 * 86_400;

export function loginRoutes(app: Hono<PageEnv>, tools: Tools): void {
  const { sessions } = tools;
  app.get("/login", (c) => {
    if (!sessions || c.get("session")) return c.redirect("/", 303);
    return sendPage(c, pages.login(chromeOf(c, tools), false));
  });
  app.post("/login", async (c) => {
    if (!sessions) return c.redirect("/", 303);
    const { token = "", name = "" } = await fieldsOf(c);
    try {
      checkToken(c, tools, token);
    } catch (error) {
      if (error instanceof Refused && error.status === 401) return sendPage(c, pages.login(chromeOf(c, tools), true), 401);
      throw error;
    }
    setCookie(c, COOKIES.session, sessions.open(name), { ...cookieRules(c), maxAge: SESSION_SECONDS });
    return c.redirect(backTo(c), 303);
  });
  app.post("/logout", async (c) => {
    const session = c.get("session");
    const { csrf = "" } = await fieldsOf(c);
    if (session && sessions && !sessions.isCsrf(session, csrf))
      throw new Refused(403, "An old form", "Load the page again, and log out there.");
    deleteCookie(c, COOKIES.session, { path: "/" });
    return c.redirect("/login", 303);
  });
  app.post("/theme", async (c) => {
    const { theme = "" } = await fieldsOf(c);
    if (!["auto", "light", "dark"].includes(theme)) throw new Refused(400, "No such theme", "It is auto, light or dark.");
    // A script may set it, too.
    setCookie(c, COOKIES.theme, theme, { path: "/", sameSite: "Lax", maxAge: YEAR });
    return c.redirect(backTo(c), 303);
  });
}
