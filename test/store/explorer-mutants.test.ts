import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench } from "./explorer/bench.ts";
import { explore } from "./explorer/explore.ts";
import { MUTANTS, STOPPED } from "./explorer/mutants.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench?.close());

describe("the explorer finds", () => {
  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))("%s", async (name, mutant) => {
    const { schedules, found } = await explore(bench, mutant, 400);
    const trace = found?.trace ?? [];
    console.info(`${name}: schedule ${schedules}, ${found?.violation.rule}: ${found?.violation.text}`);
    if (process.env.CRONTABBER_EXPLORE) console.info(trace.join("\n"));
    expect(mutant.breaks).toContain(found?.violation.rule);
    expect(trace.length).toBeGreaterThan(0);
  });
});

describe("the ledger's indexes stop", () => {
  it.each(STOPPED.map((mutant) => [mutant.name, mutant] as const))("%s", async (_, mutant) => {
    expect((await explore(bench, mutant, 150)).found).toBeNull();
  });
});
