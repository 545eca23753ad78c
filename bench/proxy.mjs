// A TCP proxy before PostgreSQL that counts the statements a client sends. Owns its sockets; changes no byte.
import { connect, createServer } from "node:net";

/** `statements()` since `reset()`; `connections()` likewise. */
export async function countingProxy(port) {
  const seen = { statements: 0, connections: 0 };
  const sockets = new Set();
  const server = createServer((client) => {
    seen.connections += 1;
    const upstream = connect(port, "127.0.0.1");
    const read = reader(() => {
      seen.statements += 1;
    });
    client.on("data", read);
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {}); // the other side is closed by its pipe
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    port: server.address().port,
    seen: () => ({ ...seen }),
    reset: () => Object.assign(seen, { statements: 0, connections: 0 }),
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Calls `onStatement` for each simple query (`Q`) and each Execute (`E`) of the frontend's stream. */
function reader(onStatement) {
  let rest = Buffer.alloc(0);
  let started = false;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      // The start-up message has no type byte.
      const head = started ? 1 : 0;
      if (rest.length < head + 4) return;
      const length = head + rest.readUInt32BE(head);
      if (rest.length < length) return;
      if (started && (rest[0] === 0x51 || rest[0] === 0x45)) onStatement();
      rest = rest.subarray(length);
      started = true;
    }
  };
}
