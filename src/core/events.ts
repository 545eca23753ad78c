/** What happens, by name: the contract between the engine and everything that tells it (log, terminal, metrics, page, tests). */
import type { NotDue } from "./plan.ts";
import type { Skipped } from "./replan.ts";
import type { Outcome, RunEnd, Ticket } from "./state.ts";

/** What a process does with the database. One may fail where others work: a full disk can be read, a server without room keeps old sessions. */
export type Deed = "look" | "start" | "renew" | "record";

export interface Events {
  "pass:started": { readonly jobs: number; readonly now: Date };
  /** Why a job does not run in this pass. */
  "job:not-due": { readonly job: string; readonly verdict: NotDue };
  /** A claim that got no run; `why` is "locked", or the reason the row gave. */
  "claim:lost": { readonly job: string; readonly why: NotDue["why"] };
  /** Slots nobody will run. */
  "job:skipped": { readonly job: string; readonly skipped: Skipped };
  "run:started": { readonly ticket: Ticket };
  "run:progress": { readonly ticket: Ticket; readonly json: string };
  "run:output": { readonly ticket: Ticket; readonly stream: "stdout" | "stderr"; readonly chunk: Uint8Array };
  /** It is being ended before its time. */
  "run:stopping": { readonly ticket: Ticket; readonly why: string };
  /** The end of a run is in the database. */
  "run:recorded": { readonly ticket: Ticket; readonly end: RunEnd };
  /** The lease was gone: another owner, a reset or a fail-over. Only `late_outcome` was written. */
  "run:fenced": { readonly ticket: Ticket; readonly outcome: Outcome };
  /** The end of a run could not be written in time, and waits in the spool for this host's next pass. */
  "run:spooled": { readonly ticket: Ticket; readonly file: string; readonly message: string };
  /** `how`: whether the end counts, was known, or came too late. */
  "spool:delivered": { readonly ticket: Ticket; readonly end: RunEnd; readonly how: "recorded" | "already" | "fenced" };
  "spool:unreadable": { readonly file: string };
  /** A dead owner's run was taken over, after the second look. */
  "run:reaped": { readonly job: string; readonly runId: string; readonly host: string | null };
  /** A signal came: nothing more is claimed, what runs may end by itself. */
  "drain:started": { readonly signal: string; readonly seconds: number };
  "database:down": { readonly deed: Deed; readonly message: string };
  /** This deed works again, as far as its last try tells. */
  "database:up": { readonly deed: Deed };
  /** A new registry holds from now on. `restart`: settings that have changed and wait for the next start. */
  "registry:reloaded": { readonly jobs: number; readonly broken: readonly string[]; readonly restart: readonly string[] };
  /** The configuration has changed and is wrong: the old one holds on. */
  "registry:refused": { readonly problems: readonly string[] };
  /** Something the daemon did not expect; it goes on. */
  "daemon:trouble": { readonly message: string };
  "guard:trouble": { readonly message: string };
  /** Every channel has it. */
  "alert:told": { readonly id: string; readonly text: string };
  /** It is tried again later, by whoever is alive. */
  "alert:failed": { readonly id: string; readonly text: string; readonly tries: number; readonly trouble: string };
  /** What has to be told cannot be found out, or nothing can be told here. `news`: it was not said before. */
  "alert:trouble": { readonly message: string; readonly news: boolean };
  /** The page can be reached; `url` names the port that was really taken. */
  "http:listening": { readonly url: string };
  /** The page cannot be reached: its address is not to be had. It is tried again from time to time. */
  "http:failed": { readonly address: string; readonly message: string };
  /** The page did not expect something; it goes on. */
  "http:trouble": { readonly message: string };
  /** Somebody showed a wrong token: how often since the last right one. */
  "http:guess": { readonly remote: string; readonly tries: number };
  /** The database told that something of a job has changed. */
  "job:told": { readonly job: string; readonly what: string };
  "ledger:pruned": { readonly rows: number };
  "pass:ended": { readonly ran: number; readonly failed: number };
}

export type Emit = <Name extends keyof Events>(name: Name, payload: Events[Name]) => void;
