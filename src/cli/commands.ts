/** Every verb, in one table: parser, help and completion are made of it. Data only: what a verb does is load.ts's. */
import { OF_VERBS, type Option } from "./options.ts";

export interface Operand {
  readonly name: string;
  readonly required: boolean;
  /** The last one: any number of them. */
  readonly many?: boolean;
  /** The only words there are. */
  readonly choices?: readonly string[];
  readonly says: string;
}

export interface Command {
  readonly verb: string;
  readonly operands: readonly Operand[];
  /** From OF_VERBS of options.ts, perhaps in the verb's own words. */
  readonly options: readonly Option[];
  /** One line. */
  readonly says: string;
  /** More lines, for its own help. */
  readonly more?: string;
}

const JOB = "the job's name, or module.path.Export as the configuration has it";
const aJob: Operand = { name: "NAME", required: true, says: JOB };
const anyJob: Operand = { name: "NAME", required: false, says: JOB };

function option(name: string, says?: string): Option {
  const found = OF_VERBS.find((known) => known.name === name);
  if (!found) throw new Error(`no option ${name}`);
  return says === undefined ? found : { ...found, says };
}
const json = option("json");
const tz = option("tz");

export const COMMANDS: readonly Command[] = [
  {
    verb: "run",
    operands: [anyJob],
    options: [
      option("force", "run it whatever its schedule and its parents say"),
      option("slot"),
      option("tz", "the zone of --slot"),
      option("note", "why it is run by hand: kept with who and when"),
      option("detach"),
      option("progress"),
      option("json", "what happens, one JSON document a line; the last one has the exit code"),
    ],
    says: "one pass over everything that is due; with NAME that job, if it is due",
    more: "Without a verb crontabber does this. Nothing runs a job beside a living owner, --force included.",
  },
  {
    verb: "daemon",
    operands: [],
    options: [option("http")],
    says: "passes without end: starts what is due at its instant, without system cron",
    more: "SIGTERM drains, a second one aborts; SIGHUP reloads the configuration, and so does a change of its files.",
  },
  {
    verb: "serve",
    operands: [],
    options: [option("http")],
    says: "the page of a daemon, without running anything",
    more: "Reads the tables until a signal. With http_actions and http_token jobs can be steered from it.",
  },
  {
    verb: "list",
    operands: [{ name: "PATTERN", required: false, many: true, says: "names of jobs, with * and ?: 'report-*'" }],
    options: [...["state", "sort", "columns", "watch"].map((name) => option(name)), json, tz],
    says: "every job with its schedule, its state, its last runs and its next one",
  },
  {
    verb: "show",
    operands: [aJob],
    options: [json, tz],
    says: "everything the tables know of one job",
  },
  {
    verb: "next",
    operands: [anyJob],
    options: [option("count", "how many runs of each job (default 5 of a named job, else 1)"), option("until"), json, tz],
    says: "what runs when",
  },
  {
    verb: "explain",
    operands: [aJob],
    options: [option("at"), json, tz],
    says: "whether a job would run now, and why not; exit code 4 if it would not",
  },
  {
    verb: "graph",
    operands: [{ ...anyJob, says: `${JOB}: only what it needs and what needs it` }],
    options: [option("format"), option("no-state"), json],
    says: "which job depends on which, with their states",
    more: "Where the database cannot be used, the states are left out, and that is told.",
  },
  {
    verb: "simulate",
    operands: [{ ...anyJob, many: true, says: `${JOB}: all jobs run, these are shown` }],
    options: [
      option("from", "the beginning, such as 2026-03-28; without a zone in the configured one (default: now)"),
      option("to", "the end, itself included (default: a day later)"),
      ...[option("durations"), option("fail"), option("every"), option("with"), option("fail-on"), option("offline")],
      ...[option("limit", "at most so many lines of the table (default 200)"), json, option("tz")],
    ],
    says: "what would run when, on a virtual clock, and what would go wrong; starts nothing",
    more: "Begins with the rows as they are, without a database with none. Retries, parents, backfills, locks and concurrency count as in a real run.",
  },
  {
    verb: "history",
    operands: [anyJob],
    options: [option("since"), option("outcome"), option("limit"), json, tz],
    says: "the runs of a job, or of all, newest first",
  },
  {
    verb: "logs",
    operands: [aJob],
    options: [
      option("run"),
      option("follow"),
      option("all"),
      option("tail"),
      option("json", "one JSON document; with --follow one a line"),
      tz,
    ],
    says: "what a job's newest run printed, or the run with --run; also while it runs, on whichever host",
    more: "With --follow a job that is not running is waited for. Lines of stderr are yellow, or begin with [stderr] where there is no colour.",
  },
  {
    verb: "reset",
    operands: [aJob],
    options: [option("force", "also while it runs: that run ends as cancelled"), option("note"), json],
    says: "forget the job's row, as if it had never run; the history stays",
    more: "Works on ghosts, too. Refused (3) while the job runs, unless forced.",
  },
  {
    verb: "pause",
    operands: [aJob],
    options: [option("for"), option("note"), json],
    says: "start nothing of a job until resume; what runs goes on",
    more: "Paused again: the new end and the new note hold. A plain job owes nothing from the pause, a backfill job makes up its dates.",
  },
  {
    verb: "resume",
    operands: [aJob],
    options: [option("skip", "a backfill job drops the dates that came due before now"), option("note"), json],
    says: "end a job's pause",
  },
  {
    verb: "cancel",
    operands: [aJob],
    options: [option("note"), json],
    says: "end a job's running attempt, on whichever host; its slot is closed without a retry",
    more: "Its owner hears it at once if it is a daemon, else at its next renewal. Exit code 3 while the Python tool runs it.",
  },
  {
    verb: "unlock",
    operands: [aJob],
    options: [option("note"), json],
    says: "release a held job",
  },
  {
    verb: "trigger",
    operands: [aJob],
    options: [option("payload"), option("debounce"), option("at-most-every"), option("note"), json],
    says: "one run of a job, on whichever host is free; calls with the same payload become one",
    more: "Without --debounce it runs as soon as its schedule, its parents and a pause leave room. Programs call crontabber_trigger() in SQL.",
  },
  {
    verb: "backfill",
    operands: [aJob],
    options: [
      ...[option("from"), option("to"), option("dry-run", "list the dates, and run none"), option("again"), option("cancel")],
      ...[
        option("force", "whatever a pause and its parents say"),
        option("note"),
        json,
        option("tz", "the zone of --from, --to and of what is shown"),
      ],
    ],
    says: "run a job for each date of a range that has not succeeded; without a range show its backfills",
    more: "Any host runs the dates, oldest first; the job's own schedule goes first between two of them, and is not moved.",
  },
  {
    verb: "mark-success",
    operands: [aJob],
    options: [option("note"), json],
    says: "count the open slot as succeeded: errors and hold are cleared, children may run",
    more: "Refused (3) while the job runs.",
  },
  {
    verb: "check",
    operands: [],
    options: [json],
    says: "one line for Nagios; exit code 0, 1, 2, or 3 when it cannot tell",
  },
  {
    verb: "alerts",
    operands: [{ name: "WHAT", required: false, choices: ["test"], says: "test: send a sample to every channel of this host" }],
    options: [option("limit"), json, tz],
    says: "what is wrong now, and what was told of it; with test send a sample",
    more: "Where to is said in [alerts] and [sentry]. Exit code 1 if a sample was not taken.",
  },
  {
    verb: "metrics",
    operands: [],
    options: [option("textfile")],
    says: "how the jobs stand, for Prometheus; 69 without a database",
    more: "Passes leave the same by themselves where the configuration says textfile = FILE, and a daemon with http at /metrics.",
  },
  {
    verb: "ghosts",
    operands: [],
    options: [json, tz],
    says: "rows without a job",
    more: "crontabber reset NAME removes the row of one that is gone for good; its history stays.",
  },
  {
    verb: "doctor",
    operands: [],
    options: [json, tz],
    says: "everything that is wrong with this host, the database and the fleet, and what to do about it",
    more: "Changes nothing. Exit code 1 with findings.",
  },
  {
    verb: "configtest",
    operands: [],
    options: [json],
    says: "everything that is wrong with the configuration, all at once; imports every job, connects to nothing",
  },
  {
    verb: "config",
    operands: [
      {
        name: "WHAT",
        required: true,
        choices: ["print", "init"],
        says: "print: the resolved configuration; init: write it, or an example, into FILE",
      },
      { name: "FILE", required: false, says: "for init (default: the file -c names, else ./crontabber.ini)" },
    ],
    options: [option("force", "init: overwrite FILE")],
    says: "print the resolved configuration, or write one to start with",
    more: "Secrets are masked unless --admin.expose_secrets. init never overwrites a file without --force.",
  },
  {
    verb: "migrate",
    operands: [],
    options: [],
    says: "bring the database's tables to this program's version",
  },
  {
    verb: "sentrytest",
    operands: [],
    options: [],
    says: "send a sample to Sentry",
  },
  {
    verb: "completion",
    operands: [
      {
        name: "SHELL",
        required: true,
        choices: ["bash", "zsh", "fish", "jobs"],
        says: "the shell to write a script for; jobs: the names of all jobs, as these scripts ask for them",
      },
    ],
    options: [],
    says: "a script that makes the shell complete verbs, options and names of jobs",
    more: 'bash: eval "$(crontabber completion bash)" in ~/.bashrc; zsh: the same after compinit; fish: crontabber completion fish | source.',
  },
  { verb: "man", operands: [], options: [], says: "the manual page, for man: crontabber man | man -l -" },
  { verb: "version", operands: [], options: [], says: "the version of this program" },
  {
    verb: "help",
    operands: [
      { name: "VERB", required: false, says: "more about one verb, or one of the topics schedules, exit-codes, environment, promise" },
    ],
    options: [],
    says: "this text, or more about one verb or topic",
  },
];

export function commandOf(verb: string): Command | undefined {
  return COMMANDS.find((command) => command.verb === verb);
}
