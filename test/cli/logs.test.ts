/** What a run prints, read on another host: while it runs, and after. Jobs wait for files, so that nothing here waits for a clock. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeSite, type Process } from "../helpers/hosts.ts";
import { freshDatabase } from "../helpers/pg.ts";
import { schemaOf, violations } from "../report/schema.ts";
import { json } from "./fleet.ts";

const until = (file: string) => `while test ! -e ${file}; do sleep 0.02; done`;

const database = await freshDatabase();
const site = makeSite(`
[crontabber]
    database_url = ${database.url}
    lease = 6
[job:steps]
    command = echo out 1; echo err 1 >&2; ${until("go1")}; printf 'out \\033[31m2\\033'; ${until("go2")}; printf '[0m!'; echo last >&2; exit 3
    schedule = manual
[job:flood]
    command = echo first; ${until("go1")}; seq 1 30000; echo end; ${until("go2")}
    schedule = manual
[job:leaky]
    command = echo "$DEPLOY_TOKEN $SITE"; echo "no $DEPLOY_TOKEN" >&2; exit 1
    env = DEPLOY_TOKEN=tok-123456789
    env_pass = SITE
    schedule = manual
[job:quick]
    command = echo quick
    schedule = manual
`);
const sql = await database.client();
await site.run("web-1", ["migrate"]);
const running: Process[] = [];

beforeEach(async () => {
  await sql.query("TRUNCATE crontabber, crontabber_run, crontabber_log");
  for (const name of ["go1", "go2"]) rmSync(join(site.folder, name), { force: true });
});
afterEach(async () => {
  for (const name of ["go1", "go2"]) site.write(name, "");
  for (const one of running.splice(0)) one.kill("SIGKILL");
});
afterAll(async () => {
  await site.close();
  await database.drop();
});

/** A process whose stdout can be read as it comes. */
function started(host: string, args: readonly string[]): Process & { said(): string } {
  const process = site.start(host, args);
  running.push(process);
  let text = "";
  process.child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  return { ...process, said: () => text };
}
const soon = (check: () => unknown) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const outputNow = async () => (await sql.query("SELECT output FROM crontabber_run ORDER BY id DESC LIMIT 1")).rows[0]?.output ?? null;

describe("while it runs", () => {
  it("its output can be followed from another host, with its streams, to its end", async () => {
    const run = started("web-1", ["run", "steps", "--force"]);
    await soon(async () => expect(await outputNow()).toMatch(/^out 1\nerr 1\n/));
    expect((await site.run("web-2", ["logs", "steps"])).stdout).toMatch(/ · web-1 · ◐ running for .*\nout 1\n\[stderr\] err 1\n$/);
    const follow = started("web-2", ["logs", "steps", "-f"]);
    await soon(() => expect(follow.said()).toContain("[stderr] err 1\n"));
    site.write("go1", "");
    await soon(() => expect(follow.said()).toMatch(/\nout 2$/));
    site.write("go2", "");
    const { code, stdout, stderr } = await follow.ended;
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout.split("\n").slice(1, -2)).toEqual([
      ...["out 1", "[stderr] err 1", "out 2!", "[stderr] last"],
      ...["ExitCode: exit code 3", "err 1", "last"],
    ]);
    expect(stdout).toMatch(/\n#\d+ steps ✖ failed after \S+\n$/);
    expect((await run.ended).code).toBe(1);
    expect((await site.run("web-2", ["logs", "steps", "--tail", "2"])).stdout.split("\n").slice(1, 3)).toEqual(["out 2!", "[stderr] last"]);
  });

  it("a document a line for programs; what was left out is said", async () => {
    started("web-1", ["run", "flood", "--force"]);
    await soon(async () => expect(await outputNow()).toContain("first"));
    const follow = started("web-2", ["logs", "flood", "-f", "--json"]);
    await soon(() => expect(follow.said()).toContain('"text":"first"'));
    site.write("go1", "");
    await soon(() => expect(follow.said()).toContain('"text":"end"'));
    site.write("go2", "");
    const { code, stdout, stderr } = await follow.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const told = stdout.trim().split("\n").map(json);
    for (const one of told) expect(violations(schemaOf("logs-follow"), one)).toEqual([]);
    const events = told.map(({ event }) => event);
    expect([events[0], events.at(-1), events.filter((event) => event === "left-out")]).toEqual(["run", "end", ["left-out"]]);
    const numbers = told.flatMap(({ text }) => (/^\d+$/.test(String(text)) ? [Number(text)] : []));
    expect([numbers.slice(0, 3), numbers.at(-1)]).toEqual([[1, 2, 3], 30_000]);
    const bytes = `first\n${Array.from({ length: 30_000 }, (_, i) => `${i + 1}\n`).join("")}end\n`.length;
    expect(told.find(({ event }) => event === "left-out")?.bytes).toBe(bytes - 64 * 1024);
  });

  it("somebody who holds its row costs it nothing", async () => {
    const run = started("web-1", ["run", "steps", "--force"]);
    await soon(async () => expect(await outputNow()).toContain("err 1"));
    const holder = await database.client();
    await holder.query("BEGIN; SELECT 1 FROM crontabber_run FOR UPDATE");
    site.write("go1", "");
    site.write("go2", "");
    await soon(async () => {
      const { rows } = await sql.query(
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      expect(rows[0].n).toBe(1);
    });
    const { rows } = await sql.query("SELECT query FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
    expect(rows[0].query).toContain("SET outcome");
    await holder.query("COMMIT");
    expect((await run.ended).code).toBe(1);
    expect(await outputNow()).toContain("last");
  });

  it("what it printed outlives its host", async () => {
    const run = started("web-1", ["run", "steps", "--force"]);
    await soon(async () => expect(await outputNow()).toContain("err 1"));
    run.kill("SIGKILL");
    await run.ended;
    await sql.query("UPDATE crontabber SET lease_until = now() - interval '1 second'");
    await site.run("web-2", ["run"]);
    const { rows } = await sql.query("SELECT outcome, output FROM crontabber_run ORDER BY id LIMIT 1");
    expect(rows[0]).toMatchObject({ outcome: "lost", output: expect.stringContaining("out 1\nerr 1\n") });
  });
});

describe("when it does not run", () => {
  it("its output is read where nobody may touch the tables' shape", async () => {
    expect((await site.run("web-1", ["run", "quick", "--force"])).code).toBe(0);
    const { code, stdout, stderr } = await site.run("web-1", ["logs", "quick"], { "crontabber.auto_migrate": "no" });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/\nquick\n$/);
  });

  it("-f waits for the next run, and with --all for all that come", async () => {
    const one = started("web-2", ["logs", "quick", "-f"]);
    let over = false;
    void one.ended.then(() => {
      over = true;
    });
    // What ends before it looks is not the next run.
    do await site.run("web-1", ["run", "quick", "--force"]);
    while (!over);
    expect(await one.ended).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^#\d+ quick .*\nquick\n#\d+ quick ✔ succeeded after/),
    });
    const all = started("web-2", ["logs", "quick", "-f", "--all", "--tail", "0"]);
    await soon(() => expect(all.said()).toContain("succeeded after"));
    for (const runs of [1, 2]) {
      await site.run("web-1", ["run", "quick", "--force"]);
      await soon(() => expect(all.said().match(/^quick\n#\d+ quick ✔ succeeded after/gm)).toHaveLength(runs));
    }
    all.kill("SIGINT");
    expect(await all.ended).toMatchObject({ code: 130 });
    expect(all.said().match(/^quick$/gm)).toHaveLength(2);
  });

  it("ends quietly when its reader has left", async () => {
    started("web-1", ["run", "steps", "--force"]);
    await soon(async () => expect(await outputNow()).toContain("err 1"));
    const follow = started("web-2", ["logs", "steps", "-f"]);
    await soon(() => expect(follow.said()).toContain("err 1"));
    follow.child.stdout?.destroy();
    site.write("go1", "");
    site.write("go2", "");
    expect(await follow.ended).toMatchObject({ code: 0, stderr: "" });
  });

  it.each([
    [["logs", "quick", "--all"], "--all goes with --follow"],
    [["logs", "quick", "-f", "--all", "--run", "1"], "contradict"],
    [["logs", "quick", "--tail", "x"], "whole number from 0"],
  ])("%j is refused", async (args, why) => {
    expect(await site.run("web-1", args)).toMatchObject({ code: 64, stdout: "", stderr: expect.stringContaining(why) });
  });
});

it("secrets of the job are masked before they are stored, in its output and in its error", async () => {
  await site.run("web-1", ["run", "leaky", "--force"], { SITE: "irrelevant" });
  const { rows } = await sql.query("SELECT output, error::text AS error FROM crontabber_run");
  expect(rows[0].output).toMatch(/^\*\*\* irrelevant\nno \*\*\*\n/);
  expect(rows[0].error).toContain("no ***");
  expect((await site.run("web-2", ["logs", "leaky", "--json"])).stdout).not.toContain("tok-123456789");
});
