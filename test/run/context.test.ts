import { afterAll, describe, expect, it } from "vitest";
import { plainOutput } from "#lib/core/streams.js";
import type { Progress } from "#lib/run/protocol.js";
import { bench, moduleJob, ticket } from "./bench.ts";

const { runner, run, start } = bench();
afterAll(() => runner.close());

describe("ctx", () => {
  it("tells the run", async () => {
    const claimed = ticket({ slot: new Date("2026-03-04T05:06:07.890Z"), attempt: 2, missed: 5, fence: 12345678901234567890n });
    const { result } = await run(moduleJob("context.ts", "Everything", { options: { page_size: 500 } }), { ticket: claimed });
    expect(JSON.parse(result ?? "")).toEqual({
      ...{ slot: "2026-03-04T05:06:07.890Z", isDate: true, attempt: 2, missed: 5, runId: claimed.runId },
      ...{ fence: "bigint", number: "12345678901234567890", options: { page_size: 500 }, aborted: false },
    });
  });

  it("logs into the output", async () => {
    const { output } = await run(moduleJob("context.ts", "Logs"));
    const lines = plainOutput(output ?? "")
      .trim()
      .split("\n");
    const logged = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
    const time = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(logged).toEqual([
      { level: "info", time, rows: 3, msg: "loaded" },
      { level: "warn", time, msg: "careful" },
      { level: "error", time, part: "a", err: expect.objectContaining({ type: "Error", message: "bad" }), msg: "failed" },
    ]);
    expect(lines.filter((line) => !line.startsWith("{")).sort()).toEqual(["complained", "printed"]);
  });

  it("has no tx without transaction: true, and says what to do", async () => {
    const { error } = await run(moduleJob("context.ts", "NoTransaction"));
    expect(error).toMatchObject({ type: "Error", value: "ctx.tx: the job has no transaction; set transaction: true, or use ctx.db" });
  });
});

describe("ctx.progress", () => {
  it("is told while the job runs", async () => {
    const told: Progress[] = [];
    const handle = start(moduleJob("context.ts", "ReportsOnce"), {
      onProgress: (progress) => {
        told.push(progress);
        handle.stop("cancelled");
      },
    });
    await handle.done;
    expect(told).toEqual([{ done: 1, total: 2, message: "half", at: expect.stringMatching(/Z$/) }]);
  });

  it("is throttled, keeps the last, and can be stored", async () => {
    const told: Progress[] = [];
    await run(moduleJob("context.ts", "Reports"), { onProgress: (progress) => told.push(progress) });
    expect(told.length).toBeLessThan(10);
    expect(told[0]).toMatchObject({ done: 1, total: 4, message: "first" });
    expect(told.at(-1)).toMatchObject({ done: 4, total: 4, message: "last \ufffd \ufffd" });
  });
});

it("ctx.exec", async () => {
  const { result, error } = await run(moduleJob("context.ts", "Execs"));
  expect(error).toBeNull();
  const failed = (code: number, message: string, rest: object = {}) => ({
    ...{ name: "ExecError", code, signal: null, stdout: "", stderr: "", message, command: expect.any(String), args: expect.any(Array) },
    ...rest,
  });
  expect(JSON.parse(result ?? "")).toEqual({
    plain: { code: 0, stdout: "out\n1 j\n/\n", stderr: "err\n" },
    noShell: { code: 0, stdout: "$HOME; echo 'x'\n", stderr: "" },
    input: { code: 0, stdout: "given", stderr: "" },
    unread: { code: 0, stdout: "", stderr: "" },
    unchecked: { code: 3, stdout: "", stderr: "" },
    code: failed(3, "sh: exit code 3\nwhy", { stderr: "why\n" }),
    signal: failed(137, "sh: killed by SIGKILL", { signal: "SIGKILL" }),
    timeout: failed(143, "sleep: timed out after 0.1 s", { signal: "SIGTERM" }),
    flood: "cat: printed more than maxBuffer, 1000 bytes",
    missing: "spawn /no/such/program ENOENT",
    background: { code: 0, stdout: "started\n", stderr: "" },
  });
});
