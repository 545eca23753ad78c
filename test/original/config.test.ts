/** What the original got wrong about its configuration, by the numbers of faults.md; and what must hold instead. */
import { describe, expect, it } from "vitest";
import { job, useFleet } from "./fleet.ts";

const fleet = useFleet();

const MODULE = (names: readonly string[]) =>
  `import { appendFileSync } from "node:fs";
   ${names.map((name) => `export const ${name} = { run: (ctx) => appendFileSync("ran", "${name} " + JSON.stringify(ctx.options) + "\\n") };`).join("\n")}`;

describe("31: the jobs option", () => {
  it("a # comments out its whole line, commas and all; a note behind an entry is no part of it", async () => {
    const site = fleet.site(
      "",
      `    jobs = '''
        # mod.Off|1d, mod.OffToo|1d
        mod.A|1h, mod.B|2h   # a note, with a comma | and a bar
        ; mod.C|7d|03:00;
        #mod.Off|5m
    '''`,
    );
    site.write("mod.ts", MODULE(["A", "B", "C", "Off", "OffToo"]));
    const { code, stdout } = await site.run("a", ["--list-jobs"]);
    expect([code, stdout.match(/^(Class|Frequency):.*$/gm)]).toEqual([
      0,
      ["Class:          mod.A", "Frequency:      1h", "Class:          mod.B", "Frequency:      2h"].concat([
        "Class:          mod.C",
        "Frequency:      7d @ 03:00",
      ]),
    ]);
  });

  it("33: too many bars are told with file and line, and are no crash", async () => {
    const site = fleet.site("", "    jobs = mod.A|1d|03:00|UTC|x");
    site.write("mod.ts", MODULE(["A"]));
    const { code, stderr } = await site.run("a", ["--configtest"]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^crontabber\.ini:3: mod\.A: '1d\|03:00\|UTC\|x' has too many parts \(.*\)\n$/),
    ]);
  });
});

describe("32: names", () => {
  it("two modules with the same export have schedules and options of their own", async () => {
    const site = fleet.site(
      "",
      `    jobs = one.Report|1h, two.Report|2h
    [[class-one.Report]]
        size = 1
    [[class-two.Report]]
        size = 2`,
    );
    for (const name of ["one", "two"]) {
      site.write(
        `${name}.ts`,
        `import { appendFileSync } from "node:fs";
         export const Report = { name: "${name}", options: { size: 0 }, run: (ctx) => appendFileSync("ran", "${name} " + ctx.options.size + "\\n") };`,
      );
    }
    expect((await site.run("a")).code).toBe(0);
    expect(site.lines("ran").sort()).toEqual(["one 1", "two 2"]);
    expect((await site.run("a", ["--list-jobs"])).stdout.match(/^Frequency:.*$/gm)).toEqual(["Frequency:      1h", "Frequency:      2h"]);
  });
});

describe("34: the database", () => {
  it("may have a name, a user and a password with quotes and spaces", async () => {
    const [name, user, password] = [`it's "my" db ${process.pid}`, `o'brien "${process.pid}"`, `p w'"\\%@/:`];
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    await fleet.sql(`CREATE ROLE ${quoted(user)} LOGIN SUPERUSER PASSWORD '${password.replaceAll("'", "''")}'`);
    await fleet.sql(`CREATE DATABASE ${quoted(name)}`);
    try {
      const { hostname, port } = new URL(fleet.url);
      const site = fleet.site("");
      const ini = { host: hostname, port, dbname: `'''${name}'''`, user: `'''${user}'''`, password: `'''${password}'''` };
      const lines = Object.entries(ini).map(([key, value]) => `    ${key} = ${value}\n`);
      site.write("crontabber.ini", `[crontabber]\n${lines.join("")}${job("job", { schedule: "1d" })}`);
      expect(await site.run("a")).toMatchObject({ code: 0, stderr: "" });
      expect(site.lines("ran")).toEqual(["job"]);
      const wrong = await site.run("a", ["--crontabber.password=wrong"]);
      expect([wrong.code, wrong.stderr.includes("wrong")]).toEqual([69, false]);
    } finally {
      await fleet.sql(`DROP DATABASE ${quoted(name)} WITH (FORCE)`);
      await fleet.sql(`DROP ROLE ${quoted(user)}`);
    }
  });

  it("35: has no connection of ours left when a pass has ended, whatever happened to some of them", async () => {
    const site = fleet.site(
      job("cuts", { schedule: "1d", sql: "SELECT pg_terminate_backend(pg_backend_pid())" }) + job("b", { schedule: "1d" }),
    );
    const others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    const before = (await fleet.sql(others)).map(({ pid }) => pid);
    const own = `--crontabber.database_url=${fleet.session("backends")}`;
    expect((await site.run("a", [own])).code).toBe(0);
    expect(await fleet.row("cuts")).toMatchObject({ run_id: null, error_count: 1 });
    expect((await fleet.sql(others)).filter(({ pid }) => !before.includes(pid))).toEqual([]);
  });
});

describe("36: the environment", () => {
  it("changes nothing by words that anybody may have exported", async () => {
    const site = fleet.site(job("first", { schedule: "1d" }) + job("second", { schedule: "1h", depends_on: "first" }));
    const exported = {
      ...{ time: "23:59", frequency: "5m", force: "true", version: "1", job: "second", nagios: "1", jobs: "x.Y|1d", schedule: "manual" },
      ...{ host: "db.invalid", port: "1", dbname: "nowhere", user: "nobody", password: "x", error_retry_time: "1", lease: "1" },
    };
    expect(await site.run("a", [], exported)).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(site.lines("ran")).toEqual(["first", "second"]);
    expect((await site.run("a", ["--list-jobs"], exported)).stdout.match(/^Frequency:.*$/gm)).toEqual([
      "Frequency:      1d",
      "Frequency:      1h",
    ]);
  });
});

describe("37: secrets", () => {
  const DSN = "https://s3cr3tkey@sentry.example/7";

  it("are in nothing that is said, however much is said", async () => {
    const password = new URL(fleet.url).password;
    const site = fleet.site(
      `${job("tells", { schedule: "1d", command: `echo the password is ${password} >&2; exit 1` })}[sentry]\n    dsn = ${DSN}\n`,
    );
    const passes = [
      await site.run("a", ["--verbose"]),
      await site.run("a", ["--admin.print_conf=ini", "--job:tells.command=true"]),
      await site.run("a", ["--verbose", "--crontabber.dbname=nowhere"]),
    ];
    expect(passes.map(({ code }) => code)).toEqual([0, 0, 69]);
    for (const { stdout, stderr } of passes) {
      expect(stdout + stderr).not.toContain(password);
      expect(stdout + stderr).not.toContain("s3cr3tkey");
    }
    const whole = await site.run("a", ["--admin.print_conf=ini", "--admin.expose_secrets"]);
    expect([whole.stdout.includes(password), whole.stdout.includes(DSN)]).toEqual([true, true]);
  });
});
