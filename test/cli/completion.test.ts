/** Completion in real shells: those that are installed. A shell that is not is told by a test that did not run. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "#lib/cli/commands.js";
import { EVERYWHERE, OLD_FLAGS, type Option } from "#lib/cli/options.js";
import { makeSite } from "../helpers/hosts.ts";

const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const has = (shell: string): boolean => spawnSync(shell, ["--version"]).status === 0;

const SHELLS = {
  bash: ["bash", "--norc", fixture("complete.bash")],
  zsh: ["zsh", "-f", fixture("complete.zsh")],
  fish: ["fish", "--no-config", fixture("complete.fish")],
} as const;
type Shell = keyof typeof SHELLS;

const site = makeSite(`[crontabber]
    jobs = jobs.Report|1h
[job:ingest]
    command = true
    schedule = 1h
[job:night-ly]
    command = true
    schedule = 1d
`);
beforeAll(async () => {
  site.write("jobs.ts", 'export const Report = { name: "weekly-report", run() {} };\n');
  site.write("other.ini", "[crontabber]\n[job:elsewhere]\n    command = true\n    schedule = 1h\n");
  mkdirSync(join(site.folder, "bin"));
  site.write("bin/crontabber", `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`);
  chmodSync(join(site.folder, "bin/crontabber"), 0o755);
  // What modules say is remembered from here on: completion imports none.
  expect((await site.run("one", ["graph", "--no-state"])).code).toBe(0);
  for (const shell of Object.keys(SHELLS)) site.write(`script.${shell}`, (await site.run("one", ["completion", shell])).stdout);
});
afterAll(() => site.close());

/** What each line offers, sorted. */
function offered(shell: Shell, lines: readonly string[]): Record<string, string[]> {
  const [command, ...args] = SHELLS[shell];
  const env = {
    HOME: site.folder,
    PATH: `${join(site.folder, "bin")}:${process.env.PATH}`,
    XDG_STATE_HOME: join(site.folder, "state-one"),
    LANG: "C.UTF-8",
  };
  const said = execFileSync(command, [...args, join(site.folder, `script.${shell}`), ...lines], {
    cwd: site.folder,
    env,
    encoding: "utf8",
  });
  const found: Record<string, string[]> = {};
  let at: string[] = [];
  for (const word of said.split("\n").filter(Boolean)) {
    const [, line] = /^\[(.*)\]$/.exec(word) ?? [];
    if (line === undefined) at.push(word);
    else found[line] = at = [];
  }
  return Object.fromEntries(Object.entries(found).map(([line, words]) => [line, words.sort()]));
}

const JOBS = ["ingest", "night-ly", "weekly-report"];
const verbs = COMMANDS.map(({ verb }) => verb).sort();

describe.each(Object.keys(SHELLS) as Shell[])("%s", (shell) => {
  it.runIf(has(shell))("verbs, names of jobs, values and files where each may stand", () => {
    const expected: Record<string, string[]> = {
      "crontabber ": verbs,
      "crontabber gr": ["graph"],
      "crontabber show ": JOBS,
      "crontabber show ni": ["night-ly"],
      "crontabber show ingest ": [],
      "crontabber simulate ingest w": ["weekly-report"],
      "crontabber -c other.ini show ": ["elsewhere"],
      "crontabber --config=other.ini pause --note why ": ["elsewhere"],
      "crontabber -c nowhere.ini show ": [],
      "crontabber --job ": JOBS,
      "crontabber -j in": ["ingest"],
      "crontabber --reset-job ": JOBS,
      "crontabber graph --format ": ["dot", "json", "mermaid", "text"],
      "crontabber completion z": ["zsh"],
      "crontabber config i": ["init"],
      "crontabber config init oth": ["other.ini"],
      "crontabber -c oth": ["other.ini"],
      "crontabber help expl": ["explain"],
      "crontabber help sched": ["schedules"],
      "crontabber pause ingest --for ": [],
    };
    expect(offered(shell, Object.keys(expected))).toEqual(expected);
  });

  it.runIf(has(shell))("every option of every verb, and the flags of the Python tool where there is none", () => {
    const long = (options: readonly Option[]) => options.flatMap(({ name, also = [] }) => [name, ...also].map((one) => `--${one}`));
    const wanted: Record<string, string[]> = { "crontabber --": [...new Set(long([...OLD_FLAGS, ...EVERYWHERE]))].sort() };
    // One table makes all scripts: in the slower shells a few verbs show as much.
    const asked = COMMANDS.filter(({ verb }) => shell === "bash" || ["run", "backfill", "graph", "migrate"].includes(verb));
    for (const { verb, options } of asked) wanted[`crontabber ${verb} --`] = [...new Set(long([...options, ...EVERYWHERE]))].sort();
    expect(offered(shell, Object.keys(wanted))).toEqual(wanted);
  });
});

describe("completion jobs", () => {
  it("answers without a database, and without a word where there is nothing to answer", async () => {
    const silent = { code: 0, stdout: "", stderr: "" };
    expect(await site.run("one", ["completion", "jobs"])).toMatchObject({
      code: 0,
      stdout: `${["weekly-report", "ingest", "night-ly"].join("\n")}\n`,
      stderr: "",
    });
    expect(await site.run("one", ["completion", "jobs", "-c", "nowhere.ini"])).toMatchObject(silent);
    site.write("broken.ini", "[crontabber\n jobs = '''\n");
    expect(await site.run("one", ["completion", "jobs", "-c", "broken.ini"])).toMatchObject(silent);
  });

  it("a host that has not seen the modules yet imports none of them", async () => {
    site.write("trap.ts", 'import { writeFileSync } from "node:fs";\nwriteFileSync("sprung", "");\nexport const Trap = { run() {} };\n');
    site.write("trap.ini", "[crontabber]\n    jobs = trap.Trap|1h\n[job:plain]\n    command = true\n    schedule = 1h\n");
    expect(await site.run("two", ["completion", "jobs", "-c", "trap.ini"])).toMatchObject({ code: 0, stdout: "plain\n", stderr: "" });
    expect(site.lines("sprung")).toEqual([]);
  });

  it("another shell is a mistake", async () => {
    expect(await site.run("one", ["completion", "tcsh"])).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("bash or zsh or fish"),
    });
  });
});
