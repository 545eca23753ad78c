/** The resolved configuration: file, environment and command line in one. Knows the options of `[crontabber]`; the jobs are registry.ts's. */
import { realpathSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { ConfigError, type Problem, problemLine, UsageError } from "../core/errors.ts";
import type { FileStamp } from "../core/learned.ts";
import { type AlertSettings, readAlerts } from "./alerts.ts";
import { readConfigObj } from "./configobj.ts";
import { type Database, type FoundDatabase, findDatabase, noDatabase, originOf } from "./database.ts";
import { Interpolator } from "./interpolate.ts";
import { Bad } from "./kinds.ts";
import { checkKeys } from "./known-keys.ts";
import { SETTINGS, type Setting, type Settings } from "./settings.ts";
import { type Place, problemAt, shownPath } from "./source.ts";
import { applyOverrides, type ConfigInput, chooseFile, nameOf } from "./sources.ts";
import { newSection, type Section } from "./tree.ts";

export type { AlertSettings } from "./alerts.ts";
export type { Database } from "./database.ts";
export type { Settings } from "./settings.ts";
export type { ConfigInput } from "./sources.ts";

export interface Config extends Settings {
  /** The main file: absolute, and as messages name it. */
  readonly file: string;
  readonly shown: string;
  /** Absolute: modules and commands are relative to it. */
  readonly folder: string;
  /**
   * The folder's real path when the reading began: jobs run from there, so that a link on the way that is switched to another release
   * gives them nothing of it before that is read and found good.
   */
  readonly home: string;
  /** Null: none is configured, or `problems` says what is wrong with it. */
  readonly database: Database | null;
  /** What to tell whoever needs a database when none is configured; null: one is, or `problems` has it. */
  readonly noDatabase: Problem | null;
  readonly sentryDsn: string | null;
  readonly alerts: AlertSettings;
  /** The merged tree, for the registry and for printing. */
  readonly root: Section;
  readonly interpolator: Interpolator;
  /** The tree lacks what follows a value that was never closed: what is not in it may well be in the file. */
  readonly truncated: boolean;
  readonly cwd: string;
  /** Keys that some `%(key)s` names: they may stand anywhere. */
  readonly references: ReadonlySet<string>;
  /** The files it was read from, to notice a change. */
  readonly files: readonly FileStamp[];
  /** `crontabber.ini:7`, `environment`, `command line` or `default`, by the option's name in the file. */
  readonly origins: ReadonlyMap<string, string>;
}

export interface LoadedConfig {
  readonly config: Config;
  /** All of them; `refuse` throws them. The config is usable for saying more, not for running. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Reads the configuration. Throws ConfigError only if there is no file at all: everything else is among the problems. */
export function loadConfig(input: ConfigInput): LoadedConfig {
  const file = chooseFile(input);
  if (typeof file !== "string") throw new ConfigError([file]);
  const home = realFolder(dirname(file));
  const { root, problems: broken, files, truncated, references } = readConfigObj(file, input);
  applyOverrides(root, input);
  const interpolator = new Interpolator(input.env);
  const shown = shownPath(file, input.cwd);
  const database = findDatabase(root, interpolator, input.env);
  const reader = new SettingsReader(root, interpolator, database);
  const settings = reader.all({ hostLabel: hostname(), spool: stateFolder(input.env) });
  const { problems, warnings } = checkKeys(root, references);
  const alerting = readAlerts(root, interpolator);
  const config: Config = {
    ...settings,
    spool: resolve(reader.folderOf("spool") ?? input.cwd, settings.spool),
    textfile: settings.textfile === null ? null : resolve(reader.folderOf("textfile") ?? input.cwd, settings.textfile),
    file,
    shown,
    folder: dirname(file),
    home,
    database: database.database,
    noDatabase: database.database || database.problems.length > 0 || broken.length > 0 ? null : noDatabase(shown),
    sentryDsn: reader.sentryDsn(),
    alerts: alerting.alerts,
    root,
    interpolator,
    truncated,
    references,
    cwd: input.cwd,
    files,
    origins: reader.origins,
  };
  const all = [
    ...broken,
    ...problems,
    ...database.problems,
    ...reader.problems,
    ...alerting.problems,
    ...checkPage(config, (name) => reader.place(name)),
  ];
  return { config, problems: [...all, ...interpolator.problems], warnings };
}

/** The folder behind every link; a path that leads nowhere stays what it is. */
export function realFolder(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // what is wrong with it is told by whoever reads a file in it
  }
}

/** Throws what was found, if anything was: UsageError when the command line is to blame, else ConfigError; in the order of the files. `files`: what was read. */
export function refuse(problems: readonly Problem[], files: readonly FileStamp[] = []): void {
  if (problems.length === 0) return;
  const typed = problems.filter((problem) => problem.file === "command line");
  if (typed.length > 0) throw new UsageError(typed.map(problemLine).join("\n"));
  throw new ConfigError(inOrder(problems), files);
}

/** By file, in the order the files first appear, then by line; each thing once. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const unique = [...new Map(problems.map((problem) => [problemLine(problem), problem])).values()];
  const files = [...new Set(unique.map((problem) => problem.file))];
  const key = (problem: Problem): number => files.indexOf(problem.file) * 1e9 + (problem.line ?? 0) * 1e3 + (problem.column ?? 0);
  return unique.sort((a, b) => key(a) - key(b));
}

class SettingsReader {
  readonly problems: Problem[] = [];
  readonly origins: Map<string, string>;
  private readonly root: Section;
  private readonly top: Section;
  private readonly interpolator: Interpolator;

  constructor(root: Section, interpolator: Interpolator, database: FoundDatabase) {
    this.root = root;
    this.interpolator = interpolator;
    this.top = root.sections.get("crontabber") ?? newSection("crontabber", root, root.at);
    this.origins = new Map(database.origins);
  }

  all(machine: Pick<Settings, "hostLabel" | "spool">): Settings {
    const read: Record<string, unknown> = {};
    for (const [key, setting] of Object.entries(SETTINGS) as [keyof Settings, Setting<unknown>][]) {
      read[key] = this.one(setting) ?? machine[key as keyof typeof machine] ?? setting.initial;
    }
    return read as unknown as Settings;
  }

  /** Undefined: not said, or not readable. */
  private one({ name, kind }: Setting<unknown>): unknown {
    const value = this.top.values.get(name);
    this.origins.set(name, value ? originOf(value) : "default");
    const text = value ? this.interpolator.text(this.top, value) : null;
    if (!value || text === null) return undefined;
    const read = kind.read({ text, form: value.form });
    if (!(read instanceof Bad)) return read;
    this.problems.push(problemAt(value.at, `${nameOf(this.top, name, value)}: ${read.message}`, read.hint));
    return undefined;
  }

  place(name: string): Place {
    return this.top.values.get(name)?.at ?? this.top.at;
  }

  folderOf(name: string): string | undefined {
    return this.top.values.get(name)?.folder;
  }

  sentryDsn(): string | null {
    for (const section of [this.root.sections.get("sentry"), this.root.sections.get("secrets")?.sections.get("sentry")]) {
      const value = section?.values.get("dsn");
      const text = section && value ? this.interpolator.text(section, value)?.trim() : undefined;
      if (!value || !text) continue;
      this.origins.set("dsn", originOf(value));
      if (/^https?:\/\/[^@\s]+@[^/\s]+\/\S+$/.test(text)) return text;
      this.problems.push(problemAt(value.at, "dsn: is not a Sentry DSN", "write https://key@host/project"));
    }
    return null;
  }
}

/** Actions need a token, and so does a page that others than this machine can reach. */
function checkPage({ http, httpActions, httpToken }: Settings, place: (name: string) => Place): Problem[] {
  if (httpToken !== null) return [];
  const problems: Problem[] = [];
  if (http !== null && !/^(127\.\d+\.\d+\.\d+|::1|localhost)$/i.test(http.host)) {
    const message = `http: ${http.host} can be reached from elsewhere and there is no http_token`;
    problems.push(problemAt(place("http"), message, "set http_token, or bind 127.0.0.1"));
  }
  if (httpActions) problems.push(problemAt(place("http_actions"), "http_actions: needs http_token", "write http_token = …"));
  return problems;
}

/** Where this user's state lives: outcomes that wait for delivery, remembered definitions. */
function stateFolder(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_STATE_HOME || join(env.HOME || homedir(), ".local", "state"), "crontabber");
}
