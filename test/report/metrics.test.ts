/** Metrics: what Prometheus reads of the jobs and of a process, checked by a parser of the format and by real passes. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Meters } from "#lib/report/meters.js";
import { exposition } from "#lib/report/metrics.js";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { makeTicket } from "../helpers/state.ts";
import { view } from "./fleet.ts";

/** Name and labels, as written, to value. Throws at a line that is neither a sample nor a comment. */
function samples(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const [, name, value] = /^([a-z_]+(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*\})?) (\S+)$/.exec(line) ?? [];
      if (name === undefined || Number.isNaN(Number(value))) throw new Error(`not a sample: ${line}`);
      return [name, Number(value)];
    }),
  );
}

describe("the exposition", () => {
  it("says of every job what the list says, in numbers", async () => {
    const { type, body } = await exposition({ view, version: "1.2.3" });
    const all = samples(body);
    expect(type).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(Object.fromEntries([...all].filter(([name]) => name.includes('job="build-report"')))).toEqual({
      'crontabber_job_last_success_timestamp_seconds{job="build-report"}': Date.UTC(2026, 10, 19, 3, 0, 4) / 1000,
      'crontabber_job_last_run_timestamp_seconds{job="build-report"}': Date.UTC(2026, 10, 19, 3, 0, 4) / 1000,
      'crontabber_job_next_run_timestamp_seconds{job="build-report"}': Date.UTC(2026, 10, 20, 3) / 1000,
      ...Object.fromEntries(
        Object.entries({ errors: 0, running: 0, blocked: 1, held: 0, paused: 0, disabled: 0 }).map(([name, value]) => [
          `crontabber_job_${name}{job="build-report"}`,
          value,
        ]),
      ),
      'crontabber_job_overdue_seconds{job="build-report"}': expect.any(Number),
    });
    expect(all.get('crontabber_job_held{job="rotate"}')).toBe(1);
    expect(all.get('crontabber_job_paused{job="mail-report"}')).toBe(1);
    expect(all.get('crontabber_job_errors{job="fetch-crashes"}')).toBe(2);
    expect(all.get('crontabber_jobs{state="running"}')).toBe(1);
    expect(all.get("crontabber_ghosts")).toBe(1);
    expect(all.get("crontabber_check_status")).toBe(2);
    expect(all.get("crontabber_database_up")).toBe(1);
    expect(all.get('crontabber_build_info{version="1.2.3"}')).toBe(1);
    expect([...all.keys()].some((name) => name.includes("old-job"))).toBe(false);
  });

  it("counts what happens in a process, and carries counts into the next one", async () => {
    const first = new Meters();
    const ticket = makeTicket({ job: "a" });
    first.emit("run:started", { ticket });
    first.emit("run:recorded", { ticket, end: { outcome: "failed", error: null, result: null, output: null } });
    first.emit("claim:lost", { job: "a", why: "locked" });
    first.emit("run:reaped", { job: "b", runId: "x", host: null });
    first.emit("run:fenced", { ticket, outcome: "failed" });
    first.emit("database:down", { deed: "look", message: "gone" });
    const second = new Meters();
    second.add(JSON.parse(JSON.stringify(await first.counts())));
    second.emit("claim:lost", { job: "b", why: "locked" });
    const all = samples(await second.registry.metrics());
    expect(all.get('crontabber_runs_total{job="a",outcome="failed"}')).toBe(1);
    expect(all.get('crontabber_claims_lost_total{why="locked"}')).toBe(2);
    expect(all.get('crontabber_takeovers_total{job="b"}')).toBe(1);
    expect(all.get('crontabber_leases_lost_total{job="a"}')).toBe(1);
    expect(all.get("crontabber_database_losses_total")).toBe(1);
    expect(samples(await first.registry.metrics()).get('crontabber_start_delay_seconds_bucket{le="1"}')).toBe(1);
  });
});

describe("a host that only makes passes", () => {
  let database: TestDatabase;
  let site: Site;
  let file: string;
  beforeAll(async () => {
    database = await freshDatabase();
    site = makeSite("");
    file = join(site.folder, "crontabber.prom");
    site.write(
      "crontabber.ini",
      `[crontabber]\n    database_url = ${database.url}\n    textfile = crontabber.prom\n[job:good]\n    command = true\n    schedule = 1h\n[job:bad]\n    command = false\n    schedule = 1h\n    error_retry_time = 0\n`,
    );
  });
  afterAll(async () => {
    await site.close();
    await database.drop();
  });
  const read = () => samples(readFileSync(file, "utf8"));

  it("leaves them in a file, and its counters go on from pass to pass, also where passes overlap", async () => {
    expect(await site.run("web-1", [])).toMatchObject({ code: 0 });
    expect(read().get('crontabber_runs_total{job="good",outcome="succeeded"}')).toBe(1);
    await Promise.all([site.run("web-1", []), site.run("web-1", []), site.run("web-1", [])]);
    const all = read();
    const failed = (
      await database.client().then(async (sql) => {
        const { rows } = await sql.query("SELECT count(*)::int AS n FROM crontabber_run WHERE app_name = 'bad' AND outcome = 'failed'");
        await sql.end();
        return rows;
      })
    )[0].n;
    expect(all.get('crontabber_runs_total{job="bad",outcome="failed"}')).toBe(failed);
    expect([...all].filter(([name]) => name.startsWith("crontabber_passes_total")).reduce((sum, [, n]) => sum + n, 0)).toBe(4);
    expect(all.get('crontabber_job_errors{job="bad"}')).toBe(failed);
    expect(all.get("crontabber_database_up")).toBe(1);
  });

  it("says that there is no database, and keeps its counts", async () => {
    const nowhere = "--crontabber.database_url=postgres://nobody@127.0.0.1:1/none";
    expect(await site.run("web-1", ["run", nowhere])).toMatchObject({ code: 69 });
    const all = read();
    expect(all.get("crontabber_database_up")).toBe(0);
    expect(all.get('crontabber_passes_total{code="69"}')).toBe(1);
    expect(all.get('crontabber_runs_total{job="good",outcome="succeeded"}')).toBe(1);
    expect([...all.keys()].some((name) => name.startsWith("crontabber_job_"))).toBe(false);
    expect(await site.run("web-1", ["metrics", nowhere])).toMatchObject({ code: 69, stdout: "" });
  });

  it("never ends a pass otherwise than it would: a file that cannot be written is told", async () => {
    const broken = await site.run("web-1", ["run", "--crontabber.textfile=/proc/nowhere/x.prom"]);
    expect(broken).toMatchObject({ code: 0, stderr: expect.stringContaining("the metrics cannot be written") });
    writeFileSync(file, "");
  });

  it("is asked by the verb, on stdout or into a file", async () => {
    const { code, stdout } = await site.run("web-1", ["metrics"]);
    expect(code).toBe(0);
    expect(samples(stdout).get('crontabber_job_running{job="good"}')).toBe(0);
    expect(await site.run("web-1", ["metrics", "--textfile", "crontabber.prom"])).toMatchObject({ code: 0, stdout: "" });
    expect(read().get('crontabber_runs_total{job="good",outcome="succeeded"}')).toBe(1);
    expect(await site.run("web-1", ["metrics", "--textfile", "/proc/nowhere/x.prom"])).toMatchObject({ code: 64 });
  });
});
