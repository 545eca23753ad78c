/** A TCP proxy between hosts and their database, for faults a network has: gone, silent, one way only. */
import { createServer, connect as dial, type Server, type Socket } from "node:net";

export interface NetworkProxy {
  readonly port: number;
  /** The same database through the proxy. */
  url(direct: string): string;
  /** Every connection breaks, new ones are refused at once. */
  cut(): void;
  /** Nothing gets through in that direction any more, and nobody is told. */
  silence(direction: "requests" | "answers" | "both"): void;
  heal(): void;
  /** Breaks the connection on which this text is sent next, after passing it on: its answer is lost. */
  loseAnswerTo(text: string): Promise<void>;
  close(): Promise<void>;
}

/** `address`: where it listens; whoever asks it comes from there. */
export async function startProxy(direct: string, address = "127.0.0.1"): Promise<NetworkProxy> {
  const { hostname, port } = new URL(direct);
  const pairs = new Set<[Socket, Socket]>();
  let isCut = false;
  let silent: "requests" | "answers" | "both" | null = null;
  let ambush: { text: string; sprung: () => void } | null = null;
  const breakPair = ([a, b]: [Socket, Socket]) => {
    a.destroy();
    b.destroy();
  };
  const server: Server = createServer((client) => {
    if (isCut) return void client.destroy();
    const upstream = dial(Number(port), hostname);
    const pair: [Socket, Socket] = [client, upstream];
    let mute = false;
    pairs.add(pair);
    client.on("data", (chunk) => {
      if (silent === "requests" || silent === "both") return;
      if (ambush && chunk.includes(ambush.text)) {
        mute = true;
        const { sprung } = ambush;
        ambush = null;
        upstream.once("data", () => {
          breakPair(pair);
          sprung();
        });
      }
      upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      if (mute || silent === "answers" || silent === "both") return;
      client.write(chunk);
    });
    for (const socket of pair) {
      socket.on("error", () => {}); // a broken connection is what it is for
      socket.on("close", () => {
        // In silence nobody hears of it: healing breaks what is left.
        if (silent !== null) return;
        breakPair(pair);
        pairs.delete(pair);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const at = (server.address() as { port: number }).port;
  return {
    port: at,
    url: (text) => {
      const through = new URL(text);
      through.hostname = address;
      through.port = String(at);
      return through.href;
    },
    cut: () => {
      isCut = true;
      for (const pair of pairs) breakPair(pair);
    },
    silence: (direction) => {
      silent = direction;
    },
    heal: () => {
      isCut = false;
      silent = null;
      // What was swallowed cannot be brought back: those connections are of no use any more.
      for (const pair of pairs) breakPair(pair);
    },
    loseAnswerTo: (text) =>
      new Promise((sprung) => {
        ambush = { text, sprung };
      }),
    close: async () => {
      for (const pair of pairs) breakPair(pair);
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
