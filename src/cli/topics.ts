/** What is worth reading once: subjects of `help TOPIC`, and chapters of the manual. Data only. */
import { EXITS } from "./exits.ts";

/** A paragraph, or a list of terms and what they mean. */
export type Block = string | readonly (readonly [term: string, says: string])[];

export interface Topic {
  /** As `help` takes it. */
  readonly name: string;
  readonly title: string;
  readonly says: string;
  readonly blocks: readonly Block[];
}

/** Variables that this program reads. */
export const ENVIRONMENT: readonly (readonly [name: string, says: string])[] = [
  ["CRONTABBER_CONF", "the configuration file, where -c names none"],
  ["CRONTABBER_HOST", "what this host is called in the tables and in answers (host_label of the file)"],
  ["crontabber.OPTION, crontabber__OPTION", "any option of the file: env crontabber.lease=60 crontabber; so with sentry., and job:NAME."],
  ["PGHOST, PGHOSTADDR, PGPORT, PGDATABASE, PGUSER, PGPASSWORD, PGSSLMODE", "the database, where the file does not say"],
  ["XDG_STATE_HOME, HOME", "where spool lies if the file does not say: $XDG_STATE_HOME/crontabber, else ~/.local/state/crontabber"],
  ["NO_COLOR, TERM", "no colours if NO_COLOR is set, or TERM is dumb"],
  ["LC_ALL, LC_CTYPE, LANG", "glyphs beyond ASCII only where the terminal's locale is UTF-8"],
  ["NOTIFY_SOCKET, WATCHDOG_USEC", "set by systemd for the daemon (Type=notify)"],
];

/** Variables that jobs get. */
export const OF_JOBS: readonly (readonly [name: string, says: string])[] = [
  ["CRONTABBER_JOB", "its name"],
  ["CRONTABBER_SLOT", "the slot it runs for, ISO 8601 in UTC"],
  ["CRONTABBER_ATTEMPT", "1, 2, ...: attempts for that slot"],
  ["CRONTABBER_RUN_ID", "the run's uuid"],
  ["CRONTABBER_FENCE", "the run's number, which grows: for resources that can refuse an older one"],
  ["CRONTABBER_HOST", "where it runs"],
  ["CRONTABBER_PAYLOAD", "what whoever asked for the run has sent along, if anybody did"],
];

/** Files that are read or written. */
export const FILES: readonly (readonly [name: string, says: string])[] = [
  [
    "./crontabber.ini, ./config/crontabber.ini",
    "the configuration, unless -c or CRONTABBER_CONF names one; crontabber config init writes one to start with",
  ],
  [
    "$XDG_STATE_HOME/crontabber",
    "what this user's host remembers: what modules said of their jobs, outcomes that wait for the database, what was told last",
  ],
];

export const TOPICS: readonly Topic[] = [
  {
    name: "schedules",
    title: "Schedules",
    says: "how to say when a job runs, and what daylight saving does to it",
    blocks: [
      [
        ["30s, 5m, 3h, 2d, 1w", "so long from slot to slot, whenever the run before it ended; due at once when first seen"],
        ["1d|03:00, 7d|03:00, 03:00", "every so many days at a time of day"],
        [
          "30 7 * * mon-fri",
          "cron: minute, hour, day of month, month, weekday; with 6 fields the second comes first. Names, ranges, steps, L, # and H (a number made of the job's name)",
        ],
        ["@hourly, @daily, @weekly, @monthly, @yearly", "as in cron"],
        ["manual", "only when somebody asks for it"],
        ["... |Europe/Berlin", "a zone behind any of them; otherwise that of the file"],
      ],
      "A schedule whose hours are named runs once for each named time of each day: a time that the clock skips runs at the first instant after the gap (several that meet there are one run), a time that comes twice runs the first time. Others follow elapsed time.",
      "A plain job that missed slots runs once, for the newest; a backfill job runs once for each, oldest first. crontabber simulate shows what that comes to, crontabber next what runs when.",
    ],
  },
  {
    name: "exit-codes",
    title: "Exit status",
    says: "what the end of a command means to a script",
    blocks: [EXITS.map(({ codes, says }) => [codes, says] as const), "If several apply: 78, a signal, 69, 3, 2."],
  },
  {
    name: "environment",
    title: "Environment",
    says: "variables that are read, and what jobs get",
    blocks: [
      "Read from the environment:",
      ENVIRONMENT,
      "A job gets PATH, HOME, USER, LOGNAME, SHELL and LANG of its user, TZ of its zone, what its env says and what env_pass names, never the credentials of the scheduler; and:",
      OF_JOBS,
    ],
  },
  {
    name: "promise",
    title: "What is promised",
    says: "what may happen twice, and what never does",
    blocks: [
      "The database never holds two live claims on a job; each slot is started at most once per attempt; one success is accepted per slot. Every slot that comes due ends as a recorded outcome, or is covered by a later one that says so.",
      "What a transactional job does is committed at most once per slot, together with the record of its success. Any other job can have done its work twice when its host dies between the work and the record: its slot, its run id and its fence are there to guard it.",
      "Two copies of a job can overlap only for a moment, when a whole frozen host wakes up, when a replica that lost commits is promoted, or when a process leaves its group. Reset and --force aside. Nothing depends on the clocks of the hosts.",
    ],
  },
];

export function topicOf(name: string): Topic | undefined {
  return TOPICS.find((topic) => topic.name === name);
}
