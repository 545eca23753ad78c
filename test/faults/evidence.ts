/** What a campaign leaves behind, and all that the checker sees. Owns the shapes and the reading of the bodies' file; judges nothing. */
import type { FleetJob } from "./fleet.ts";

/**
 * One line of the file that bodies and the nemesis append to. The order of lines is the order of events: one kernel, O_APPEND.
 * `start`, `beat` (still at work), `end` (did its work), `fail` (gave up on purpose); `nemesis` lines are faults.
 */
export type Line = BodyLine | NemesisLine;

export interface BodyLine {
  readonly what: "start" | "beat" | "end" | "fail";
  readonly job: string;
  /** Milliseconds since 1970. */
  readonly slot: number;
  readonly attempt: number;
  readonly runId: string;
  readonly host: string;
  readonly pid: number;
  /** Seconds since the machine booted: no host's clock, none of the offsets. */
  readonly uptime: number;
}

export interface NemesisLine {
  readonly what: "nemesis";
  readonly fault: string;
  /** A host's label, or `-`. */
  readonly host: string;
  readonly uptime: number;
}

/** A row of `crontabber_run`; instants in milliseconds since 1970 by the database's clock. */
export interface RunRow {
  readonly id: number;
  readonly runId: string;
  readonly job: string;
  readonly slot: number;
  readonly attempt: number;
  readonly trigger: string;
  readonly host: string | null;
  /** Null: nobody ran it, somebody marked the slot. */
  readonly pid: number | null;
  readonly claimedAt: number;
  readonly endedAt: number | null;
  readonly outcome: string | null;
  readonly missed: number;
  readonly missedFrom: number | null;
}

/** A row of `crontabber`. */
export interface StateRow {
  readonly job: string;
  readonly nextRun: number | null;
  readonly isOwned: boolean;
  readonly held: string | null;
}

/** What a transactional job did: one row for each time its work was committed. */
export interface Effect {
  readonly job: string;
  readonly slot: number;
  readonly runId: string;
}

export interface Evidence {
  readonly jobs: readonly FleetJob[];
  readonly lines: readonly Line[];
  readonly runs: readonly RunRow[];
  readonly rows: readonly StateRow[];
  readonly effects: readonly Effect[];
  /** Uptime zero by the database's clock: what puts the bodies' lines and the ledger on one scale. */
  readonly zero: number;
  /** Every job had its row by then, and every slot from then on is expected. Milliseconds, the database's clock. */
  readonly from: number;
  /** Slots after it are not expected to have been dealt with. */
  readonly until: number;
}

const BODY: Readonly<Record<string, BodyLine["what"]>> = { S: "start", B: "beat", E: "end", F: "fail" };

/** Reads the file's text. A last line without its end was cut off by a kill and is dropped; any other that cannot be read throws. */
export function readLines(text: string): Line[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      const [kind = "", a = "", b = "", attempt = "", runId = "", host = "", pid = "", uptime = ""] = line.split(" ");
      if (kind === "N") return { what: "nemesis", fault: a, host: b, uptime: Number(attempt) };
      const what = BODY[kind];
      if (!what || uptime === "") throw new Error(`not a line of the bodies' file: ${line}`);
      return { what, job: a, slot: Date.parse(b), attempt: Number(attempt), runId, host, pid: Number(pid), uptime: Number(uptime) };
    });
}
