/** Which configuration holds: the file that is named, then the environment, then the command line. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { job, useFleet } from "./fleet.ts";

const fleet = useFleet();
const FAILS = job("fails", { schedule: "1d", command: "exit 1" });

/** Seconds from the end of the failed run to the retry. */
async function retryTime(): Promise<number> {
  const [row] = await fleet.sql(
    "SELECT round(extract(epoch FROM c.next_run - r.ended_at))::int AS s FROM crontabber c JOIN crontabber_run r USING (app_name) WHERE outcome = 'failed' ORDER BY r.id DESC LIMIT 1",
  );
  return Number(row?.s);
}

describe("an option", () => {
  it.each([
    ["from its default", "", {}, [], 300],
    ["from the file", "    error_retry_time = 100", {}, [], 100],
    ["from the environment over the file", "    error_retry_time = 100", { "crontabber.error_retry_time": "60" }, [], 60],
    ["from the environment, where names take no dots", "", { crontabber__error_retry_time: "45" }, [], 45],
    [
      "from the command line over both",
      "    error_retry_time = 100",
      { "crontabber.error_retry_time": "60" },
      ["--crontabber.error_retry_time=30"],
      30,
    ],
    ["of the job over that of all", "", {}, ["--job:fails.error_retry_time=20", "--crontabber.error_retry_time=30"], 20],
  ])("%s", async (_from, settings, env, args, expected) => {
    const site = fleet.site(FAILS, settings);
    expect((await site.run("a", args, env as Record<string, string>)).code).toBe(0);
    expect(await retryTime()).toBe(expected);
  });

  it("of a class, from file, environment and command line, reaches its job in the type of its default", async () => {
    const site = fleet.site("", "    jobs = reports.Nightly|1d\n    [[class-Nightly]]\n        size = 2\n        name = from file");
    site.write(
      "reports.ts",
      `import { appendFileSync } from "node:fs";
       export const Nightly = { options: { size: 1, name: "", deep: false }, run: ({ options }) => appendFileSync("ran", JSON.stringify(options) + "\\n") };`,
    );
    const env = { "crontabber.class-Nightly.size": "3", "crontabber.class-Nightly.deep": "yes" };
    expect((await site.run("a", ["--crontabber.class-Nightly.size=4"], env)).code).toBe(0);
    expect(site.lines("ran").map((line) => JSON.parse(line))).toEqual([{ size: 4, name: "from file", deep: true }]);
  });
});

describe("the file", () => {
  it("is that of --admin.conf, else of CRONTABBER_CONF, else ./crontabber.ini, else ./config/crontabber.ini", async () => {
    const site = fleet.site("");
    const say = (name: string) => `[crontabber]\n    database_url = ${fleet.url}\n${job(name, { schedule: "1d" })}`;
    mkdirSync(join(site.folder, "config"));
    for (const name of ["named.ini", "variable.ini", "crontabber.ini", "config/crontabber.ini"]) {
      writeFileSync(join(site.folder, name), say(name.replace(/\W/g, "-")));
    }
    const names = async (args: readonly string[], env = {}) =>
      (await site.run("a", [...args, "--list-jobs"], env)).stdout.match(/^App name:.*$/gm)?.map((line) => line.slice(16));
    expect(await names(["--admin.conf=named.ini"], { CRONTABBER_CONF: "variable.ini" })).toEqual(["named-ini"]);
    expect(await names([], { CRONTABBER_CONF: "variable.ini" })).toEqual(["variable-ini"]);
    expect(await names([])).toEqual(["crontabber-ini"]);
    rmSync(join(site.folder, "crontabber.ini"));
    expect(await names([])).toEqual(["config-crontabber-ini"]);
    const missing = await site.run("a", ["--admin.conf=none.ini"]);
    expect([missing.code, missing.stderr]).toEqual([78, expect.stringContaining("none.ini: cannot be read: there is no such file")]);
  });

  it("is dumped and printed so that it can be read again", async () => {
    const site = fleet.site(job("a-job", { schedule: "1d|03:00" }), "    error_retry_time = 77");
    expect((await site.run("a", ["--admin.dump_conf=dumped.ini", "--admin.expose_secrets"])).code).toBe(0);
    const again = await site.run("a", ["--admin.conf=dumped.ini", "--list-jobs"]);
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("App name:       a-job\nFrequency:      1d @ 03:00\n")]);
    expect((await site.run("a", ["--admin.conf=dumped.ini", "--admin.print_conf=ini"])).stdout).toContain("error_retry_time = 77");
  });

  it("of the Python tool is taken as it is: sections inside sections, old settings with one warning", async () => {
    const { hostname, port, pathname, username, password } = new URL(fleet.url);
    const site = fleet.site("");
    site.write(
      "crontabber.ini",
      `[crontabber]
    jobs = '''
        reports.Nightly|1h
    '''
    job_state_db_class = crontabber.connection_factory.ConnectionFactory
    [[class-Nightly]]
        database_class = crontabber.connection_factory.ConnectionFactory
[resource]
    [[postgresql]]
        host = ${hostname}
        port = ${port}
        dbname = ${pathname.slice(1)}
        transaction_executor_class = crontabber.transaction_executor.TransactionExecutor
[secrets]
    [[postgresql]]
        user = ${username}
        password = ${password}
[logging]
    stderr_error_logging_level = 40
`,
    );
    site.write(
      "reports.ts",
      `import { appendFileSync } from "node:fs"; export const Nightly = { run: () => appendFileSync("ran", "nightly\\n") };`,
    );
    const { code, stderr } = await site.run("a");
    expect([code, stderr.trim().split("\n").length]).toEqual([0, 1]);
    expect(stderr).toContain("settings of the Python tool have no effect");
    expect(site.lines("ran")).toEqual(["nightly"]);
  });
});
