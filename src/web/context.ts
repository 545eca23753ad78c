/** What the handlers share: the tools of the server, and who asks. Owns how a page is dressed and sent. */
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Assets } from "./assets.ts";
import type { Guesses } from "./guesses.ts";
import type { Hub } from "./hub.ts";
import type { Chrome, Html } from "./seam.ts";
import type { Session, Sessions } from "./session.ts";
import type { Site } from "./site.ts";
import type { Source } from "./source.ts";

export interface Tools {
  readonly site: Site;
  readonly source: Source;
  readonly hub: Hub;
  readonly assets: Assets;
  /** Null: there is no token. */
  readonly sessions: Sessions | null;
  readonly guesses: Guesses;
}

export interface PageEnv {
  Bindings: HttpBindings;
  Variables: {
    /** Of a browser that has logged in; null: there is none, or no need of one. */
    session: Session | null;
    /** The token itself came with the request: a program asks, not a browser. */
    bearer: boolean;
  };
}
export type PageContext = Context<PageEnv>;

export const COOKIES = { session: "crontabber_session", notice: "crontabber_notice", theme: "crontabber_theme" } as const;

type Notice = NonNullable<Chrome["notice"]>;
const LONGEST_NOTICE = 500;
const NOTICE_SECONDS = 60;

/** What a page has around it, for whoever asks. Shows a notice once. */
export function chromeOf(c: PageContext, { site, sessions, assets }: Tools): Chrome {
  const { settings } = site;
  const session = c.get("session");
  const may = settings.actions && sessions !== null && session !== null;
  const theme = getCookie(c, COOKIES.theme);
  return {
    ...{ site: settings.title, host: settings.label, version: settings.version, zone: site.frame().zone },
    theme: theme === "light" || theme === "dark" ? theme : "auto",
    actions: may ? { csrf: sessions.csrf(session) } : null,
    noActions: may ? null : "Jobs can be steered here where the configuration says http_actions = yes, and has an http_token.",
    wall: c.req.query("wall") === "1",
    asset: (name) => assets.address(name),
    notice: takeNotice(c, sessions),
  };
}

export function sendPage(
  c: PageContext,
  page: Html,
  status: 200 | 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 421 | 429 | 500 | 503 = 200,
) {
  return c.html(page.html, status);
}

/** For the next page of this session. */
export function leaveNotice(c: PageContext, { sessions }: Tools, { kind, text }: Notice): void {
  const session = c.get("session");
  if (!session || !sessions) return;
  const value = sessions.sign("notice", { kind, text: text.slice(0, LONGEST_NOTICE), by: session.id });
  setCookie(c, COOKIES.notice, value, { ...cookieRules(c), maxAge: NOTICE_SECONDS });
}

function takeNotice(c: PageContext, sessions: Sessions | null): Notice | null {
  const value = getCookie(c, COOKIES.notice);
  if (value === undefined) return null;
  deleteCookie(c, COOKIES.notice, { path: "/" });
  const found = sessions?.verify("notice", value) as (Notice & { by?: unknown }) | null | undefined;
  return found && found.by === c.get("session")?.id ? { kind: found.kind, text: found.text } : null;
}

/** Never for scripts, never sent along from elsewhere, and over TLS only where the browser came by TLS. */
export function cookieRules(c: PageContext) {
  const secure = (c.req.header("origin") ?? c.req.header("referer") ?? "").startsWith("https:");
  return { path: "/", httpOnly: true, sameSite: "Strict", secure } as const;
}

/** Where the request came from, as the network says it. */
export function remoteOf(c: PageContext): string {
  return c.env.incoming.socket.remoteAddress ?? "?";
}

/** The page of this site on which the form stood; else the first one. Nothing but a path: nobody is led elsewhere. */
export function backTo(c: PageContext): string {
  try {
    const from = new URL(c.req.header("referer") ?? "");
    if (from.host === c.req.header("host") && from.pathname !== "/login") return from.pathname.replace(/^\/+/, "/") + from.search;
  } catch {
    // No address at all.
  }
  return "/";
}
