/** The channels that are not the web: a command, and Sentry by its library or without it. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Ended } from "../helpers/hosts.ts";
import { schemaOf, violations } from "../report/schema.ts";
import { aroundEach, BAD } from "./site.ts";

const around = aroundEach();

describe("a command", () => {
  it("gets the document on stdin, variables, and no credentials", async () => {
    const { configure, site } = around();
    configure("    command = cat >> told; env | sort > env; echo '$HOME %(x)s' > literal\n");
    await site.run("one", [], { PGPASSWORD: "hunter2", AWS_KEY: "x" });
    const told = JSON.parse(site.lines("told")[0] ?? "");
    expect(violations(schemaOf("alert"), told)).toEqual([]);
    const env = site.lines("env");
    expect(env).toContain(`CRONTABBER_ALERT_TEXT=${told.text}`);
    expect(env).toContain("CRONTABBER_ALERT_CONDITION=failing");
    expect(env).toContain("CRONTABBER_ALERT_JOB=bad");
    expect(env.filter((line) => /hunter2|AWS_KEY/.test(line))).toEqual([]);
    expect(site.lines("literal")).toEqual(["$HOME %(x)s"]);
  });

  it("that fails says why in the table, and the other channel is not told twice", async () => {
    const { configure, hook, lapse, receiver, rows, site } = around();
    configure(`${hook()}    command = echo "no mail here" >&2; test -e mail\n`);
    await site.run("one");
    expect(await rows("sent, trouble")).toEqual([
      { sent: ["webhook"], trouble: "command: the command ended with exit code 1: no mail here" },
    ]);
    site.write("mail", "");
    await lapse();
    await site.run("two");
    expect(await rows("sent, trouble, tries")).toEqual([{ sent: ["webhook", "command"], trouble: null, tries: 2 }]);
    expect(receiver.alerts).toHaveLength(1);
  });
});

describe("Sentry", () => {
  const preload = fileURLToPath(new URL("../fixtures/sentry.mjs", import.meta.url));
  const sentry = (ended: Ended) =>
    ended.stderr
      .split("\n")
      .filter((line) => line.startsWith('{"dsn"'))
      .map((line) => JSON.parse(line));

  it("gets one event, grouped by job and condition", async () => {
    const { configure, site } = around();
    configure("", `[sentry]\n    dsn = https://key@sentry.example/1\n${BAD}`);
    const [sent] = sentry(await site.run("one", [], { NODE_OPTIONS: `--import ${preload}` }));
    expect(sent).toMatchObject({
      dsn: "https://key@sentry.example/1",
      event: {
        ...{ fingerprint: ["crontabber", "job", "bad", "failing"], level: "error", event_id: expect.stringMatching(/^[0-9a-f]{32}$/) },
        ...{ tags: { job: "bad", host: "one", outcome: "failed", slot: expect.any(String), condition: "failing" } },
        exception: { values: [{ type: expect.any(String), value: expect.any(String) }] },
      },
    });
    expect(sentry(await site.run("two", [], { NODE_OPTIONS: `--import ${preload}` }))).toEqual([]);
  });

  it("not installed: said, and nothing is hurt", async () => {
    const { configure, rows, site } = around();
    configure("", `[sentry]\n    dsn = https://key@sentry.example/1\n${BAD}`);
    const { code, stderr } = await site.run("one", ["--verbose"], { NODE_OPTIONS: `--import ${preload}`, SENTRY: "missing" });
    expect(code).toBe(0);
    expect(stderr).toContain("@sentry/node is not installed");
    expect(await rows("delivered_at IS NOT NULL AS done")).toEqual([{ done: true }]);
  });
});
