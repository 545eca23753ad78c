import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench } from "./explorer/bench.ts";
import { explore } from "./explorer/explore.ts";
import { SCENARIOS } from "./explorer/scenarios.ts";

/** Schedules per scenario, those with the fewest switches first. `CRONTABBER_EXPLORE=100000` tries all there are: an hour or so. */
const BUDGET = Number(process.env.CRONTABBER_EXPLORE ?? 100);

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench?.close());

describe("no order of steps breaks an invariant", () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    "%s",
    async (name, scenario) => {
      const { schedules, states, complete, found } = await explore(bench, scenario, BUDGET);
      console.info(`${name}: ${schedules} schedules, ${states} states${complete ? ", all there are" : ""}`);
      expect(found).toBeNull();
    },
    60_000 + BUDGET * 100,
  );
});
