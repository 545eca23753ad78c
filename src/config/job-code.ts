/** Reads what a job's code says of it: the definition that was learned from its module, judged by the same rules as the file. */
import { basename } from "node:path";
import type { LearnedExport } from "../core/learned.ts";
import { kebabCase, quoted } from "../core/text.ts";
import type { Entry } from "./entries.ts";
import { CODE_OPTIONS, type JobOptions } from "./job-options.ts";
import { Bad, shown } from "./kinds.ts";
import type { Exports } from "./memory.ts";
import { some } from "./modules.ts";
import { didYouMean } from "./suggest.ts";

export interface CodeOptions {
  readonly name: string;
  readonly options: JobOptions;
  /** Defaults of the job's own options. */
  readonly own: Readonly<Record<string, unknown>>;
  readonly schedule: string | undefined;
  readonly problems: readonly Bad[];
}

/** Options whose null means "no limit" or "nothing"; for the others null is the same as absent. */
const NULLABLE = new Set<keyof JobOptions>([
  "startDeadline",
  "timeout",
  "maxAttempts",
  "cwd",
  "user",
  "description",
  "owner",
  "runbook",
  "alertAfter",
]);

/** The export an entry names; Bad: the module has no such job. */
export function exportOf(entry: Entry, exports: Exports): LearnedExport | Bad {
  const found = Object.hasOwn(exports, entry.export) ? exports[entry.export] : undefined;
  if (found?.hasRun) return found;
  const jobs = Object.keys(exports).filter((name) => exports[name]?.hasRun);
  const others = jobs.length === 0 ? "it exports no job: defineJob makes one" : `its jobs are ${some(jobs)}`;
  if (found) return new Bad(`${entry.shown}: ${quoted(entry.export)} is not a job`, "export it as defineJob({ async run(ctx) { … } })");
  return new Bad(`${entry.shown}: the module exports no ${quoted(entry.export)}`, didYouMean(entry.export, jobs, others));
}

export function readCode(entry: Entry, learned: LearnedExport): CodeOptions {
  const problems: Bad[] = [];
  const bad = (key: string, { message, hint }: Bad): void =>
    void problems.push(new Bad(`${entry.shown}: ${key} in its code: ${message}`, hint));
  const options: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(learned)) {
    const option = CODE_OPTIONS.get(key);
    if (!option || value === undefined || (value === null && !NULLABLE.has(option.key))) continue;
    const read = value === null ? null : option.kind.take(value);
    if (read instanceof Bad) bad(key, read);
    else options[key] = read;
  }
  for (const key of learned.unknown ?? []) {
    const near = didYouMean(
      key,
      [...CODE_OPTIONS.keys(), "name", "schedule", "options", "run"],
      "options of its own stand in options: { … }",
    );
    problems.push(new Bad(`${entry.shown}: unknown key ${quoted(key)} in its code`, near));
  }
  const { name, schedule, options: own = {} } = learned;
  if (name !== undefined && typeof name !== "string") bad("name", new Bad(`${shown(name)} is not a string`));
  if (schedule !== undefined && typeof schedule !== "string") bad("schedule", new Bad(`${shown(schedule)} is not a string`));
  const group = typeof own === "object" && own !== null && !Array.isArray(own);
  if (!group) bad("options", new Bad("is not an object", "write options: { name: default }"));
  return {
    name: typeof name === "string" ? name : nameFrom(entry),
    options: options as JobOptions,
    own: group ? (own as Record<string, unknown>) : {},
    schedule: typeof schedule === "string" ? schedule : undefined,
    problems,
  };
}

/** The export's name in kebab-case; a default export goes by its file's name. */
export function nameFrom(entry: Entry): string {
  const word = entry.export === "default" ? basename(entry.module).replace(/\.\w+$/, "") : entry.export;
  return kebabCase(word) || word;
}
