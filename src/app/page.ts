/** The composition of the page: from a configuration, a store and a daemon's signs of life to a server. The daemon knows none of it. */
import { hostname } from "node:os";
import { isInstant, readInstant } from "../cli/instant.ts";
import { after, ticks } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { ConfigError, type Problem } from "../core/errors.ts";
import type { Emit, Events } from "../core/events.ts";
import type { Registry } from "../core/job.ts";
import type { Meters } from "../report/meters.ts";
import { release } from "../store/hosts.ts";
import type { Store } from "../store/store.ts";
import { makeServer, type PageServer } from "../web/server.ts";
import type { Frame, SiteSettings } from "../web/site.ts";

/** Milliseconds until an address that could not be had is tried again. */
const AGAIN_MS = 5_000;
/** A daemon comes round every 20 s; a database that does not answer may hold it up for three statements. */
const SILENT_MS = 90_000;

/** What changes a page. */
const NEWS: ReadonlySet<keyof Events> = new Set<keyof Events>([
  ...(["run:started", "run:progress", "run:recorded", "run:fenced", "run:reaped", "job:skipped", "job:told"] as const),
]);

export interface PageParts {
  readonly config: Config;
  readonly registry: Registry;
  readonly store: Store;
  readonly emit: Emit;
  /** Aborted: this process takes on nothing more. */
  readonly draining: AbortSignal;
  /** A daemon, whose turns are its signs of life. */
  readonly schedules: boolean;
  /** What this process has counted; null: nothing, it only shows. */
  readonly meters: Meters | null;
}

export interface Page {
  /** Another registry from now on. */
  replace(next: Pick<PageParts, "config" | "registry">): void;
  /** The daemon has come round. */
  turned(): void;
  /** Something has happened here, or was told. */
  heard(event: keyof Events): void;
  close(): Promise<void>;
}

/** Where the page listens. Throws ConfigError where that is not configured. */
export function addressOf({ http, shown }: Config): NonNullable<Config["http"]> {
  if (http) return http;
  throw new ConfigError([
    {
      file: shown,
      line: null,
      message: "no address is configured for the page",
      hint: "write http = 127.0.0.1:8484, or say --http 127.0.0.1:8484",
    },
  ]);
}

/** The page and nothing else: throws ConfigError if its address cannot be had. */
export async function openPage(parts: PageParts): Promise<Page> {
  const { server, page } = await makePage(parts);
  try {
    parts.emit("http:listening", { url: await server.listen() });
  } catch (error) {
    await page.close();
    throw new ConfigError([problemOf(parts.config, error)]);
  }
  return page;
}

/** The page beside something that matters more: an address that cannot be had is told, and tried again. */
export async function openPageBeside(parts: PageParts): Promise<Page> {
  const { server, page } = await makePage(parts);
  let cancel = () => {};
  let told = false;
  const start = async (): Promise<void> => {
    try {
      parts.emit("http:listening", { url: await server.listen() });
    } catch (error) {
      const { host, port } = addressOf(parts.config);
      if (!told) parts.emit("http:failed", { address: `${host}:${port}`, message: problemOf(parts.config, error).message });
      told = true;
      cancel = after(AGAIN_MS, () => void start());
    }
  };
  await start();
  const close = async () => {
    cancel();
    await page.close();
  };
  return { ...page, close };
}

async function makePage(parts: PageParts): Promise<{ server: PageServer; page: Page }> {
  const { store, emit, draining, schedules, meters } = parts;
  let frame = frameOf(parts);
  let turnedAt = ticks();
  let refused = false;
  const server = await makeServer({
    ...{ settings: settingsOf(parts.config, store), store, emit, schedules },
    frame: () => frame,
    metrics: async (view) => {
      const { exposition } = await import("../report/metrics.ts");
      return exposition({ view, version: release(), ...(meters && { counted: meters.registry }) });
    },
    ill: () => (schedules && ticks() - turnedAt > SILENT_MS ? "the daemon's loop has not come round for too long" : null),
    notes: () => (refused ? ["the configuration has changed and is wrong: the old one holds on"] : []),
    unready: () => (draining.aborted ? ["draining: nothing more is started here"] : []),
    instant: (text, zone) => (isInstant(text) ? readInstant(text, zone) : null),
  });
  const page: Page = {
    replace: (next) => {
      frame = frameOf(next);
      server.nudge();
    },
    turned: () => {
      turnedAt = ticks();
    },
    heard: (event) => {
      if (event === "registry:refused" || event === "registry:reloaded") refused = event === "registry:refused";
      if (NEWS.has(event)) server.nudge();
    },
    close: () => server.close(),
  };
  return { server, page };
}

function frameOf({ config, registry }: Pick<PageParts, "config" | "registry">): Frame {
  const { overdueAfter, maxOngoingAgeHours, tags, timezone } = config;
  return { registry, overdueAfter, maxOngoingAge: maxOngoingAgeHours * 3600, tags, zone: timezone };
}

function settingsOf(config: Config, store: Store): SiteSettings {
  const { httpToken, httpActions, httpHosts, hostLabel } = config;
  const { servers, database } = store.settings.connection;
  return {
    ...{ address: addressOf(config), token: httpToken, actions: httpActions, hosts: httpHosts, label: hostLabel },
    ...{ hostname: hostname(), version: release(), title: `${database} on ${servers.map(place).join(", ")}` },
  };
}

/** A socket's folder is of no use to a reader. */
const place = ({ host }: { readonly host: string }): string => (host.startsWith("/") ? "this host" : host);

const WHY: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  EADDRINUSE: ["another program listens there", "end it, or choose another port"],
  EACCES: ["this user may not listen there", "ports below 1024 are root's: choose a higher one"],
  EADDRNOTAVAIL: ["that is no address of this host", "write 127.0.0.1, or one that the host has"],
  ENOTFOUND: ["there is no host of that name", "write 127.0.0.1, or an address that the host has"],
};

function problemOf({ http, shown, origins }: Config, error: unknown): Problem {
  const { code = "", message } = error as NodeJS.ErrnoException;
  const [why, hint] = WHY[code] ?? [message];
  const [file = shown, line] = (origins.get("http") ?? shown).replace("command line", "--http").split(/:(?=\d+$)/);
  return {
    file,
    line: line === undefined ? null : Number(line),
    message: `http: cannot listen at ${http?.host}:${http?.port}: ${why}`,
    ...(hint && { hint }),
  };
}
