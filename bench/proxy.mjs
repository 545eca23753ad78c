// A TCP proxy before PostgreSQL that counts the statements its clients send, by their first word. Owns its sockets; changes no byte.
import { connect, createServer } from "node:net";

/** What was seen since `reset()`; `open` is now. */
export async function countingProxy(port) {
  const seen = { statements: 0, connections: 0, peak: 0, words: {} };
  let open = 0;
  const sockets = new Set();
  const server = createServer((client) => {
    seen.connections += 1;
    open += 1;
    seen.peak = Math.max(seen.peak, open);
    client.once("close", () => {
      open -= 1;
    });
    const upstream = connect(port, "127.0.0.1");
    const read = reader((word) => {
      seen.statements += 1;
      seen.words[word] = (seen.words[word] ?? 0) + 1;
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
    seen: () => ({ ...seen, open, words: { ...seen.words } }),
    reset: () => Object.assign(seen, { statements: 0, connections: 0, peak: open, words: {} }),
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Calls `onStatement` for each simple query (`Q`) and each Execute (`E`) of the frontend's stream, with the first word of its text. */
function reader(onStatement) {
  let rest = Buffer.alloc(0);
  let started = false;
  let parsed = "";
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      // The start-up message has no type byte.
      const head = started ? 1 : 0;
      if (rest.length < head + 4) return;
      const length = head + rest.readUInt32BE(head);
      if (rest.length < length) return;
      // Parse: the statement's name, then its text.
      if (started && rest[0] === 0x50) parsed = firstWord(rest, rest.indexOf(0, 5) + 1);
      if (started && rest[0] === 0x51) onStatement(firstWord(rest, 5));
      if (started && rest[0] === 0x45) onStatement(parsed);
      rest = rest.subarray(length);
      started = true;
    }
  };
}

const firstWord = (message, from) => /^\w+/.exec(message.toString("latin1", from, from + 20))?.[0].toUpperCase() ?? "";
