/** Writes the merged configuration as INI that can be read again, each value with its origin. Secrets are masked unless asked for. */
import type { Config } from "./config.ts";
import { originOf } from "./database.ts";
import { urlOf } from "./database-url.ts";
import { BODY_KEYS } from "./job-options.ts";
import { maskSecrets, maskUrls, maskValue, secretsIn } from "./secrets.ts";
import { SETTINGS, type Setting, type Settings } from "./settings.ts";
import type { Section } from "./tree.ts";
import { type Form, scan } from "./values.ts";

export interface RenderOptions {
  readonly exposeSecrets: boolean;
}

/** Options of `[crontabber]` as they hold; sections of jobs as they are written, `${NAME}` and `%(name)s` left as they are. */
export function renderConfig(config: Config, { exposeSecrets }: RenderOptions): string {
  const write = new Writer(config, exposeSecrets);
  const { root } = config;
  const rest = [...root.sections.values()].filter(({ name }) => name !== "crontabber" && name !== "sentry");
  write.line(`# ${config.file}, with what environment and command line add to it`);
  write.values(root, () => true);
  write.crontabber();
  if (config.sentryDsn !== null) {
    write.line("", "[sentry]");
    write.pair(1, "dsn", config.sentryDsn, { origin: config.origins.get("dsn") ?? "default" });
  }
  for (const section of rest) write.section(section);
  return `${write.lines.join("\n")}\n`;
}

class Writer {
  readonly lines: string[] = [];
  private readonly config: Config;
  private readonly expose: boolean;
  /** A secret may stand a second time: in a command, in an option of a job. */
  private readonly secrets: readonly (string | null)[];

  constructor(config: Config, expose: boolean) {
    this.config = config;
    this.expose = expose;
    const { database, httpToken, sentryDsn, root } = config;
    const { user, database: name, password = null } = database?.kind === "server" ? database.connection : {};
    // One that is also a name is no secret, and masks what it must not.
    this.secrets = [password, httpToken, sentryDsn, ...secretsIn(root)].filter((secret) => secret !== user && secret !== name);
  }

  line(...lines: string[]): void {
    this.lines.push(...lines);
  }

  crontabber(): void {
    const { config } = this;
    this.line("[crontabber]");
    this.database();
    for (const [key, setting] of Object.entries(SETTINGS) as [keyof Settings, Setting<unknown>][]) {
      this.pair(1, setting.name, shownValue(config[key]) || (setting.none ?? ""), {
        origin: config.origins.get(setting.name) ?? "default",
      });
    }
    const own = config.root.sections.get("crontabber");
    if (!own) return;
    const said = new Set<string>([...Object.values(SETTINGS).map(({ name }) => name), ...config.origins.keys()]);
    this.values(own, (key) => !said.has(key));
    for (const inner of own.sections.values()) this.section(inner);
  }

  private database(): void {
    const { database, origins } = this.config;
    if (database === null) return;
    const origin = (key: string): string => origins.get(key) ?? "environment or default";
    if (database.kind === "embedded" || origins.has("database_url")) {
      const url = database.kind === "embedded" ? `embedded:${database.path}` : urlOf(database.connection);
      this.pair(1, "database_url", url, { origin: origin("database_url") });
      return;
    }
    const { servers, database: dbname, user, password } = database.connection;
    this.pair(1, "host", servers.map(({ host }) => host).join(", "), { origin: origin("host") });
    this.pair(1, "port", servers.map(({ port }) => port).join(", "), { origin: origin("port") });
    this.pair(1, "dbname", dbname, { origin: origin("dbname") });
    this.pair(1, "user", user, { origin: origin("user") });
    if (password !== null) this.pair(1, "password", password, { origin: origin("password") });
  }

  section(section: Section): void {
    this.line("", `${indent(section.depth - 1)}${"[".repeat(section.depth)}${headerName(section.name)}${"]".repeat(section.depth)}`);
    this.values(section, () => true);
    for (const inner of section.sections.values()) this.section(inner);
  }

  values(section: Section, wanted: (key: string) => boolean): void {
    for (const [key, value] of section.values) {
      if (!wanted(key)) continue;
      const literal = isBody(section, key);
      this.pair(section.depth, key, value.text, { origin: originOf(value), form: value.form, written: !value.literal || literal, section });
    }
  }

  /** `written`: the text is as the file has it, references and all; else it is what it says, and what looks like a reference is escaped. */
  pair(
    depth: number,
    key: string,
    text: string,
    { origin, form = "plain", written = false, section }: { origin: string; form?: Form; written?: boolean; section?: Section },
  ): void {
    const masked = this.expose ? text : maskSecrets(maskUrls(maskValue(key, text, section)), section ? this.secrets : []);
    const safe = written ? masked : masked.replace(/\$\{|%\(/g, (start) => start[0] + start);
    const free = section !== undefined && isBody(section, key);
    const value = writtenForm(safe, form, free);
    const name = /["'=#[\]]|^\s|\s$/.test(key) ? quote(key) : key;
    this.line(
      `${indent(depth)}${value === null ? `# ${name} has quotes of all kinds and cannot be written` : `${name} = ${value}`}  # ${origin}`,
    );
  }
}

/** A command or a statement: nothing in it is replaced. */
const isBody = ({ name }: Section, key: string): boolean =>
  (name.startsWith("job:") && BODY_KEYS.has(key)) || (name === "alerts" && key === "command");
const indent = (depth: number): string => "    ".repeat(Math.max(depth, 0));
const quote = (text: string): string => (text.includes('"') ? `'${text}'` : `"${text}"`);
const headerName = (name: string): string => (/["'\]#]/.test(name) ? quote(name) : name);

/** The first way to write it that reads back as the same text, in the same form; null: there is none. */
function writtenForm(text: string, form: Form, free: boolean): string | null {
  const lines = ["'''", '"""'].filter((triple) => !text.includes(triple) && !text.endsWith(triple.slice(1, 2)));
  const triple = lines[0] === undefined ? null : lines[0] + text + lines[0];
  if (form === "block" || text.includes("\n")) return triple;
  const ways = form === "quoted" ? [`"${text}"`, `'${text}'`, text] : [text, `"${text}"`, `'${text}'`];
  const same = (way: string): boolean => {
    const read = scan(`${way}  # note`, free);
    return !way.startsWith("'''") && !way.startsWith('"""') && !("error" in read) && read.text === text;
  };
  return ways.find(same) ?? triple;
}

function shownValue(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value === "object" && "port" in value && "host" in value) {
    return String(value.host).includes(":") ? `[${value.host}]:${value.port}` : `${value.host}:${value.port}`;
  }
  return String(value);
}
