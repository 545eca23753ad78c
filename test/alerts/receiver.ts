/** A web server that takes alerts as a chat system would, and can be told to be slow, rude or gone. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { AlertDocument } from "#lib/core/alert.js";

export interface Receiver {
  readonly url: string;
  /** What came, in the order in which it came; only what was taken well. */
  readonly alerts: AlertDocument[];
  /** Method, path and body of everything that came. */
  readonly asked: { readonly method: string; readonly path: string; readonly body: string }[];
  /** How it answers from now on; `hang`: never. A redirect leads to that address. */
  answer(how: number | "hang" | { readonly to: string; readonly status: number }): void;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  let how: Parameters<Receiver["answer"]>[0] = 200;
  const alerts: AlertDocument[] = [];
  const asked: { method: string; path: string; body: string }[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString("utf8");
    const status = typeof how === "object" ? how.status : how;
    asked.push({ method: request.method ?? "", path: request.url ?? "", body });
    if (status === "hang") return;
    if (status === 200 && request.method === "POST") alerts.push(JSON.parse(body) as AlertDocument);
    if (typeof how === "object") response.setHeader("location", how.to);
    response.statusCode = status;
    response.end("ok");
  };
  const server: Server = createServer((request, response) => void take(request, response).catch(() => response.destroy()));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    alerts,
    asked,
    answer: (next) => {
      how = next;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  };
}
