/** A database or a configuration that cannot be used: every verb says so in the same way. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { json, makeFleet } from "./fleet.ts";

const { database, site, sql, run } = await makeFleet();

describe("what cannot be used", () => {
  const elsewhere = (url: string) => ({ "crontabber.database_url": url });
  const wrong = new URL(database.session("words"));
  wrong.password = "not-the-p4ssword";
  const nowhere = new URL(database.url);
  nowhere.port = "1";

  it.each([
    ["a port where nobody listens", nowhere.href, "ECONNREFUSED"],
    ["a wrong password", wrong.href, "password authentication failed"],
    ["a database that does not exist", `${database.session("words")}_gone`, "does not exist"],
  ])("69 for %s, 3 for check; no password is shown", async (_, url, says) => {
    for (const args of [[], ["run", "good"], ["list"], ["reset", "good"], ["migrate"]]) {
      const { code, stdout, stderr } = await site.run("web-1", args, {
        ...elsewhere(url),
        XDG_STATE_HOME: join(site.folder, `s${Math.random()}`),
      });
      expect({ args, code, stdout }).toEqual({ args, code: 69, stdout: "" });
      expect(stderr).toContain(says);
      expect(stderr).not.toMatch(/p4ssword|crontabber-test/);
      expect(stderr.trim().split("\n")).toHaveLength(1);
    }
    const { code, stdout, stderr } = await site.run("web-1", ["check"], elsewhere(url));
    expect({ code, stderr }).toEqual({ code: 3, stderr: "" });
    expect(stdout).toMatch(/^UNKNOWN - cannot use the database .*\n$/);
  });

  it("78 for a bad configuration, everything at once; configtest 1; check 3", async () => {
    site.write("bad.ini", "[crontabber]\n  leese = 3\n[job:x]\n  command = true\n  schedule = 2r\n");
    const told = [/bad\.ini:2:.*leese/, /bad\.ini:5:.*2r/];
    for (const args of [["run", "x"], ["list"], ["explain", "x"], ["--verbose"]]) {
      const { code, stdout, stderr } = await run(...args, "-c", "bad.ini");
      expect({ args, code, stdout }).toEqual({ args, code: 78, stdout: "" });
      for (const line of told) expect(stderr).toMatch(line);
    }
    const tested = await run("configtest", "-c", "bad.ini");
    expect(tested).toMatchObject({ code: 1, stdout: "" });
    for (const line of told) expect(tested.stderr).toMatch(line);
    const document = json((await run("configtest", "--json", "--config=bad.ini")).stdout);
    expect(document).toMatchObject({ ok: false, problems: [{ file: "bad.ini", line: 2 }, { file: "bad.ini", line: 5 }, {}] });
    expect(await run("check", "--admin.conf=bad.ini")).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^UNKNOWN - .*leese.*2r.*\n$/),
    });
  });

  it("a file that is not there is 78 and says how to make one; CRONTABBER_CONF names one", async () => {
    expect(await run("list", "-c", "none.ini")).toMatchObject({ code: 78, stderr: expect.stringContaining("none.ini") });
    const fromEnvironment = await site.run("web-1", ["list"], { CRONTABBER_CONF: "none.ini" });
    expect(fromEnvironment).toMatchObject({ code: 78, stderr: expect.stringContaining("none.ini") });
  });

  it("no database configured is 78 and says how to configure one; configtest finds it too", async () => {
    site.write("nodb.ini", "[crontabber]\n[job:x]\n  command = true\n  schedule = 1h\n");
    expect(await run("run", "x", "-c", "nodb.ini")).toMatchObject({
      code: 78,
      stderr: expect.stringContaining("database_url = postgres://"),
    });
    expect(await run("configtest", "-c", "nodb.ini")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("no database is configured"),
    });
  });

  it("a module that cannot be imported: the other jobs run, and the pass ends with 78", async () => {
    site.write("broken.ts", "export const Job = {");
    site.write(
      "mixed.ini",
      `[crontabber]\n  database_url = ${database.url}\n  jobs = broken.Job|1h\n[job:good]\n  command = true\n  schedule = 1h\n`,
    );
    const { code, stderr } = await run("-c", "mixed.ini");
    expect(code).toBe(78);
    expect(stderr).toMatch(/mixed\.ini:3.*broken/);
    expect((await sql.query("SELECT app_name, outcome FROM crontabber_run")).rows).toEqual([{ app_name: "good", outcome: "succeeded" }]);
    expect(await run("run", "mystery", "-c", "mixed.ini")).toMatchObject({ code: 78, stderr: expect.stringContaining("mystery") });
    expect(await run("configtest", "-c", "mixed.ini")).toMatchObject({ code: 1, stderr: expect.stringMatching(/mixed\.ini:3.*broken/) });
  });
});
