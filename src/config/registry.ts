/** All configured jobs, validated, in dependency order; or everything that is wrong with them at once. Imports no job itself. */
import { order } from "../core/dag.ts";
import type { Problem } from "../core/errors.ts";
import type { Job, Registry } from "../core/job.ts";
import type { FileStamp, Learn } from "../core/learned.ts";
import { printable } from "../core/text.ts";
import { checkCycles, checkNames, checkParents } from "./checks.ts";
import type { Config } from "./config.ts";
import { defineAll, type Found, type Mode } from "./definitions.ts";
import { type Draft, moduleDraft, sectionDraft, type Workshop } from "./drafts.ts";
import { type Entries, type Entry, readEntries } from "./entries.ts";
import { bodyOf } from "./job-section.ts";
import { JobSections } from "./job-sections.ts";
import { Memory } from "./memory.ts";
import { Modules } from "./modules.ts";
import { problemAt } from "./source.ts";
import { Schedules } from "./timing.ts";
import type { Section } from "./tree.ts";

export type { Mode } from "./definitions.ts";
export { memoryPath } from "./memory.ts";

export interface RegistryDeps {
  readonly mode: Mode;
  readonly learn: Learn;
  /** The file that remembers definitions, see `memoryPath`; null: none, everything is imported. */
  readonly cache: string | null;
}

export interface BuiltRegistry {
  /** Usable only without problems. */
  readonly registry: Registry;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /**
   * Modules that cannot be imported, by their entries. In `pass` mode the registry stands without them or with what they said last,
   * and the pass must end with 78; in `configtest` mode they are among the problems, too.
   */
  readonly broken: readonly Problem[];
  /** The modules' files and what they import, to notice a change; those of the configuration are `Config.files`. */
  readonly files: readonly FileStamp[];
}

/** Never throws for what configuration or modules say. */
export async function buildRegistry(config: Config, deps: RegistryDeps): Promise<BuiltRegistry> {
  const interpolator = config.interpolator.again();
  const { references } = config;
  const problems: Problem[] = [];
  const memory = new Memory(deps.cache, config.home);
  const shop: Workshop = { config, interpolator, references, problems, schedules: new Schedules(memory.schedules) };
  const { entries, retired } = entriesOf(shop);
  const sections = new JobSections(config, entries, problems);
  const found = await defineAll(entries, new Modules(config.folder), { mode: deps.mode, memory, learn: deps.learn });
  const broken = entries.flatMap((entry) => brokenAt(entry, found.get(entry)));

  const ofEntries = entries.flatMap((entry) => moduleDraft(entry, found.get(entry), { shop, sections }) ?? []);
  const drafts = inFileOrder(config, ofEntries, ownJobs(sections, shop));
  const lenient = broken.length > 0 || config.truncated || config.root.sections.get("crontabber")?.damaged.has("jobs") === true;
  const parents = checkParents(drafts, lenient);
  const registry = registryOf(drafts, parents.unknown);
  // Where everybody has a place in the order there is no cycle to look for.
  const ordered = registry.order.length === drafts.length;
  problems.push(...checkNames(drafts), ...parents.problems, ...(ordered ? [] : checkCycles(drafts)), ...sections.strays(drafts, lenient));
  problems.push(...interpolator.problems);
  if (deps.mode === "configtest") problems.push(...broken);

  const unsaved = memory.save(new Set([...found.values()].flatMap(({ file }) => file ?? [])), shop.schedules.passed);
  const warnings = [...sections.unused(retired), ...(unsaved === null ? [] : [forgetful(deps.cache, unsaved)])];
  const files = [
    ...new Map([...found.values()].flatMap(({ definition }) => definition.stamps.map((stamp) => [stamp.path, stamp]))).values(),
  ];
  const empty = drafts.length === 0 && problems.length === 0 && !lenient;
  return { registry, problems, warnings: empty ? [...warnings, nothing(config)] : warnings, broken, files };
}

function entriesOf({ config, interpolator, problems }: Workshop): Pick<Entries, "entries" | "retired"> {
  const section = config.root.sections.get("crontabber");
  const value = section?.values.get("jobs");
  if (!section || !value) return { entries: [], retired: new Set() };
  const read = readEntries(section, value, interpolator);
  problems.push(...read.problems);
  return read;
}

/** Jobs that are sections of their own, by their section. */
function ownJobs(sections: JobSections, shop: Workshop): Map<Section, Draft> {
  const drafts = new Map<Section, Draft>();
  for (const [name, section] of sections.named()) {
    const body = bodyOf(section, shop.problems);
    if (body) drafts.set(section, sectionDraft(name, section, { body, shop }));
  }
  return drafts;
}

/** Entries stand where `[crontabber]` does. */
function inFileOrder({ root }: Config, ofEntries: readonly Draft[], own: ReadonlyMap<Section, Draft>): Draft[] {
  return [...root.sections.values()].flatMap((section) => (section.name === "crontabber" ? ofEntries : (own.get(section) ?? [])));
}

function brokenAt(entry: Entry, found: Found | undefined): Problem[] {
  const broken = found?.definition.broken;
  if (!broken) return [];
  if (broken.type === "") return [problemAt(entry.at, broken.value, found.hint)];
  const why = printable(`${broken.type}: ${broken.value}`.split("\n").slice(0, 3).join(" ")).slice(0, 500);
  return [problemAt(entry.at, `${entry.shown} cannot be imported: ${why}`)];
}

function registryOf(drafts: readonly Draft[], unknownParents: ReadonlySet<string>): Registry {
  const byName = new Map<string, Job>();
  for (const { job } of drafts) if (job && !byName.has(job.name)) byName.set(job.name, job);
  const jobs = [...byName.values()];
  return { jobs, order: order(jobs), byName, unknownParents };
}

function nothing(config: Config): Problem {
  const hint = "write entries between jobs = ''' and ''', or a [job:NAME] section with a command or sql";
  return { file: config.shown, line: null, message: "no jobs are configured", hint };
}

function forgetful(cache: string | null, why: string): Problem {
  return { file: cache ?? "", line: null, message: `cannot be written: ${why}`, hint: "every pass imports all jobs until it can" };
}
