/**
 * `database_url = embedded:PATH`: a private PostgreSQL that all processes of this host share. A user is a process that holds a
 * connection to the folder's keeper; ending, in whatever way, is leaving. Owns that connection; everything that starts
 * something is elsewhere and imported only when needed.
 */
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StoreError } from "../core/errors.ts";
import { codeOf, KEEPER_SOCKET, type KeeperWord, NAME, PORT, readRecord, realFolder } from "./embedded-folder.ts";

/** A keeper says "ready" or why not; recovery after a crash is bounded by the size of the log it replays. */
const SILENCE_MS = 180_000;
/** Between one keeper's last moment and the next one's first there is a gap; it is short. */
const GAP_LOOKS = 20;
const GAP_LOOK_MS = 25;
const MOST_LAUNCHES = 60;
/** Between a user's attempts to get a lost database back. */
const RETURN_EVERY_MS = 5_000;

export interface EmbeddedConnection {
  /** Folder of the server's unix socket; stays the same as long as somebody uses the database. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

export interface EmbeddedHandle {
  readonly connection: EmbeddedConnection;
  /** The same as one URL, for `pg` and for psql. There is no password: only the folder's owner and root reach the socket. */
  readonly url: string;
  /** Gives the database up before the process ends; the server stops about a second after its last user. Safe to call twice. */
  leave(): Promise<void>;
}

interface Seat {
  readonly socket: Socket;
  readonly sockets: string;
}

/** Waits for the keeper's one line; null when it went away without a word. */
function firstWord(socket: Socket): Promise<KeeperWord | null> {
  return new Promise((done, fail) => {
    let text = "";
    socket.setTimeout(SILENCE_MS, () => fail(new StoreError("the keeper of the embedded database does not answer")));
    const read = (chunk: Buffer) => {
      text += chunk.toString("utf8");
      if (!text.includes("\n")) return;
      socket.off("data", read).resume(); // later words are for those who come later
      done(JSON.parse(text) as KeeperWord);
    };
    socket.on("data", read);
    socket.once("close", () => done(null));
    socket.on("error", (error) => {
      if (codeOf(error) === "EACCES") fail(new StoreError("the embedded database belongs to another user", { cause: error }));
    });
  });
}

/** Takes a seat at the running keeper; null when there is none. Throws StoreError with what the keeper says is wrong. */
async function joinKeeper(folder: string, background: boolean): Promise<Seat | null> {
  const record = readRecord(folder);
  if (!record) return null;
  const socket = connect(join(record.sockets, KEEPER_SOCKET));
  if (background) socket.unref();
  try {
    const word = await firstWord(socket);
    if (word?.state === "failed") throw new StoreError(word.message);
    if (word === null) return null;
    socket.setTimeout(0);
    socket.unref();
    return { socket, sockets: word.sockets };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function takeSeat(folder: string, background: boolean): Promise<Seat> {
  for (let launches = 0; launches < MOST_LAUNCHES; launches += 1) {
    let seat = await joinKeeper(folder, background);
    if (seat) return seat;
    const { startKeeper } = await import("./embedded-launch.ts");
    if ((await startKeeper(folder, background)) === "listening") continue;
    for (let looks = 0; looks < GAP_LOOKS; looks += 1) {
      seat = await joinKeeper(folder, background);
      if (seat) return seat;
      await sleep(GAP_LOOK_MS, undefined, { ref: !background });
    }
  }
  throw new StoreError(
    `the embedded database in ${folder} is held by a process that cannot be reached from here, perhaps in another container or with a /tmp of its own`,
  );
}

/** A user of a database, which takes a new seat by itself when its keeper was killed: else the next keeper would stop the server under it. */
class User implements EmbeddedHandle {
  readonly connection: EmbeddedConnection;
  readonly url: string;
  readonly #folder: string;
  #socket: Socket | null = null;
  #left = false;

  constructor(folder: string, seat: Seat) {
    this.#folder = folder;
    this.connection = { host: seat.sockets, port: PORT, user: NAME, database: NAME };
    this.url = `postgres://${NAME}@${encodeURIComponent(seat.sockets)}:${PORT}/${NAME}`;
    this.#sit(seat.socket);
  }

  async leave(): Promise<void> {
    this.#left = true;
    const socket = this.#socket;
    if (!socket || socket.destroyed) return;
    await new Promise<void>((done) => {
      socket.once("close", () => done());
      socket.ref();
      socket.destroy();
    });
  }

  #sit(socket: Socket): void {
    this.#socket = socket;
    if (this.#left) socket.destroy();
    else socket.once("close", () => void this.#return());
  }

  /** As long as it takes: whoever repairs what is wrong need not restart the users too. */
  async #return(): Promise<void> {
    while (!this.#left) {
      try {
        this.#sit((await takeSeat(this.#folder, true)).socket);
        return;
      } catch {
        // no database for now: every query says so
        await sleep(RETURN_EVERY_MS, undefined, { ref: false });
      }
    }
  }
}

/**
 * Uses the database in the folder `path`, which is made on first use. Resolves when its server takes connections, as the one
 * user of many or as the first. The handle does not keep this process alive. Throws StoreError, which says why and what to do.
 */
export async function openEmbedded(path: string): Promise<EmbeddedHandle> {
  const folder = realFolder(path);
  return new User(folder, await takeSeat(folder, false));
}
