/** Processes that are started before anybody has claimed their run: they wait, do nothing, and never outlive those who wait for them. */
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { uptime } from "#lib/clock.js";
import { atWork, type Bench, bench, command, forLong, moduleJob, ticket, until } from "./bench.ts";

let hosts: Bench;
let folder: string;
beforeEach(() => {
  hosts = bench();
  folder = mkdtempSync(join(tmpdir(), "crontabber-standby-"));
});
afterEach(async () => {
  await hosts.runner.close();
  rmSync(folder, { recursive: true, force: true });
});

const touch = () => {
  const file = join(folder, "worked");
  return { file, job: command(`touch ${file}; echo "$CRONTABBER_SLOT $CRONTABBER_ATTEMPT $CRONTABBER_FENCE $CRONTABBER_RUN_ID"`) };
};

describe("a process that stands ready", () => {
  it("does nothing of the job before its word, and is the run's own then", async () => {
    const { file, job } = touch();
    const claimed = ticket({ attempt: 3, fence: 42n });
    await hosts.runner.prepare(job, claimed.runId, forLong());
    const waiting = atWork(job);
    expect(waiting).toHaveLength(1);
    expect(hosts.runner.prepared(job, claimed.runId)).toBe(true);
    expect(existsSync(file)).toBe(false);
    const { outcome, output } = await hosts.run(job, { ticket: claimed });
    expect([outcome, output]).toEqual(["succeeded", `${claimed.slot.toISOString()} 3 42 ${claimed.runId}\n`]);
    expect(atWork(job)).toEqual([]);
  });

  it("of a module knows its run by the word, too", async () => {
    const job = moduleJob("import-env.ts", "Prints");
    const claimed = ticket({ attempt: 7 });
    await hosts.runner.prepare(job, claimed.runId, forLong());
    const { outcome } = await hosts.run(job, { ticket: claimed });
    expect(outcome).toBe("succeeded");
  });

  it("is gone when it is dismissed, and when its runner is closed", async () => {
    const { file, job } = touch();
    const runId = randomUUID();
    await hosts.runner.prepare(job, runId, forLong());
    await hosts.runner.dismiss(runId);
    expect([atWork(job), hosts.runner.prepared(job, runId)]).toEqual([[], false]);
    await hosts.runner.prepare(job, randomUUID(), forLong());
    await hosts.runner.close();
    await until(() => atWork(job).length === 0);
    expect(existsSync(file)).toBe(false);
  });

  it("is ended by the guard when its time is over, and of no use then", async () => {
    const { job } = touch();
    const claimed = ticket();
    await hosts.runner.prepare(job, claimed.runId, { termAt: uptime() + 0.2, killAt: uptime() + 0.3 });
    await until(() => atWork(job).length === 0);
    expect(hosts.runner.prepared(job, claimed.runId)).toBe(false);
  });

  it("is not taken just before its time is over: the guard would end the run for it", async () => {
    const { job } = touch();
    const claimed = ticket();
    await hosts.runner.prepare(job, claimed.runId, { termAt: uptime() + 0.15, killAt: uptime() + 100 });
    expect(hosts.runner.prepared(job, claimed.runId)).toBe(false);
    const { outcome } = await hosts.run(job, { ticket: claimed });
    expect(outcome).toBe("succeeded");
  });

  it("is not taken for a job that has changed", async () => {
    const { job } = touch();
    const claimed = ticket();
    await hosts.runner.prepare(job, claimed.runId, forLong());
    const { outcome, output } = await hosts.run({ ...job, command: "echo new" }, { ticket: claimed });
    expect([outcome, output]).toEqual(["succeeded", "new\n"]);
  });

  it("is none where the environment would make it work before its word; then nothing it prints is lost either", async () => {
    const worked = join(folder, "worked");
    const preload = join(folder, "preload.cjs");
    writeFileSync(preload, `require("node:fs").writeFileSync(${JSON.stringify(worked)}, ""); console.log("preloaded");`);
    const plain = moduleJob("import-env.ts", "Prints");
    const job = { ...plain, env: { ...plain.env, NODE_OPTIONS: `--require=${preload}` } };
    const claimed = ticket();
    await hosts.runner.prepare(job, claimed.runId, forLong());
    expect([atWork(job), hosts.runner.prepared(job, claimed.runId)]).toEqual([[], false]);
    await hosts.runner.dismiss(claimed.runId);
    expect(existsSync(worked)).toBe(false);
    const { outcome, output } = await hosts.run(job, { ticket: claimed });
    expect([outcome, output?.startsWith("preloaded\n")]).toEqual(["succeeded", true]);
  });
});
