import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { learn } from "#lib/run/learn.js";
import { FIXTURES, until } from "./bench.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "crontabber-learn-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string) => join(FIXTURES, name);
const learnOne = async (name: string, timeoutMs = 20_000) => (await learn([file(name)], { timeoutMs })).get(file(name));
const stamps = (...names: string[]) =>
  names.map(file).map((path) => {
    const { size, mtimeMs, ctimeMs } = statSync(path);
    return { path, size, mtimeMs, ctimeMs };
  });

describe("what a module defines", () => {
  it("arrives as data, with the files of the project it imports", async () => {
    expect(await learnOne("definitions.ts")).toEqual({
      ok: true,
      exports: {
        Nightly: {
          ...{ hasRun: true, name: "nightly", schedule: "1d|03:00", timezone: "Europe/Berlin", dependsOn: ["a", "b"], backfill: true },
          ...{ owner: "data-team", runbook: "https://wiki.example/nightly", alertAfter: 2, alerts: true },
          ...{ timeout: "30m", options: { page_size: 100, deep: { list: [1, 2] }, big: "1" } },
        },
        Child: { hasRun: true, dependsOn: "nightly", unknown: ["dependson"] },
        NoRun: { hasRun: false, name: "half" },
        Getter: { hasRun: false },
        config: { hasRun: false },
        Old: { hasRun: false },
        helper: { hasRun: true },
      },
      imports: expect.arrayContaining(stamps("definitions.ts", "shared.mjs", "data.json")),
    });
  });

  it("is the same for .mjs and .cjs", async () => {
    expect(await learnOne("esm.mjs")).toEqual({ ok: true, exports: { Esm: { hasRun: true } }, imports: stamps("esm.mjs", "shared.mjs") });
    const common = await learnOne("common.cjs");
    expect(common).toMatchObject({ ok: true, exports: { Common: { hasRun: true } }, imports: stamps("common.cjs", "common-part.cjs") });
  });

  it("is learned from any folder: `crontabber` is this package", async () => {
    cpSync(file("context.ts"), join(folder, "far.ts"));
    const learned = (await learn([join(folder, "far.ts")], { timeoutMs: 20_000 })).get(join(folder, "far.ts"));
    expect(learned).toMatchObject({ ok: true, exports: { Everything: { hasRun: true, name: "everything" } } });
  });

  it("is found through a cache of compiled modules, and a change is seen", async () => {
    const path = join(folder, "changing.ts");
    const cacheDir = join(folder, "cache");
    const look = async (name: string) => {
      writeFileSync(path, `export const X: object = { name: "${name}", run() {} };`);
      return (await learn([path], { timeoutMs: 20_000, cacheDir })).get(path);
    };
    expect(await look("one")).toMatchObject({ exports: { X: { name: "one" } } });
    expect(await look("two")).toMatchObject({ exports: { X: { name: "two" } } });
  });
});

describe("trouble is pinned to its file", () => {
  it.each([
    ["import-throws.ts", "RangeError", "cannot start a/b"],
    ["import-exits.ts", "ExitedEarly", "process.exit(0) was called while it was imported"],
    ["import-stuck.ts", "NeverSettled", "its top-level await can never settle"],
    ["no-such-file.ts", "Error", expect.stringContaining("ENOENT")],
  ])("%s", async (name, type, value) => {
    expect(await learnOne(name)).toMatchObject({ ok: false, error: { type, value } });
  });

  it.each(["import-hangs.ts", "import-waits.ts"])("%s", async (name) => {
    const error = { type: "ImportTimeout", value: "importing it takes longer than 1.5 s" };
    expect(await learnOne(name, 1_500)).toMatchObject({ ok: false, error });
  });

  it("with the place in the file for a syntax error", async () => {
    const learned = await learnOne("import-syntax.ts");
    expect(learned).toMatchObject({ ok: false, error: { value: expect.stringMatching(/import-syntax\.ts:2:13/) } });
  });

  it("with the files it imported, so that mending one of them is noticed", async () => {
    expect(await learnOne("import-throws.ts")).toMatchObject({ imports: stamps("import-throws.ts", "shared.mjs") });
  });

  it("and spoils no other file, in whatever order", async () => {
    const names = [
      "context.ts",
      "import-hangs.ts",
      "import-late.ts",
      "esm.mjs",
      "import-exits.ts",
      "common.cjs",
      "import-floods.ts",
      "import-throws.ts",
    ];
    const learned = await learn(names.map(file), { timeoutMs: 2_000 });
    const good = names.filter((name) => learned.get(file(name))?.ok);
    expect(good).toEqual(["context.ts", "import-late.ts", "esm.mjs", "common.cjs", "import-floods.ts"]);
    expect(learned.size).toBe(names.length);
  });
});

describe("the child that imports", () => {
  it("sees no credentials, and what env_pass names", async () => {
    process.env.PGPASSWORD = "secret";
    process.env.API_KEY = "named";
    const learned = (await learn([file("import-env.ts")], { timeoutMs: 20_000, envPass: ["API_KEY"], zone: "Asia/Tokyo" })).get(
      file("import-env.ts"),
    );
    const env = JSON.parse(String(learned?.ok && learned.exports.Env?.description));
    expect(Object.keys(env).sort()).toEqual(["API_KEY", "HOME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "TZ", "USER"]);
  });

  it("dies with whoever asked, in the middle of an endless loop", async () => {
    const code = `import { learn } from "#lib/run/learn.js"; await learn([process.argv[1]], { timeoutMs: 600_000 });`;
    const path = join(folder, "loops-for-ever.ts");
    writeFileSync(
      path,
      `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(join(folder, "pid"))}, String(process.pid)); for (;;);`,
    );
    const asker = spawn(process.execPath, ["--input-type=module", "-e", code, path], {
      cwd: import.meta.dirname,
      stdio: ["ignore", "ignore", "inherit"],
    });
    await until(() => readdirSync(folder).includes("pid") && readFileSync(join(folder, "pid"), "utf8") !== "");
    const pid = readFileSync(join(folder, "pid"), "utf8");
    asker.kill("SIGKILL");
    await until(() => !/\) [^ZX]/.test(readOr(`/proc/${pid}/stat`)));
  });
});

function readOr(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // it ended
  }
}
