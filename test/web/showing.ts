/** The pages of the sample fleets behind a server of files: for what has to be looked at, and needs no scheduler. */
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { HEADERS } from "#lib/web/headers.js";
import { pages } from "#lib/web/pages/index.js";
import type { Chrome, Html, PageData } from "#lib/web/seam.js";
import { calm, chrome, jobData, many, sample } from "./sample.ts";

const CLIENT = fileURLToPath(new URL("../../dist/web/client/", import.meta.url));
const TYPES: Readonly<Record<string, string>> = { js: "text/javascript", css: "text/css", svg: "image/svg+xml" };

export interface Showing {
  /** Without a slash at the end. */
  readonly url: string;
  /** What `/events` tells from now on, to those who listen, too. */
  tell(event: string, data: unknown): void;
  close(): Promise<void>;
}

/** `/…` of the sample, `/calm…`, `/many…`; the theme as the cookie says, and `?wall=1`, `?actions=no`. */
export async function show(data: PageData = sample()): Promise<Showing> {
  const listeners = new Set<ServerResponse>();
  const server = createServer(async (request, response) => {
    const address = new URL(request.url ?? "/", "http://127.0.0.1");
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    if (address.pathname.startsWith("/assets/")) {
      const name = address.pathname.split("/").at(-1) ?? "";
      response.setHeader("content-type", TYPES[name.split(".").at(-1) ?? ""] ?? "text/plain");
      response.end(await readFile(CLIENT + name));
      return;
    }
    if (address.pathname === "/events") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(": here\n\n");
      listeners.add(response);
      response.on("close", () => listeners.delete(response));
      return;
    }
    const found = made(address, data, chromeFor(address, request.headers.cookie ?? ""));
    response.statusCode = found ? 200 : 404;
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(found?.html);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const tell = (event: string, told: unknown) => {
    for (const listener of listeners) listener.write(`event: ${event}\ndata: ${JSON.stringify(told)}\n\n`);
  };
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tell, close };
}

function chromeFor(address: URL, cookie: string): Chrome {
  const theme = /crontabber_theme=(light|dark)/.exec(cookie)?.[1] as Chrome["theme"] | undefined;
  const may = address.searchParams.get("actions") !== "no";
  return chrome({
    ...{ theme: theme ?? "auto", wall: address.searchParams.get("wall") === "1" },
    ...(may ? {} : { actions: null, noActions: "Jobs can be steered where the configuration says http_actions = yes." }),
  });
}

function made({ pathname }: URL, data: PageData, around: Chrome): Html | null {
  if (pathname === "/") return pages.overview(around, data);
  if (pathname === "/calm") return pages.overview(around, calm());
  if (pathname === "/many") return pages.overview(around, many(500));
  if (pathname === "/login") return pages.login(around, true);
  if (pathname === "/failure") return pages.failure(around, { status: 404, title: "Not found", text: "No job has this name." });
  const [, name] = /^\/jobs\/([^/]+)$/.exec(pathname) ?? [];
  const job = name === undefined ? undefined : data.view.registry.byName.get(decodeURIComponent(name));
  if (job) return pages.job(around, jobData(data, job.name));
  const rotate = data.view.registry.byName.get("rotate");
  const consequences = ["What is known of rotate is forgotten.", "It may be due at once."];
  return pathname === "/confirm" && rotate
    ? pages.confirm(around, data, { job: rotate, action: "reset", consequences, fields: { note: "x" } })
    : null;
}
