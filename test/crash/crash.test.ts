/** What dies, freezes or lies while a job runs, and what must still hold: nothing stuck, nothing lost, nothing beside itself. */
import { readFileSync } from "node:fs";
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeSite, type Process, type Site } from "../helpers/hosts.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { carrying, until } from "../helpers/processes.ts";

let database: TestDatabase;
let site: Site;
let sql: pg.Client;

beforeEach(async () => {
  database = await freshDatabase();
  sql = await database.client();
  await sql.query("SET datestyle TO 'ISO'");
});
afterEach(async () => {
  await site?.close();
  await database?.drop();
});

/** A body that tells when it starts, works for a while in a grandchild, and tells when it is done. */
const body = (seconds: number) => `echo "start $CRONTABBER_HOST $$" >> ran; (sleep ${seconds}; :) ; echo "end $CRONTABBER_HOST" >> ran`;

function fleet(job: string, drainTimeout = 5): Site {
  site = makeSite(`[crontabber]
    database_url = ${database.url}
    lease = 2
    drain_timeout = ${drainTimeout}
    error_retry_time = 0
${job}`);
  return site;
}

async function started(host: Process): Promise<{ pid: number; runId: string }> {
  const early = host.ended.then(({ code, stderr }) => {
    throw new Error(`it ended with ${code} before its job started: ${stderr}`);
  });
  await Promise.race([early, until("the body has started", () => site.lines("ran").some((line) => line.startsWith("start")))]);
  early.catch(() => {}); // it may end as it likes from here on
  const { rows } = await sql.query("SELECT run_id FROM crontabber");
  const pids = site.lines("ran").map((line) => Number(line.split(" ")[2]));
  return { pid: pids.at(-1) as number, runId: rows[0].run_id };
}

/** Until then another host would only see a job that runs elsewhere. */
const leaseOver = () =>
  until("the lease has run out", async () => (await sql.query("SELECT 1 FROM crontabber WHERE lease_until > now()")).rowCount === 0, 10);

const ledger = async (): Promise<unknown[]> =>
  (await sql.query("SELECT app_name, attempt, outcome, late_outcome, host FROM crontabber_run ORDER BY id")).rows;
const state = async (): Promise<Record<string, unknown>> => (await sql.query("SELECT * FROM crontabber ORDER BY app_name LIMIT 1")).rows[0];
const ended = (host: string, outcome: string, attempt: number) => ({
  ...{ app_name: "job", attempt, outcome, late_outcome: null, host },
});

const plain = (seconds: number, more = "") => `[job:job]\n    command = ${body(seconds)}\n    schedule = 1d\n${more}`;

describe("kill -9", () => {
  it("of the runner leaves no process of its job at work, and another host runs the slot again", async () => {
    const { start, run } = fleet(plain(30));
    const first = start("a");
    const { runId } = await started(first);
    first.kill("SIGKILL");
    await until("the job's processes are gone", () => carrying(runId).length === 0, 10);
    site.write("crontabber.ini", readFileSync(`${site.folder}/crontabber.ini`, "utf8").replace("sleep 30", "sleep 0"));
    expect((await run("c")).code).toBe(3);
    await leaseOver();
    const second = await run("b");
    expect([second.code, second.stderr.includes("TypeError")]).toEqual([0, false]);
    expect(await ledger()).toEqual([ended("a", "lost", 1), ended("b", "succeeded", 2)]);
    expect(site.lines("ran").filter((line) => line.startsWith("end"))).toEqual(["end b"]);
  });

  it("of the job alone is a failure like any other", async () => {
    const { start } = fleet(plain(30));
    const first = start("a");
    const { pid } = await started(first);
    process.kill(-pid, "SIGKILL");
    expect((await first.ended).code).toBe(0);
    expect(await ledger()).toEqual([ended("a", "failed", 1)]);
    expect(await state()).toMatchObject({ error_count: 1, run_id: null, last_error: { type: "Signal", value: "killed by SIGKILL" } });
  });

  it("of runner and job together is a lost run", async () => {
    const { start, run } = fleet(plain(30, "    on_lost = skip"));
    const first = start("a");
    const { pid } = await started(first);
    first.kill("SIGKILL");
    process.kill(-pid, "SIGKILL");
    await leaseOver();
    expect((await run("b")).code).toBe(0);
    expect(await ledger()).toEqual([ended("a", "lost", 1)]);
    expect(await state()).toMatchObject({ run_id: null, ongoing: null, error_count: 1, last_error: { type: "LostLease" } });
  });

  it("at any moment loses nothing, and nothing stays stuck", async () => {
    const { start, run } = fleet(plain(0.2, "    max_lost = 1000").replace("schedule = 1d", "schedule = 1s"));
    expect((await run("a")).code).toBe(0);
    for (let round = 0; round < 15; round++) {
      const victim = start(`v${round}`);
      await Promise.race([victim.ended, new Promise((resolve) => setTimeout(resolve, Math.random() * 900))]);
      victim.kill("SIGKILL");
      await victim.ended;
    }
    await until(
      "nothing of the dead is at work",
      () => carrying("CRONTABBER_HOST=v").filter((pid) => pid !== process.pid).length === 0,
      10,
    );
    // Killed early a victim may not even have a lease; the healer looks twice where one has run out.
    await leaseOver();
    expect((await run("healer")).code).toBe(0);
    const { rows } = await sql.query(
      "SELECT count(*) FILTER (WHERE outcome IS NULL)::int AS live, count(*) FILTER (WHERE outcome NOT IN ('succeeded', 'lost'))::int AS odd FROM crontabber_run",
    );
    expect(rows).toEqual([{ live: 0, odd: 0 }]);
    expect(await state()).toMatchObject({ run_id: null, ongoing: null, error_count: 0 });
    const twice = await sql.query("SELECT slot FROM crontabber_run WHERE outcome = 'succeeded' GROUP BY slot HAVING count(*) > 1");
    expect(twice.rows).toEqual([]);
  }, 120_000);
});

describe("SIGSTOP", () => {
  it("of the runner alone: its guard ends the job before anybody can take over", async () => {
    const { start } = fleet(plain(30));
    const first = start("a");
    const { runId } = await started(first);
    first.kill("SIGSTOP");
    await until("the guard has ended the job", () => carrying(runId).length === 0, 10);
    const { rows } = await sql.query("SELECT outcome FROM crontabber_run");
    expect(rows).toEqual([{ outcome: null }]);
    first.kill("SIGCONT");
    await first.ended;
    expect(await ledger()).toEqual([ended("a", "lost", 1)]);
  });

  it("beyond the lease and CONT: the zombie changes nothing", async () => {
    const { start, run } = fleet(plain(30, "    on_lost = skip"));
    const first = start("a");
    const { runId } = await started(first);
    first.kill("SIGSTOP");
    await leaseOver();
    expect((await run("b")).code).toBe(0);
    const before = await state();
    first.kill("SIGCONT");
    await first.ended;
    expect(await state()).toEqual(before);
    expect(await ledger()).toEqual([ended("a", "lost", 1)]);
    expect(carrying(runId)).toEqual([]);
  });
});

describe("SIGTERM", () => {
  const drain = async (seconds: number, drainTimeout = 5): Promise<[Process, number | null]> => {
    const { start } = fleet(plain(seconds), drainTimeout);
    const first = start("a");
    await started(first);
    first.kill("SIGTERM");
    return [first, (await first.ended).code];
  };

  it("lets a run end by itself, and the process ends with 0", async () => {
    expect((await drain(1))[1]).toBe(0);
    expect(await ledger()).toEqual([ended("a", "succeeded", 1)]);
  });

  it("interrupts what outlasts drain_timeout, and the slot is due at once for another host", async () => {
    expect((await drain(60, 0.5))[1]).toBe(143);
    expect(await ledger()).toEqual([ended("a", "interrupted", 1)]);
    expect(await state()).toMatchObject({ run_id: null, error_count: 0 });
    expect((await sql.query("SELECT next_run <= now() AS due FROM crontabber")).rows).toEqual([{ due: true }]);
  });

  it("twice aborts at once", async () => {
    const { start } = fleet(plain(60), 600);
    const first = start("a", ["--verbose"]);
    const { runId } = await started(first);
    // Two signals that are sent at once arrive as one.
    const drains = new Promise((resolve) =>
      first.child.stderr?.on("data", (text) => String(text).includes("nothing more is started") && resolve(null)),
    );
    first.kill("SIGTERM");
    await drains;
    first.kill("SIGTERM");
    expect((await first.ended).code).toBe(143);
    expect(carrying(runId)).toEqual([]);
  });
});

describe("a sleeping sql job whose runner dies", () => {
  it("leaves no statement behind, and its work is not committed", async () => {
    await sql.query("CREATE TABLE done (at timestamptz)");
    const { start } = fleet("[job:job]\n    sql = INSERT INTO done SELECT now() FROM pg_sleep(60)\n    schedule = 1d\n");
    const first = start("a");
    const asleep = async () =>
      (await sql.query("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'INSERT INTO done%' AND state = 'active'")).rowCount;
    await until("the statement sleeps", async () => (await asleep()) === 1);
    first.kill("SIGKILL");
    await until("the statement has ended", async () => (await asleep()) === 0, 10);
    expect((await sql.query("SELECT * FROM done")).rows).toEqual([]);
  });
});
