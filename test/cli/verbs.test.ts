/** Every verb but `run`, as a script would call it: exit code, answer on stdout, talk on stderr. */
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "#lib/cli/commands.js";
import { HANDLERS } from "#lib/cli/load.js";
import { OLD_FLAGS } from "#lib/cli/options.js";
import { makeSite } from "../helpers/hosts.ts";
import { schemaOf, violations } from "../report/schema.ts";
import { json, makeFleet } from "./fleet.ts";

const { database, site, sql, run } = await makeFleet();

it("migrate applies what is missing, once", async () => {
  await sql.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
  expect(await run("migrate")).toMatchObject({ code: 0, stdout: expect.stringMatching(/^applied 0001_/) });
  expect(await run("migrate")).toMatchObject({ code: 0, stdout: "the tables are up to date\n", stderr: "" });
});

describe("by hand", () => {
  it("reset says what the Python tool said, takes ghosts, and keeps the history", async () => {
    await run("run", "good");
    await sql.query("INSERT INTO crontabber (app_name, next_run) VALUES ('old-job', now())");
    expect(await run("ghosts")).toMatchObject({ code: 0, stdout: expect.stringMatching(/:\n\told-job\n$/) });
    expect(await run("--reset-job=old-job")).toMatchObject({ code: 0, stdout: "App reset\n", stderr: "" });
    expect(await run("reset", "old-job")).toMatchObject({ code: 64, stderr: expect.stringContaining('there is no job "old-job"') });
    expect(await run("ghosts")).toMatchObject({ code: 0, stdout: "" });
    expect(await run("reset", "good")).toMatchObject({ code: 0, stdout: "App reset\n" });
    expect(await run("-r", "good")).toMatchObject({ code: 0, stdout: "App already reset\n" });
    expect((await run("history", "good")).stdout).toContain("before a reset");
    expect(await run("reset", "goood")).toMatchObject({ code: 64, stderr: expect.stringContaining('did you mean "good"?') });
  });

  it("unlock releases what is held", async () => {
    expect((await run("run", "once")).code).toBe(1);
    expect(await run("run", "once")).toMatchObject({ code: 4, stderr: expect.stringContaining("held") });
    expect(await run("unlock", "once")).toMatchObject({ code: 0, stdout: "once is released\n" });
    expect(await run("unlock", "once")).toMatchObject({ code: 0, stdout: "once is not held\n" });
    expect((await run("run", "once")).code).toBe(1);
  });
});

describe("reading", () => {
  it("--json of every verb is what its schema says", async () => {
    await run();
    const asked: Record<string, string[]> = {
      list: ["list"],
      show: ["show", "bad"],
      explain: ["explain", "good"],
      next: ["next"],
      history: ["history", "bad"],
      logs: ["logs", "bad"],
      graph: ["graph"],
      simulate: ["simulate"],
      ghosts: ["--audit-ghosts"],
      check: ["check"],
      alerts: ["alerts"],
      doctor: ["doctor"],
      backfill: ["backfill", "good"],
      configtest: ["--configtest"],
      pause: ["pause", "good", "--for", "1h", "--note", "why"],
      resume: ["resume", "good"],
      unlock: ["unlock", "bad"],
      "mark-success": ["mark-success", "bad"],
      cancel: ["cancel", "bad"],
      request: ["trigger", "good"],
      run: ["run", "off", "--force", "--detach"],
      reset: ["reset", "good"],
    };
    expect(
      Object.keys(asked)
        .map((name) => (name === "request" ? "trigger" : name))
        .sort(),
    ).toEqual(
      COMMANDS.filter(({ options }) => options.some(({ name }) => name === "json"))
        .map(({ verb }) => verb)
        .sort(),
    );
    const codes: Record<string, number> = { explain: 4, check: 2, doctor: 1 };
    for (const [name, args] of Object.entries(asked)) {
      const { code, stdout, stderr } = await run(...args, "--json");
      expect({ name, code, stderr }).toEqual({ name, code: codes[name] ?? 0, stderr: "" });
      expect(violations(schemaOf(name === "run" ? "request" : name), json(stdout))).toEqual([]);
    }
  });

  it("list is a table, --list-jobs the Python tool's text; times in the configured zone or --tz", async () => {
    await run("run", "good");
    await sql.query("UPDATE crontabber SET next_run = '2026-07-01T10:00Z', last_run = '2026-07-01T09:00Z' WHERE app_name = 'good'");
    expect((await run("list")).stdout).toMatch(/^JOB .*NEXT RUN \(Europe\/Berlin\)/);
    const text = (await run("-l")).stdout;
    expect(text.split("\n")[0]).toBe(`=== JOB ${"=".repeat(72)}`);
    expect(text).toContain("Next run:       2026-07-01 12:00:00 ");
    expect((await run("--list-jobs", "--tz=UTC")).stdout).toContain("Next run:       2026-07-01 10:00:00 ");
    expect((await run("--list")).stdout.split("\n").slice(1, 4)).toEqual(text.split("\n").slice(1, 4));
  });

  it("logs shows what was printed, by number too; a job that has not run says so", async () => {
    await run("run", "good");
    const { rows } = await sql.query("SELECT id FROM crontabber_run");
    expect(await run("logs", "good")).toMatchObject({ code: 0, stdout: expect.stringMatching(/\nfine\n$/) });
    expect(await run("logs", "good", "--run", `#${rows[0].id}`)).toMatchObject({ code: 0, stdout: expect.stringMatching(/\nfine\n$/) });
    expect(await run("logs", "good", "--run", "999999")).toMatchObject({ code: 64, stdout: "" });
    expect(await run("logs", "slow")).toMatchObject({ code: 0, stdout: "", stderr: "slow has not run yet\n" });
  });

  it("check and --nagios are one line with a monitor's code", async () => {
    expect(await run("check")).toMatchObject({ code: 0, stdout: "OK - All systems nominal\n", stderr: "" });
    await run("run", "bad");
    expect(await run("check")).toMatchObject({ code: 2, stdout: "CRITICAL - bad (command) - ExitCode - exit code 1\n" });
    expect(await run("-n")).toMatchObject({ code: 2, stdout: "CRITICAL - bad (command) | ExitCode | exit code 1\n" });
  });

  it("ends quietly when the reader of the answer has left; who left the talk ends no job", async () => {
    const help = site.start("web-1", ["help"]);
    help.child.stdout?.destroy();
    expect(await help.ended).toMatchObject({ code: 0, stderr: "" });
    const talk = site.start("web-1", ["run", "off", "--force", "--verbose"]);
    talk.child.stderr?.destroy();
    expect((await talk.ended).code).toBe(0);
    expect(site.lines("ran")).toHaveLength(1);
  });
});

describe("config", () => {
  it("print shows what holds and where it comes from, secrets masked", async () => {
    const { code, stdout } = await run("config", "print", "--crontabber.lease=77");
    expect(code).toBe(0);
    expect(stdout).toContain("lease = 77");
    expect(stdout).not.toContain("crontabber-test");
    const exposed = (await run("--admin.print_conf=ini", "--admin.expose_secrets")).stdout;
    expect(exposed).toContain(new URL(database.url).password);
  });

  it("init writes an example, or what is in use with secrets masked, and overwrites nothing unless forced", async () => {
    const made = join(site.folder, "made.ini");
    expect(await run("config", "init", "made.ini")).toMatchObject({
      code: 0,
      stdout: `${made}\n`,
      stderr: expect.stringContaining("masked"),
    });
    expect(readFileSync(made, "utf8")).toContain("[job:good]");
    expect(readFileSync(made, "utf8")).not.toContain("crontabber-test");
    expect(statSync(made).mode & 0o077).toBe(0);
    expect(await run("--admin.dump_conf=made.ini")).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("--force") });
    expect(await run("--admin.dump_conf=made.ini", "--force")).toMatchObject({ code: 0 });
    expect(await run("config", "init")).toMatchObject({ code: 1, stderr: expect.stringContaining("crontabber.ini exists") });
    const fresh = makeSite("");
    rmSync(join(fresh.folder, "crontabber.ini"));
    try {
      expect(await fresh.run("web-1", ["config", "init"])).toMatchObject({
        code: 0,
        stdout: `${join(fresh.folder, "crontabber.ini")}\n`,
        stderr: "",
      });
      expect(fresh.lines("crontabber.ini").length).toBeGreaterThan(5);
    } finally {
      await fresh.close();
    }
  });
});

describe("the rest", () => {
  it("version is the package's; help knows every verb and every old flag, and more about each verb", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
    for (const args of [["version"], ["--version"], ["-v"]])
      expect(await run(...args)).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: "" });
    const help = await run("--help");
    expect(help).toMatchObject({ code: 0, stderr: "" });
    for (const { verb } of COMMANDS) expect(help.stdout).toMatch(new RegExp(`crontabber ${verb}\\b`));
    for (const { name } of OLD_FLAGS) expect(help.stdout).toContain(`--${name}`);
    expect((await run("run", "-h")).stdout).toEqual((await run("help", "run")).stdout);
    expect((await run("help", "run")).stdout).toContain("--slot");
    expect(Object.keys(HANDLERS).sort()).toEqual(COMMANDS.map(({ verb }) => verb).sort());
  });

  it("sentrytest says what is missing, and sends a sample", async () => {
    const NODE_OPTIONS = `--import=${fileURLToPath(new URL("../fixtures/sentry.mjs", import.meta.url))}`;
    const dsn = "--sentry.dsn=https://0123abcd@sentry.example/4";
    expect(await run("sentrytest")).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("[sentry]") });
    const missing = await site.run("web-1", ["sentrytest", dsn], { NODE_OPTIONS, SENTRY: "missing" });
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("npm install @sentry/node") });
    const sent = await site.run("web-1", ["--sentrytest", dsn], { NODE_OPTIONS, SENTRY: "there" });
    expect(sent).toMatchObject({ code: 0, stdout: "sent sample abc123\n" });
    expect(json(sent.stderr)).toMatchObject({ dsn: "https://0123abcd@sentry.example/4" });
    const deaf = await site.run("web-1", ["--sentrytest", dsn], { NODE_OPTIONS, SENTRY: "deaf" });
    expect(deaf).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("did not take the sample") });
  });
});
