/** The short form of the campaign, for every build: a fixed seed, half a minute of faults, and one build without its guard, which must be caught. */
import { expect, it } from "vitest";
import { campaign } from "./campaign.ts";
import { check, figures } from "./checker.ts";
import { caught, MUTANTS, type Mutant, withMutant } from "./mutants.ts";
import { report } from "./report.ts";

it.each([20])(
  "forty jobs on four hosts keep every promise through faults (seed %i)",
  async (seed) => {
    const { evidence, forget } = await campaign({ seed, seconds: 30 });
    const findings = check(evidence);
    const text = report(seed, figures(evidence), findings);
    console.info(text);
    forget();
    expect(findings, text).toEqual([]);
    // A campaign in which nothing happened proves nothing.
    expect(figures(evidence)).toMatchObject({
      occurrences: expect.toSatisfy((n: number) => n > 100),
      kills: expect.toSatisfy((n: number) => n > 0),
    });
  },
  300_000,
);

it("catches a build whose guard does nothing", async () => {
  const [mutant] = MUTANTS;
  const found = await withMutant(mutant as Mutant, (cli) => caught(mutant as Mutant, cli, 1));
  expect(found.length).toBeGreaterThan(0);
}, 200_000);
