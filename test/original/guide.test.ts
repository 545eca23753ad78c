/** The examples of the guide for people who come from the Python tool: what they would copy must work. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { useFleet } from "./fleet.ts";

const fleet = useFleet();
const guide = readFileSync(fileURLToPath(new URL("../../docs/coming-from-python.md", import.meta.url)), "utf8");
const block = (language: string): string => new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "m").exec(guide)?.[1] ?? "";

it("its registry and its job are good, and the job runs", async () => {
  const site = fleet.site(block("ini"), "    jobs = digest.Digest|1d|07:30");
  site.write("digest.ts", block("ts"));
  expect(await site.run("a", ["--configtest"])).toMatchObject({ code: 0, stdout: "crontabber.ini: good, 4 jobs\n", stderr: "" });
  expect((await site.run("a", ["run", "digest", "--force", "--slot=2026-01-05T07:30"])).code).toBe(0);
  expect((await fleet.runs()).map((run) => [run.outcome, run.output])).toEqual([["succeeded", expect.stringContaining('"msg":"counted"')]]);
});

it("has the flags, settings and texts it speaks of", async () => {
  const site = fleet.site("");
  const help = (await site.run("a", ["--help"])).stdout + (await site.run("a", ["help", "run"])).stdout;
  const flags = [...(/^- \*\*Flags\.\*\*.*$/m.exec(guide)?.[0] ?? "").matchAll(/(--[a-z-]+(?:\.\w+)?)/g)].map(([, flag]) => flag);
  expect(flags.length).toBeGreaterThan(12);
  for (const flag of flags) expect(help).toContain(flag);
  const { stdout: settings } = await site.run("a", ["config", "print"]);
  const named = { concurrency: 10, lease: 120, drain_timeout: 30, overdue_after: 600, history_days: 90, error_retry_time: 300 };
  for (const [name, value] of Object.entries(named)) {
    expect(guide).toMatch(new RegExp(`\`${name}\`[ ,(]+${value}\\b`));
    expect(settings).toContain(`${name} = ${value} `);
  }
});
