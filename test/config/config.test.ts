// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is what is tested
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Config, loadConfig, refuse } from "#lib/config/config.js";
import { renderConfig } from "#lib/config/print.js";
import { changedSince } from "#lib/config/reload.js";
import { ConfigError, UsageError } from "#lib/core/errors.js";
import { folder, lines, read, withDatabase, write } from "./support.ts";

type Options = Record<string, string>;
const options = (said: Options = {}) => Object.entries(said).map(([key, value]) => ({ key, value }));

function load(text: string, { env = {}, command = {}, more = {} }: { env?: Options; command?: Options; more?: Options } = {}) {
  const cwd = folder({ "crontabber.ini": text, ...more });
  const { config, problems, warnings } = read(cwd, { env, options: options(command) });
  return { cwd, config, said: lines(problems), warnings: lines(warnings) };
}

const thrown = (act: () => unknown): Error => {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it did not throw");
};

describe("which file", () => {
  const files = {
    "crontabber.ini": withDatabase("tags = default"),
    "config/crontabber.ini": withDatabase("tags = legacy"),
    "x/other.ini": withDatabase("tags = other"),
  };
  const tag = (config: Config): unknown => config.tags[0];

  it("is the one that is named, else CRONTABBER_CONF, else ./crontabber.ini, else where the Python tool had it", () => {
    const cwd = folder(files);
    const { "crontabber.ini": _, ...rest } = files;
    expect(tag(read(cwd, { file: "x/other.ini", env: { CRONTABBER_CONF: "crontabber.ini" } }).config)).toBe("other");
    expect(tag(read(cwd, { env: { CRONTABBER_CONF: join(cwd, "x/other.ini") } }).config)).toBe("other");
    expect(tag(read(cwd, { env: { CRONTABBER_CONF: "" } }).config)).toBe("default");
    expect(tag(read(folder(rest)).config)).toBe("legacy");
  });

  it("is missed with what to do about it", () => {
    const cwd = folder({});
    const error = thrown(() => read(cwd));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toBe(
      "crontabber.ini: there is no configuration file (make one with 'crontabber config init', or name one with -c FILE or CRONTABBER_CONF)",
    );
    expect(lines(read(cwd, { file: "no.ini" }).problems)).toEqual(["no.ini: cannot be read: there is no such file"]);
    expect(lines(read(cwd, { file: "." }).problems)).toEqual([`${cwd}: cannot be read: it is a folder`]);
  });
});

describe("options", () => {
  it("have the defaults that are documented", () => {
    const { config, said, cwd } = load(withDatabase(""), { env: { CRONTABBER_HOST: "me" } });
    expect(said).toEqual([]);
    expect(config).toMatchObject({
      errorRetryTime: 300,
      maxOngoingAgeHours: 12,
      lease: 120,
      concurrency: 10,
      drainTimeout: 30,
      overdueAfter: 600,
      envPass: [],
      timezone: "UTC",
      historyDays: 90,
      schema: "public",
      autoMigrate: true,
      tags: [],
      hostLabel: "me",
      http: null,
      httpActions: false,
      httpToken: null,
      sentryDsn: null,
      spool: join(cwd, ".local/state/crontabber"),
      folder: cwd,
    });
    expect(load(withDatabase(""), { env: { XDG_STATE_HOME: "/state" } }).config.spool).toBe("/state/crontabber");
  });

  it.each<[string, Partial<Config>]>([
    ["lease = 2m", { lease: 120 }],
    ["lease = 2.5", { lease: 2.5 }],
    ["error_retry_time = 0", { errorRetryTime: 0 }],
    ["max_ongoing_age_hours = 0.5", { maxOngoingAgeHours: 0.5 }],
    ["auto_migrate = off", { autoMigrate: false }],
    ["auto_migrate = TRUE", { autoMigrate: true }],
    ["tags = gpu, backup , gpu", { tags: ["gpu", "backup"] }],
    ['tags = "gpu, backup"', { tags: ["gpu", "backup"] }],
    ["tags = '''\n gpu # fast\n backup\n'''", { tags: ["gpu", "backup"] }],
    ["env_pass = HTTP_PROXY, no_proxy", { envPass: ["HTTP_PROXY", "no_proxy"] }],
    ["timezone = Europe/Berlin", { timezone: "Europe/Berlin" }],
    ["schema = Ops Crön", { schema: "Ops Crön" }],
    ["http = 127.0.0.1:8484", { http: { host: "127.0.0.1", port: 8484 } }],
    ["http = 8484", { http: { host: "127.0.0.1", port: 8484 } }],
    ["http = [::1]:0", { http: { host: "::1", port: 0 } }],
    ["http = off", { http: null }],
    ["http = 0.0.0.0:80\nhttp_token = t", { http: { host: "0.0.0.0", port: 80 }, httpToken: "t" }],
    ["http_actions = yes\nhttp_token = t", { httpActions: true, httpToken: "t" }],
    ["spool = ./spool", {}],
    ["base = eu\ntags = %(base)s", { tags: ["eu"] }],
  ])("%j", (text, expected) => {
    const { config, said, cwd } = load(withDatabase(text));
    expect(said).toEqual([]);
    expect(config).toMatchObject(text.startsWith("spool") ? { spool: join(cwd, "spool") } : expected);
  });

  it("[alerts]: an empty value is none, a command is taken as it is written, addresses are masked", () => {
    const { config } = load(withDatabase('[alerts]\nwebhook =\ncommand = mail -s "$X %(y)s" ops # me'));
    expect(config.alerts).toEqual({ webhook: null, command: 'mail -s "$X %(y)s" ops', pingUrl: null });
    const hooks = "[alerts]\nwebhook = https://hooks.example/T0/secret\nping_url = https://hc.example/secret";
    const { config: told } = load(withDatabase(hooks));
    expect(told.alerts.webhook).toBe("https://hooks.example/T0/secret");
    expect(renderConfig(told, { exposeSecrets: false })).not.toContain("secret");
    expect(renderConfig(told, { exposeSecrets: true })).toContain("webhook = https://hooks.example/T0/secret");
  });

  it("[sentry] dsn, also where the Python tool had it", () => {
    expect(load(withDatabase("[sentry]\ndsn = https://k@h/1")).config.sentryDsn).toBe("https://k@h/1");
    expect(load(withDatabase("[secrets]\n[[sentry]]\ndsn = https://k@h/2"))).toMatchObject({
      config: { sentryDsn: "https://k@h/2" },
      warnings: [],
    });
    expect(load(withDatabase("[sentry]\ndsn =")).config.sentryDsn).toBe(null);
    expect(load(withDatabase("[sentry]\ndsn = nope")).said).toEqual([
      "crontabber.ini:4:1: dsn: is not a Sentry DSN (write https://key@host/project)",
    ]);
  });
});

describe("file < environment < command line", () => {
  const file = withDatabase("error_retry_time = 1\nhost_label = f");
  it.each<[string, Options, Options, number]>([
    ["the file", {}, {}, 1],
    ["dotted environment", { "crontabber.error_retry_time": "2" }, {}, 2],
    ["double underscore", { crontabber__error_retry_time: "3" }, {}, 3],
    ["not in capitals", { CRONTABBER__ERROR_RETRY_TIME: "3" }, {}, 1],
    [
      "bare names mean nothing",
      { error_retry_time: "4", time: "03:00", frequency: "1d", force: "1", host: "x", user: "x", lease: "9" },
      {},
      1,
    ],
    ["command line", { "crontabber.error_retry_time": "2" }, { "crontabber.error_retry_time": "5" }, 5],
  ])("%s", (_, env, command, expected) => {
    const { config, said } = load(file, { env, command });
    expect(said).toEqual([]);
    expect(config.errorRetryTime).toBe(expected);
    expect(config).toMatchObject({ lease: 120, hostLabel: "f" });
    expect((config.database as { connection: unknown } | null)?.connection).toMatchObject({ user: "u", servers: [{ host: "h" }] });
  });

  it("CRONTABBER_HOST wins over the file's host_label and loses to a dotted one", () => {
    expect(load(file, { env: { CRONTABBER_HOST: "e" } }).config.hostLabel).toBe("e");
    expect(load(file, { env: { CRONTABBER_HOST: "e" }, command: { "crontabber.host_label": "c" } }).config.hostLabel).toBe("c");
  });

  it("what is shadowed is not looked at, what comes from outside is not filled in", () => {
    const { said, config } = load(withDatabase("host_label = ${UNSET}"), { env: { "crontabber.host_label": "${HOME}" } });
    expect([said, config.hostLabel]).toEqual([[], "${HOME}"]);
  });

  it.each<[Options, Options, "UsageError" | "ConfigError", string]>([
    [
      {},
      { "crontabber.error_retry_tim": "1" },
      "UsageError",
      'command line: unknown key "crontabber.error_retry_tim" in [crontabber] (did you mean "error_retry_time"?)',
    ],
    [{}, { "crontaber.lease": "1" }, "UsageError", 'command line: unknown section [crontaber] (did you mean "crontabber"?)'],
    [{}, { lease: "1" }, "UsageError", 'command line: unknown key "lease" outside any section (it belongs below [crontabber])'],
    [
      {},
      { "crontabber.lease": "soon" },
      "UsageError",
      'command line: crontabber.lease: "soon" is not a time span (write seconds, or one number and s, m, h, d or w: 30m)',
    ],
    [{}, { "crontabber.concurrency": "0" }, "UsageError", "command line: crontabber.concurrency: 0 is too small (at least 1)"],
    [{ "crontabber.leas": "1" }, {}, "ConfigError", 'environment: unknown key "crontabber.leas" in [crontabber] (did you mean "lease"?)'],
    [
      { crontabber__lease: "x" },
      {},
      "ConfigError",
      'environment: crontabber.lease: "x" is not a time span (write seconds, or one number and s, m, h, d or w: 30m)',
    ],
  ])("a mistake in %j / %j is told as that source's", (env, command, name, message) => {
    const cwd = folder({ "crontabber.ini": withDatabase("") });
    const error = thrown(() => refuse(read(cwd, { env, options: options(command) }).problems));
    expect([error.name, error.message]).toEqual([name, message]);
    expect(error).toBeInstanceOf(name === "UsageError" ? UsageError : ConfigError);
  });

  it("settings of the Python tool are taken from anywhere without effect", () => {
    const { said, warnings } = load(withDatabase(""), {
      command: { "logging.stderr_error_logging_level": "10" },
      env: { "crontabber.database_class": "x" },
    });
    expect(said).toEqual([]);
    expect(warnings).toEqual(["command line: settings of the Python tool have no effect: [logging], database_class (delete them)"]);
  });
});

describe("the database", () => {
  const target = (text: string, more: { env?: Options; command?: Options; more?: Options } = {}): unknown => {
    const { config, said } = load(text, more);
    expect(said).toEqual([]);
    if (config.database?.kind !== "server") return config.database;
    const { servers, user, database, password, sslmode } = config.database.connection;
    return [servers.map(({ host, port }) => `${host}:${port}`).join(), user, database, password, sslmode].join(" ").trim();
  };

  it.each<[string, string]>([
    ["postgres://u:p@h:1/d", "h:1 u d p"],
    ["postgresql://u:p%40%2F@h/d?sslmode=require", "h:5432 u d p@/ require"],
    ["postgres://u:p@x@h/d", "h:5432 u d p@x"],
    ["postgres://u:p#x@h/d", "h:5432 u d p#x"],
    ["postgres://u@h1:1,h2/d", "h1:1,h2:5432 u d"],
    ["postgres://u@[::1]:7/d", "::1:7 u d"],
    ["postgres://u@%2Ftmp/d", "/tmp:5432 u d"],
    ["postgres://u@/d?host=/run/pg&port=7", "/run/pg:7 u d"],
    ["postgres://u@h", "h:5432 u u"],
    ["postgres:///d?user=a&password=b&application_name=c", "localhost:5432 a d b"],
  ])("database_url = %s", (url, expected) => expect(target(`[crontabber]\ndatabase_url = ${url}`)).toBe(expected));

  it.each<[string, string, string]>([
    ["part by part", "[crontabber]\nhost = h\nport = 1\ndbname = d\nuser = u\npassword = 'p w'", "h:1 u d p w"],
    ["a list for fail-over", "[crontabber]\nhost = h1, h2\ndbname = d\nuser = u", "h1:5432,h2:5432 u d"],
    ["a port for each", "[crontabber]\nhost = h1, h2\nport = 1, 2\ndbname = d\nuser = u", "h1:1,h2:2 u d"],
    [
      "names of old versions",
      "[crontabber]\ndatabase_hostname = h\ndatabase_name = d\ndatabase_username = u\ndatabase_password = p",
      "h:5432 u d p",
    ],
    ["[[database]]", "[crontabber]\n[[database]]\nhost = h\ndbname = d\nuser = u", "h:5432 u d"],
    [
      "[resource] [[postgresql]]",
      "[crontabber]\n[resource]\n[[postgresql]]\nhost = h\ndbname = d\nuser = u\n[secrets]\n[[postgresql]]\npassword = p",
      "h:5432 u d p",
    ],
    [
      "nearer wins, empty is not said",
      "[crontabber]\nhost = h\nuser = ''\n[resource]\n[[postgresql]]\nhost = x\nuser = u\ndbname = d",
      "h:5432 u d",
    ],
    ["keys fill what the address leaves open", "[crontabber]\ndatabase_url = postgres://u@h/d\npassword = p\nuser = x", "h:5432 u d p"],
  ])("%s", (_, text, expected) => expect(target(text)).toBe(expected));

  it("PG* variables fill what nobody says", () => {
    const env = { PGHOST: "e1,e2", PGPORT: "7", PGDATABASE: "ed", PGUSER: "eu", PGPASSWORD: "ep", PGSSLMODE: "require" };
    expect(target("[crontabber]\n", { env })).toBe("e1:7,e2:7 eu ed ep require");
    expect(target("[crontabber]\ndbname = d", { env })).toBe("e1:7,e2:7 eu d ep require");
    expect(target("[crontabber]\ndatabase_url = postgres://u@h/d", { env: { PGPASSWORD: "ep" } })).toBe("h:5432 u d ep");
  });

  it("the later source wins, and an address is not mixed with what earlier sources say of another", () => {
    const file = "[crontabber]\ndatabase_url = postgres://u:p@h/d\npassword = x";
    expect(target(file, { command: { "crontabber.database_url": "postgres://v@i/e" } })).toBe("i:5432 v e");
    expect(target(file, { env: { "crontabber.password": "ep" } })).toBe("h:5432 u d ep");
    expect(target(file, { env: { "crontabber.host": "x" }, command: { "crontabber.host": "y" } })).toBe("y:5432 u d p");
  });

  it("embedded: is relative to the file that says it, or to where one stands", () => {
    const cwd = folder({ "crontabber.ini": "[crontabber]\n+include sub/db.ini", "sub/db.ini": "database_url = embedded:./data" });
    expect(read(cwd).config.database).toEqual({ kind: "embedded", path: join(cwd, "sub/data") });
    const said = options({ "crontabber.database_url": "embedded:here" });
    expect(loadConfig({ cwd: join(cwd, "sub"), file: "../crontabber.ini", env: {}, options: said }).config.database).toEqual({
      kind: "embedded",
      path: join(cwd, "sub/here"),
    });
  });

  it("none configured is no problem of the file, but is told to whoever needs one", () => {
    const { config, said } = load("[crontabber]\nport = 5432\nuser = u", { env: { PGUSER: "x", PGHOST: "" } });
    expect([said, config.database]).toEqual([[], null]);
    expect(config.noDatabase).toEqual({
      file: "crontabber.ini",
      line: null,
      message: "no database is configured",
      hint:
        "write database_url = postgres://user:password@host/dbname into [crontabber], or host, port, dbname, user and password, " +
        "or set PGHOST and PGDATABASE; database_url = embedded:./pgdata starts a private one",
    });
  });

  it.each<[string, string]>([
    ["database_url = mysql://h/d", "2:1: database_url: does not begin with postgres:// or embedded:"],
    ["database_url = postgres:/h/d", "2:1: database_url: is not a postgres:// address"],
    ["database_url = postgres://u:%zz@h/d", "2:1: database_url: has a % that begins no %XX code"],
    ["database_url = postgres://h:1:2/d", "2:1: database_url: has a host and port that cannot be read"],
    ["database_url = embedded:", "2:1: database_url: embedded: names no folder (write embedded:./pgdata)"],
    ["host = a, b\nport = 1,2,3", "3:1: port: 3 ports for 2 hosts (write one port for all hosts, or one for each)"],
    ["host = a\nport = 70000", '3:1: port: "70000" is not a port (write one port for all hosts, or one for each)'],
    ["database_url = ${DB}", "2:1: the environment has no DB (set it, or write $${DB} for a literal ${DB})"],
  ])("%s is told without its secrets", (text, message) => {
    const { said, config } = load(`[crontabber]\n${text}`);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(`crontabber.ini:${message}`);
    expect(config.database).toBe(null);
  });
});

describe("config print", () => {
  it("masks a secret wherever it stands a second time, and an address' password to its last @", () => {
    const { config } = load(`[crontabber]
database_url = postgres://user:hunter%402x@h/d
[[class-Report]]
api_key = abc-def-1
[job:a]
command = PGPASSWORD=hunter@2x psql -u user:hunter%402x -k abc-def-1 amqp://me:p@ss@h/
schedule = 1d
`);
    const printed = renderConfig(config, { exposeSecrets: false });
    expect(printed).toContain("command = PGPASSWORD=******** psql -u user:******** -k ******** amqp://me:********@h/  #");
    expect(printed).toContain("database_url = postgres://user:********@h:5432/d");
    expect(renderConfig(config, { exposeSecrets: true })).toContain("PGPASSWORD=hunter@2x");
  });

  it("leaves a password alone that is also a name", () => {
    const { config } = load(`[crontabber]
database_url = postgres://worker:worker@h/d
[job:a]
command = /opt/worker/run
schedule = 1d
`);
    const printed = renderConfig(config, { exposeSecrets: false });
    expect(printed).toContain("command = /opt/worker/run");
    expect(printed).toContain("postgres://worker:********@h:5432/d");
  });

  const text = `base = /srv
[crontabber]
database_url = postgres://user:s3cret@h/d?sslmode=require
lease = 2m
http_token = s3cret
[[class-Report]]
page_size = 500
where = %(base)s/\${HOME}
api_key = s3cret
password = \${PW}
[sentry]
dsn = https://s3cret:s3cret@h/1
[job:a b]
command = curl "https://me:s3cret@h/" ; echo '%(x)s \${Y}'
env = TOKEN=s3cret, PLAIN=1
schedule = 1d
[job:sql]
sql = '''
  select 1 -- "it's"
'''
schedule = manual
`;
  it("masks secrets, and says where each value comes from", () => {
    const { config, said } = load(text, { env: { "crontabber.concurrency": "3" }, command: { "crontabber.tags": "x" } });
    const printed = renderConfig(config, { exposeSecrets: false });
    expect(said).toEqual([]);
    expect(printed).not.toContain("s3cret");
    expect(printed.split("\n").slice(1).join("\n")).toBe(`base = /srv  # crontabber.ini:1
[crontabber]
    database_url = postgres://user:********@h:5432/d?sslmode=require  # crontabber.ini:3
    error_retry_time = 300  # default
    max_ongoing_age_hours = 12  # default
    lease = 120  # crontabber.ini:4
    concurrency = 3  # environment
    drain_timeout = 30  # default
    overdue_after = 600  # default
    env_pass =   # default
    timezone = UTC  # default
    history_days = 90  # default
    schema = public  # default
    auto_migrate = yes  # default
    tags = x  # command line
    host_label = ${config.hostLabel}  # default
    spool = ${config.spool}  # default
    http = off  # default
    http_actions = no  # default
    http_token = ********  # crontabber.ini:5
    textfile = off  # default
    http_hosts =   # default

    [[class-Report]]
        page_size = 500  # crontabber.ini:7
        where = %(base)s/\${HOME}  # crontabber.ini:8
        api_key = ********  # crontabber.ini:9
        password = \${PW}  # crontabber.ini:10

[sentry]
    dsn = ********  # crontabber.ini:12

[job:a b]
    command = curl "https://me:********@h/" ; echo '%(x)s \${Y}'  # crontabber.ini:14
    env = TOKEN=********, PLAIN=1  # crontabber.ini:15
    schedule = 1d  # crontabber.ini:16

[job:sql]
    sql = '''
  select 1 -- "it's"
'''  # crontabber.ini:18
    schedule = manual  # crontabber.ini:21
`);
  });

  it("without the masks it reads back as the same configuration", () => {
    const odd = { "crontabber.host_label": "it's ${HOME} # %(x)s", "crontabber.password": "a \"b' c" };
    for (const source of [
      text,
      "[crontabber]\nhost = a, b\nport = 1\ndbname = d\njobs = '''\n  # x\n'''\n[job:'#]x']\nsql = select 1\nschedule = 1d",
    ]) {
      const first = load(source, { env: odd });
      const printed = renderConfig(first.config, { exposeSecrets: true });
      const second = load(printed);
      expect(second.said).toEqual([]);
      const facts = ({ files, root, interpolator, origins, file, folder, home: at, cwd, ...rest }: Config) => rest;
      expect(facts(second.config)).toEqual(facts(first.config));
      const withoutOrigins = (lines: string): string =>
        lines.replace(/ {2}# (crontabber\.ini:\d+|environment( or default)?|default)$/gm, "").replace(/^#.*/, "");
      expect(withoutOrigins(renderConfig(second.config, { exposeSecrets: true }))).toBe(withoutOrigins(printed));
    }
  });
});

it("a change of the file, or of one it includes, is noticed", () => {
  const cwd = folder({ "crontabber.ini": `${withDatabase("")}+include x.ini`, "x.ini": "lease = 5" });
  const { config } = read(cwd);
  expect(changedSince(config.files)).toBe(false);
  write(cwd, "x.ini", "lease = 50");
  expect(changedSince(config.files)).toBe(true);
});
