import { statSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { plainOutput } from "#lib/core/streams.js";
import { atWork, bench, command, FIXTURES, moduleJob } from "./bench.ts";

const { run, runner, start } = bench();
afterAll(() => runner.close());

/** Whether every user may enter the folder. */
function openToAll(path: string): boolean {
  return (statSync(path).mode & 0o005) === 0o005 && (path === "/" || openToAll(dirname(path)));
}

const ending = async (name: string) => {
  const { outcome, error, result, committed } = await run(moduleJob("endings.ts", name));
  const value = error && { type: error.type, value: error.value };
  return { outcome, ...(value && { error: value }), ...(result !== null && { result }), ...(committed !== "no" && { committed }) };
};
const failed = (type: string, value: unknown) => ({ outcome: "failed", error: { type, value } });

describe("whatever a job throws is a record", () => {
  it.each([
    ["ThrowsError", "OutOfCheese", "redo from start"],
    ["ThrowsNull", "null", "null"],
    ["ThrowsUndefined", "undefined", "undefined"],
    ["ThrowsString", "string", "just text"],
    ["ThrowsNumber", "number", "42"],
    ["ThrowsSymbol", "symbol", "Symbol(s)"],
    ["ThrowsGetters", "Error", ""],
    ["ThrowsObject", "Object", "{ code: 7, why: 'because' }"],
    ["ThrowsNul", "Error", "a\ufffdb\ufffdc"],
  ])("%s", async (name, type, value) => {
    expect(await ending(name)).toEqual(failed(type, value));
  });

  it("ThrowsProxy", async () => {
    expect(await ending("ThrowsProxy")).toEqual(failed("object", expect.any(String)));
  });

  it("frames only, and the cause with its own", async () => {
    const { error } = await run(moduleJob("endings.ts", "ThrowsError"));
    expect(error).toEqual({
      type: "OutOfCheese",
      value: "redo from start",
      traceback: expect.stringMatching(/^ {4}at .*endings\.ts:\d+:\d+\)?(\n {4}at .*)*$/),
      cause: { type: "TypeError", value: "no cheese", traceback: expect.stringContaining("endings.ts:") },
    });
    expect(error?.traceback).not.toContain("dist/run/");
  });

  it("no line of the message becomes a frame", async () => {
    const { error } = await run(moduleJob("endings.ts", "ThrowsLines"));
    expect(error?.value).toBe("first\n    at the beginning\nthird");
    expect(error?.traceback).not.toContain("beginning");
  });

  it("circular causes end, parts of an aggregate are kept", async () => {
    const [circle, several] = await Promise.all([
      run(moduleJob("endings.ts", "ThrowsCircle")),
      run(moduleJob("endings.ts", "ThrowsAggregate")),
    ]);
    expect(JSON.stringify(circle.error).split('"round"').length - 1).toBe(9);
    expect(several.error).toMatchObject({
      type: "AggregateError",
      errors: [
        { type: "Error", value: "one" },
        { type: "string", value: "two" },
      ],
    });
  });

  it("a huge message is cut at 64 KiB, on a character", async () => {
    const { error } = await run(moduleJob("endings.ts", "ThrowsHuge"));
    expect(Buffer.byteLength(error?.value ?? "")).toBeLessThanOrEqual(65_536);
    expect(error?.value).toMatch(/^€{21000,}\n… cut$/);
  });
});

describe("a job cannot leave unseen", () => {
  it.each([
    ["ExitsZero", "ExitedEarly", "process.exit(0) was called before run() settled"],
    ["ExitsThree", "ExitedEarly", "process.exit(3) was called before run() settled"],
    ["ReallyExits", "ExitedEarly", "the process ended with exit code 0 before run() settled"],
    ["Aborts", "Signal", "killed by SIGABRT"],
    ["RejectsUnhandled", "RangeError", "nobody listens"],
    ["ThrowsLater", "RangeError", "later"],
    ["NeverSettles", "NeverSettled", "run() can never settle: nothing is left that it could be waiting for"],
  ])("%s", async (name, type, value) => {
    expect(await ending(name)).toEqual(failed(type, value));
  });

  it("says who called process.exit", async () => {
    const { error } = await run(moduleJob("endings.ts", "ExitsThree"));
    expect(error?.traceback).toMatch(/^ {4}at .*endings\.ts:/);
  });
});

describe("whatever a job returns is a result or a note", () => {
  it.each([
    ["KeepsHandles", '"done"'],
    ["ReturnsNothing", undefined],
    ["ReturnsCycle", '{"note":"result left out: it cannot be written as JSON: Converting circular structure to JSON"}'],
    ["ReturnsBig", '{"note":"result left out: 70002 bytes, at most 65536 are kept"}'],
    ["ReturnsLimit", `"${"x".repeat(65_534)}"`],
    ["ReturnsNul", String.raw`{"k\ufffd":"a\ufffdb","lone":"\ufffd","pair":"😀","literal":"\\u0000"}`],
    ["ReturnsBigint", '{"n":"12345678901234567890","map":{},"date":"1970-01-01T00:00:00.000Z"}'],
    ["ReturnsThrower", '{"note":"result left out: it cannot be written as JSON: not me"}'],
  ])("%s", async (name, result) => {
    expect(await ending(name)).toEqual({ outcome: "succeeded", ...(result !== undefined && { result }) });
  });
});

describe("output", () => {
  it("is whole up to 64 KiB a stream, head and tail beyond, in the order it came", async () => {
    const { output } = await run(moduleJob("endings.ts", "PrintsThenExits"));
    expect(output).toBe(`${"y".repeat(32_768)}\n… ${500_008 - 65_536} bytes left out …\n${"y".repeat(32_768 - 8)}the end\n`);
  });

  it("of 100 MB grows no memory", async () => {
    const before = process.memoryUsage().rss;
    const { output, outcome } = await run(command("head -c 100000000 /dev/zero; echo end"));
    expect(outcome).toBe("succeeded");
    expect(output).toBe(`${"\ufffd".repeat(10_922)}\n… ${300_000_004 - 65_533} bytes left out …\n${"\ufffd".repeat(10_921)}end\n`);
    expect(process.memoryUsage().rss - before).toBeLessThan(60e6);
  });

  it("survives whatever bytes a command prints, and /dev/stderr can be written to", async () => {
    const { output } = await run(command("printf 'a\\0b\\377c'; echo oops > /dev/stderr; echo done > /dev/stdout"));
    expect(output).toContain("a\ufffdb\ufffdc");
    expect(output).toContain("oops\n");
    expect(output).toContain("done\n");
  });

  it("comes through sockets where no pipes can be made", async () => {
    const { TMPDIR } = process.env;
    process.env.TMPDIR = "/no/such/folder";
    const handle = start(command("echo out; sleep 0.1; echo err >&2"));
    expect(plainOutput((await handle.done).output)).toBe("out\nerr\n");
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  });

  it("is null if there was none", async () => {
    expect(await run(command("true"))).toEqual({ outcome: "succeeded", error: null, result: null, output: null, committed: "no" });
  });
});

describe("a command", () => {
  it("fails with its exit code and its last words", async () => {
    expect(await run(command("echo out; echo why >&2; exit 3"))).toEqual({
      outcome: "failed",
      error: { type: "ExitCode", value: "exit code 3", traceback: "why" },
      result: null,
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what says which stretch is whose
      output: expect.stringMatching(/^(out\nwhy\n|why\nout\n)\u001e(4,4|0,4,4)$/),
      committed: "no",
    });
  });

  it("fails with the signal that killed it", async () => {
    expect((await run(command("kill -SEGV $$"))).error).toEqual({ type: "Signal", value: "killed by SIGSEGV", traceback: "" });
  });

  it("is never interpolated", async () => {
    const { output } = await run(command(`echo '$HOME' "\${NAME-unset}" '%(x)s' '"' \\\\`));
    expect(output).toBe('$HOME unset %(x)s " \\\n');
  });

  it("reads nothing, runs in the configuration's folder, and holds no descriptor of ours", async () => {
    const { output } = await run(
      command("cat; pwd; umask; for fd in 3 4 5; do [ -e /proc/self/fd/$fd ] && readlink /proc/$$/fd/$fd; done; true"),
    );
    expect(output).toMatch(/test\/fixtures\/jobs\n0022\n$/);
  });

  it.each([
    [{ cwd: "/no/such/folder" }, "cwd = /no/such/folder: no such folder"],
    [{ user: "nobody-at-all" }, "user = nobody-at-all: no such user in /etc/passwd"],
    [{ env: { A: "b\0" } }, expect.stringContaining("null bytes")],
  ])("that cannot be started fails: %j", async (over, value) => {
    expect(await run(command("true", over as object))).toMatchObject({ outcome: "failed", error: { type: "StartError", value } });
  });

  it.skipIf(process.getuid?.() !== 0)("under another account has its groups, its home, and its own ending", async () => {
    const job = command("id -u; id -Gn; echo $HOME $USER $LOGNAME; echo x > /dev/stderr; kill -SEGV $$", { user: "nobody" });
    expect(await run(job)).toMatchObject({
      outcome: "failed",
      error: { value: "killed by SIGSEGV" },
      output: expect.stringMatching(/^65534\nnogroup\n\/nonexistent nobody nobody\nx\n/),
    });
  });
});

describe("a module", () => {
  it.skipIf(process.getuid?.() !== 0 || !openToAll(FIXTURES))(
    "under another account is that account, before its code is read",
    async () => {
      expect(await run(moduleJob("context.ts", "Who", { user: "nobody" }))).toMatchObject({
        outcome: "succeeded",
        result: "[65534,65534,[65534]]",
      });
    },
  );

  it.each([
    ["bare", '"bare 1"'],
    ["plain", "2"],
    ["default", '"default"'],
  ])("export %s runs", async (name, result) => {
    expect(await run(moduleJob("context.ts", name))).toMatchObject({ outcome: "succeeded", result });
  });

  it.each([
    ["esm.mjs", "Esm", '["a/b","later",true]'],
    ["common.cjs", "Common", '["cjs",true]'],
  ])("%s loads like any other", async (file, name, result) => {
    expect(await run(moduleJob(file, name))).toMatchObject({ outcome: "succeeded", result });
  });

  it.each([
    ["Old", /export "Old" of .*context\.ts is a class: export defineJob/],
    ["config", /is an object without run\(\)/],
    ["Nothing", /has no export "Nothing"; it has Everything, Execs,/],
  ])("export %s fails and says why", async (name, value) => {
    expect(await run(moduleJob("context.ts", name))).toMatchObject({
      outcome: "failed",
      error: { type: "TypeError", value: expect.stringMatching(value) },
    });
  });

  it("that throws at import fails, and is not tried a second way", async () => {
    const error = { type: "RangeError", value: "cannot start" };
    expect(await run(moduleJob("import-throws.mjs", "X"))).toMatchObject({ outcome: "failed", error, output: "importing\n" });
  });

  it("leaves nothing behind", async () => {
    const job = moduleJob("context.ts", "Execs");
    await run(job);
    expect(atWork(job)).toEqual([]);
  });
});
