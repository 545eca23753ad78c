import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench } from "./explorer/bench.ts";
import { explore } from "./explorer/explore.ts";
import { SCENARIOS } from "./explorer/scenarios.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench?.close());

describe("no order of steps breaks an invariant", () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))("%s", async (_, scenario) => {
    const start = performance.now();
    const { schedules, states, complete, found } = await explore(bench, scenario, Number(process.env.B ?? 300));
    console.info(
      `explored ${scenario.name}: ${schedules} schedules, ${states} states${complete ? ", all there are" : ""} ${Math.round(performance.now() - start)} ms`,
    );
    expect(found).toBeNull();
  });
});
