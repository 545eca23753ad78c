/** The manual page and the topics of help: whole, and readable by those who read such pages. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "#lib/cli/commands.js";
import { EXIT } from "#lib/cli/exit.js";
import { manual } from "#lib/cli/manual.js";
import { OPTIONS } from "#lib/cli/options.js";
import { ENVIRONMENT, OF_JOBS, TOPICS } from "#lib/cli/topics.js";

const page = manual("1.2.3");
/** As somebody reads it, without markup. */
const text = page
  .replace(/\\f[BIR]/g, "")
  .replace(/\\-/g, "-")
  .replace(/\\&/g, "")
  .replace(/\\\[u([0-9A-F]+)\]/g, (_, code) => String.fromCodePoint(Number.parseInt(code, 16)))
  .replace(/\\\((?:aq|dq|ga|ha|ti)/g, "?");
const root = fileURLToPath(new URL("../../", import.meta.url));
const cli = (...args: string[]) => spawnSync(process.execPath, [`${root}dist/cli.js`, ...args], { encoding: "utf8" });
const has = (program: string): boolean => spawnSync(program, ["--version"]).status === 0;

describe("the manual", () => {
  it("has every verb, option, exit code and variable", () => {
    for (const { verb } of COMMANDS) expect(text).toMatch(new RegExp(`^${verb}( |$)`, "m"));
    for (const { name, short, also = [] } of OPTIONS) {
      for (const one of [name, ...also]) expect(text).toContain(`--${one}`);
      if (short) expect(text).toContain(`-${short}`);
    }
    // 70 is a bug of ours: nobody plans for it.
    for (const code of Object.values(EXIT).filter((one) => one !== EXIT.software))
      expect(text).toMatch(new RegExp(`^(\\d+, )?${code}(, \\d+)?$`, "m"));
    for (const [names] of [...ENVIRONMENT, ...OF_JOBS]) expect(text).toContain(names);
  });

  it("names every variable that the program reads, and every one that it gives to jobs", () => {
    const told = [...ENVIRONMENT, ...OF_JOBS].flatMap(([names]) => names.split(", "));
    const sources = readdirSync(`${root}src`, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    const all = sources.map((file) => readFileSync(`${root}src/${file}`, "utf8")).join("\n");
    const read = new Set([...all.matchAll(/\benv\.([A-Z][A-Z_]+)\b/g)].map(([, name = ""]) => name));
    const given = new Set(
      [...readFileSync(`${root}src/run/environment.ts`, "utf8").matchAll(/\b(CRONTABBER_[A-Z_]+)\b/g)].map(([, name = ""]) => name),
    );
    // PATH and USER are the account's, as everywhere.
    expect([...read, ...given].filter((name) => !told.includes(name) && !["PATH", "USER"].includes(name))).toEqual([]);
    expect(given.size).toBeGreaterThan(5);
  });

  it("is written with the package, and by the verb", () => {
    const { version, man } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { version: string; man: string };
    expect(readFileSync(root + man, "utf8")).toBe(manual(version));
    expect(cli("man")).toMatchObject({ status: 0, stderr: "", stdout: manual(version) });
  });

  it.runIf(has("groff"))("groff has nothing to warn of, and shows what is meant", () => {
    const shown = spawnSync("groff", ["-man", "-ww", "-Tutf8", "-P-cbou"], { input: page, encoding: "utf8" });
    expect({ status: shown.status, stderr: shown.stderr }).toEqual({ status: 0, stderr: "" });
    const plain = shown.stdout;
    expect(plain).toContain("crontabber [VERB] [NAME] [options]");
    expect(plain).toMatch(/^ {7}simulate \[NAME\.\.\.\]$/m);
    expect(plain).toContain('eval "$(crontabber completion bash)"');
    expect(plain).not.toMatch(/\\f|\\\(/);
  });

  it.runIf(has("man"))("man shows it", () => {
    const { status, stdout } = spawnSync("man", ["--warnings", "-l", "-"], {
      input: page,
      encoding: "utf8",
      env: { ...process.env, MANPAGER: "cat", MANWIDTH: "80" },
    });
    expect(status).toBe(0);
    expect(stdout).toMatch(/SYNOPSIS/);
  });
});

describe("help", () => {
  it.each(TOPICS.map(({ name, title }) => [name, title]))("%s is a topic", (name, title) => {
    expect(cli("help", name)).toMatchObject({ status: 0, stderr: "", stdout: expect.stringMatching(new RegExp(`^${title}\n`)) });
  });
  it("names its topics, and what was probably meant", () => {
    expect(cli("help").stdout.replace(/\s+/g, " ")).toContain("help TOPIC: schedules, exit-codes, environment, promise.");
    expect(cli("help", "schedule")).toMatchObject({ status: 64, stderr: expect.stringContaining('did you mean "schedules"?') });
  });
});
