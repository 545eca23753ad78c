/**
 * The seam between the server of the page (routes, security, live updates, actions) and what it shows (pages/, client/). Shapes only.
 * The server fills these from the store at one moment; the pages are pure functions of them.
 */
import type { Job } from "../core/job.ts";
import type { BackfillShown } from "../report/backfill.ts";
import type { Explained } from "../report/explain.ts";
import type { LedgerRun } from "../report/job-json.ts";
import type { View } from "../report/view.ts";

/**
 * Addresses and fields that pages link to and send. Names of jobs are put into addresses by `encodeURIComponent`.
 *
 * - `POST /login`: `token`, `name` (who one is: kept with what one does). The page is shown where it was needed, and led back to.
 *   `POST /logout`: `csrf`.
 * - `POST /theme`: `theme` (auto, light, dark); leads back. The cookie `crontabber_theme` may also be set by a script.
 * - `POST /jobs/NAME/ACTION`: `csrf`, and by action `note`; pause `for` (`2h`, empty: until resume); resume `skip`; reset `force`;
 *   backfill `from`, `to` (`2026-11-13`, `2026-11-13T03:00`), `again`, `force`; cancel-backfill `id` (empty: all of the job). A box that
 *   is ticked sends anything but `no`. A page that confirms sends to the same address all of `Confirm.fields` and `csrf`.
 * - `GET /events`, with `?job=NAME` (up to 10) for what those print: `event: full` with everything Live has, first of all; `event: change`
 *   with the keys that have changed, null for one that is gone; `event: output` with an `OutputPart`; `event: beat` with a `Beat` every
 *   few seconds, and when the database comes or goes. Whoever hears nothing for 20 s is cut off.
 * - `/api/runs/ID/output?as=text`, `/api/jobs`, `/api/jobs/NAME`, `/api/runs`, `/api/graph`, `/api/backfills`, `/badge/NAME.svg`.
 */
export interface Beat {
  /** The database's time of what was sent last, ISO 8601 in UTC. */
  readonly now: string;
  /** False: the database cannot be read; what is shown is as old as `now`. */
  readonly good: boolean;
}

/** What a run has printed since the last part. */
export interface OutputPart {
  readonly job: string;
  readonly run: number;
  /** Where `text` belongs, in UTF-16 units; 0: instead of everything before. */
  readonly from: number;
  readonly text: string;
}

/** Markup that was escaped where it was made; `html` makes it, nothing else may. */
export interface Html {
  readonly html: string;
}

/** What every page has around it. */
export interface Chrome {
  /** Which installation this is: the database's name and host, printable. */
  readonly site: string;
  /** This host's label, and the program's version. */
  readonly host: string;
  readonly version: string;
  /** IANA zone of the times people read. */
  readonly zone: string;
  /** The reader's choice, from a cookie. */
  readonly theme: "auto" | "light" | "dark";
  /** Null: nothing may be done here; why, in words, for the page to say. */
  readonly actions: { readonly csrf: string } | null;
  readonly noActions: string | null;
  /** `?wall=1`: for a display nobody touches. */
  readonly wall: boolean;
  /** The address of a file of client/, by its content. */
  asset(name: string): string;
  /** What the last action said; null: there was none. */
  readonly notice: { readonly kind: "good" | "bad"; readonly text: string } | null;
}

/** Everything at one moment. */
export interface PageData {
  /** With `hosts`. */
  readonly view: View;
  /** Of each job the newest runs, newest first, at most 40; the one that is on among them. */
  readonly recent: ReadonlyMap<string, readonly LedgerRun[]>;
  /** Runs that were on at some time in the last 24 hours, oldest first; the newest 5000 if there are more. */
  readonly day: readonly LedgerRun[];
  /** Open ones of all jobs, and those that ended in the last day, newest first. */
  readonly backfills: readonly (BackfillShown & { readonly job: string })[];
  /** Rows without a job. */
  readonly ghosts: readonly string[];
}

export interface JobPageData extends PageData {
  readonly job: Job;
  /** Newest first, at most 200. */
  readonly runs: readonly LedgerRun[];
  readonly explained: Explained;
  /** Of the run that is on, else of the newest; null: nothing was printed. */
  readonly output: { readonly run: LedgerRun; readonly text: string } | null;
  readonly acts: readonly { readonly at: Date; readonly what: string; readonly who: string; readonly note: string | null }[];
}

/** What may be asked for from the page. The words are those of the verbs. */
export const ACTIONS = [
  "run",
  "force",
  "pause",
  "resume",
  "cancel",
  "unlock",
  "mark-success",
  "reset",
  "backfill",
  "cancel-backfill",
] as const;
export type ActionName = (typeof ACTIONS)[number];

/** A page that asks once more, before something that cannot be taken back. */
export interface Confirm {
  readonly job: Job;
  readonly action: ActionName;
  /** What will happen, in sentences. */
  readonly consequences: readonly string[];
  /** The fields to send again, as they came. */
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * What a page that is open is told when something changes: by key, a text, a number, or a small document. The pages give every place
 * that lives a key, and the client puts the new value there; the server sends the keys whose values have changed, and knows nothing
 * of what they mean.
 */
export type Live = Readonly<Record<string, unknown>>;

/** What pages/ offers to the server. */
export interface Pages {
  overview(chrome: Chrome, data: PageData): Html;
  job(chrome: Chrome, data: JobPageData): Html;
  confirm(chrome: Chrome, data: PageData, confirm: Confirm): Html;
  /** Not found, refused, no database: a page in the same clothes. `status` is the HTTP status. */
  failure(chrome: Chrome, failure: { readonly status: number; readonly title: string; readonly text: string }): Html;
  /** Where a token is asked for. */
  login(chrome: Chrome, failed: boolean): Html;
  /** Of everything the overview shows, and of the head of every job's page. */
  live(data: PageData, zone: string): Live;
}
