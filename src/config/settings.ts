/** The options of `[crontabber]`: names, kinds, limits and defaults, in one table. Reads nothing by itself. */
import { quoted } from "../core/text.ts";
import { Bad, decimal, integer, type Kind, plainText, seconds, variableNames, words, yesNo, zone } from "./kinds.ts";

/** Where the daemon's page listens. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

export interface Settings {
  /** Seconds. */
  readonly errorRetryTime: number;
  /** Hours after which a claim of the Python tool counts as dead. */
  readonly maxOngoingAgeHours: number;
  /** Seconds. */
  readonly lease: number;
  /** Runs at once in one process. */
  readonly concurrency: number;
  /** Seconds. */
  readonly drainTimeout: number;
  /** Seconds. */
  readonly overdueAfter: number;
  readonly envPass: readonly string[];
  /** IANA name. */
  readonly timezone: string;
  readonly historyDays: number;
  readonly schema: string;
  readonly autoMigrate: boolean;
  /** Of this host. */
  readonly tags: readonly string[];
  readonly hostLabel: string;
  /** Absolute. */
  readonly spool: string;
  /** Null: off. */
  readonly http: Listen | null;
  readonly httpActions: boolean;
  readonly httpToken: string | null;
  /** Where passes leave their metrics; absolute. Null: nowhere. */
  readonly textfile: string | null;
  /** Names the page answers to besides this host's own: a proxy's. */
  readonly httpHosts: readonly string[];
}

export interface Setting<T> {
  /** As files and command lines write it. */
  readonly name: string;
  readonly kind: Kind<T>;
  /** Undefined: it depends on the machine. */
  readonly initial?: T;
  /** How null is written. */
  readonly none?: string;
}

const DAY = 86_400;
export const TEN_YEARS = 3_650 * DAY;
/** Lists of tags: of a host, of a job, of locks. */
export const tagWords = words(/^[^\s,;"'=]+$/, "a word", "write words with commas between them: gpu, backup");

export const LEASE = seconds({ min: 1, max: DAY });
export const RETRY_TIME = seconds({ min: 0, max: TEN_YEARS });

const text = (check: (value: string) => Bad | null): Kind<string> => {
  const judge = (value: string | Bad): string | Bad => (value instanceof Bad ? value : (check(value) ?? value));
  return { read: (written) => judge(plainText.read(written)), take: (value) => judge(plainText.take(value)) };
};

const schemaName = text((name) => {
  if (name === "") return new Bad("is empty", "write schema = public");
  if (Buffer.byteLength(name) > 63) return new Bad(`${quoted(name)} is longer than the 63 bytes PostgreSQL allows`);
  return /^pg_/i.test(name) ? new Bad(`${quoted(name)} is reserved by PostgreSQL`, "names that start with pg_ are its own") : null;
});
const label = text((name) => (name === "" ? new Bad("is empty", "leave the line out: the hostname is the default") : null));
const folder = text((path) => (path === "" ? new Bad("is empty", "leave the line out, or name a folder") : null));
const token = { read: (w) => plainText.read(w) || null, take: plainText.take } satisfies Kind<string | null>;

const path = {
  read: (written) => (/^(off|no|)$/i.test(written.text.trim()) ? null : plainText.read(written)),
  take: () => new Bad("has no place in code"),
} satisfies Kind<string | null>;
const hostNames = words(/^[A-Za-z0-9._-]+$/, "a host name", "write names without a port, with commas between them: jobs.example.com");

const listen: Kind<Listen | null> = {
  read: (written) => {
    const value = written.text.trim();
    if (/^(off|no|false|)$/i.test(value)) return null;
    const [, bracketed, plain, port] = /^(?:(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s]+))?:)?(\d{1,5})$/.exec(value) ?? [];
    if (port === undefined || Number(port) > 65_535) return new Bad(`${quoted(value)} is not an address`, "write off, or 127.0.0.1:8484");
    return { host: bracketed ?? plain ?? "127.0.0.1", port: Number(port) };
  },
  take: () => new Bad("has no place in code"),
};

export const SETTINGS: { readonly [K in keyof Settings]: Setting<Settings[K]> } = {
  errorRetryTime: { name: "error_retry_time", kind: RETRY_TIME, initial: 300 },
  maxOngoingAgeHours: { name: "max_ongoing_age_hours", kind: decimal({ min: 0, max: 87_600 }), initial: 12 },
  lease: { name: "lease", kind: LEASE, initial: 120 },
  concurrency: { name: "concurrency", kind: integer({ min: 1, max: 1000 }), initial: 10 },
  drainTimeout: { name: "drain_timeout", kind: seconds({ min: 0, max: DAY }), initial: 30 },
  overdueAfter: { name: "overdue_after", kind: seconds({ min: 0, max: TEN_YEARS }), initial: 600 },
  envPass: { name: "env_pass", kind: variableNames, initial: [] },
  timezone: { name: "timezone", kind: zone, initial: "UTC" },
  historyDays: { name: "history_days", kind: integer({ min: 1, max: 36_500 }), initial: 90 },
  schema: { name: "schema", kind: schemaName, initial: "public" },
  autoMigrate: { name: "auto_migrate", kind: yesNo, initial: true },
  tags: { name: "tags", kind: tagWords, initial: [] },
  hostLabel: { name: "host_label", kind: label },
  spool: { name: "spool", kind: folder },
  http: { name: "http", kind: listen, initial: null, none: "off" },
  httpActions: { name: "http_actions", kind: yesNo, initial: false },
  httpToken: { name: "http_token", kind: token, initial: null },
  textfile: { name: "textfile", kind: path, initial: null, none: "off" },
  httpHosts: { name: "http_hosts", kind: hostNames, initial: [] },
};

export const SETTING_NAMES: ReadonlySet<string> = new Set(Object.values(SETTINGS).map((setting) => setting.name));
