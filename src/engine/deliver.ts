/** Getting the end of a run into the database: tried again while renewals go on, spooled when time is up. Owns the patience, not the write. */
import { uptime } from "../clock.ts";
import type { RunEnd, Ticket } from "../core/state.ts";
import type { Recorded } from "../store/record.ts";
import type { World } from "./world.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

export interface Delivery {
  readonly ticket: Ticket;
  readonly end: RunEnd;
  /** The run may have recorded its success itself, with its work. */
  readonly ledgerWins: boolean;
}

/** Writes the end of a run. `spooled`: the database did not answer for as long as it may take. */
export async function deliver(world: World, { ticket, end, ledgerWins }: Delivery): Promise<Recorded | "spooled"> {
  const { store, clock, emit, spool } = world;
  const began = uptime();
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    try {
      const how = await store.record(ticket, end, ledgerWins);
      emit("database:up", { deed: "record" });
      return how;
    } catch (error) {
      // Not the connection's fault: the same statement would fail for ever, and the outcome must not be lost.
      const hopeless = !store.isTransient(error);
      if (hopeless || uptime() + pause / 1000 > world.recordUntil(began)) {
        emit("run:spooled", { ticket, file: spool.keep(ticket, end), message: (error as Error).message });
        return "spooled";
      }
      emit("database:down", { deed: "record", message: (error as Error).message });
      await clock.sleep(pause * (0.5 + Math.random()));
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }
}

/** Delivers what earlier passes of this host could not. A database that does not answer leaves the files where they are. */
export async function deliverSpool(world: World): Promise<void> {
  const { store, emit, spool } = world;
  for (const waiting of spool.waiting((file) => emit("spool:unreadable", { file }))) {
    const { ticket, end } = waiting;
    try {
      const how = await store.record(ticket, end, true);
      spool.done(waiting);
      emit("spool:delivered", { ticket, end, how });
    } catch (error) {
      if (store.isTransient(error)) throw error;
      // The database will never take it: every later pass would stumble over it.
      emit("spool:unreadable", { file: spool.setAside(waiting.file) });
    }
  }
}
