import { afterAll, describe, expect, it } from "vitest";
import { uptime } from "#lib/clock.js";
import type { StopCause } from "#lib/run/protocol.js";
import { atWork, bench, command, forLong, moduleJob, seen, until } from "./bench.ts";

const { runner, start, run } = bench();
afterAll(() => runner.close());

/** Starts the job, waits for a word of it, does something to it. */
async function running(job: ReturnType<typeof command>, word: string) {
  const { onOutput, there } = seen(word);
  const handle = start(job, { onOutput });
  await there;
  return handle;
}

const stopped = (outcome: string, type: string, value: string) => ({ outcome, error: { type, value, traceback: "" } });

describe("the cause of a stop is the outcome", () => {
  it.each<[StopCause, string, string]>([
    ["timed-out", "TimedOut", "it took too long"],
    ["interrupted", "Interrupted", "its scheduler was told to stop"],
    ["cancelled", "Cancelled", "somebody cancelled it"],
    ["lost", "LostLease", "the lease was not renewed in time"],
  ])("%s", async (cause, type, value) => {
    const job = command("echo ready; sleep 1000");
    const handle = await running(job, "ready");
    handle.stop(cause);
    expect(await handle.done).toMatchObject(stopped(cause, type, value));
    expect(atWork(job)).toEqual([]);
  });

  it("the first one, even if the job then exits with 0", async () => {
    const handle = await running(command("trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done"), "ready");
    handle.stop("cancelled", "by me");
    handle.stop("timed-out");
    // The shell may complain that its sleep was terminated: that is its own traceback.
    expect(await handle.done).toMatchObject({ outcome: "cancelled", error: { type: "Cancelled", value: "by me" } });
  });

  it("unless the end was known before", async () => {
    const handle = start(command("true"));
    const first = await handle.done;
    handle.stop("cancelled");
    expect(first.outcome).toBe("succeeded");
    expect((await handle.done).outcome).toBe("succeeded");
  });

  it("before the start: nothing starts", async () => {
    const job = command("echo started");
    const handle = start(job);
    handle.stop("interrupted");
    expect(await handle.done).toMatchObject({ outcome: "interrupted", output: null });
    expect(atWork(job)).toEqual([]);
  });

  it("time limits are causes", async () => {
    const job = command("sleep 1000", { timeout: 0.2 });
    expect(await run(job)).toMatchObject(stopped("timed-out", "TimedOut", "timed out after 0.2 s"));
  });
});

describe("TERM, then KILL, for the whole group", () => {
  it("a command that ignores TERM is killed after its grace time, with all it started", async () => {
    const job = command("trap '' TERM; (while :; do sleep 1; done) & setsid sleep 1000 & echo ready; while :; do sleep 1; done");
    const handle = await running(job, "ready");
    handle.stop("cancelled");
    expect((await handle.done).outcome).toBe("cancelled");
    expect(atWork(job)).toEqual([]);
  });

  it("what the main process leaves behind keeps the rest of the grace time", async () => {
    const patient = bench({ killGraceMs: 20_000 });
    const job = command("(trap 'sleep 0.4; echo cleaned up; exit' TERM; echo ready; while :; do sleep 0.05; done) & wait");
    const { onOutput, there } = seen("ready");
    const handle = patient.start(job, { onOutput });
    await there;
    handle.stop("interrupted");
    expect(await handle.done).toMatchObject({ outcome: "interrupted", output: expect.stringMatching(/cleaned up\n/) });
    await patient.runner.close();
  });

  it("a run that ends by itself leaves nobody at work", async () => {
    const job = command("sleep 1000 & setsid sleep 1000 & setsid sh -c 'sleep 1000; :' & echo done");
    expect(await run(job)).toMatchObject({ outcome: "succeeded", output: "done\n" });
    expect(atWork(job)).toEqual([]);
  });

  it("what ends right behind it may finish its words", async () => {
    expect((await run(command("(sleep 0.01; echo last words) & echo first"))).output).toBe("first\nlast words\n");
  });

  it("kill() skips the grace time", async () => {
    const patient = bench({ killGraceMs: 600_000 });
    const { onOutput, there } = seen("ready");
    const handle = patient.start(command("trap '' TERM; echo ready; while :; do sleep 1; done"), { onOutput });
    await there;
    handle.stop("interrupted");
    handle.kill();
    expect((await handle.done).outcome).toBe("interrupted");
    await patient.runner.close();
  });

  it("closing the runner ends what is still at work", async () => {
    const other = bench();
    const { onOutput, there } = seen("ready");
    const job = command("echo ready; sleep 1000");
    const handle = other.start(job, { onOutput });
    await there;
    await other.runner.close();
    expect(await handle.done).toMatchObject({ outcome: "failed", error: { type: "Signal", value: "killed by SIGKILL" } });
    expect(await other.run(command("true"))).toMatchObject({ error: { type: "StartError", value: "the runner is closed" } });
  });
});

describe("a module", () => {
  it("that asked for its signal ends by itself, knowing why, and starts nothing more", async () => {
    const handle = await running(moduleJob("endings.ts", "Listens"), "ready");
    handle.stop("cancelled", "by me");
    expect(await handle.done).toMatchObject({
      ...{ outcome: "cancelled", error: { type: "Cancelled", value: "by me" }, result: null },
      output: 'ready\n{"name":"StoppedError","why":"cancelled","message":"by me","again":"StoppedError"}\n',
    });
  });

  it("that did not ends at once", async () => {
    const patient = bench({ killGraceMs: 600_000 });
    const handle = patient.start(moduleJob("endings.ts", "Hangs", { timeout: 0.5 }));
    expect((await handle.done).outcome).toBe("timed-out");
    await patient.runner.close();
  });

  it.each(["IgnoresTerm", "BlocksLoop"])("%s is killed", async (name) => {
    const handle = await running(moduleJob("endings.ts", name), "ready");
    handle.stop("timed-out");
    expect((await handle.done).outcome).toBe("timed-out");
  });

  it("that hangs at import is under its time limit, too", async () => {
    expect((await run(moduleJob("import-hangs.ts", "Never", { timeout: 0.7 }))).outcome).toBe("timed-out");
  });
});

describe("a lease that is no longer trusted", () => {
  it("starts nothing", async () => {
    const job = command("echo started");
    const ended = await run(job, { trust: { termAt: uptime() - 0.01, killAt: uptime() + 10 } });
    expect(ended).toMatchObject({
      outcome: "interrupted",
      output: null,
      error: { type: "Interrupted", value: expect.stringContaining("was to start") },
    });
  });

  it("ends the job, whatever it does about TERM", async () => {
    const job = command("trap '' TERM; echo ready; while :; do sleep 1; done");
    const ended = await run(job, { trust: { termAt: uptime() + 0.5, killAt: uptime() + 0.9 } });
    expect(ended).toMatchObject({ outcome: "lost", output: "ready\n", error: { type: "LostLease" } });
  });

  it("stays trusted while it is renewed", async () => {
    const { onOutput, there } = seen("ready");
    const handle = start(command("echo ready; sleep 1.5; echo whole"), {
      onOutput,
      trust: { termAt: uptime() + 1, killAt: uptime() + 1.2 },
    });
    await there;
    handle.trust(forLong());
    expect(await handle.done).toMatchObject({ outcome: "succeeded", output: "ready\nwhole\n" });
  });

  it("is no reprieve once the job was told to end", async () => {
    const handle = start(command("trap '' TERM; while :; do sleep 0.05; done"), {
      trust: { termAt: uptime() + 0.3, killAt: uptime() + 0.6 },
    });
    const told = uptime() + 0.4;
    await until(() => uptime() > told);
    handle.trust(forLong());
    expect((await handle.done).outcome).toBe("lost");
  });
});
