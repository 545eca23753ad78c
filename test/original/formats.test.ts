/** What other programs read: texts, exit codes and rows, as the Python tool wrote them. */
import { describe, expect, it } from "vitest";
import { job, noonZone, TELLS_SLOT, useFleet } from "./fleet.ts";

const fleet = useFleet();
const error = (value: string): string => `'${JSON.stringify({ type: "E", value, traceback: "" })}'`;
const later = { next_run: "now() + interval '1 hour'" };

describe("--list-jobs", () => {
  it("to the letter", async () => {
    const site = fleet.site(
      job("never", { schedule: "1d|03:00" }) +
        job("well", { schedule: "1h" }) +
        job("ill", { schedule: "7d|3:00", timezone: "Asia/Kathmandu" }),
      "    jobs = reports.Nightly|12h",
    );
    site.write("reports.ts", "export const Nightly = { run() {} };");
    const now = (await fleet.now()).getTime();
    const minutes = (n: number) => new Date(now + n * 60_000).toISOString();
    const [ago, was, ahead] = [-50 * 60, -(5 * 60 + 20.3), 90.5].map((n) => minutes(n).slice(0, 19).replace("T", " "));
    const ran = { first_run: `'${minutes(-50 * 60)}'`, last_run: `'${minutes(-50 * 60)}'` };
    await fleet.pythonRow("well", { ...ran, last_success: ran.last_run, next_run: `'${minutes(-(5 * 60 + 20.3))}'` });
    await fleet.pythonRow("ill", {
      ...{ ...ran, next_run: `'${minutes(90.5)}'`, error_count: "3" },
      last_error: `'{"type": "<type ''exceptions.NameError''>", "value": "name x", "traceback": "  File \\"a.py\\", line 1, in run\\n    x\\n"}'`,
    });
    const head = `=== JOB ${"=".repeat(72)}\n`;
    const { code, stdout } = await site.run("a", ["--list-jobs"]);
    expect(code).toBe(0);
    expect(stdout).toBe(
      `${head}Class:          reports.Nightly\nApp name:       nightly\nFrequency:      12h\n*NO PREVIOUS RUN INFO*\n` +
        `${head}Class:          command\nApp name:       never\nFrequency:      1d @ 03:00\n*NO PREVIOUS RUN INFO*\n` +
        `${head}Class:          command\nApp name:       well\nFrequency:      1h\n` +
        `Last run:       ${ago}  (2 days, 2 hours ago)\nLast success:   ${ago}  (2 days, 2 hours ago)\nNext run:       ${was}  (was 5 hours, 20 minutes ago)\n\n` +
        `${head}Class:          command\nApp name:       ill\nFrequency:      7d @ 3:00 Asia/Kathmandu\n` +
        `Last run:       ${ago}  (2 days, 2 hours ago)\nLast success:   no previous successful run\nNext run:       ${ahead}  (in 1 hour, 30 minutes)\n` +
        `Error!!         (3 times)\nTraceback (most recent call last):\n  File "a.py", line 1, in run\n    x\n<type 'exceptions.NameError'>: name x\n\n`,
    );
  });
});

describe("--nagios", () => {
  const jobs = ["plain", "dates"].map((name) => job(name, { schedule: "1d", backfill: name === "dates" ? "yes" : "no" })).join("");
  const lines: [string, Record<string, Record<string, string>>, number, string][] = [
    ["nothing is wrong", { plain: {}, dates: {} }, 0, "OK - All systems nominal\n"],
    ["one error of a backfill job", { dates: { error_count: "1", last_error: error("v") } }, 1, "WARNING - dates (command) | E | v\n"],
    ["two errors of a backfill job", { dates: { error_count: "2", last_error: error("v") } }, 2, "CRITICAL - dates (command) | E | v\n"],
    [
      "both: the warning is left out",
      { plain: { error_count: "1", last_error: error("p") }, dates: { error_count: "1", last_error: error("v") } },
      ...([2, "CRITICAL - plain (command) | E | p\n"] as const),
    ],
    [
      "two that are critical",
      { plain: { error_count: "1", last_error: error("p") }, dates: { error_count: "2", last_error: error("v") } },
      ...([2, "CRITICAL - plain (command) | E | p; dates (command) | E | v\n"] as const),
    ],
  ];
  it.each(lines)("%s", async (_what, rows, code, stdout) => {
    for (const [name, values] of Object.entries(rows)) await fleet.pythonRow(name, { ...later, ...values });
    expect(await fleet.site(jobs).run("a", ["--nagios"])).toMatchObject({ code, stdout });
  });

  it("says export and name of a job with code", async () => {
    const site = fleet.site("", "    jobs = reports.Nightly|1d");
    site.write("reports.ts", "export const Nightly = { run() {} };");
    await fleet.pythonRow("nightly", { ...later, error_count: "1", last_error: error("v") });
    expect(await site.run("a", ["-n"])).toMatchObject({ code: 2, stdout: "CRITICAL - nightly (Nightly) | E | v\n" });
  });
});

describe("rows", () => {
  it("of a success: state, log and what the next pass makes of it", async () => {
    const site = fleet.site(job("parent", { schedule: "1d" }) + job("ok", { schedule: "1d", depends_on: "parent" }));
    expect((await site.run("a")).code).toBe(0);
    const row = await fleet.pythonColumns("ok");
    const { last_run, first_run, next_run } = row as Record<string, Date>;
    expect(row).toMatchObject({ error_count: 0, ongoing: null, last_error: {}, depends_on: ["parent"], last_success: last_run });
    expect([first_run, next_run instanceof Date]).toEqual([last_run, true]);
    const [log, ...more] = await fleet.log("ok");
    expect(log).toMatchObject({ success: last_run, exc_type: null, exc_value: null, exc_traceback: null });
    expect(more).toEqual([]);
    const [times] = await fleet.sql(
      "SELECT duration >= '0' AS took, abs(extract(epoch FROM log_time - (success + duration))) < 0.01 AS ended FROM crontabber_log WHERE app_name = 'ok'",
    );
    expect(times).toEqual({ took: true, ended: true });
  });

  it("of a backfill's success: last_success and success are the date, last_run is the start", async () => {
    const site = fleet.site(job("dates", { schedule: "1d", backfill: "yes", command: TELLS_SLOT }));
    await fleet.pythonRow("dates", { next_run: "now() - interval '1 day 1 hour'" });
    expect((await site.run("a")).code).toBe(0);
    const dates = site.lines("ran").map((text) => new Date(text));
    expect((await fleet.log("dates")).map((row) => row.success)).toEqual(dates);
    const row = await fleet.pythonColumns("dates");
    expect(row?.last_success).toEqual(dates[1]);
    expect((row?.last_run as Date) > (dates[1] as Date)).toBe(true);
  });

  it("of a failure: last_error has the three keys first, the log the same three, and success is null", async () => {
    const site = fleet.site("", "    jobs = bad.Bad|1d");
    site.write("bad.ts", "export const Bad = { run() { throw new RangeError('no such thing'); } };");
    expect((await site.run("a")).code).toBe(0);
    const row = await fleet.pythonColumns("bad");
    expect(row).toMatchObject({ error_count: 1, ongoing: null, last_success: null, first_run: row?.last_run });
    const last = row?.last_error as Record<string, string>;
    expect(Object.keys(last).slice(0, 3)).toEqual(["type", "value", "traceback"]);
    expect(last).toMatchObject({ type: "RangeError", value: "no such thing" });
    expect(last.traceback?.split("\n").every((line) => /^ +at /.test(line))).toBe(true);
    expect((await fleet.log("bad"))[0]).toMatchObject({
      ...{ success: null, exc_type: last.type, exc_value: last.value, exc_traceback: last.traceback },
    });
  });

  it("of a reset: the row is gone, log and history stay, and a second reset has nothing to do", async () => {
    // The slot is the same after the reset: that it has succeeded before counts no more.
    const site = fleet.site(job("job", { schedule: "1d|03:00" }), `    timezone = ${noonZone(await fleet.now())}`);
    await site.run("a");
    expect(await site.run("a", ["-r", "job"])).toMatchObject({ code: 0, stdout: "App reset\n", stderr: "" });
    expect(await site.run("a", ["--reset-job=job"])).toMatchObject({ code: 0, stdout: "App already reset\n", stderr: "" });
    expect([await fleet.row("job"), (await fleet.log()).length, (await fleet.runs()).length]).toEqual([undefined, 1, 1]);
    expect((await site.run("a", ["--list-jobs"])).stdout).toContain("*NO PREVIOUS RUN INFO*\n");
    expect((await site.run("a")).code).toBe(0);
    expect(site.lines("ran")).toEqual(["job", "job"]);
    expect((await site.run("a", ["--reset-job=jbo"])).code).toBe(64);
  });
});

it("--version is the version alone", async () => {
  for (const flag of ["--version", "-v"]) {
    expect(await fleet.site("").run("a", [flag])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  }
});
