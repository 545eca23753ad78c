// The Python tool's files are read as it read them, without its faults. Numbers are those of its list of known faults.
import { describe, expect, it } from "vitest";
import { build, folder, job, lines, type Modules, read, withDatabase } from "./support.ts";

const SAMPLE = `
# name: application
# doc: the fully qualified module or class of the application
#application=''

[crontabber]

    # class of the database
    #database_class=crontabber.connection_factory.ConnectionFactory
    database_class=crontabber.connection_factory.ConnectionFactory

    # the name of the database
    # see "resource.postgresql.dbname" for the default or override it here
    dbname=crontabber
    host=localhost
    password=my 'odd' password
    #port=5432
    user=myusername

    # number of seconds to re-attempt a job that failed
    error_retry_time=600

    # Crontabber jobs spec
    jobs='''
    jobs.myapp.MyFirstApp|5m
    jobs.myapp.MySecondApp|1h
      #jobs.myapp.Retired|1h, jobs.myapp.MySecondApp|1d
    jobs.myapp.MyBigFatWeddingApp|2d|21:00
    jobs.myapp.Nightly|03:45;
    '''

    [[class-MyFirstApp]]

        # Format for how the date is reported in the log file.
        date_format=%W %y %h:%M

        [[[database]]]
            host=other

    job_state_db_class=crontabber.app.JobStateDatabase
    max_ongoing_age_hours=12.0
    transaction_executor_class=crontabber.transaction_executor.TransactionExecutor

[logging]
    stderr_error_logging_level=10
    stderr_line_format_string={asctime} {levelname} - {threadName} - {message}
    syslog_facility_string=user
    syslog_line_format_string=%(unknown)s

[resource]
    [[postgresql]]
        #+include ./common_postgresql.ini
        port=6432
        database_class=crontabber.connection_factory.ConnectionFactory
    [[rabbitmq]]
        host=h

[secrets]
    [[sentry]]
        dsn=https://d3683ad:0ce@errormill.mozilla.org/14
`;

const app = (more = {}) => job({ options: { date_format: "%m/%d %Y", database: { host: "localhost", port: 1 } }, ...more });
const modules: Modules = {
  "jobs/myapp.ts": {
    MyFirstApp: app({ name: "my-first-app" }),
    MySecondApp: job({ name: "my-second-app", dependsOn: ["my-first-app"] }),
    MyBigFatWeddingApp: job(),
    Nightly: job(),
  },
};

describe("the sample of its documentation", () => {
  // ConfigObj gives keys behind a nested section to that section; the sample keeps them before it.
  const text = SAMPLE.replace(/\n {4}job_state_db_class[\s\S]*?Executor\n/, "\n");

  it("is read as it stands", async () => {
    const { registry, config, all, warnings } = await build({ "crontabber.ini": text }, { modules });
    expect(all).toEqual([]);
    expect(config).toMatchObject({
      errorRetryTime: 600,
      maxOngoingAgeHours: 12,
      sentryDsn: "https://d3683ad:0ce@errormill.mozilla.org/14",
    });
    expect(config.database).toMatchObject({
      kind: "server",
      connection: {
        servers: [{ host: "localhost", port: 6432 }],
        database: "crontabber",
        user: "myusername",
        password: "my 'odd' password",
      },
    });
    expect(registry.jobs.map(({ label, name, schedule }) => `${label} ${name} ${schedule.display}`)).toEqual([
      "jobs.myapp.MyFirstApp my-first-app 5m",
      "jobs.myapp.MySecondApp my-second-app 1h",
      "jobs.myapp.MyBigFatWeddingApp my-big-fat-wedding-app 2d @ 21:00",
      "jobs.myapp.Nightly nightly 1d @ 03:45",
    ]);
    expect(registry.jobs[0]?.options).toEqual({ date_format: "%W %y %h:%M", database: { host: "other", port: 1 } });
    expect(warnings).toEqual([]);
  });

  it("what has no effect any more is one warning", () => {
    const { warnings } = read(folder({ "crontabber.ini": text }));
    expect(lines(warnings)).toEqual([
      "crontabber.ini:41:1: settings of the Python tool have no effect: [logging], [resource] [[rabbitmq]], database_class (delete them)",
    ]);
  });
});

describe("its known faults", () => {
  const three: Modules = { "m.ts": { A: job(), B: job(), C: job() } };
  const names = async (jobs: string, more: Modules = three): Promise<string[]> => {
    const { registry, all } = await build({ "crontabber.ini": withDatabase(`jobs = '''${jobs}'''`) }, { modules: more });
    return [...all, ...registry.jobs.map(({ name, schedule }) => `${name} ${schedule.display}`)];
  };

  it("29: a parent is a job of the registry, by name; one that is none is refused and not waited for in silence", async () => {
    expect(await names("m.A|1h", { "m.ts": { A: job({ dependsOn: "gone" }) } })).toContain(
      'crontabber.ini:3: job "a" depends on "gone", which is not a job (no job of the registry has that name)',
    );
  });

  it("30: an empty list is fine, and so is a file in which every job has a parent; a job cannot be its own", async () => {
    expect(await names("")).toEqual([]);
    const circle: Modules = { "m.ts": { A: job({ dependsOn: "b" }), B: job({ dependsOn: ["a"] }), C: job({ dependsOn: "c" }) } };
    expect(await names("m.A|1h\nm.B|1h\nm.C|1h", circle)).toEqual(
      expect.arrayContaining([
        'crontabber.ini:5: job "c" depends on itself (drop it from depends_on)',
        "crontabber.ini:3: dependency cycle: a -> b -> a (each depends on the next; take one of them out of depends_on)",
      ]),
    );
  });

  it("31: a # comments its whole line out, and a note behind an entry is no part of its schedule", async () => {
    expect(await names("\n# m.A|1d, m.B|1d\nm.C|1h # note\n")).toEqual(["c 1h"]);
  });

  it("32: two modules may have the same class name; equal names are refused, and so is one class twice", async () => {
    const same: Modules = { "m.ts": { R: job({ name: "one" }) }, "n.ts": { R: job({ name: "two" }) } };
    expect(await names("m.R|1h, n.R|2h", same)).toEqual(["one 1h", "two 2h"]);
    expect(await names("\nm.A|1h\nm.A|2h")).toContain(
      'crontabber.ini:5: duplicate job "a" (first at crontabber.ini:4; give one of them another name)',
    );
    const twins: Modules = { "m.ts": { R: job() }, "n.ts": { R: job() } };
    expect((await names("m.R|1h\nn.R|2h", twins))[0]).toMatch(/^crontabber\.ini:4: duplicate job "r"/);
  });

  it("33: too many parts are a mistake of the file with its line, not an exception", async () => {
    expect((await names("m.A|1d|03:00|UTC|x"))[0]).toMatch(/^crontabber\.ini:3: m\.A: '1d\|03:00\|UTC\|x' has too many parts/);
  });

  it("34: passwords may have blanks, quotes and anything else; an empty user or password swallows nothing", () => {
    const of = (text: string): unknown =>
      (read(folder({ "crontabber.ini": `[crontabber]\n${text}` })).config.database as { connection: unknown })?.connection;
    expect(of("host = h\ndbname = d\nuser = u\npassword = a b' \"c\\ # note")).toMatchObject({ password: "a b' \"c\\" });
    expect(of("host = h\ndbname = d\nuser = u\npassword = '#%&?'")).toMatchObject({ password: "#%&?" });
    expect(of("host = /var/run/postgresql\ndbname = d\nuser = ''\npassword = ''")).toMatchObject({
      servers: [{ host: "/var/run/postgresql" }],
      database: "d",
      password: null,
      user: expect.stringMatching(/./),
    });
  });

  it("36: an exported time, frequency or force changes nothing", async () => {
    const env = { time: "05:00", frequency: "9d", force: "1", schedule: "9d", version: "1", jobs: "x.Y|1d", host: "elsewhere" };
    const { registry, config } = await build({ "crontabber.ini": withDatabase("jobs = m.A|1d|03:00") }, { modules: three, env });
    expect(registry.jobs.map(({ schedule }) => schedule.display)).toEqual(["1d @ 03:00"]);
    expect(config.database).toMatchObject({ connection: { servers: [{ host: "h" }] } });
  });

  // 35 is the store's; 37 is tested with `config print`.
});
