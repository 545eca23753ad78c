/** Every option of the command line, in one table: parser, help and completion are made of it. Data only. */

/** `count`: a whole number from 1 on; `some`: from 0 on; `list`: some of its choices, with commas; `instant`: ISO 8601; `moment`: that, or a span; `number`: a run's number; `duration`: a number with its unit. */
export type OptionKind = "flag" | "text" | "count" | "some" | "list" | "duration" | "instant" | "moment" | "zone" | "number";

export interface Option {
  readonly name: string;
  readonly kind: OptionKind;
  readonly short?: string;
  /** Other spellings, for ever. */
  readonly also?: readonly string[];
  /** What stands for the value in help. */
  readonly value?: string;
  /** The only values there are. */
  readonly choices?: readonly string[];
  readonly says: string;
}

/** An option of the Python tool that chooses what to do: a verb under its old name. */
export interface OldFlag extends Option {
  /** A verb of commands.ts. */
  readonly verb: string;
  /** Words that stand before the flag's own value, if it has one. */
  readonly words: readonly string[];
}

/** As the views know them. */
const STATE_NAMES = [
  ...(["ok", "running", "due", "late", "blocked", "failing", "lost", "cancelled", "held", "paused", "disabled", "new"] as const),
];
const OUTCOME_NAMES = ["succeeded", "failed", "timed-out", "interrupted", "cancelled", "lost", "skipped", "running"];
const COLUMN_NAMES = ["job", "schedule", "next", "last", "took", "recent", "state"];

/** With every verb. */
export const EVERYWHERE: readonly Option[] = [
  {
    name: "config",
    kind: "text",
    short: "c",
    also: ["admin.conf"],
    value: "FILE",
    says: "the configuration file (default: CRONTABBER_CONF, else ./crontabber.ini)",
  },
  { name: "verbose", kind: "flag", says: "say more on stderr: runs, reasons, stacks" },
  { name: "quiet", kind: "flag", short: "q", says: "say less on stderr: errors only" },
  { name: "color", kind: "flag", says: "colours even where stderr or stdout is no terminal" },
  { name: "no-color", kind: "flag", says: "no colours (so does the variable NO_COLOR)" },
  { name: "ascii", kind: "flag", says: "no glyphs beyond ASCII" },
  { name: "help", kind: "flag", short: "h", says: "this text; behind a verb, that verb's" },
  { name: "admin.expose_secrets", kind: "flag", says: "with config: do not mask secrets" },
  { name: "admin.strict", kind: "flag", says: "accepted, without effect: unknown options are always errors" },
  { name: "application", kind: "text", value: "CLASS", says: "accepted, without effect" },
];

/** With the verbs that name them. */
export const OF_VERBS: readonly Option[] = [
  { name: "force", kind: "flag", short: "f", says: "do it all the same" },
  { name: "slot", kind: "instant", value: "T", says: "for this slot, such as 2026-11-20T03:00Z; without a zone in the configured one" },
  { name: "json", kind: "flag", says: "one JSON document, times in UTC" },
  { name: "tz", kind: "zone", value: "ZONE", says: "show times in this zone, such as Europe/Berlin (default: the configured one)" },
  { name: "count", kind: "count", value: "K", says: "how many" },
  { name: "limit", kind: "count", value: "K", says: "at most so many runs, the newest (default 50; with --since 1000)" },
  { name: "for", kind: "duration", value: "TIME", says: "so long, such as 30m, 2h or 1d; then it ends by itself" },
  { name: "note", kind: "text", value: "TEXT", says: "why: kept with who and when" },
  { name: "skip", kind: "flag", says: "drop what is owed from before" },
  { name: "detach", kind: "flag", says: "leave the run to whichever host is free, and do not wait for it" },
  { name: "payload", kind: "text", value: "JSON", says: "what the run gets along: ctx.payload, CRONTABBER_PAYLOAD" },
  { name: "debounce", kind: "duration", value: "TIME", says: "run once, so long after the last call with the same payload, such as 10s" },
  { name: "at-most-every", kind: "duration", value: "TIME", says: "leave so long between two runs for the same payload, such as 1m" },
  { name: "from", kind: "instant", value: "T", says: "the oldest date, such as 2026-11-13; without a zone in the configured one" },
  { name: "to", kind: "instant", value: "T", says: "the newest date, itself included; a day without a time is all of it" },
  { name: "dry-run", kind: "flag", says: "show what would be done, and do nothing" },
  { name: "again", kind: "flag", says: "also dates that have succeeded" },
  { name: "cancel", kind: "flag", says: "start no more dates; the one that runs ends by itself" },
  {
    ...{ name: "progress", kind: "text", value: "HOW", choices: ["auto", "tty", "plain", "none"] },
    says: "what goes on, on stderr: tty moves, plain is a line an event, auto is tty on a terminal, else none",
  },
  { name: "since", kind: "moment", value: "T", says: "only what started since then: 2h, 1d or 2026-11-20T03:00" },
  { name: "until", kind: "moment", value: "T", says: "everything until then: 6h, 1d or 2026-11-21" },
  {
    name: "at",
    kind: "moment",
    value: "T",
    says: "a forecast: what would be decided then, 2h or 2026-11-21T03:00, if nothing changes before",
  },
  {
    name: "outcome",
    kind: "list",
    value: "O,…",
    choices: OUTCOME_NAMES,
    says: "only runs that ended so, such as failed,lost; or are running",
  },
  { name: "state", kind: "list", value: "S,…", choices: STATE_NAMES, says: "only jobs in these states, such as failing,blocked" },
  {
    name: "sort",
    kind: "text",
    value: "ORDER",
    choices: ["file", "name", "next", "state"],
    says: "file (default), name, next run, or worst state first",
  },
  { name: "columns", kind: "list", value: "C,…", choices: COLUMN_NAMES, says: `these columns, of ${COLUMN_NAMES.join(", ")}` },
  {
    name: "watch",
    kind: "flag",
    short: "w",
    says: "again and again, as things change, until Ctrl-C; with --json one document a line for each change",
  },
  { name: "follow", kind: "flag", short: "f", says: "go on as it is printed, until the run ends: 0 if it succeeds, else 1" },
  { name: "all", kind: "flag", says: "with --follow: go on with the next runs" },
  { name: "tail", kind: "some", value: "K", says: "only the last K lines of what is there" },
  {
    name: "textfile",
    kind: "text",
    value: "FILE",
    says: "write it there instead, in one step; for node_exporter the name ends with .prom",
  },
  { name: "http", kind: "text", value: "ADDRESS", says: "where the page listens, such as 127.0.0.1:8484 (default: the configured http)" },
  { name: "run", kind: "number", value: "ID", says: "the run with this number, as history shows it" },
  {
    name: "format",
    kind: "text",
    value: "FORM",
    choices: ["text", "dot", "mermaid", "json"],
    says: "text (default), dot for Graphviz, mermaid, or json",
  },
  { name: "no-state", kind: "flag", says: "only jobs and dependencies: nothing is asked of the database" },
  { name: "offline", kind: "flag", says: "without the database, as if no job had ever run; needs --from" },
  { name: "every", kind: "duration", value: "TIME", says: "as system cron does that starts a pass so often (default: a daemon)" },
  {
    name: "durations",
    kind: "text",
    value: "HOW",
    says: "how long runs take: history (default: the median of each job), or so many seconds each",
  },
  { name: "fail", kind: "text", value: "LIST", says: "what is to fail: JOB (always) or JOB@SLOT (its first attempt), with commas between" },
  { name: "with", kind: "text", value: "FILE", says: "as if this configuration were in force, and what that changes" },
  {
    name: "fail-on",
    kind: "text",
    value: "LIST",
    says: "exit code 1 if there are any: collisions, late, never, skipped, failed, clock, changes",
  },
];

/** For ever. Only one of them at a time. */
export const OLD_FLAGS: readonly OldFlag[] = [
  { name: "job", kind: "text", short: "j", value: "NAME", verb: "run", words: [], says: "run NAME" },
  { name: "list-jobs", kind: "flag", short: "l", also: ["list"], verb: "list", words: [], says: "list, in the Python tool's text" },
  { name: "reset-job", kind: "text", short: "r", value: "NAME", verb: "reset", words: [], says: "reset NAME" },
  { name: "nagios", kind: "flag", short: "n", verb: "check", words: [], says: "check, in the Python tool's text" },
  { name: "configtest", kind: "flag", verb: "configtest", words: [], says: "configtest" },
  { name: "audit-ghosts", kind: "flag", verb: "ghosts", words: [], says: "ghosts" },
  { name: "sentrytest", kind: "flag", verb: "sentrytest", words: [], says: "sentrytest" },
  { name: "version", kind: "flag", short: "v", verb: "version", words: [], says: "version" },
  { name: "admin.print_conf", kind: "text", value: "ini", choices: ["ini"], verb: "config", words: ["print"], says: "config print" },
  { name: "admin.dump_conf", kind: "text", value: "FILE", verb: "config", words: ["init"], says: "config init FILE" },
];

export const OPTIONS: readonly Option[] = [...EVERYWHERE, ...OF_VERBS, ...OLD_FLAGS];

/** By every long spelling, without dashes. */
export const LONG: ReadonlyMap<string, Option> = new Map(
  OPTIONS.flatMap((o) => [o.name, ...(o.also ?? [])].map((name) => [name, o] as const)),
);
/** By letter. A letter that means another option with some verbs is the first one's here. */
export const SHORT: ReadonlyMap<string, Option> = new Map(OPTIONS.toReversed().flatMap((o) => (o.short ? [[o.short, o] as const] : [])));
