/** A TCP proxy that loses the answer to COMMIT: the server has it, the client never hears. */

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export async function deafProxy(port: number, host: string): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, host);
    let deaf = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {}); // one side went away
    }
    client.on("data", (chunk) => {
      deaf ||= chunk.includes("COMMIT");
      upstream.write(chunk);
    });
    upstream.on("data", (chunk) => (deaf ? client.destroy() : client.write(chunk)));
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as { port: number }).port, close };
}
