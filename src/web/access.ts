/** Who gets in: names we answer to, the token, and requests that no other site made. Owns the order of these questions. */
import type { MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { csrf } from "hono/csrf";
import { COOKIES, chromeOf, type PageContext, type PageEnv, remoteOf, sendPage, type Tools } from "./context.ts";
import { isOurs } from "./hosts.ts";
import { pages } from "./pages/index.ts";
import { Refused } from "./refused.ts";

/** Without a token: probes, what a login page loads, and the login. */
const OPEN = /^\/(?:healthz|readyz|login|theme|robots\.txt|favicon\.ico|assets\/.*)$/;
/** Probes come by whatever name the network has for this host, and tell nothing worth hiding. */
const PROBES = /^\/(?:healthz|readyz)$/;

/** Sets who asks. */
export function access(tools: Tools): MiddlewareHandler<PageEnv> {
  const { site, sessions } = tools;
  return async (c, next) => {
    c.set("session", null);
    c.set("bearer", false);
    if (sessions) identify(c, tools);
    const known = c.get("bearer") || PROBES.test(c.req.path);
    if (!known && !isOurs(c.req.header("host"), site.settings)) {
      const text = `This page does not answer to the name ${JSON.stringify(c.req.header("host") ?? "")}. If it is yours, add it to http_hosts.`;
      throw new Refused(421, "Not this name", text);
    }
    if (!sessions || c.get("bearer") || c.get("session") || OPEN.test(c.req.path)) return next();
    return unknown(c, tools);
  };
}

/** By the header programs send, or the cookie of a login. Throws Refused for a wrong token. */
function identify(c: PageContext, { sessions, ...tools }: Tools): void {
  const header = c.req.header("authorization");
  if (header === undefined) {
    c.set("session", sessions?.read(getCookie(c, COOKIES.session)) ?? null);
    return;
  }
  checkToken(c, { sessions, ...tools }, /^Bearer +(.+)$/i.exec(header)?.[1] ?? "");
  c.set("bearer", true);
}

/** Throws Refused: 401 for a wrong one, 429 for whoever was wrong too often. */
export function checkToken(c: PageContext, { sessions, guesses, site }: Tools, given: string): void {
  const remote = remoteOf(c);
  const wait = guesses.wait(remote);
  if (wait > 0) throw new Refused(429, "Too many guesses", `Wait ${wait} s before the next try.`, { "retry-after": String(wait) });
  if (sessions?.isToken(given)) {
    guesses.right(remote);
    return;
  }
  const tries = guesses.wrong(remote);
  site.emit("http:guess", { remote, tries });
  throw new Refused(401, "Wrong token", "That is not this page's http_token.", { "www-authenticate": 'Bearer realm="crontabber"' });
}

function unknown(c: PageContext, tools: Tools): Response {
  c.header("www-authenticate", 'Bearer realm="crontabber"');
  const people = c.req.header("accept")?.includes("text/html") === true && c.req.method === "GET";
  if (!people) throw new Refused(401, "A token is needed", "Send it as: Authorization: Bearer …, or log in at /login.");
  // A link from elsewhere comes without the cookie: the same page, asked for by ourselves, comes with it.
  if (c.req.header("sec-fetch-site") === "cross-site") c.header("refresh", "0");
  return sendPage(c, pages.login(chromeOf(c, tools), false), 401);
}

/** Forms come from our own pages; programs that show the token need none. */
export function sameOrigin(): MiddlewareHandler<PageEnv> {
  const check = csrf({ origin: (origin, c) => hostOf(origin) === c.req.header("host"), secFetchSite: "same-origin" });
  return async (c, next) => {
    if (c.get("bearer")) return next();
    let passed = false;
    const pass = async () => {
      passed = true;
    };
    await check(c as never, pass).catch(() => {}); // its answer is not ours
    if (!passed) throw new Refused(403, "From another site", "This came from another page than this one, and nothing was done.");
    return next();
  };
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null; // `null`, as a sandbox says
  }
}
