import { userInfo } from "node:os";
import { afterAll, describe, expect, it } from "vitest";
import { bench, command, moduleJob, ticket } from "./bench.ts";

/** A scheduler's environment with everything that must not get through. */
const baseEnv = {
  ...{ PATH: "/caller/bin", HOME: "/caller", TZ: "Asia/Tokyo", LANG: "xx_XX", USER: "caller", SHELL: "/bin/caller", OLDPWD: "/old" },
  ...{ PGHOST: "db", PGUSER: "u", PGPASSWORD: "secret", PGSERVICE: "s", PGPASSFILE: "/p", DATABASE_URL: "postgres://secret" },
  ...{
    CRONTABBER_CONF: "/etc/c.ini",
    CRONTABBER_RUN_ID: "outer",
    SECRET: "secret",
    NODE_OPTIONS: "--no-warnings",
    A: "global",
    B: "job",
    C: "env",
  },
};
const { runner, run } = bench({ baseEnv, host: "web-1", envPass: ["A", "C", "UNSET"] });
afterAll(() => runner.close());

const variables = (output: string | null) =>
  Object.fromEntries(
    (output ?? "")
      .trim()
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );

const { username, homedir, shell } = userInfo();
const slot = new Date("2026-03-04T05:06:07.000Z");
const expected = (runId: string) => ({
  ...{ HOME: homedir, USER: username, LOGNAME: username, SHELL: shell, TZ: "Europe/Berlin" },
  PATH: expect.stringMatching(/^\/usr\/local\/sbin:\/usr\/local\/bin:\/usr\/sbin:\/usr\/bin:\/sbin:\/bin(:\/.+)?$/),
  LANG: expect.stringMatching(/UTF-8$/i),
  ...{ CRONTABBER_JOB: "j", CRONTABBER_SLOT: "2026-03-04T05:06:07.000Z", CRONTABBER_ATTEMPT: "3" },
  ...{ CRONTABBER_RUN_ID: runId, CRONTABBER_FENCE: "12345678901234567890", CRONTABBER_HOST: "web-1" },
  ...{ A: "global", B: "job", C: "own", MARK: expect.any(String) },
});
const over = { envPass: ["B", "ALSO_UNSET"], env: { MARK: "m", C: "own", CRONTABBER_RUN_ID: "forged" } };
const claimed = ticket({ slot, attempt: 3, fence: 12345678901234567890n });

describe("the environment of a job is what is stated, and nothing else", () => {
  it("a command's", async () => {
    const { output } = await run(command("env", { ...over, zone: "Europe/Berlin" }), { ticket: claimed });
    const { PWD: _, ...rest } = variables(output); // the shell's own
    expect(rest).toEqual(expected(claimed.runId));
  });

  it("a module's", async () => {
    const job = { ...moduleJob("import-env.ts", "Prints", over), schedule: command("", { zone: "Europe/Berlin" }).schedule };
    const { output } = await run(job, { ticket: claimed });
    expect(JSON.parse(output ?? "")).toEqual(expected(claimed.runId));
  });

  it("the zone is the job's in code, too", async () => {
    const { output } = await run(command("date -d @0 +%H:%M", { zone: "Asia/Kathmandu" }));
    expect(output).toBe("05:30\n");
  });

  it("what a job names it gets, the scheduler's own included", async () => {
    const { output } = await run(command("echo $PGPASSWORD $PATH", { envPass: ["PGPASSWORD", "PATH"] }));
    expect(output).toBe("secret /caller/bin\n");
  });
});
