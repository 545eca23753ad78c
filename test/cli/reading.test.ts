/** What verbs that read, and passes, say to programs and to people who ask for more than the usual. */
import { describe, expect, it, vi } from "vitest";
import { schemaOf, violations } from "../report/schema.ts";
import { json, makeFleet } from "./fleet.ts";

const { site, sql, run } = await makeFleet();
const documents = (text: string) => text.trim().split("\n").map(json);

describe("history", () => {
  it("of what ended so, of what started since then", async () => {
    await run("run", "good");
    await run("run", "bad");
    await run("run", "bad");
    await sql.query(
      "UPDATE crontabber_run SET claimed_at = now() - interval '3 hours', ended_at = now() - interval '2 hours' WHERE attempt = 2",
    );
    const ids = async (...args: string[]) => (json((await run("history", ...args, "--json")).stdout).runs as { attempt: number }[]).length;
    expect(await ids()).toBe(3);
    expect(await ids("--outcome", "failed,lost")).toBe(2);
    expect(await ids("--outcome", "running")).toBe(0);
    expect(await ids("bad", "--since", "1h")).toBe(1);
    expect(await ids("--since", "4h", "--outcome", "failed")).toBe(2);
    expect(await ids("--since", "2020-01-01", "--limit", "1")).toBe(1);
    expect((await run("history", "good", "--outcome", "lost")).stdout).toBe("No run is like that.\n");
  });
});

describe("what lies ahead", () => {
  it("next --until shows everything until then", async () => {
    await run("run", "good");
    const { stdout } = await run("next", "good", "--until", "5h", "--json");
    expect((json(stdout).runs as object[]).length).toBe(5);
    expect((await run("next", "--until", "2020-01-01")).stdout).toContain("No run is planned.");
  });

  it("explain --at asks the same judge about a later moment, and says that it is a forecast", async () => {
    await run("run", "good");
    expect((await run("explain", "good")).code).toBe(4);
    const then = await run("explain", "good", "--at", "2h");
    expect(then).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/\nWould it run at \S+ \S+ Europe\/Berlin, if nothing changes before\? {3}YES\n/),
    });
    expect(then.stdout).not.toContain("now");
    // The host that looked a moment ago is not called silent for it.
    const document = json((await run("explain", "good", "--at", "2h", "--json")).stdout);
    expect(document).toMatchObject({ forecasted: true, would_run: true, fleet: [] });
    await run("pause", "good", "--for", "3h");
    expect((await run("explain", "good", "--at", "2h")).code).toBe(4);
    expect((await run("explain", "good", "--at", "2020-01-01")).stderr).toContain("--at is in the past");
  });
});

describe("list", () => {
  it("shows what is asked for, and says so to programs when it changes", async () => {
    await run("run", "bad");
    await run("run", "good");
    expect((await run("list", "--state", "failing", "--columns", "job,state", "--ascii")).stdout.split("\n").slice(0, 2)).toEqual([
      "JOB  STATE",
      expect.stringMatching(/^bad {2}x failing x1/),
    ]);
    const { jobs } = json((await run("list", "g*", "--json")).stdout) as { jobs: Record<string, unknown>[] };
    expect(jobs).toMatchObject([{ name: "good", recent_runs: [{ outcome: "succeeded", took: expect.any(Number) }] }]);
    const watch = site.start("web-2", ["list", "good", "--watch", "--json"]);
    let told = "";
    watch.child.stdout?.on("data", (chunk: Buffer) => {
      told += chunk;
    });
    const count = (n: number) => vi.waitFor(() => expect(told.match(/\n/g)).toHaveLength(n), { timeout: 20_000, interval: 20 });
    await count(1);
    await run("pause", "good");
    await count(2);
    watch.kill("SIGINT");
    expect((await watch.ended).code).toBe(130);
    expect(documents(told).map((one) => [violations(schemaOf("list"), one), (one.jobs as { state: string }[])[0]?.state])).toEqual([
      [[], "ok"],
      [[], "paused"],
    ]);
  });
});

describe("run --progress", () => {
  it("plain: a line an event, wherever stderr leads; none: what a log says", async () => {
    const plain = (await run("--progress", "plain")).stderr.replace(/\d+\.\d+s/g, "TIME").replace(/slot \S+Z|run #\d+/g, "X");
    const lines = plain.split("\n").filter(Boolean);
    expect(lines.filter((line) => line.includes("good"))).toEqual(["◐ good  started, X", "✔ good  TIME  X"]);
    expect(lines.filter((line) => line.startsWith("✖ bad"))).toEqual(["✖ bad  ExitCode after TIME  X, X"]);
    expect(lines).toContain("◌ child  blocked: 'bad' has never succeeded");
    expect(lines.at(-1)).toMatch(/^1 ok · 2 failed · 1 blocked · 2 not due {5}TIME {5}crontabber logs (bad|once)$/);
    expect(plain).not.toContain("\u001b");
    expect((await run("run", "bad", "--progress", "none")).stderr).toMatch(/^\{"level":50/);
  });
});

describe("run --json", () => {
  it("tells what happens, a document a line, and the exit code at the end", async () => {
    const { code, stdout } = await run("run", "bad", "--json");
    const told = documents(stdout);
    for (const one of told) expect(violations(schemaOf("run"), one)).toEqual([]);
    expect(told.map(({ event }) => event)).toEqual(["pass-started", "started", "output", "ended", "pass-ended", "exit"]);
    expect(told[2]).toMatchObject({ job: "bad", stream: "stderr", text: "oops" });
    expect(told.at(-1)).toMatchObject({ code, message: null });
    expect(code).toBe(1);
    const lost = documents((await run("--crontabber.database_url=postgres://a@127.0.0.1:1/b", "run", "--json")).stdout);
    expect(lost).toMatchObject([{ event: "exit", code: 69, message: expect.stringContaining("ECONNREFUSED") }]);
  });

  it("ends no job when its reader has left", async () => {
    const pass = site.start("web-1", ["run", "slow", "--force", "--json"]);
    await vi.waitFor(() => expect(site.lines("ran")).toEqual(["up"]), { timeout: 20_000, interval: 20 });
    pass.child.stdout?.destroy();
    site.write("go", "");
    expect((await pass.ended).code).toBe(0);
  });
});
