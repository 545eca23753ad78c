/** Hosts leave what they are in the database, at the price of nothing; check, explain and doctor tell what follows. */
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeSite, type Site } from "../helpers/hosts.ts";
import { makeJob, makeRegistry } from "../helpers/job.ts";
import { freshDatabase, type TestDatabase } from "../helpers/pg.ts";
import { until } from "../helpers/processes.ts";
import { testStore } from "../helpers/store.ts";

let database: TestDatabase;
let site: Site;
let sql: pg.Client;

const INI = (url: string, more = "") => `[crontabber]
    database_url = ${url}
    overdue_after = 600
[job:a]
    command = true
    schedule = 1h
[job:gpu]
    command = true
    schedule = 1h
    tags = gpu
${more}`;

beforeAll(async () => {
  database = await freshDatabase();
  site = makeSite(INI(database.url));
  site.write("other.ini", INI(database.url, "[job:extra]\n    command = true\n    schedule = 1h\n"));
  site.write("gpu.ini", INI(database.url).replace("[job:a]", "    tags = gpu\n[job:a]"));
  sql = await database.client();
  await sql.query("SET datestyle TO 'ISO'");
  await site.run("one", ["migrate"]);
});
afterAll(async () => {
  await site?.close();
  await database?.drop();
});
beforeEach(() => sql.query("TRUNCATE crontabber, crontabber_run, crontabber_log, crontabber_host"));

const hosts = async () =>
  (await sql.query("SELECT label, mode, tags, pid, version, registry, seen_at, gap, jobs FROM crontabber_host ORDER BY label")).rows;
const age = (label: string, seconds: number) =>
  sql.query(
    "UPDATE crontabber_host SET seen_at = now() - $2 * interval '1 second', registry_since = now() - interval '1 hour' WHERE label = $1",
    [label, seconds],
  );
const all = (seconds: number) =>
  sql.query("UPDATE crontabber_host SET seen_at = seen_at - $1 * interval '1 second', registry_since = now() - interval '1 hour'", [
    seconds,
  ]);

describe("a host's row", () => {
  it("says who it is, at most once a minute", async () => {
    await site.run("one");
    const [first] = await hosts();
    expect(first).toMatchObject({ label: "one", mode: "pass", tags: [], version: "1.0.0", gap: null });
    expect(Object.keys(first.jobs)).toEqual(["a", "gpu"]);
    await site.run("one");
    expect(await hosts()).toEqual([first]);
    await age("one", 55);
    await site.run("one");
    const [later] = await hosts();
    expect(later).toMatchObject({ registry: first.registry, jobs: first.jobs });
    expect(later.seen_at > first.seen_at).toBe(true);
    expect(later.gap).toBeGreaterThan(54);
  });

  it("has the same registry on hosts with the same file, whatever they carry, and another with another", async () => {
    await site.run("one");
    await site.run("two", ["-c", "gpu.ini"]);
    await site.run("three", ["-c", "other.ini"]);
    const [one, three, two] = await hosts();
    expect(two).toMatchObject({ tags: ["gpu"], registry: one.registry, jobs: one.jobs });
    expect(three.registry).not.toBe(one.registry);
    expect(three.jobs.a).toBe(one.jobs.a);
    site.write("edited.ini", INI(database.url).replace("schedule = 1h", "schedule = 2h"));
    await site.run("four", ["-c", "edited.ini"]);
    const four = (await hosts()).find(({ label }) => label === "four");
    expect([four.registry === one.registry, four.jobs.a === one.jobs.a, four.jobs.gpu === one.jobs.gpu]).toEqual([false, false, true]);
  });

  it("is a daemon's, too, and follows its reload", async () => {
    const daemon = site.start("one", ["daemon"]);
    await until("the daemon was here", async () => (await hosts()).length === 1);
    expect((await hosts())[0]).toMatchObject({ mode: "daemon", pid: daemon.pid });
    site.write("crontabber.ini", INI(database.url, "[job:late]\n    command = true\n    schedule = 1h\n"));
    await until("its new registry is told", async () => {
      // A look of its own may come between, and then the row is fresh for a minute.
      await age("one", 55);
      daemon.kill("SIGHUP");
      return "late" in (await hosts())[0].jobs;
    });
    daemon.kill("SIGTERM");
    expect((await daemon.ended).code).toBe(0);
    site.write("crontabber.ini", INI(database.url));
  });

  it("is not left by those who only read", async () => {
    for (const verb of [["list"], ["check"], ["explain", "a"], ["doctor"], ["history"]]) await site.run("one", verb);
    expect(await hosts()).toEqual([]);
  });
});

describe("a look costs one statement", () => {
  it("also when the host's row is due; one more when it is new or has changed", async () => {
    const test = await testStore();
    try {
      const store = test.host("one", { tags: ["t"] });
      const counted: string[] = [];
      const query = store.db.query.bind(store.db);
      store.db.query = (text, params) => {
        counted.push(text.trim().split(/\s+/)[0] ?? "");
        return query(text, params);
      };
      const look = async (registry: ReturnType<typeof makeRegistry>) => {
        counted.length = 0;
        await store.snapshot({ registry, mode: "pass" });
        return counted.join(" ");
      };
      const registry = makeRegistry(makeJob({ name: "a" }));
      expect(await look(registry)).toBe("WITH INSERT");
      expect(await look(registry)).toBe("WITH");
      const client = await test.database.client();
      await client.query("UPDATE crontabber_host SET seen_at = now() - interval '2 minutes'");
      expect(await look(registry)).toBe("WITH");
      expect(
        (await client.query("SELECT now() - seen_at < interval '1 minute' AS fresh, gap > 100 AS gap FROM crontabber_host")).rows,
      ).toEqual([{ fresh: true, gap: true }]);
      const changed = makeRegistry(makeJob({ name: "b" }));
      expect(await look(changed)).toBe("WITH");
      await client.query("UPDATE crontabber_host SET seen_at = now() - interval '2 minutes'");
      expect(await look(changed)).toBe("WITH INSERT");
      expect((await client.query("SELECT jobs FROM crontabber_host")).rows.map((row) => Object.keys(row.jobs))).toEqual([["b"]]);
    } finally {
      await test.close();
    }
  });
});

describe("check and explain", () => {
  it("say nothing of a fleet that is well, or of which nobody has looked", async () => {
    expect((await site.run("one", ["check"])).stdout).toBe("OK - All systems nominal\n");
    await site.run("one", ["-c", "gpu.ini"]);
    await site.run("two");
    expect((await site.run("one", ["check"])).stdout).toBe("OK - All systems nominal\n");
    expect((await site.run("one", ["explain", "a"])).stdout).not.toContain("fleet");
  });

  it("tell a job that no live host can run", async () => {
    await site.run("one");
    const { code, stdout } = await site.run("one", ["check"]);
    expect([code, stdout]).toEqual([2, "CRITICAL - gpu (command) - NoHost - no live host carries gpu\n"]);
    expect((await site.run("one", ["explain", "gpu"])).stdout).toContain("▲ fleet: no live host carries gpu");
    await all(300);
    expect((await site.run("one", ["check"])).stdout).toBe("OK - All systems nominal\n");
  });

  it("say nothing of a job that was just written, and that no host has read yet", async () => {
    await site.run("one", ["-c", "gpu.ini"]);
    site.write("fresh.ini", `${INI(database.url)}\n[job:fresh]\n    command = true\n    schedule = 1h\n`);
    expect((await site.run("one", ["check", "-c", "fresh.ini"])).stdout).toBe("OK - All systems nominal\n");
    expect((await site.run("one", ["explain", "fresh", "-c", "fresh.ini"])).stdout).toContain("fleet: no live host has it yet");
  });

  it("tell a job that is not on all hosts, once that is more than a change on its way", async () => {
    await site.run("one", ["-c", "gpu.ini"]);
    await site.run("two", ["-c", "other.ini"]);
    expect((await site.run("one", ["check"])).code).toBe(0);
    expect((await site.run("one", ["explain", "extra", "-c", "other.ini"])).stdout).toContain("fleet: missing on one");
    await all(0);
    const { code, stdout } = await site.run("one", ["check", "-c", "other.ini"]);
    expect([code, stdout]).toEqual([1, "WARNING - extra (command) - Drift - missing on one\n"]);
  });

  it("tell a host that went silent beside one that lives", async () => {
    await site.run("one", ["-c", "gpu.ini"]);
    await site.run("two");
    await age("two", 400);
    const { code, stdout } = await site.run("one", ["check", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout).findings).toEqual([
      {
        job: "two",
        export: "host",
        level: "WARNING",
        type: "Silent",
        value: expect.stringMatching(/^no look since .* UTC \(6 minutes, \d+ seconds\)$/),
      },
    ]);
    expect((await site.run("one", ["explain", "a"])).stdout).toMatch(/fleet: two has it, and was last seen /);
  });
});
