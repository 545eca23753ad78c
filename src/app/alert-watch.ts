/** When a daemon tells: beside everything it does, by what it says of itself. Owns the moments; what is told is alerts.ts's. */
import type { Setup } from "../app.ts";
import { after, ticks } from "../clock.ts";
import type { Emit, Events } from "../core/events.ts";
import type { LocalKind } from "../report/alerts/local.ts";
import type { Teller } from "../report/alerts/teller.ts";
import type { Store } from "../store/store.ts";
import { askFor, broken, LONGEST_MS, type Tools, told, toolsOf, trouble } from "./alerts.ts";

export interface AlertWatch {
  /** What the daemon tells: when to look. */
  readonly hear: Emit;
  replace(setup: Setup): void;
  /** Ends what is being sent: somebody else, or the next start, sends it. */
  close(): Promise<void>;
}

/** Beside a daemon, off the way of everything it does. */
export function watchAlerts(setup: Setup, store: Store, emit: Emit): AlertWatch {
  const tools = toolsOf(setup.config, emit);
  return new Watch(setup, { tools, store, emit });
}

/** Failures that come together are looked at together. */
const GATHER_MS = 500;
const LOCAL_MS = 15_000;
const PING_MS = 60_000;

class Watch implements AlertWatch {
  #setup: Setup;
  readonly #tools: Tools;
  readonly #teller: Teller;
  readonly #emit: Emit;
  readonly #clock: NodeJS.Timeout;
  readonly #closing = new AbortController();
  readonly #now: Record<LocalKind, string | null>;
  #pinged = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | null = null;
  #telling: Promise<void> | null = null;
  #again = false;
  #noting: Promise<void> = Promise.resolve();

  constructor(setup: Setup, { tools, store, emit }: { tools: Tools; store: Store; emit: Emit }) {
    this.#setup = setup;
    this.#tools = tools;
    this.#emit = emit;
    this.#teller = tools.teller(store, () => this.#setup);
    this.#now = { refused: broken(setup), unreachable: null };
    this.#clock = setInterval(() => this.#local(), LOCAL_MS);
    this.#clock.unref();
  }

  readonly hear: Emit = (name, payload) => {
    if (name === "pass:started") this.#looked();
    else if (name === "run:recorded") this.#recorded(payload as Events["run:recorded"]);
    else if (name === "run:reaped") this.#soon();
    else if (name === "database:down") this.#is("unreachable", (payload as Events["database:down"]).message);
    else if (name === "database:up") this.#is("unreachable", null);
    else if (name === "registry:refused") this.#is("refused", (payload as Events["registry:refused"]).problems.join("\n"));
    else if (name === "registry:reloaded") this.#is("refused", (payload as Events["registry:reloaded"]).broken.join("\n") || null);
    else if (name === "drain:started") this.#closing.abort();
  };

  replace(setup: Setup): void {
    this.#setup = setup;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#clock);
    this.#cancel?.();
    await Promise.all([this.#telling, this.#noting]);
  }

  #looked(): void {
    this.#is("unreachable", null);
    this.#ping();
    this.#tell();
  }

  /** A success after a success is no news; if it is one after being late, the next look finds out. */
  #recorded({ ticket, end }: Events["run:recorded"]): void {
    if (end.outcome !== "succeeded" || ticket.errors > 0) this.#soon();
  }

  #soon(): void {
    this.#cancel ??= after(GATHER_MS, () => {
      this.#cancel = null;
      this.#tell();
    });
  }

  #tell(): void {
    if (this.#closing.signal.aborted || this.#tools.channels.length === 0) return;
    if (this.#telling !== null) {
      this.#again = true;
      return;
    }
    const until = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(LONGEST_MS)]);
    this.#telling = this.#teller
      .tell(until)
      .catch((error: unknown) => trouble(this.#emit, error))
      .finally(() => {
        this.#telling = null;
        const again = this.#again;
        this.#again = false;
        if (again) this.#tell();
      });
  }

  /** Noted at once, for how long it lasts counts; told when it has lasted. */
  #is(kind: LocalKind, value: string | null): void {
    if (this.#now[kind] === value) return;
    this.#now[kind] = value;
    this.#local();
  }

  /** One after the other, each as it is then. */
  #local(): void {
    if (this.#tools.channels.length === 0) return;
    this.#noting = this.#noting.then(() => {
      const until = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(LONGEST_MS)]);
      return told(this.#tools.local, this.#now, until);
    });
  }

  #ping(): void {
    const { pingUrl } = this.#setup.config.alerts;
    if (pingUrl === null || ticks() - this.#pinged < PING_MS) return;
    this.#pinged = ticks();
    askFor(pingUrl, this.#closing.signal).catch((error: unknown) => trouble(this.#emit, error));
  }
}
