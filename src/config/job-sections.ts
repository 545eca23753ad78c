/** Which sections of the file speak of which job: `[[class-Export]]` by the code's name, `[job:NAME]` by the job's. Reads none of their keys. */
import type { Problem } from "../core/errors.ts";
import { quoted } from "../core/text.ts";
import type { Config } from "./config.ts";
import type { Draft } from "./drafts.ts";
import type { Entry } from "./entries.ts";
import { BODY_KEYS } from "./job-options.ts";
import { problemAt } from "./source.ts";
import { didYouMean, nearest } from "./suggest.ts";
import { type Section, sectionTitle } from "./tree.ts";

const CLASS = "class-";
const JOB = "job:";

export class JobSections {
  /** By what follows `class-`: an export, or a whole label where two modules have the same export. */
  private readonly classes = new Map<string, Section>();
  private readonly jobs = new Map<string, Section>();
  private readonly entries: readonly Entry[];
  private readonly byExport = new Map<string, Set<string>>();

  constructor({ root }: Config, entries: readonly Entry[], problems: Problem[]) {
    this.entries = entries;
    for (const { export: name, label } of entries) this.byExport.set(name, (this.byExport.get(name) ?? new Set()).add(label));
    for (const [name, section] of root.sections.get("crontabber")?.sections ?? []) {
      if (name.startsWith(CLASS)) this.classes.set(name.slice(CLASS.length), section);
    }
    for (const [name, section] of root.sections) {
      if (!name.startsWith(JOB)) continue;
      const job = name.slice(JOB.length).trim();
      const twin = this.jobs.get(job);
      if (twin)
        problems.push(
          problemAt(section.at, `${sectionTitle(section)} stands here a second time`, `first at ${twin.at.file}:${twin.at.line}`),
        );
      else this.jobs.set(job, section);
    }
    problems.push(...this.ambiguous());
  }

  /** Those that set options of an entry's job, first to last: the later wins. One that makes a job of its own is not among them. */
  of(entry: Entry, name: string): Section[] {
    const own = this.jobs.get(name);
    const bare = this.twins(entry.export).size > 1 ? undefined : this.classes.get(entry.export);
    return [bare, this.classes.get(entry.label), own && hasBody(own) ? undefined : own].filter((section) => section !== undefined);
  }

  /** Every `[job:NAME]`, in the order of the file. */
  *named(): Generator<[string, Section]> {
    yield* this.jobs;
  }

  /** Sections that speak of no job. `lenient`: not all names are known, since some module cannot be imported. */
  strays(drafts: readonly Draft[], lenient: boolean): Problem[] {
    const names = new Set(drafts.map((draft) => draft.name));
    const labels = this.classes.size === 0 ? new Set<string>() : this.labels();
    const problems: Problem[] = [];
    for (const [name, section] of this.jobs) {
      if (names.has(name) || hasBody(section) || lenient) continue;
      const message = `${sectionTitle(section)} has neither command nor sql, and no job of the registry is called ${quoted(name, 200)}`;
      problems.push(problemAt(section.at, message, didYouMean(name, names, "give it a command or sql, or delete it")));
    }
    for (const [name, section] of this.classes) {
      const near = labels.has(name) ? null : nearest(name, labels);
      const outside = section.at.line === null && !labels.has(name);
      if (!near && !outside) continue;
      const message = `${sectionTitle(section)} belongs to no entry of jobs`;
      problems.push(problemAt(section.at, message, near ? `did you mean [[class-${near}]]?` : "no entry has that export"));
    }
    return problems;
  }

  /** Sections of classes that no entry names and that are no slip either: several files may share one +include. */
  unused(retired: ReadonlySet<string>): Problem[] {
    if (this.classes.size === 0) return [];
    const labels = this.labels();
    const left = [...this.classes].filter(
      ([name, { at }]) => !labels.has(name) && !retired.has(name) && at.line !== null && !nearest(name, labels),
    );
    return left.map(([, section]) =>
      problemAt(section.at, `${sectionTitle(section)} belongs to no entry of jobs`, "delete it, or list its job"),
    );
  }

  /** The labels of all entries with this export. */
  private twins(name: string): ReadonlySet<string> {
    return this.byExport.get(name) ?? new Set();
  }

  private labels(): Set<string> {
    return new Set(this.entries.flatMap((entry) => [entry.export, entry.label]));
  }

  /** Two modules may have the same export: a section that names only the export would speak of both. */
  private ambiguous(): Problem[] {
    return [...this.classes].flatMap(([name, section]) => {
      const labels = this.twins(name);
      if (labels.size < 2) return [];
      const hint = `write ${[...labels].map((label) => `[[class-${label}]]`).join(" or ")}, or [job:NAME]`;
      return problemAt(section.at, `${sectionTitle(section)} could belong to ${[...labels].join(" and ")}`, hint);
    });
  }
}

function hasBody(section: Section): boolean {
  for (const key of BODY_KEYS) if (section.values.has(key) || section.damaged.has(key)) return true;
  return false;
}
