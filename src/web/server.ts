/** The socket of the page: listens, limits what strangers may hold open, and lets go of everything at the end. Serves nothing itself. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { loadAssets } from "./assets.ts";
import { Guesses } from "./guesses.ts";
import { Hub } from "./hub.ts";
import { makeApp } from "./routes.ts";
import { Sessions } from "./session.ts";
import type { Site } from "./site.ts";
import { Source } from "./source.ts";

/** A head has to be there within ten seconds, a whole request within twenty: they are small. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 16 * 1024,
};
const MOST_CONNECTIONS = 2_000;
/** Milliseconds that answers on their way get when the server closes. */
const LAST_WORDS_MS = 500;

export interface PageServer {
  /** Resolves to the address as one types it into a browser. Rejects with what the system says: EADDRINUSE, EACCES, EADDRNOTAVAIL. */
  listen(): Promise<string>;
  /** Something of a job has changed. */
  nudge(): void;
  /** Ends every connection, streams first. */
  close(): Promise<void>;
}

export async function makeServer(site: Site): Promise<PageServer> {
  const { token, address } = site.settings;
  const source = new Source(site);
  const hub = new Hub(site, source);
  const sessions = token === null ? null : new Sessions(token);
  const app = makeApp({ site, source, hub, sessions, guesses: new Guesses(), assets: await loadAssets() });
  const server = createServer(LIMITS, getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  server.maxConnections = MOST_CONNECTIONS;
  const sockets = socketsOf(server);
  return {
    listen: async () => {
      server.listen(address.port, address.host);
      await once(server, "listening");
      server.on("error", (error) => site.emit("http:trouble", { message: error.message }));
      return urlOf(server.address() as AddressInfo);
    },
    nudge: () => hub.nudge(),
    close: async () => {
      hub.close();
      source.close();
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      const end = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, LAST_WORDS_MS);
      await closed;
      clearTimeout(end);
    },
  };
}

function socketsOf(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  return sockets;
}

/** Where everybody is listened to, the way from this machine. */
function urlOf({ address, family, port }: AddressInfo): string {
  const host = address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "::1" : address;
  return `http://${family === "IPv6" ? `[${host}]` : host}:${port}/`;
}
