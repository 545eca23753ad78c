/** Outcomes that could not be written in time, kept as files until this host's next pass. Owns the files; decides nothing. */
import { createHash } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { RunEnd, Ticket } from "../core/state.ts";
import { freezeTicket, type TicketJson, thawTicket } from "../core/ticket.ts";

export interface Spooled {
  readonly file: string;
  readonly ticket: Ticket;
  readonly end: RunEnd;
}

export class Spool {
  readonly #folder: string;

  /** `root` is the host's spool folder; `target` names the database and schema, for one host may serve several. */
  constructor(root: string, target: string) {
    this.#folder = join(root, `outcomes-${createHash("sha256").update(target).digest("hex").slice(0, 16)}`);
  }

  /** On disk when it returns: written aside, synced, renamed. */
  keep(ticket: Ticket, end: RunEnd): string {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const file = join(this.#folder, `${ticket.runId}.json`);
    const descriptor = openSync(`${file}.new`, "w", 0o600);
    writeSync(descriptor, JSON.stringify({ ticket: freezeTicket(ticket), end }));
    fsyncSync(descriptor);
    closeSync(descriptor);
    renameSync(`${file}.new`, file);
    return file;
  }

  /** What waits, oldest name first. An unreadable file is set aside and told, never lost. */
  waiting(onUnreadable: (file: string) => void): Spooled[] {
    return this.#names().flatMap((name) => {
      const file = join(this.#folder, name);
      try {
        return [{ file, ...revive(readFileSync(file, "utf8")) }];
      } catch {
        onUnreadable(this.setAside(file));
        return [];
      }
    });
  }

  /** Out of the way of later passes, for a human to look at; the new name. */
  setAside(file: string): string {
    renameSync(file, `${file}.unreadable`);
    return `${file}.unreadable`;
  }

  done(spooled: Spooled): void {
    unlinkSync(spooled.file);
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder)
        .filter((name) => name.endsWith(".json"))
        .sort();
    } catch {
      // No folder: nothing was ever spooled.
      return [];
    }
  }
}

function revive(text: string): { ticket: Ticket; end: RunEnd } {
  const { ticket, end } = JSON.parse(text) as { ticket: TicketJson; end: RunEnd };
  return { ticket: thawTicket(ticket), end };
}
