/** Builds with one defence taken out, and the campaign in which that must show. Owns the copies of the build it makes. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { campaign } from "./campaign.ts";
import { check } from "./checker.ts";
import type { Finding } from "./checks/finding.ts";
import { FLEET } from "./fleet.ts";

export interface Mutant {
  /** The defence that is gone. */
  readonly name: string;
  /** Below dist/. */
  readonly file: string;
  /** What stands there once, and what takes its place. */
  readonly edits: readonly (readonly [text: string, instead: string])[];
  /** Faults that need it. */
  readonly only: readonly string[];
  /** Jobs by the letter of their names. */
  readonly jobs: RegExp;
  /** The check that sees it. */
  readonly seenBy: string;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export const MUTANTS: readonly Mutant[] = [
  {
    name: "the guard ends nothing when its runner dies",
    file: "run/guard-main.js",
    edits: [["void killRuns(watched).then(() => process.exit(0))", "process.exit(0)"]],
    ...{ only: ["kill"], jobs: /^[li]/, seenBy: "overlap" },
  },
  {
    name: "a lease is trusted for ever",
    file: "engine/heartbeat.js",
    edits: [
      ["termAt: sentAt + (lease * 2) / 3, killAt: sentAt + (lease * 5) / 6", "termAt: sentAt + lease * 100, killAt: sentAt + lease * 100"],
    ],
    ...{ only: ["silence", "cut", "stop"], jobs: /^[li]/, seenBy: "overlap" },
  },
  {
    name: "parents are not asked",
    file: "core/parents.js",
    edits: [["for (const parent of facts.parents)", "for (const parent of [])"]],
    ...{ only: ["kill"], jobs: /^[pqb]/, seenBy: "dependency" },
  },
  {
    name: "dead owners are not taken over",
    file: "engine/takeover.js",
    edits: [["if (runId === null)", "if (runId !== undefined)"]],
    ...{ only: ["kill", "power"], jobs: /^[li]/, seenBy: "stuck" },
  },
  {
    name: "the record of a success is not part of its transaction",
    file: "run/transaction.js",
    edits: [["const refusal = await recordSuccess(tx, result);", "const refusal = null;"]],
    ...{ only: ["commit", "kill"], jobs: /^[tm]/, seenBy: "effects" },
  },
  {
    name: "a run that was taken over may still write",
    file: "store/sql.js",
    edits: [
      ["c.run_id = $3 FOR UPDATE`", "$3::uuid IS NOT NULL FOR UPDATE`"],
      [
        "held_reason = $14\n      WHERE app_name = $1 AND run_id = $2`",
        "held_reason = $14\n      WHERE app_name = $1 AND $2::uuid IS NOT NULL`",
      ],
    ],
    ...{ only: ["cut", "silence"], jobs: /^[bil]/, seenBy: "lost" },
  },
];

/** A copy of the build below `root` with the mutant in it, for as long as `use` takes. Throws if the defence is not where it was. */
export async function withMutant<T>({ name, file, edits }: Mutant, use: (cli: string) => Promise<T>, root = ROOT): Promise<T> {
  const copy = mkdtempSync(join(tmpdir(), "crontabber-mutant-"));
  try {
    for (const part of ["dist", "migrations", "package.json"]) cpSync(join(root, part), join(copy, part), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
    const path = join(copy, "dist", file);
    let source = readFileSync(path, "utf8");
    for (const [text, instead] of edits) {
      if (source.split(text).length !== 2) throw new Error(`${file} does not have it once: ${text} (${name})`);
      source = source.replace(text, () => instead);
    }
    writeFileSync(path, source);
    return await use(join(copy, "dist", "cli.js"));
  } finally {
    rmSync(copy, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What the checker says of a campaign against that build. */
export async function caught(mutant: Mutant, cli: string, seed: number): Promise<Finding[]> {
  const jobs = FLEET.filter((job) => mutant.jobs.test(job.name));
  const { evidence, forget } = await campaign({ seed, seconds: 25, cli, jobs, only: mutant.only, patience: 15 });
  forget();
  return check(evidence).filter((finding) => finding.check === mutant.seenBy);
}
