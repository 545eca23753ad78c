// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is what is tested
// What an operator gets to read for each mistake: message, place and advice, all of them at once.
import { describe, expect, it } from "vitest";
import { build, job, lines, type Modules, withDatabase } from "./support.ts";

const LONG = "x".repeat(300);

const modules: Modules = {
  "a.ts": {
    A: job({ options: { page_size: 100, deep: true, group: { host: "h", n: 1 }, numbers: [1] } }),
    helper: { hasRun: false },
    Child: job({ dependsOn: ["nobody"] }),
    Bad: job({ name: 5, timeout: "soon", tags: [1], options: [], unknown: ["dependson"], schedule: 5, backfill: "yes", env: 7, lease: {} }),
  },
  "b.ts": { A: job({ name: "b" }) },
  "sub/module.ts": { A: job() },
  "empty.ts": {},
};

/** What stands below `[crontabber]` and its first key, so from line 3 on; what is said of it at `crontabber.ini:`. */
const MISTAKES: [string, string[]][] = [
  ["lease = 1\nlease = 2", ['4:1: "lease" stands here a second time (first at crontabber.ini:3)']],
  ["error_retry_tme = 60", ['3:1: unknown key "error_retry_tme" in [crontabber] (did you mean "error_retry_time"?)']],
  ["zzz = 60", ["3:1: unknown key \"zzz\" in [crontabber] ('crontabber config print' lists all of them)"]],
  ["timeout = 5m", ['3:1: unknown key "timeout" in [crontabber] (an option of a job: write it in [job:NAME] or [[class-Export]])']],
  ["[crontaber]\nx = 1", ['3:1: unknown section [crontaber] (did you mean "crontabber"?)']],
  ["[job vacuum]\nsql = select 1", ["3:1: unknown section [job vacuum] (a job is [job:NAME])"]],
  ["[class-A]\nx = 1", ["3:1: unknown section [class-A] (write [[class-A]] inside [crontabber])"]],
  ["[[postgres]]\nhost = h", ["3:1: unknown section [crontabber] [[postgres]] (options of a job stand in [[class-Export]] or [job:NAME])"]],
  ["[alerts]\nwebhok = x", ['4:1: unknown key "webhok" in [alerts] (did you mean "webhook"?)']],
  ["[alerts]\nwebhook = slack", ["4:1: webhook: is not the address of a web server (write https://host/path)"]],
  ["[alerts]\nping_url = ftp://x/y", ["4:1: ping_url: is not the address of a web server (write https://host/path)"]],
  ["[alert]\nwebhook = x", ['3:1: unknown section [alert] (did you mean "alerts"?)']],
  ["[sentry]\ndns = x", ['4:1: unknown key "dns" in [sentry] (known: dsn)']],
  ["concurrency = many", ['3:1: concurrency: "many" is not a whole number (from 1 to 1000)']],
  ["concurrency = 0", ["3:1: concurrency: 0 is too small (at least 1)"]],
  ["concurrency = -1", ['3:1: concurrency: "-1" is not a whole number (from 1 to 1000)']],
  ["concurrency = 1.5", ['3:1: concurrency: "1.5" is not a whole number (from 1 to 1000)']],
  ["concurrency = 99999", ["3:1: concurrency: 99999 is too big (at most 1000)"]],
  ["lease =", ['3:1: lease: "" is not a time span (write seconds, or one number and s, m, h, d or w: 30m)']],
  ["lease = 0.5", ["3:1: lease: 0.5 is too small (at least 1 s)"]],
  ["lease = 1h30m", ['3:1: lease: "1h30m" is not a time span (write seconds, or one number and s, m, h, d or w: 30m)']],
  ["lease = m5", ['3:1: lease: "m5" is not a time span (write seconds, or one number and s, m, h, d or w: 30m)']],
  ["max_ongoing_age_hours = 12h", ['3:1: max_ongoing_age_hours: "12h" is not a number (write 12 or 12.0)']],
  ["history_days = 0", ["3:1: history_days: 0 is too small (at least 1)"]],
  ["auto_migrate = maybe", ['3:1: auto_migrate: "maybe" is neither yes nor no (write yes or no)']],
  ["timezone = Europe/Berlni", ['3:1: timezone: "Europe/Berlni" is not a time zone (did you mean "Europe/Berlin"?)']],
  ["timezone = europe/berlin", ['3:1: timezone: "europe/berlin" is not a time zone (did you mean "Europe/Berlin"?)']],
  ["timezone = Mars", ['3:1: timezone: "Mars" is not a time zone (write an IANA name such as Europe/Berlin, or UTC)']],
  ["schema = ''", ["3:1: schema: is empty (write schema = public)"]],
  ["schema = pg_catalog", ['3:1: schema: "pg_catalog" is reserved by PostgreSQL (names that start with pg_ are its own)']],
  [
    `schema = ${LONG}`,
    ['3:1: schema: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" is longer than the 63 bytes PostgreSQL allows'],
  ],
  ["tags = gpu box", ['3:1: tags: "gpu box" is not a word (write words with commas between them: gpu, backup)']],
  [
    "env_pass = AWS_*",
    ['3:1: env_pass: "AWS_*" is not the name of an environment variable (write names with commas between them: HTTP_PROXY, NO_PROXY)'],
  ],
  ["http = everywhere", ['3:1: http: "everywhere" is not an address (write off, or 127.0.0.1:8484)']],
  ["http = 127.0.0.1:99999", ['3:1: http: "127.0.0.1:99999" is not an address (write off, or 127.0.0.1:8484)']],
  [
    "http = 0.0.0.0:8484",
    ["3:1: http: 0.0.0.0 can be reached from elsewhere and there is no http_token (set http_token, or bind 127.0.0.1)"],
  ],
  ["http_actions = yes", ["3:1: http_actions: needs http_token (write http_token = …)"]],
  ["host_label =", ["3:1: host_label: is empty (leave the line out: the hostname is the default)"]],
  ["jobs = Foo|1d", ['3: "Foo" does not name an export of a module (write module.path.Export|SCHEDULE or path/file.ts#Export|SCHEDULE)']],
  ["jobs = '''\n|1d\n'''", ['4: "|1d" names no job (write module.path.Export|SCHEDULE or path/file.ts#Export|SCHEDULE)']],
  [
    "jobs = a.ts#|1d",
    ['3: "a.ts#" does not name an export of a module (write module.path.Export|SCHEDULE or path/file.ts#Export|SCHEDULE)'],
  ],
  [
    "jobs = a-b c.D|1d",
    ['3: "a-b c.D" is not the name of a job\'s code (write module.path.Export|SCHEDULE or path/file.ts#Export|SCHEDULE)'],
  ],
  [
    "jobs = a.A|1d|03:00|UTC|x",
    ["3: a.A: '1d|03:00|UTC|x' has too many parts (at most a schedule, a time of day and a zone: 1d|03:00|Europe/Berlin)"],
  ],
  [
    "jobs = a.A|",
    [
      "3: a.A: the schedule is empty (write 30s, 5m, 3h, 2d, 1w, 1d|03:00, a cron expression of 5 or 6 fields, @daily and the like, or manual)",
    ],
  ],
  ["jobs = a.A", ["3: a.A: has no schedule (write one, or manual for a job that only runs on request)"]],
  ["jobs = aa.A|1d", ['3: aa.A: there is no aa.ts, .mts, .js, .mjs or .cjs beside the configuration file (did you mean "a.A"?)']],
  [
    "jobs = sub.modul.A|1d",
    ['3: sub.modul.A: there is no sub/modul.ts, .mts, .js, .mjs or .cjs beside the configuration file (did you mean "sub.module.A"?)'],
  ],
  [
    "jobs = sbu.module.A|1d",
    ['3: sbu.module.A: there is no sbu/module.ts, .mts, .js, .mjs or .cjs beside the configuration file (there is no folder "sbu")'],
  ],
  [
    "jobs = ./sub/modul.ts#A|1d",
    ['3: ./sub/modul.ts#A: there is no sub/modul.ts beside the configuration file (did you mean "sub/module.ts#A"?)'],
  ],
  [
    "jobs = old.A|1d",
    [
      "3: old.A: there is no old.ts, .mts, .js, .mjs or .cjs beside the configuration file (old.py is a Python job: port it, or call it from the command of a [job:NAME])",
    ],
  ],
  ["jobs = a.Aa|1d", ['3: a.Aa: the module exports no "Aa" (did you mean "A"?)']],
  ["jobs = a.Zzzzz|1d", ['3: a.Zzzzz: the module exports no "Zzzzz" (its jobs are "A", "Child", "Bad")']],
  ["jobs = a.helper|1d", ['3: a.helper: "helper" is not a job (export it as defineJob({ async run(ctx) { … } }))']],
  ["jobs = empty.A|1d", ['3: empty.A: the module exports no "A" (it exports no job: defineJob makes one)']],
  ["jobs = '''\na.A|1d\na.A|2d\n'''", ['5: duplicate job "a" (first at crontabber.ini:4; give one of them another name)']],
  [
    "jobs = a.A|\u001b[31m1d",
    [
      "3: a.A: '\\u001b[31m1d' is not a schedule (write 30s, 5m, 3h, 2d, 1w, 1d|03:00, a cron expression of 5 or 6 fields, @daily and the like, or manual)",
    ],
  ],
  [
    "jobs = <b>a.A</b>|1d",
    ['3: "<b>a.A</b>" is not the name of a job\'s code (write module.path.Export|SCHEDULE or path/file.ts#Export|SCHEDULE)'],
  ],
  [
    `jobs = a.${LONG}|1d`,
    [
      '3: a.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: the module exports no "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" (its jobs are "A", "Child", "Bad")',
    ],
  ],
  ["jobs = a.A|0m", ["3: a.A: '0m' never passes (write at least 1s, or manual for a job that only runs on request)"]],
  ["jobs = a.A|1d2h", ["3: a.A: '1d2h' is not a schedule (one number and one unit: 26h, not 1d2h)"]],
  ["jobs = a.A|d1", ["3: a.A: 'd1' is not a schedule (the number comes first: 1d)"]],
  ["jobs = a.A|10", ["3: a.A: '10' is not a schedule (the unit is missing: 10m for minutes, or s h d w)"]],
  ["jobs = a.A|2h|03:00", ["3: a.A: '2h|03:00': a time of day goes with whole days only (write 1d|03:00, or 2h without the time)"]],
  ["jobs = a.A|1d|25:00", ["3: a.A: '25:00' is not a time of day (write HH:MM, from 00:00 to 23:59)"]],
  ["jobs = a.A|* * *", ["3: a.A: '* * *' is not a schedule (this has 3 fields; a cron expression has 5, or 6 with seconds first)"]],
  ["jobs = a.A|0 0 31 2 *", ["3: a.A: '0 0 31 2 *' never fires (no month it names has such a day)"]],
  [
    "jobs = a.A|61 * * * *",
    ["3: a.A: the minute of '61 * * * *' cannot be '61' (minute takes 0-59; lists a,b ranges a-b steps */n and H)"],
  ],
  ["jobs = a.A|1d|03:00|Europe/Berlni", ["3: a.A: 'Europe/Berlni' is not a time zone (did you mean \"Europe/Berlin\"?)"]],
  [
    "jobs = a.A|@fortnightly",
    ["3: a.A: '@fortnightly' is not a schedule (known are @hourly @daily @midnight @weekly @monthly @yearly @annually)"],
  ],
  [
    "jobs = a.A|1d\n[[class-B]]\nx = 1\n[[class-AA]]\nx = 1",
    [
      "4:1: [crontabber] [[class-B]] belongs to no entry of jobs (did you mean [[class-A]]?)",
      "6:1: [crontabber] [[class-AA]] belongs to no entry of jobs (did you mean [[class-A]]?)",
    ],
  ],
  ["jobs = a.A|1d\n[[class-A]]\npage_siz = 1", ['5:1: unknown key "page_siz" in [crontabber] [[class-A]] (did you mean "page_size"?)']],
  ["jobs = a.A|1d\n[[class-A]]\npage_size = many", ['5:1: page_size: "many" is not a number (its default in the code is one)']],
  ["jobs = a.A|1d\n[[class-A]]\ndeep = perhaps", ['5:1: deep: "perhaps" is neither yes nor no (write yes or no)']],
  [
    "jobs = a.A|1d\n[[class-A]]\n[[[gruop]]]\nx = 1",
    ["5:1: unknown section [crontabber] [[class-A]] [[[gruop]]] (the job declares no such group of options)"],
  ],
  [
    "jobs = a.A|1d\n[[class-A]]\n[[[group]]]\nx = 1\nn = q",
    [
      '6:1: unknown key "x" in [crontabber] [[class-A]] [[[group]]] (did you mean "n"?)',
      '7:1: n: "q" is not a number (its default in the code is one)',
    ],
  ],
  [
    "jobs = a.A|1d\n[[class-A]]\ngroup = 7",
    ['5:1: group: "7" is not a JSON object (its default in the code is one: write {"key": "value"}, or a section [[[name]]])'],
  ],
  ["jobs = a.A|1d\n[[class-A]]\nnumbers = 1, x", ['5:1: numbers: "x" is not a number (its default in the code is one)']],
  [
    "jobs = a.A|1d\n[[class-A]]\nsql = select 1",
    ['5:1: unknown key "sql" in [crontabber] [[class-A]] (a job without code is a section of its own: [job:NAME])'],
  ],
  [
    "jobs = a.A|1d, b.A|1d\n[[class-A]]\ndeep = no",
    ["4:1: [crontabber] [[class-A]] could belong to a.A and b.A (write [[class-a.A]] or [[class-b.A]], or [job:NAME])"],
  ],
  ["[job:v]\nsql = select 1\nschedule = 1d\ntimout = 5", ['6:1: unknown key "timout" in [job:v] (did you mean "timeout"?)']],
  ["[job:v]\nsql = select 1\nschedule = 1d\ndependsOn = x", ['6:1: unknown key "dependsOn" in [job:v] (did you mean "depends_on"?)']],
  ["[job:v]\nsql = select 1\ncommand = x\nschedule = 1d", ["4:1: [job:v] has both command and sql (a job is one or the other)"]],
  [
    "[job:v]\nschedule = 1d",
    ['3:1: [job:v] has neither command nor sql, and no job of the registry is called "v" (give it a command or sql, or delete it)'],
  ],
  [
    "jobs = a.A|1d\n[job:aa]\nenabled = no",
    ['4:1: [job:aa] has neither command nor sql, and no job of the registry is called "aa" (did you mean "a"?)'],
  ],
  ["[job:v]\nsql = ''\nschedule = 1d", ["4:1: sql is empty in [job:v]"]],
  ["[job:v]\nsql = select 1", ["3:1: [job:v] has no schedule (write one, or manual for a job that only runs on request)"]],
  [
    "jobs = a.A|1d\n[job:a]\nsql = select 1\nschedule = 1d",
    ['4:1: duplicate job "a" (first at crontabber.ini:3; drop its command or sql to only set options, or rename it)'],
  ],
  [
    "[job:v]\nsql = select 1\nschedule = 1d\n[job: v]\nsql = select 1\nschedule = 1d",
    ["6:1: [job: v] stands here a second time (first at crontabber.ini:3)"],
  ],
  ["[job:]\nsql = select 1\nschedule = 1d", ["3:1: the name is empty (give it another name)"]],
  ["[job:a|b]\nsql = select 1\nschedule = 1d", ['3:1: the name "a|b" has a | (give it another name)']],
  ["[job:\u001b[31mred]\nsql = select 1\nschedule = 1d", ['3:1: the name "\\u001b[31mred" has a control character (give it another name)']],
  [
    `[job:${LONG}]\nsql = select 1\nschedule = 1d`,
    ['3:1: the name "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" is longer than 200 characters (give it another name)'],
  ],
  [
    '[job:<b>"x"</b>]\nsql = select 1\nschedule = soon',
    [
      "5:1: 'soon' is not a schedule (write 30s, 5m, 3h, 2d, 1w, 1d|03:00, a cron expression of 5 or 6 fields, @daily and the like, or manual)",
    ],
  ],
  [
    "[job:v]\ncommand = x\nschedule = 1d\ntransaction = yes",
    ["6:1: transaction: a command cannot be part of a transaction (write the job as sql or as code, or drop the line)"],
  ],
  ["[job:v]\ncommand = x\nschedule = 1d\nfrequency = 2d", ["6:1: schedule stands beside frequency or time (keep schedule: it says both)"]],
  [
    "[job:v]\ncommand = x\nschedule = 03:00|UTC\ntimezone = Europe/Berlin",
    ["5:1: the schedule says UTC, timezone says Europe/Berlin (keep one of them)"],
  ],
  [
    "[job:v]\ncommand = x\nfrequency = 2h\ntime = 03:00",
    ["6:1: '2h|03:00': a time of day goes with whole days only (write 1d|03:00, or 2h without the time)"],
  ],
  [
    "[job:v]\ncommand = x\nschedule = 1d\nretry = exponentially",
    ['6:1: retry: "exponentially" is not known (did you mean "exponential"?)'],
  ],
  ["[job:v]\ncommand = x\nschedule = 1d\non_lost = wait", ['6:1: on_lost: "wait" is not known (one of retry, hold, skip)']],
  ["[job:v]\ncommand = x\nschedule = 1d\nmax_attempts = 0", ["6:1: max_attempts: 0 is too small (at least 1)"]],
  ["[job:v]\ncommand = x\nschedule = 1d\nenv = A B, C=1", ['6:1: env: "A B" is not NAME=value (write env = FIRST=1, SECOND=two)']],
  ["[job:v]\ncommand = x\nschedule = 1d\nstart_deadline = 0", ["6:1: start_deadline: 0 is too small (at least 1 s)"]],
  [
    "jobs = a.A|1d\n[job:v]\ncommand = x\nschedule = 1d\ndepends_on = aa, a.A, zzzzzz, v",
    [
      '7:1: job "v" depends on "aa", which is not a job (did you mean "a"?)',
      '7:1: job "v" depends on "a.A", which is not a job (its name is "a")',
      '7:1: job "v" depends on "zzzzzz", which is not a job (no job of the registry has that name)',
      '7:1: job "v" depends on itself (drop it from depends_on)',
    ],
  ],
  [
    "[job:a]\ncommand = x\nschedule = 1d\ndepends_on = b\n[job:b]\ncommand = x\nschedule = 1d\ndepends_on = c\n[job:c]\ncommand = x\nschedule = 1d\ndepends_on = a",
    ["6:1: dependency cycle: a -> b -> c -> a (each depends on the next; take one of them out of depends_on)"],
  ],
  ["jobs = a.Child|1d", ['3: job "child" depends on "nobody", which is not a job (no job of the registry has that name)']],
  [
    "jobs = a.Bad|1d",
    [
      '3: a.Bad: timeout in its code: "soon" is not a time span (write seconds, or one number and s, m, h, d or w: 30m)',
      "3: a.Bad: tags in its code: [1] is not a list of strings",
      '3: a.Bad: backfill in its code: "yes" is neither true nor false',
      "3: a.Bad: env in its code: is neither an object nor a list of NAME=value",
      "3: a.Bad: lease in its code: {} is not a string or a number",
      '3: a.Bad: unknown key "dependson" in its code (did you mean "dependsOn"?)',
      "3: a.Bad: name in its code: 5 is not a string",
      "3: a.Bad: schedule in its code: 5 is not a string",
      "3: a.Bad: options in its code: is not an object (write options: { name: default })",
    ],
  ],
  ["[job:v]\ncommand = x\nschedule = ${WHEN}", ["5:1: the environment has no WHEN (set it, or write $${WHEN} for a literal ${WHEN})"]],
  ["jobs = '''\na.A|1d\na.Child|${WHEN}\n'''", ["5: the environment has no WHEN (set it, or write $${WHEN} for a literal ${WHEN})"]],
  ["jobs = '''\na.A|1d\n[job:v]\ncommand = x\nschedule = 1d\ndepends_on = q", ["3:8: ''' is never closed (end the value with ''')"]],
  [
    "[job:v]\ncommand = x\nschedule = 1d\nbackfill = often\ntags = a b\nenabled = 2",
    [
      '6:1: backfill: "often" is neither yes nor no (write yes or no)',
      '7:1: tags: "a b" is not a word (write words with commas between them: gpu, backup)',
      '8:1: enabled: "2" is neither yes nor no (write yes or no)',
    ],
  ],
  [
    "[job:' x ']\ncommand = x\nschedule = now",
    [
      "5:1: 'now' is not a schedule (write 30s, 5m, 3h, 2d, 1w, 1d|03:00, a cron expression of 5 or 6 fields, @daily and the like, or manual)",
    ],
  ],
  [
    '[job:it\'s "x"]\ncommand = x\nschedule = 1d\ndepends_on = nobody',
    ['6:1: job "it\'s \\"x\\"" depends on "nobody", which is not a job (no job of the registry has that name)'],
  ],
  [
    "jobs = sub/module.ts#A|1d\n[[class-A]]\nx = 1",
    ['5:1: unknown key "x" in [crontabber] [[class-A]] (neither an option of jobs nor one this job declares)'],
  ],
  [
    "[job:<script>]\ncommand = x\nschedule = 1d\n[job: <script>]\ncommand = y\nschedule = 1d",
    ["6:1: [job: <script>] stands here a second time (first at crontabber.ini:3)"],
  ],
  [
    "jobs = '''\n\u001b[31m/x.ts#A|1d\n'''",
    ['4: \\u001b[31m/x.ts#A: there is no \\u001b[31m/x.ts beside the configuration file (there is no folder "\\u001b[31m")'],
  ],
  ["[\u001b[2J]\nx = 1", ["3:1: unknown section [\\u001b[2J] (known are [crontabber], [sentry], [alerts] and [job:NAME])"]],
];

describe("a mistake is told with its line and what to do about it", () => {
  it.each(MISTAKES)("%j", async (text, said) => {
    const { all } = await build({ "crontabber.ini": withDatabase(text), "old.py": "" }, { modules, mode: "configtest" });
    expect(all).toEqual(said.map((message) => `crontabber.ini:${message}`));
  });

  it("above any section", async () => {
    const { all } = await build({ "crontabber.ini": `lease = 5\nbase = 1\n${withDatabase("")}` });
    expect(all).toEqual([
      'crontabber.ini:1:1: unknown key "lease" outside any section (it belongs below [crontabber])',
      'crontabber.ini:2:1: unknown key "base" outside any section (keys stand below a [section]; up here they only serve %(name)s)',
    ]);
  });
});

it("all at once: each mistake of a file is told beside all others", async () => {
  const keys = MISTAKES.filter(([text]) => /^[a-z_]+ =/.test(text) && !/\n|jobs/.test(text) && !text.startsWith("lease = 1"));
  const unique = [...new Map(keys.map((row) => [row[0].split(" =")[0], row])).values()];
  const { all } = await build({ "crontabber.ini": withDatabase(unique.map(([text]) => text).join("\n")) });
  const moved = unique.map(([, [said = ""]], i) => `crontabber.ini:${said.replace(/^3:/, `${i + 3}:`)}`);
  expect(unique.length).toBeGreaterThan(12);
  expect(all.sort()).toEqual(moved.sort());
});

it("nothing in a message can steer a terminal or break the line", async () => {
  const evil = "\u001b[31m\u009b2J\u202e\u0007<b>'\"";
  const text = `${evil} = 1\nlease = ${evil}\njobs = ${evil}.A|${evil}\n[${evil}]\n[job:${evil}]\ncommand = x\nschedule = ${evil}\ndepends_on = ${evil}x\n${evil}\n`;
  const { all, warnings } = await build({ "crontabber.ini": withDatabase(text) });
  expect(all.length).toBeGreaterThan(6);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  for (const line of [...all, ...lines(warnings)]) expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
});

it.each([
  "",
  "\0",
  "[",
  "[crontabber]",
  "[crontabber]\njobs",
  "[crontabber]\n[[class-]]\n[job:]",
  "[DEFAULT]\nx = %(x)s",
  "jobs = |,;#\n[job:#]",
])("%j is read without an exception", async (text) => expect((await build({ "crontabber.ini": text })).registry.jobs).toEqual([]));
