// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is what is tested
import { readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { load } from "#lib/config/load.js";
import { buildRegistry, memoryPath } from "#lib/config/registry.js";
import { changedSince } from "#lib/config/reload.js";
import type { Job } from "#lib/core/job.js";
import type { Learn } from "#lib/core/learned.js";
import { build, folder, job, learner, lines, type Modules, read, withDatabase, write } from "./support.ts";

const ini = (jobs: string, rest = ""): Record<string, string> => ({ "crontabber.ini": withDatabase(`jobs = '''\n${jobs}\n'''\n${rest}`) });

/** The one job that entry, sections and code make. */
async function made(
  rest: string,
  { code = {}, entry = "jobs.r.Report|1d", env = {} }: { code?: object; entry?: string; env?: Record<string, string> } = {},
): Promise<Job> {
  const { registry, all, broken } = await build(ini(entry, rest), { modules: { "jobs/r.ts": { Report: job(code) } }, env });
  expect([...all, ...broken]).toEqual([]);
  return registry.jobs[0] as Job;
}

describe("entries", () => {
  const modules: Modules = { "a.ts": { A: job(), B: job(), C: job() }, "x/y.mts": { D: job() }, "x/z.js": { default: job(), E: job() } };
  const listed = async (text: string): Promise<string[]> => {
    const { registry, all } = await build({ "crontabber.ini": withDatabase(`jobs = ${text}\n`) }, { modules });
    return [...all, ...registry.jobs.map(({ name, schedule }) => `${name} ${schedule.text}`)];
  };

  it.each<[string, string[]]>([
    ["a.A|1h", ["a 1h"]],
    ["a.A|1h, a.B|2h", ["a 1h", "b 2h"]],
    ["a.A|1h,a.B|2h;a.C|3h", ["a 1h", "b 2h", "c 3h"]],
    ['"a.A|1h, a.B|2h"', ["a 1h", "b 2h"]],
    ['"a.A|1h", "a.B|2h"', ["a 1h", "b 2h"]],
    ["'''\n a.A|1h,\n\n a.B|2h ;\n'''", ["a 1h", "b 2h"]],
    ["'''a.A|0 1,2 * * *, a.B|0 0 * * mon,wed|Europe/Berlin'''", ["a 0 1,2 * * *|UTC", "b 0 0 * * mon,wed|Europe/Berlin"]],
    ["'''a.A|0 0 * * 1,3|UTC; a.B|0 0 * * 1#1,3#2|UTC'''", ["a 0 0 * * 1,3|UTC", "b 0 0 * * 1#1,3#2|UTC"]],
    ["'''\n# a.A|1d, a.B|1d\na.C|1d # note, a.A|2d\n'''", ["c 1d"]],
    ["'''\n  a.A|1d, # note\n  a.B|1d,#a.C|1d\n'''", ["a 1d", "b 1d"]],
    ["x/y.mts#D|1d|1:1", ["d 1d|01:01|UTC"]],
    ["./x/z.js#E|03:00", ["e 1d|03:00|UTC"]],
    ["x.z.default|1d", ["z 1d"]],
    ["x.y.D|7d|03:00|Europe/Berlin", ["d 7d|03:00|Europe/Berlin"]],
    ["''", []],
    ["'''\n# a.A|${UNSET}\n'''", []],
  ])("%j", async (text, expected) => expect(await listed(text)).toEqual(expected));

  it("with interpolation and includes, each known by its own line", async () => {
    const text = "more = '''\na.B|2h'''\njobs = '''\na.A|${EVERY}\n+include ./more.jobs\n%(more)s\n'''\n";
    const { registry, all } = await build(
      { "crontabber.ini": withDatabase(text), "more.jobs": "# none\na.C|3h\n" },
      { modules, env: { EVERY: "1h" } },
    );
    expect(all).toEqual([]);
    expect(registry.jobs.map(({ name, origin }) => `${name} ${origin.file}:${origin.line}`)).toEqual([
      "a crontabber.ini:6",
      "c more.jobs:2",
      "b crontabber.ini:8",
    ]);
  });

  it("stand in the order of the file, jobs without code among them; order has parents first", async () => {
    const text = `[job:z]\ncommand = z\nschedule = 1h\n${withDatabase("jobs = '''a.B|1h\na.A|1h'''")}\n[job:m]\nsql = select 1\nschedule = manual\ndepends_on = z\n`;
    const { registry, all } = await build({ "crontabber.ini": text }, { modules });
    expect(all).toEqual([]);
    expect(registry.jobs.map(({ name }) => name)).toEqual(["z", "b", "a", "m"]);
    expect(registry.order.map(({ name }) => name)).toEqual(["a", "b", "z", "m"]);
    expect([...registry.byName.keys()]).toEqual(["z", "b", "a", "m"]);
  });

  it("of an empty registry are fine, with a warning", async () => {
    const { registry, all, warnings } = await build({ "crontabber.ini": withDatabase("") });
    expect([registry.jobs, all]).toEqual([[], []]);
    expect(lines(warnings)).toEqual([
      "crontabber.ini: no jobs are configured (write entries between jobs = ''' and ''', or a [job:NAME] section with a command or sql)",
    ]);
  });
});

describe("a job", () => {
  it("has the defaults that are documented", async () => {
    expect(await made("")).toEqual({
      name: "report",
      kind: "module",
      label: "jobs.r.Report",
      module: { file: expect.stringMatching(/\/jobs\/r\.ts$/), export: "Report" },
      command: null,
      sql: null,
      schedule: expect.objectContaining({ text: "1d" }),
      dependsOn: [],
      backfill: false,
      retry: "fixed",
      errorRetryTime: 300,
      maxAttempts: null,
      onLost: "retry",
      maxLost: 3,
      startDeadline: null,
      timeout: null,
      lease: 120,
      transaction: false,
      tags: [],
      locks: [],
      env: {},
      envPass: [],
      cwd: null,
      user: null,
      description: null,
      owner: null,
      runbook: null,
      alertAfter: null,
      alerts: true,
      enabled: true,
      options: {},
      broken: null,
      origin: { file: "crontabber.ini", line: 4 },
    });
  });

  it.each<[string, Partial<Job>]>([
    ["backfill = yes", { backfill: true }],
    ["start_deadline = 10s", { startDeadline: 10 }],
    ["timeout = 30m", { timeout: 1800 }],
    ["timeout = none", { timeout: null }],
    ["error_retry_time = 60", { errorRetryTime: 60 }],
    ["retry = exponential", { retry: "exponential" }],
    ["max_attempts = 5", { maxAttempts: 5 }],
    ["max_attempts = unlimited", { maxAttempts: null }],
    ["on_lost = hold\nmax_lost = 1", { onLost: "hold", maxLost: 1 }],
    ["lease = 1m", { lease: 60 }],
    ["transaction = yes", { transaction: true }],
    ["tags = gpu, backup", { tags: ["gpu", "backup"] }],
    ["owner = data-team\nrunbook = https://wiki.example/a?b=1", { owner: "data-team", runbook: "https://wiki.example/a?b=1" }],
    ["alert_after = 3\nalerts = no", { alertAfter: 3, alerts: false }],
    ["alert_after = none", { alertAfter: null }],
    ["env = A=1, B=two words, C=", { env: { A: "1", B: "two words", C: "" } }],
    ["env = A=1,2, B=3", { env: { A: "1,2", B: "3" } }],
    ['env = "A=1, B=2", C=3', { env: { A: "1, B=2", C: "3" } }],
    ["env = '''\n  A=1, B=2\n\n  C=3=4\n'''", { env: { A: "1, B=2", C: "3=4" } }],
    ["env_pass = HTTP_PROXY", { envPass: ["HTTP_PROXY"] }],
    ["cwd = /srv", { cwd: "/srv" }],
    ["user = nobody", { user: "nobody" }],
    ["description = it's a, b # note", { description: "it's a, b" }],
    ["enabled = no", { enabled: false }],
    ["depends_on = ", { dependsOn: [] }],
    ["timezone = Europe/Berlin\nschedule = 03:00", { schedule: expect.objectContaining({ text: "1d|03:00|Europe/Berlin" }) }],
  ])("[job:report] %j", async (text, expected) => {
    expect(await made(`[job:report]\n${text}`)).toMatchObject(expected);
  });

  it("takes the same options from its code", async () => {
    const code = {
      name: "the report",
      backfill: true,
      startDeadline: "10s",
      timeout: 90,
      errorRetryTime: "1m",
      retry: "exponential",
      maxAttempts: 5,
      onLost: "skip",
      maxLost: 2,
      lease: 60,
      transaction: true,
      tags: "gpu",
      env: { A: "1" },
      envPass: ["B"],
      cwd: "sub",
      user: "nobody",
      owner: "o",
      runbook: "r",
      alertAfter: 2,
      alerts: false,
      description: "d",
      enabled: false,
      timezone: "Europe/Berlin",
      options: { page_size: 100 },
    };
    const { timezone, ...options } = code;
    expect(await made("", { code, entry: "jobs.r.Report|1d|03:00" })).toMatchObject({
      ...options,
      startDeadline: 10,
      errorRetryTime: 60,
      tags: ["gpu"],
      cwd: expect.stringMatching(/\/sub$/),

      schedule: { text: "1d|03:00|Europe/Berlin" },
    });
  });

  it("null in code is what no limit is, and otherwise says nothing", async () => {
    expect(await made("", { code: { timeout: null, lease: null, tags: null, user: null } })).toMatchObject({
      timeout: null,
      lease: 120,
      tags: [],
      user: null,
    });
  });

  it("the later place wins: [crontabber], code, class, job, environment, command line", async () => {
    const code = { errorRetryTime: 2, options: { n: 1 } };
    const all = "error_retry_time = 1\n";
    const of = async (rest: string, more: object = {}, from = code): Promise<number> => {
      const { registry, all: said } = await build(
        { "crontabber.ini": withDatabase(`${all}jobs = jobs.r.Report|1d\n${rest}`) },
        { modules: { "jobs/r.ts": { Report: job(from) } }, ...more },
      );
      expect(said).toEqual([]);
      return registry.jobs[0]?.errorRetryTime ?? Number.NaN;
    };
    const section = "[[class-Report]]\nerror_retry_time = 3\n";
    const own = "[job:report]\nerror_retry_time = 4\n";
    const env = { "job:report.error_retry_time": "5" };
    const options = [{ key: "job:report.error_retry_time", value: "6" }];
    expect(await of("", {}, {} as typeof code)).toBe(1);
    expect(await of("")).toBe(2);
    expect(await of(section)).toBe(3);
    expect(await of(section + own)).toBe(4);
    expect(await of(section + own, { env })).toBe(5);
    expect(await of(section + own, { env, options })).toBe(6);
    expect(await of(section, { env: { "crontabber.class-Report.error_retry_time": "7" } })).toBe(7);
    expect(await of("", { env: { "crontabber__class-Report__error_retry_time": "8" } })).toBe(8);
    expect(await of("", { options: [{ key: "crontabber.class-jobs.r.Report.error_retry_time", value: "9" }] })).toBe(9);
  });

  it("its own env_pass adds to that of all, an empty one takes it away", async () => {
    const of = async (text: string) =>
      (await build({ "crontabber.ini": withDatabase(`env_pass = A, B\n[job:x]\ncommand = x\nschedule = 1d\n${text}`) })).registry.jobs[0]
        ?.envPass;
    expect([await of(""), await of("env_pass = C, A"), await of("env_pass =")]).toEqual([["A", "B"], ["A", "B", "C"], []]);
  });

  it("without code: a command or a statement, taken as it stands", async () => {
    const { registry, all } = await build({
      "crontabber.ini": withDatabase(
        "[job:vacuum]\nsql = VACUUM %(x)s ${Y}\ntransaction = no\nschedule = 1d|04:30\n[job:rotate]\ncommand = '''\n  echo \"%(x)s\" # ${HOME}\n'''\nschedule = @hourly\n",
      ),
    });
    expect(all).toEqual([]);
    expect(registry.jobs).toMatchObject([
      {
        kind: "sql",
        label: "sql",
        sql: "VACUUM %(x)s ${Y}",
        command: null,
        transaction: false,
        schedule: { display: "1d @ 04:30" },
        origin: { line: 3 },
      },
      {
        kind: "command",
        label: "command",
        command: 'echo "%(x)s" # ${HOME}',
        sql: null,
        transaction: false,
        schedule: { display: "@hourly" },
        origin: { line: 7 },
      },
    ]);
    expect((await build({ "crontabber.ini": withDatabase("[job:x]\nsql = select 1\nschedule = 1d") })).registry.jobs[0]?.transaction).toBe(
      true,
    );
  });
});

describe("when a job runs", () => {
  it.each<[string, string, object, string]>([
    ["the entry", "", {}, "1d"],
    ["the code says it, the entry need not", "", { entry: "jobs.r.Report", code: { schedule: "2d|03:00" } }, "2d|03:00|UTC"],
    ["the entry wins over the code", "", { code: { schedule: "5m" } }, "1d"],
    ["a section wins over the entry", "[[class-Report]]\nschedule = 30 7 * * *", {}, "30 7 * * *|UTC"],
    ["frequency and time, as the Python tool has them", "[[class-Report]]\nfrequency = 7d\ntime = 03:45", {}, "7d|03:45|UTC"],
    ["time alone goes with the entry's frequency", "[[class-Report]]\ntime = 1:1", { entry: "jobs.r.Report|2d|03:00" }, "2d|01:01|UTC"],
    ["frequency alone goes with the entry's time", "[[class-Report]]\nfrequency = 2d", { entry: "jobs.r.Report|03:00" }, "2d|03:00|UTC"],
    ["an empty time takes it away", "[[class-Report]]\ntime = ''", { entry: "jobs.r.Report|2d|03:00" }, "2d"],
    [
      "timezone wins over the entry's zone",
      "[job:report]\ntimezone = America/New_York",
      { entry: "jobs.r.Report|03:00|Europe/Berlin" },
      "1d|03:00|America/New_York",
    ],
    [
      "the entry's zone stays when a section says another time",
      "[job:report]\nschedule = 04:00",
      { entry: "jobs.r.Report|03:00|Europe/Berlin" },
      "1d|04:00|Europe/Berlin",
    ],
    ["a schedule of [job:] alone", "[job:report]\nschedule = @daily", { entry: "jobs.r.Report" }, "@daily|UTC"],
  ])("%s", async (_, rest, more, text) => expect((await made(rest, more)).schedule.text).toBe(text));

  it("the zone of all jobs holds where none is said", async () => {
    const { registry } = await build({
      "crontabber.ini": withDatabase(
        "timezone = Asia/Kathmandu\n[job:x]\ncommand = x\nschedule = 03:00\n[job:y]\ncommand = y\nschedule = 03:00|UTC",
      ),
    });
    expect(registry.jobs.map(({ schedule }) => schedule.text)).toEqual(["1d|03:00|Asia/Kathmandu", "1d|03:00|UTC"]);
  });
});

describe("options of its own", () => {
  const initial = {
    n: 100,
    yes: false,
    text: "x",
    list: ["a"],
    numbers: [1, 2],
    nothing: null,
    group: { host: "h", port: 1 },
    "odd key": "",
  };
  it.each<[string, object]>([
    ["", initial],
    ["n = 5.5", { n: 5.5 }],
    ["yes = on", { yes: true }],
    ["text = 5", { text: "5" }],
    ["text = '''\n a\n'''", { text: "\n a\n" }],
    ["text = %W %y", { text: "%W %y" }],
    ["list = a, b", { list: ["a", "b"] }],
    ["list = ", { list: [] }],
    ["numbers = 1, 2.5", { numbers: [1, 2.5] }],
    ["nothing = 5", { nothing: "5" }],
    ["odd key = v", { "odd key": "v" }],
    ['group = {"host": "x"}', { group: { host: "x" } }],
    ["[[[group]]]\nport = 7", { group: { host: "h", port: 7 } }],
    ["database_class = old", {}],
  ])("%j", async (text, expected) => {
    const { options } = await made(`[[class-Report]]\n${text}`, { code: { options: initial } });
    expect(options).toEqual({ ...initial, ...expected });
  });

  it("that share the name of a job option leave it to that", async () => {
    expect(await made("[job:report]\ntimeout = 5", { code: { options: { timeout: 1 } } })).toMatchObject({
      timeout: 5,
      options: { timeout: 1 },
    });
  });

  it("of two modules with one export are told apart by the whole name", async () => {
    const modules: Modules = { "a.ts": { R: job({ name: "a", options: { n: 0 } }) }, "b.ts": { R: job({ name: "b", options: { n: 0 } }) } };
    const { registry, all } = await build(ini("a.R|1d\nb.R|1d", "[[class-a.R]]\nn = 1\n[job:b]\nn = 2"), { modules });
    expect(all).toEqual([]);
    expect(registry.jobs.map(({ options }) => options)).toEqual([{ n: 1 }, { n: 2 }]);
  });
});

describe("memory", () => {
  const text = ini("a.A|1d\nb.B|30 7 * * *")["crontabber.ini"] as string;
  function place(modules: Modules) {
    const cwd = folder({ "crontabber.ini": text, "a.ts": "1", "b.ts": "1" });
    const cache = join(cwd, "spool/memory.json");
    const asked: string[] = [];
    const build = async (mode: "pass" | "configtest" = "pass", learn: Learn = learner(cwd, modules, asked)) => {
      asked.length = 0;
      const built = await buildRegistry(read(cwd).config, { mode, learn, cache });
      return { ...built, asked: [...asked], names: built.registry.jobs.map(({ name }) => name) };
    };
    return { cwd, cache, build };
  }

  it("spares the import as long as size and time stay", async () => {
    const modules: Modules = { "a.ts": { A: job() }, "b.ts": { B: job({ dependsOn: "a" }) } };
    const { cwd, cache, build } = place(modules);
    expect((await build()).asked).toEqual(["a.ts", "b.ts"]);
    const again = await build();
    expect([again.asked, again.names, lines(again.problems)]).toEqual([[], ["a", "b"], []]);
    const before = readFileSync(cache, "utf8");
    modules["a.ts"] = { A: job({ name: "other" }) };
    utimesSync(join(cwd, "a.ts"), 1, 1);
    expect(await build()).toMatchObject({ asked: ["a.ts"], names: ["other", "b"] });
    expect(readFileSync(cache, "utf8")).not.toBe(before);
    write(cwd, "b.ts", "22");
    expect((await build()).asked).toEqual(["b.ts"]);
  });

  it("configtest imports everything, and remembers it", async () => {
    const { build } = place({ "a.ts": { A: job() }, "b.ts": { B: job() } });
    await build();
    expect((await build("configtest")).asked).toEqual(["a.ts", "b.ts"]);
    expect((await build()).asked).toEqual([]);
  });

  it.each([
    "",
    "{",
    "null",
    "[]",
    '{"format":2}',
    '{"format":2,"home":"/","stamps":[],"schedules":[],"modules":{"/x":null}}',
    '{"format":99,"stamps":[],"schedules":[],"modules":{}}',
  ])("damaged (%j) costs an import", async (damage) => {
    const { cache, build } = place({ "a.ts": { A: job() }, "b.ts": { B: job() } });
    await build();
    writeFileSync(cache, damage);
    expect(await build()).toMatchObject({ asked: ["a.ts", "b.ts"], names: ["a", "b"] });
    expect((await build()).asked).toEqual([]);
  });

  it("that cannot be written is a warning", async () => {
    const { cwd, build } = place({ "a.ts": { A: job() }, "b.ts": { B: job() } });
    write(cwd, "spool", "in the way");
    const { warnings, names } = await build();
    expect(names).toEqual(["a", "b"]);
    expect(lines(warnings)[0]).toMatch(/spool\/memory\.json: cannot be written: .* \(every pass imports all jobs until it can\)$/);
  });

  it("is one file per configuration, below the spool", () => {
    expect(memoryPath("/s", "/a/crontabber.ini")).toMatch(/^\/s\/registry-crontabber\.ini-[0-9a-f]+\.json$/);
    expect(memoryPath("/s", "/a/crontabber.ini")).not.toBe(memoryPath("/s", "/b/crontabber.ini"));
  });

  it("of schedules is believed: what once passed is not looked at again", async () => {
    const { cache, build } = place({ "a.ts": { A: job() }, "b.ts": { B: job() } });
    await build();
    const remembered = JSON.parse(readFileSync(cache, "utf8")) as { schedules: string[] };
    expect(remembered.schedules).toEqual(["\nUTC\n30 7 * * *"]);
  });

  it("a change of a module is noticed", async () => {
    const { cwd, build } = place({ "a.ts": { A: job() }, "b.ts": { B: job() } });
    const { files } = await build();
    expect(changedSince(files)).toBe(false);
    write(cwd, "b.ts", "333");
    expect(changedSince(files)).toBe(true);
  });
});

describe("a module that cannot be imported", () => {
  const text = withDatabase("jobs = '''\na.A|1h\nb.B|1h\n'''\n[job:c]\ncommand = c\nschedule = 1d\ndepends_on = b, elsewhere\n");
  const fine: Modules = { "a.ts": { A: job() }, "b.ts": { B: job({ timeout: 7, dependsOn: ["a"] }) } };
  const torn: Modules = { ...fine, "b.ts": "Unexpected token\n  at b.ts:3" };
  const told = "crontabber.ini:5: b.B cannot be imported: SyntaxError: Unexpected token   at b.ts:3";

  async function after(modules: Modules, { first = modules, mode = "pass" as "pass" | "configtest" } = {}) {
    const cwd = folder({ "crontabber.ini": text.replace(", elsewhere", first === modules ? ", elsewhere" : ""), "a.ts": "1", "b.ts": "1" });
    const cache = join(cwd, "memory.json");
    await buildRegistry(read(cwd).config, { mode: "pass", learn: learner(cwd, first), cache });
    write(cwd, "crontabber.ini", text);
    write(cwd, "b.ts", "edited");
    return { cwd, cache, ...(await buildRegistry(read(cwd).config, { mode, learn: learner(cwd, modules), cache })) };
  }

  it("holds with what it said last; parents nobody knows block instead of failing", async () => {
    const { registry, problems, broken } = await after(torn, { first: fine });
    expect(lines(problems)).toEqual([]);
    expect(lines(broken)).toEqual([told]);
    expect(registry.jobs.map(({ name, broken: why }) => [name, why])).toEqual([
      ["a", null],
      ["b", "SyntaxError: Unexpected token\\u000a  at b.ts:3"],
      ["c", null],
    ]);
    expect(registry.byName.get("b")).toMatchObject({ timeout: 7, dependsOn: ["a"] });
    expect([...registry.unknownParents]).toEqual(["elsewhere"]);
  });

  it("that was never imported is left out", async () => {
    const { registry, problems, broken } = await after(torn);
    expect([lines(problems), lines(broken)]).toEqual([[], [told]]);
    expect(registry.jobs.map(({ name }) => name)).toEqual(["a", "c"]);
    expect([...registry.unknownParents].sort()).toEqual(["b", "elsewhere"]);
  });

  it("is tried again every time, and its repair is noticed", async () => {
    const { cwd, cache, files } = await after(torn, { first: fine });
    expect(changedSince(files)).toBe(false);
    const asked: string[] = [];
    await buildRegistry(read(cwd).config, { mode: "pass", learn: learner(cwd, torn, asked), cache });
    expect(asked).toEqual(["b.ts"]);
    write(cwd, "b.ts", "repaired");
    expect(changedSince(files)).toBe(true);
  });

  it("fails a configtest", async () => {
    const { problems, broken } = await after(torn, { first: fine, mode: "configtest" });
    expect([lines(problems), lines(broken)]).toEqual([[told], [told]]);
  });

  it("because its file is gone is no other case", async () => {
    const { cwd, cache } = await after(fine, { first: fine });
    write(cwd, "crontabber.ini", text.replace("b.B", "bb.B"));
    const gone = 'crontabber.ini:5: bb.B: there is no bb.ts, .mts, .js, .mjs or .cjs beside the configuration file (did you mean "b.B"?)';
    const built = await buildRegistry(read(cwd).config, { mode: "pass", learn: learner(cwd, fine), cache });
    expect([lines(built.problems), lines(built.broken)]).toEqual([[], [gone]]);
    expect(built.registry.jobs.map(({ name }) => name)).toEqual(["a", "c"]);
    expect(changedSince(built.files)).toBe(false);
    write(cwd, "bb.mjs", "now it is here");
    expect(changedSince(built.files)).toBe(true);
  });

  it("nor is that its file was removed: what it said last holds", async () => {
    const { cwd, cache } = await after(fine, { first: fine });
    rmSync(join(cwd, "b.ts"));
    const built = await buildRegistry(read(cwd).config, { mode: "pass", learn: learner(cwd, fine), cache });
    expect(built.registry.byName.get("b")).toMatchObject({ timeout: 7, broken: expect.stringContaining("there is no b.ts") });
    expect(lines(built.broken)).toHaveLength(1);
    const later = await buildRegistry(read(cwd).config, { mode: "pass", learn: learner(cwd, fine), cache });
    expect(later.registry.byName.get("b")).toMatchObject({ timeout: 7 });
  });

  it("nor is that no process can be had to import it", async () => {
    const cwd = folder({ "crontabber.ini": text, "a.ts": "1", "b.ts": "1" });
    const built = await buildRegistry(read(cwd).config, {
      mode: "pass",
      learn: () => Promise.reject(new Error("spawn EAGAIN")),
      cache: null,
    });
    expect(lines(built.broken)).toEqual(
      ["a.A", "b.B"].map((label, i) => `crontabber.ini:${4 + i}: ${label} cannot be imported: Error: spawn EAGAIN`),
    );
  });
});

describe("load", () => {
  it("gives configuration and registry in one, or everything that is wrong with both, in the order of the files", async () => {
    const cwd = folder({
      "crontabber.ini": withDatabase("lease = x\njobs = a.A|soon\n+include x.ini\n"),
      "x.ini": "[job:x]\nshedule = 1d\ncommand = x",
      "a.ts": "",
    });
    const input = { cwd, env: { HOME: cwd }, options: [] };
    const learn = learner(cwd, { "a.ts": { A: job() } });
    await expect(load(input, { mode: "pass", learn })).rejects.toMatchObject({
      name: "ConfigError",
      message: [
        'crontabber.ini:3:1: lease: "x" is not a time span (write seconds, or one number and s, m, h, d or w: 30m)',
        "crontabber.ini:4: a.A: 'soon' is not a schedule (write 30s, 5m, 3h, 2d, 1w, 1d|03:00, a cron expression of 5 or 6 fields, @daily and the like, or manual)",
        "x.ini:1:1: [job:x] has no schedule (write one, or manual for a job that only runs on request)",
        'x.ini:2:1: unknown key "shedule" in [job:x] (did you mean "schedule"?)',
      ].join("\n"),
    });
    await expect(load({ ...input, options: [{ key: "job:x.timout", value: "1" }] }, { mode: "pass", learn })).rejects.toMatchObject({
      name: "UsageError",
      message: 'command line: unknown key "job:x.timout" in [job:x] (did you mean "timeout"?)',
    });
    write(cwd, "crontabber.ini", withDatabase("jobs = a.A|1d"));
    const { registry, files, broken } = await load(input, { mode: "pass", learn });
    expect([registry.jobs.length, files.length, broken]).toEqual([1, 2, []]);
  });
});
