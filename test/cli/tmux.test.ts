/** What moves, on a real terminal: tmux is one that can be read back. */
import { execFileSync, spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { columns } from "#lib/report/safe.js";
import { makeSite } from "../helpers/hosts.ts";
import { freshDatabase } from "../helpers/pg.ts";

const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const hasTmux = spawnSync("tmux", ["-V"]).status === 0;

const database = await freshDatabase();
const site = makeSite(`
[crontabber]
    database_url = ${database.url}
    jobs = steps.Steps|manual
[job:日本語の仕事]
    command = echo out; echo err >&2; while test ! -e go; do sleep 0.02; done
    schedule = manual
[job:${"long-".repeat(8)}name]
    command = true
    schedule = manual
`);
site.write(
  "steps.ts",
  `import { existsSync } from "node:fs";
export const Steps = { async run(ctx) {
  ctx.progress(1, 4, "page 1");
  while (!existsSync("go")) await new Promise((done) => setTimeout(done, 20));
} };
`,
);
await site.run("web-1", ["migrate"]);

const socket = join(site.folder, "tmux");
const tmux = (...args: string[]): string => execFileSync("tmux", ["-S", socket, "-f", "/dev/null", "-u", ...args], { encoding: "utf8" });
/** The newest terminal. */
let at = "first";
let terminals = 0;
const open = (command: string, { width = 80, height = 24 } = {}) => {
  at = `t${terminals++}`;
  tmux("new-session", "-d", "-s", at, "-x", String(width), "-y", String(height), command);
};

beforeAll(() => {
  // A server that outlives every terminal.
  if (hasTmux) open("cat");
});
afterEach(() => {
  site.write("go", "");
  if (hasTmux) tmux("kill-session", "-t", at);
});
beforeEach(() => rmSync(join(site.folder, "go"), { force: true }));
afterAll(async () => {
  spawnSync("tmux", ["-S", socket, "kill-server"]);
  await site.close();
  await database.drop();
});

interface Screen {
  /** Lines that are not empty. `codes`: with colours. */
  lines(codes?: boolean): string[];
  shows(pattern: RegExp, codes?: boolean): Promise<void>;
}

/** `crontabber ARGS` on a terminal of its own; `code N` stands there at the end. */
function terminal(args: string, size: Parameters<typeof open>[1] = {}): Screen {
  const env = `HOME=${site.folder} CRONTABBER_HOST=web-1 LANG=C.UTF-8 LC_ALL=C.UTF-8`;
  const shell = `cd ${site.folder}; env ${env} ${process.execPath} ${CLI} ${args}; echo code $?; cat`;
  open(shell, size);
  const lines = (codes = false) =>
    tmux("capture-pane", "-t", at, "-p", ...(codes ? ["-e"] : []))
      .split("\n")
      .filter((line) => line.trim() !== "");
  const shows = (pattern: RegExp, codes = false) =>
    vi.waitFor(() => expect(lines(codes).join("\n")).toMatch(pattern), { timeout: 20_000, interval: 50 });
  return { lines, shows };
}

describe.skipIf(!hasTmux)("on a terminal", () => {
  it("a run's progress moves on one line, also when the terminal is resized, and leaves it", async () => {
    const screen = terminal("run steps --force");
    await screen.shows(/^◐ steps {2}0:0\d {3}\[█{5} {15}\] 25 % {3}1\/4 page 1$/m);
    await screen.shows(/0:0[2-9]/);
    tmux("resize-window", "-t", at, "-x", "40");
    await screen.shows(/^◐ steps {2}0:\d\d {3}25 % {3}1\/4 page 1$/m);
    tmux("resize-window", "-t", at, "-x", "16");
    await screen.shows(/^◐ steps {2}0:\d+ ?…$/m);
    expect(screen.lines().filter((line) => line.startsWith("◐"))).toHaveLength(1);
    tmux("resize-window", "-t", at, "-x", "80");
    site.write("go", "");
    await screen.shows(/^code 0$/m);
    expect(screen.lines()).toEqual([expect.stringMatching(/^✔ steps {2}\S+ {2}slot /), "code 0"]);
  });

  it("a watched list is drawn again, whatever the width, and gives the screen back", async () => {
    const screen = terminal("list --watch", { width: 200 });
    await screen.shows(/^JOB .*RECENT RUNS +STATE$/m);
    await site.run("web-1", ["pause", "steps", "--note", "moving"]);
    await screen.shows(/^steps .*‖ paused by .*: "moving"$/m);
    tmux("resize-window", "-t", at, "-x", "60");
    await screen.shows(/^JOB +STATE$/m);
    tmux("resize-window", "-t", at, "-x", "60", "-y", "4");
    await screen.shows(/^… \d more lines$/m);
    tmux("send-keys", "-t", at, "C-c");
    await screen.shows(/^code 130$/m);
    expect(screen.lines()).toEqual(["code 130"]);
    await site.run("web-1", ["resume", "steps"]);
  });

  it("followed output has its streams in colours, and Ctrl-C leaves it quietly", async () => {
    const run = site.start("web-2", ["run", "日本語の仕事", "--force"]);
    const screen = terminal("logs 日本語の仕事 -f");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is looked for
    await screen.shows(/^out\n\u001b\[33merr/m, true);
    tmux("send-keys", "-t", at, "C-c");
    await screen.shows(/code 130$/m);
    expect(screen.lines().slice(-2)).toEqual(["err", expect.stringMatching(/^(\^C)?code 130$/)]);
    site.write("go", "");
    expect((await run.ended).code).toBe(0);
  });

  it.each(["日本語の仕事", "e\u0301te\u0301", "✅ ok", "💥", "naïve", "ﾊﾟ", "각", "…×✔◐"])(
    "%s is as wide as the terminal draws it",
    async (text) => {
      open(`printf %s '${text}'; cat`);
      await vi.waitFor(() => expect(tmux("display", "-t", at, "-p", "#{cursor_x}").trim()).toBe(String(columns(text))), {
        timeout: 10_000,
        interval: 50,
      });
    },
  );
});
