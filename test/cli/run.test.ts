/** `run` as cron and as people call it: exit codes, and what is said. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { until } from "../helpers/processes.ts";
import { json, makeFleet } from "./fleet.ts";

const { site, sql, run } = await makeFleet();

describe("run", () => {
  it("says one line when a job turns bad, nothing while it is, one when it is good again, and ends with 0", async () => {
    const first = await run();
    expect(first).toMatchObject({ code: 0, stdout: "" });
    const told = first.stderr
      .trim()
      .split("\n")
      .map(json)
      .sort((a, b) => (String(a.job) < String(b.job) ? -1 : 1));
    expect(told.map(({ job, level, msg }) => ({ job, level, msg }))).toEqual([
      { job: "bad", level: 50, msg: "bad failed: ExitCode: exit code 1" },
      { job: "once", level: 50, msg: "once failed: ExitCode: exit code 1; it is held until crontabber unlock once" },
    ]);
    expect(await run()).toMatchObject({ code: 0, stdout: "", stderr: "" });
    site.write("mended", "");
    const mended = await run();
    expect(mended.code).toBe(0);
    expect(json(mended.stderr)).toMatchObject({ level: 30, job: "bad", msg: "bad is good again after 2 errors" });
    expect(await run()).toMatchObject({ code: 0, stderr: "" });
    expect(site.lines("ran")).toEqual(["child"]);
  });

  it("--verbose says what runs and why the rest does not", async () => {
    const { code, stderr } = await run("--verbose");
    expect(code).toBe(0);
    const said = stderr
      .trim()
      .split("\n")
      .map((line) => json(line).msg);
    expect(said).toEqual(expect.arrayContaining(["good started", "fine", "good succeeded", "oops"]));
    expect(said).toContain("child does not run: dependency-never-ran, 'bad' has never succeeded");
    expect(said).toContain("off does not run: disabled, enabled = no in the configuration");
  });

  it("--quiet says only errors", async () => {
    await run("-q");
    site.write("mended", "");
    expect(await run("-q")).toMatchObject({ code: 0, stderr: "" });
  });

  it("NAME: 0, then 4 with the reason; 1 when it fails, told each time; the old flag does the same", async () => {
    expect(await run("run", "good")).toMatchObject({ code: 0, stdout: "", stderr: expect.stringContaining('"msg":"good succeeded"') });
    expect(await run("run", "good")).toMatchObject({
      code: 4,
      stdout: "",
      stderr: expect.stringContaining("good does not run: not-yet, next_run is"),
    });
    expect(await run("--job=bad")).toMatchObject({ code: 1, stderr: expect.stringContaining("bad failed: ExitCode: exit code 1") });
    expect(await run("-j", "bad")).toMatchObject({ code: 1, stderr: expect.stringContaining("bad failed (2 errors in a row)") });
    expect(await run("run", "child")).toMatchObject({ code: 4, stderr: expect.stringContaining("dependency-never-ran") });
    expect(await run("run", "good", "--force")).toMatchObject({ code: 0 });
    expect(await run("run", "good", "-q")).toMatchObject({ code: 4, stderr: "" });
  });

  it("--force runs what is disabled; --slot says for when, in the configured zone", async () => {
    expect((await run("run", "off")).code).toBe(4);
    expect((await run("run", "off", "--force", "--slot", "2026-01-02T03:00")).code).toBe(0);
    expect((await run("--job=off", "--force", "--slot=2026-01-02T03:00Z")).code).toBe(0);
    expect((await run("run", "off", "-f", "--slot=2026-01-02", "--tz=America/New_York")).code).toBe(0);
    expect(site.lines("ran")).toEqual(["2026-01-02T02:00:00.000Z", "2026-01-02T03:00:00.000Z", "2026-01-02T05:00:00.000Z"]);
  });

  it("2 while the row is locked elsewhere, named or not", async () => {
    await run();
    await sql.query("UPDATE crontabber SET next_run = now() - interval '1 minute'");
    await sql.query("BEGIN");
    await sql.query("SELECT FROM crontabber FOR UPDATE");
    try {
      expect(await run("run", "good")).toMatchObject({ code: 2, stderr: expect.stringContaining("locked") });
      expect(await run("run", "off", "--force")).toMatchObject({ code: 2 });
      expect(await run()).toMatchObject({ code: 2, stderr: "" });
    } finally {
      await sql.query("ROLLBACK");
    }
  });

  it("3 beside a living owner, for run and for reset; reset --force ends it", async () => {
    for (const name of ["good", "bad", "once"]) await run("run", name);
    await sql.query("UPDATE crontabber SET next_run = now() + interval '1 hour' WHERE next_run IS NOT NULL");
    const owner = site.start("web-2", ["run", "slow", "--force", "--crontabber.lease=3"]);
    await until("slow runs", () => site.lines("ran").includes("up"));
    expect(await run("run", "slow", "--force")).toMatchObject({ code: 3, stderr: expect.stringContaining("running on web-2") });
    expect(await run()).toMatchObject({ code: 3, stderr: "" });
    expect(await run("reset", "slow")).toMatchObject({ code: 3, stdout: "", stderr: expect.stringContaining("slow is running on web-2") });
    expect(await run("explain", "slow")).toMatchObject({ code: 4 });
    expect(await run("reset", "slow", "--force")).toMatchObject({ code: 0, stdout: "App reset\n" });
    expect(await owner.ended).toMatchObject({ code: 1, stderr: expect.stringContaining("lost its lease") });
    const { rows } = await sql.query("SELECT outcome FROM crontabber_run WHERE app_name = 'slow'");
    expect(rows).toEqual([{ outcome: "cancelled" }]);
  });

  it("143 when a signal cuts it short; as if nothing had happened when the run ends by itself; the second signal does not wait", async () => {
    const cut = site.start("web-1", ["run", "slow", "--force", "--crontabber.drain_timeout=0"]);
    await until("slow runs", () => site.lines("ran").length === 1);
    cut.kill("SIGTERM");
    expect(await cut.ended).toMatchObject({ code: 143, signal: null });
    const patient = site.start("web-1", ["run", "slow", "--force"]);
    await until("slow runs again", () => site.lines("ran").length === 2);
    patient.kill("SIGTERM");
    site.write("go", "");
    expect(await patient.ended).toMatchObject({ code: 0, signal: null });
    rmSync(join(site.folder, "go"));
    const hasty = site.start("web-1", ["run", "slow", "--force"]);
    await until("slow runs once more", () => site.lines("ran").length === 3);
    // Two of a kind may arrive as one.
    hasty.kill("SIGINT");
    hasty.kill("SIGTERM");
    expect([130, 143]).toContain((await hasty.ended).code);
  });
});
