/**
 * Tells changes, each once over the whole fleet: looks, judges, claims, sends. Owns the order of these; who may tell is the table's to say.
 * Never throws for a channel; throws StoreError while the database cannot be used.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type AlertDocument, type Change, type Channel, changes } from "../../core/alert.ts";
import type { Emit } from "../../core/events.ts";
import type { Store } from "../../store/store.ts";
import type { View } from "../view.ts";
import { alertDocument } from "./document.ts";
import { judge } from "./judge.ts";
import { send } from "./send.ts";

export interface TellerTools {
  readonly store: Store;
  readonly channels: readonly Channel[];
  /** This host's label. */
  readonly self: string;
  readonly emit: Emit;
  /** What is known besides the rows: the registry of now, and this host's settings. */
  surroundings(): Omit<View, "snapshot" | "hosts">;
}

/** A child whose parent has just ended is late, and taken a moment later: what looks overdue is looked at twice. */
const SECOND_LOOK_MS = 1_500;
/** Alerts that are sent at once. */
const WORKERS = 4;
/** Seconds after a first failed try, doubled for each further one. */
const RETRY = 30;
const RETRY_AT_MOST = 1_800;

interface Look {
  readonly view: View;
  readonly changes: readonly Change[];
  /** Something else is to be told, and nobody is about to. */
  readonly waiting: boolean;
}

export class Teller {
  readonly #tools: TellerTools;

  constructor(tools: TellerTools) {
    this.#tools = tools;
  }

  /** One look, and the telling of what has changed. What is not told when `until` aborts, somebody tells later. */
  async tell(until: AbortSignal): Promise<void> {
    let look = await this.#look();
    if (look.changes.some(({ fault }) => fault?.condition === "overdue")) {
      // Cut short, it is somebody else's to tell.
      await sleep(SECOND_LOOK_MS, undefined, { signal: until }).catch(() => {});
      if (until.aborted) return;
      look = both(look, await this.#look());
    }
    const queue = [...look.changes];
    const work = async () => {
      for (let next = queue.shift(); next && !until.aborted; next = queue.shift()) await this.#claim(look.view, next, until);
    };
    await Promise.all(Array.from({ length: Math.min(WORKERS, queue.length) }, work));
    if (!until.aborted && look.waiting) await this.#makeUp(until);
  }

  /** What was told is read first: then no claim can be made by rows that are older than the last one. */
  async #look(): Promise<Look> {
    const { store, self, surroundings } = this.#tools;
    const { told, waiting } = await store.alerts.told();
    // One after the other: a pass that has nothing to tell shall not open a second connection for it.
    const snapshot = await store.snapshot();
    const hosts = await store.fleet.hosts();
    const view = { ...surroundings(), snapshot, hosts };
    return { view, changes: changes(judge(view, self, told), told), waiting };
  }

  async #claim(view: View, change: Change, until: AbortSignal): Promise<void> {
    const { store } = this.#tools;
    const id = randomUUID();
    const alert = change.told ? await this.#document(view, change, id) : null;
    if (!(await store.alerts.claim(change, { id, at: view.snapshot.now, alert })) || !alert) return;
    await this.#send(alert, { sent: [], tries: 1, until });
  }

  async #document(view: View, change: Change, id: string): Promise<AlertDocument> {
    const { store, self } = this.#tools;
    const { snapshot, registry } = view;
    const name = change.subject.startsWith("job:") ? change.subject.slice("job:".length) : null;
    const about = { id, at: snapshot.now, host: self };
    if (name === null) return alertDocument(change, about);
    const run = (await store.history(name, 1))[0];
    return alertDocument(change, { ...about, job: registry.byName.get(name), state: snapshot.states.get(name), run });
  }

  /** What others have claimed and not delivered. */
  async #makeUp(until: AbortSignal): Promise<void> {
    const { alerts } = this.#tools.store;
    for (let next = await alerts.reclaim(); next; next = until.aborted ? null : await alerts.reclaim()) {
      await this.#send(next.alert, { ...next, until });
    }
  }

  async #send(alert: AlertDocument, { sent, tries, until }: { sent: readonly string[]; tries: number; until: AbortSignal }): Promise<void> {
    const { store, channels, emit } = this.#tools;
    const missing = channels.filter(({ name }) => !sent.includes(name));
    const took = (channel: string) => store.alerts.sent(alert.id, channel);
    const { trouble } = await send(alert, missing, { signal: until, took });
    if (trouble === null) {
      await store.alerts.delivered(alert.id);
      emit("alert:told", { id: alert.id, text: alert.text });
      return;
    }
    await store.alerts.failed(alert.id, trouble, Math.min(RETRY * 2 ** (tries - 1), RETRY_AT_MOST));
    emit("alert:failed", { id: alert.id, text: alert.text, tries, trouble });
  }
}

/** What looks overdue only once was taken meanwhile; the rest is as the later look has it. */
function both(first: Look, second: Look): Look {
  const before = new Set(first.changes.filter(({ fault }) => fault?.condition === "overdue").map(({ subject }) => subject));
  return { ...second, changes: second.changes.filter(({ subject, fault }) => fault?.condition !== "overdue" || before.has(subject)) };
}
