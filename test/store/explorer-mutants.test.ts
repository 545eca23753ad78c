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
  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))("%s", async (_, mutant) => {
    const { schedules, found } = await explore(bench, mutant, Number(process.env.B ?? 400));
    console.info(
      `${mutant.name}: schedule ${schedules}\n  ${found?.trace.join("\n  ")}\n  => ${found?.violation.rule}: ${found?.violation.text}`,
    );
    expect(mutant.breaks).toContain(found?.violation.rule);
  });
});

describe("the ledger's indexes stop", () => {
  it.each(STOPPED.map((mutant) => [mutant.name, mutant] as const))("%s", async (_, mutant) => {
    const { found } = await explore(bench, mutant, 150);
    expect(found).toBeNull();
  });
});
