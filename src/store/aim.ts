/** The server in use, of one or of several. Owns how long a choice stands; how it is made is core/servers.ts's. Opens nothing itself. */
import { systemClock, ticks } from "../clock.ts";
import type { ServerAddress } from "../core/database.ts";
import { type Chosen, chooseServer, type History, type Standing } from "../core/servers.ts";

/** A server that takes writes and has answered is not kept waiting longer for its neighbours. */
const PATIENCE_MS = 250;
/** A primary that was left behind by a promotion may look well from here: whether there is a newer one is asked again. */
const AGAIN_MS = 10_000;

export type Choice = Promise<Chosen>;

export class Aim {
  readonly #servers: readonly ServerAddress[];
  readonly #ask: (server: ServerAddress) => Promise<Standing>;
  #choice: Choice | null = null;
  #current: ServerAddress | null = null;
  #newest: History | null = null;
  #againAt = 0;

  constructor(servers: readonly ServerAddress[], ask: (server: ServerAddress) => Promise<Standing>) {
    this.#servers = servers;
    this.#ask = ask;
  }

  /** There is something to choose. */
  get several(): boolean {
    return this.#servers.length > 1;
  }

  /** The one in use; chosen now if none is. Throws NoServer. */
  choice(): Choice {
    if (this.#choice === null) this.#take(this.#choose());
    else if (this.several && ticks() >= this.#againAt) this.#again(this.#choice);
    return this.#choice as unknown as Choice;
  }

  /** It failed: chosen afresh next time, unless that has happened already. */
  forget(choice: Choice): void {
    if (this.several && this.#choice === choice) this.#choice = null;
  }

  /** Beside the work that goes on. */
  #again(old: Choice): void {
    this.#againAt = ticks() + AGAIN_MS;
    const next = this.#choose();
    next.then(
      () => {
        if (this.#choice === old) this.#take(next);
      },
      () => {}, // whoever uses the old one will notice
    );
  }

  #take(choice: Choice): void {
    this.#choice = choice;
    this.#againAt = ticks() + AGAIN_MS;
    choice.then(
      ({ server, history }) => {
        this.#current = server;
        this.#newest = history ?? this.#newest;
      },
      () => this.forget(choice),
    );
  }

  async #choose(): Promise<Chosen> {
    const [first] = this.#servers;
    if (first && !this.several) return { server: first, history: null };
    return chooseServer({
      ...{ servers: this.#servers, ask: this.#ask, newest: this.#newest, current: this.#current },
      patience: () => systemClock.sleep(PATIENCE_MS),
    });
  }
}
