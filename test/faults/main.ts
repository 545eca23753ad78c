/** `npm run test:faults -- --seed N --minutes M`: one campaign, its figures, exit code 1 when a promise was broken. */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { campaign } from "./campaign.ts";
import { check, figures } from "./checker.ts";
import type { Evidence } from "./evidence.ts";
import { caught, MUTANTS, withMutant } from "./mutants.ts";
import { report } from "./report.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e6)) },
    minutes: { type: "string", default: "4" },
    only: { type: "string" },
    cli: { type: "string" },
    mutants: { type: "boolean", default: false },
    mutant: { type: "string" },
    evidence: { type: "string" },
    keep: { type: "boolean", default: false },
  },
});
process.exitCode = values.evidence ? again(values.evidence) : values.mutants || values.mutant ? await mutants() : await once();

async function once(): Promise<number> {
  const seed = Number(values.seed);
  const only = values.only?.split(",");
  const { cli } = values;
  const options = { seed, seconds: Number(values.minutes) * 60, ...(only && { only }), ...(cli && { cli }) };
  const { evidence, ends, folder, forget } = await campaign(options);
  const findings = check(evidence);
  console.log(report(seed, figures(evidence), findings));
  for (const [host, codes] of Object.entries(ends)) console.log(`ended on ${host}  ${JSON.stringify(codes)}`);
  if (findings.length === 0 && !values.keep) forget();
  else {
    writeFileSync(join(folder, "evidence.json"), JSON.stringify(evidence));
    console.log(`evidence     ${folder}`);
  }
  return findings.length === 0 ? 0 : 1;
}

/** Judges what an earlier campaign has kept. */
function again(file: string): number {
  const evidence = JSON.parse(readFileSync(file, "utf8")) as Evidence;
  const findings = check(evidence);
  console.log(report(Number(values.seed), figures(evidence), findings));
  return findings.length === 0 ? 0 : 1;
}

/** Builds with one defence removed: each must be caught. */
async function mutants(): Promise<number> {
  let missed = 0;
  const root = values.cli && dirname(dirname(values.cli));
  const wanted = values.mutant;
  for (const mutant of MUTANTS.filter(({ name }) => wanted === undefined || name.includes(wanted))) {
    const found = await withMutant(mutant, (cli) => caught(mutant, cli, Number(values.seed)), root);
    if (found.length === 0) missed++;
    console.log(`${found.length ? "caught" : "MISSED"}  ${mutant.name}: ${[...new Set(found.map((one) => one.check))].join(", ")}`);
  }
  return missed === 0 ? 0 : 1;
}
