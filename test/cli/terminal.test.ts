/** What somebody at a terminal sees of a pass. A pseudo-terminal comes from script(1). */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { makeSite } from "../helpers/hosts.ts";
import { freshDatabase } from "../helpers/pg.ts";

const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const hasScript = spawnSync("script", ["--version"]).status === 0;

const database = await freshDatabase();
const site = makeSite(
  `
[crontabber]
    database_url = ${database.url}
    error_retry_time = 0
[job:hello]
    command = printf 'one\\n\\033[31mtwo\\033[0m\\nhalf'
    schedule = manual
[job:bad]
    command = exit 3
    schedule = 1h
`,
);
afterAll(async () => {
  await site.close();
  await database.drop();
});

/** What stands there when all is drawn: the last of what was written over itself. */
const drawn = (line: string): string => line.split("\u001b[J").at(-1) ?? "";

/** Runs a command on a pseudo-terminal of its own: its code, and what stood there. Times and slots are taken out. */
function onTerminal(args: string, env: Record<string, string> = {}): { code: number | null; screen: string[] } {
  const command = `"${process.execPath}" "${CLI}" ${args}`;
  const { status, stdout } = spawnSync("script", ["-qec", command, "/dev/null"], {
    cwd: site.folder,
    encoding: "utf8",
    env: { HOME: site.folder, PATH: process.env.PATH ?? "", TERM: "xterm", LANG: "C.UTF-8", ...env },
  });
  const screen = stdout
    .replaceAll("\r\n", "\n")
    .replace(/\d+\.\d+s/g, "TIME")
    .replace(/slot [\dT:-]+Z/g, "slot T")
    .replace(/run #\d+/g, "run #N");
  return { code: status, screen: screen.split("\n").filter(Boolean).map(drawn) };
}

describe.skipIf(!hasScript)("on a terminal", () => {
  it("a job by name: what it prints, behind its name, no colours of its own, and how it ended", () => {
    expect(onTerminal("run hello --force --no-color")).toEqual({
      code: 0,
      screen: ["hello │ one", "hello │ two", "hello │ half", "✔ hello  TIME  slot T"],
    });
    expect(onTerminal("run hello --force", { NO_COLOR: "1" }).screen[0]).toBe("hello │ one");
    expect(onTerminal("run hello --force --ascii --no-color").screen).toEqual([
      ...["hello | one", "hello | two", "hello | half", "+ hello  TIME  slot T"],
    ]);
    const plain = onTerminal("run hello --force", { LANG: "C" }).screen.join("");
    expect(Buffer.byteLength(plain)).toBe(plain.length);
    expect(onTerminal("run hello --force").screen.at(-1)).toBe("\u001b[32m✔\u001b[39m hello  TIME  slot T");
  });

  it("what did not run, and what failed, comes with a next step", () => {
    expect(onTerminal("run hello --no-color")).toEqual({
      code: 4,
      screen: ["· hello does not run: not-yet, runs only on request", "· why? crontabber explain hello"],
    });
    expect(onTerminal("run bad --no-color")).toEqual({
      code: 1,
      screen: ["✖ bad  ExitCode after TIME  run #N, slot T", "  │ exit code 3", "  └ retries with the next pass", "· crontabber logs bad"],
    });
  });

  it("a plain pass sums itself up, and trouble is told every time", () => {
    expect(onTerminal("--no-color")).toEqual({
      code: 0,
      screen: [
        "✖ bad  ExitCode after TIME  run #N, slot T, attempt 2, 2 in a row",
        "  │ exit code 3",
        "  └ retries with the next pass",
        "0 ok · 1 failed · 1 not due     TIME     crontabber logs bad",
      ],
    });
    expect(onTerminal("-q")).toEqual({ code: 0, screen: [] });
    site.write("bad.ini", "[crontabber]\n  leese = 1\n");
    for (const _ of [1, 2]) {
      expect(onTerminal("-c bad.ini --no-color")).toEqual({
        code: 78,
        screen: [expect.stringMatching(/^✖ bad\.ini:2:.*did you mean "lease"/)],
      });
    }
  });
});
