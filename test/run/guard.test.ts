import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { uptime } from "#lib/clock.js";
import type { Job } from "#lib/core/job.js";
import { freezeTicket } from "#lib/core/ticket.js";
import { atWork, bench, command, moduleJob, seen, ticket, until } from "./bench.ts";

const MAIN = fileURLToPath(new URL("../fixtures/runner.mjs", import.meta.url));
type Told = { readonly guard?: number; readonly output?: string; readonly job?: string; readonly ended?: { readonly outcome: string } };

interface Outer {
  readonly process: ChildProcess;
  readonly told: Told[];
  /** The first message of which it holds, told already or still to come. */
  heard(holds: (message: Told) => boolean): Promise<Told>;
}

const outers: ChildProcess[] = [];
afterAll(() => {
  for (const outer of outers) outer.kill("SIGKILL");
});

/** A runner in a process of its own, which may be killed or stopped. */
function outer(jobs: readonly Job[], over: object = {}): Outer {
  const spec = { jobs, tickets: jobs.map(() => freezeTicket(ticket())), trustSeconds: [1000, 1200], ...over };
  const process = spawn(globalThis.process.execPath, [MAIN, JSON.stringify(spec)], { stdio: ["ignore", "pipe", "inherit"], env: {} });
  outers.push(process);
  const told: Told[] = [];
  const waiting: ((message: Told) => void)[] = [];
  createInterface({ input: process.stdout }).on("line", (line) => {
    const message = JSON.parse(line) as Told;
    told.push(message);
    for (const take of waiting) take(message);
  });
  const heard: Outer["heard"] = (holds) => {
    const found = told.find(holds);
    if (found) return Promise.resolve(found);
    return new Promise((done) => waiting.push((message) => holds(message) && done(message)));
  };
  return { process, told, heard };
}

function alive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
  } catch {
    return false;
  }
}

const guardOf = async (runner: Outer) => (await runner.heard((m) => m.guard !== undefined)).guard ?? 0;
const ready = (runner: Outer, job: Job) => runner.heard((m) => m.job === job.name && m.output?.includes("ready") === true);
const gone = (job: Job) => until(() => atWork(job).length === 0);

/** In the group and out of it, with the run's id and without, with TERM ignored. */
const NEST = [
  "sleep 1000 & env -i MARK=$MARK sleep 1000 & (sleep 1000 & wait) & setsid sleep 1000 &",
  "setsid sh -c 'trap \"\" TERM; sleep 1000; :' & trap '' TERM; echo ready; wait; sleep 1000",
].join("\n");

describe("a job dies with its runner", () => {
  it("killed with SIGKILL: children, grandchildren, and those that left the group", async () => {
    const jobs = [command(NEST, { name: "shell" }), moduleJob("endings.ts", "IgnoresTerm", { name: "module" })];
    const runner = outer(jobs);
    const guard = await guardOf(runner);
    await Promise.all(jobs.map((job) => ready(runner, job)));
    expect(jobs.map((job) => atWork(job).length > 0)).toEqual([true, true]);
    runner.process.kill("SIGKILL");
    await Promise.all(jobs.map(gone));
    await until(() => !alive(guard));
  });

  it("frozen: TERM at the first deadline, KILL at the second", async () => {
    const polite = command("trap 'echo told > /proc/self/fd/1; exit' TERM; echo ready; while :; do sleep 0.05; done", { name: "polite" });
    const deaf = command(NEST, { name: "deaf" });
    const runner = outer([polite, deaf], { trustSeconds: [2, 7] });
    await Promise.all([ready(runner, polite), ready(runner, deaf)]);
    runner.process.kill("SIGSTOP");
    await gone(polite);
    expect(atWork(deaf).length).toBeGreaterThan(0);
    await gone(deaf);
    runner.process.kill("SIGCONT");
    const ends = await Promise.all([polite, deaf].map((job) => runner.heard((m) => m.job === job.name && m.ended !== undefined)));
    expect(ends.map((m) => m.ended)).toMatchObject([{ outcome: "lost" }, { outcome: "lost", error: { type: "LostLease" } }]);
  });

  it("frozen together with its guard: the guard acts on its first instant awake", async () => {
    const job = command(NEST, { name: "j" });
    const runner = outer([job], { trustSeconds: [1, 1.2] });
    const guard = await guardOf(runner);
    await ready(runner, job);
    runner.process.kill("SIGSTOP");
    process.kill(guard, "SIGSTOP");
    const past = uptime() + 1.3;
    await until(() => uptime() > past);
    expect(atWork(job).length).toBeGreaterThan(0);
    process.kill(guard, "SIGCONT");
    await gone(job);
    runner.process.kill("SIGKILL");
  });

  it("frozen for less than that: nothing happens", async () => {
    const job = command("echo ready; sleep 1; echo whole", { name: "j" });
    const runner = outer([job], { trustSeconds: [20, 25] });
    await ready(runner, job);
    runner.process.kill("SIGSTOP");
    await gone(job);
    runner.process.kill("SIGCONT");
    expect(await runner.heard((m) => m.ended !== undefined)).toMatchObject({ ended: { outcome: "succeeded", output: "ready\nwhole\n" } });
  });

  it("signalled with all that is around it: the guard stays until it is done", async () => {
    const job = command(NEST, { name: "j" });
    const runner = outer([job]);
    const guard = await guardOf(runner);
    await ready(runner, job);
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.kill(guard, signal);
    runner.process.kill("SIGTERM");
    await gone(job);
    await until(() => !alive(guard));
  });
});

describe("the guard", () => {
  it("that dies is replaced, and the new one knows what the old one knew", async () => {
    const job = command(NEST, { name: "j" });
    const runner = outer([job]);
    await ready(runner, job);
    const first = await guardOf(runner);
    process.kill(first, "SIGKILL");
    await until(() => childrenOf(runner.process.pid ?? 0).some((pid) => pid !== first && commandLine(pid).includes("guard-main")));
    runner.process.kill("SIGKILL");
    await gone(job);
  });

  it("that dies costs no run", async () => {
    const { runner, start } = bench();
    const { onOutput, there } = seen("ready");
    const handle = start(command("echo ready; sleep 0.5; echo whole"), { onOutput });
    await there;
    const first = runner.guardPid;
    process.kill(first ?? 0, "SIGKILL");
    expect(await handle.done).toMatchObject({ outcome: "succeeded", output: "ready\nwhole\n" });
    expect(runner.guardPid).not.toBe(first);
    await runner.close();
  });

  it("is one for all runs, starts with the first, and goes with the runner", async () => {
    const { runner, run } = bench();
    expect(runner.guardPid).toBeNull();
    await Promise.all([run(command("true")), run(command("true"))]);
    const pid = runner.guardPid ?? 0;
    await run(command("true"));
    expect(runner.guardPid).toBe(pid);
    await runner.close();
    expect(alive(pid)).toBe(false);
  });

  it("keeps no process alive that has nothing left to do", async () => {
    const runner = outer([command("true", { name: "j" })]);
    await guardOf(runner);
    const [code] = await once(runner.process, "exit");
    expect(code).toBe(0);
  });

  it("has nothing of our environment", async () => {
    const { runner, run } = bench();
    await run(command("true"));
    expect(readFileSync(`/proc/${runner.guardPid}/environ`, "utf8")).toBe("");
    await runner.close();
  });
});

describe("a child whose runner dies before the word to go", () => {
  it.each([
    ["a command", "/bin/sh", (spec: { args: readonly string[] }) => spec.args],
    ["a module", process.execPath, (spec: { host: string }) => [spec.host, "j"]],
  ] as const)("%s never starts", async (_kind, file, args) => {
    const { SHELL } = await import("#lib/run/launch.js");
    const host = fileURLToPath(import.meta.resolve("#lib/run/host-main.js"));
    const child = spawn(file, args({ args: ["-c", SHELL, "sh", "echo started"], host } as never), {
      stdio: ["ignore", "pipe", "inherit", "pipe"],
    });
    const output: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => output.push(chunk));
    (child.stdio[3] as NodeJS.WritableStream).end();
    const [code] = await once(child, "close");
    expect({ code, output: Buffer.concat(output).toString() }).toEqual({ code: 125, output: "" });
  });
});

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ").map(Number);
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return ""; // it ended
  }
}
