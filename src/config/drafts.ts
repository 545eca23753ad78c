/** Makes one job of all that is said about it: code, entry, sections. The later place wins. What others say of it is checks.ts's. */
import { resolve, sep } from "node:path";
import type { Problem } from "../core/errors.ts";
import type { Job } from "../core/job.ts";
import { printable } from "../core/text.ts";
import type { Config } from "./config.ts";
import type { Found } from "./definitions.ts";
import type { Entry } from "./entries.ts";
import { exportOf, readCode } from "./job-code.ts";
import { type JobOptions, TIMING_KEYS } from "./job-options.ts";
import { type Body, readJobSection, type SectionOptions, type SectionReader } from "./job-section.ts";
import type { JobSections } from "./job-sections.ts";
import { Bad } from "./kinds.ts";
import { type Place, problemAt } from "./source.ts";
import { foldTiming, type Schedules, type Timing } from "./timing.ts";
import { type Section, sectionTitle } from "./tree.ts";

/** A job as far as it could be made. */
export interface Draft {
  readonly name: string;
  readonly at: Place;
  readonly label: string;
  readonly dependsOn: readonly string[];
  /** Where `depends_on` stands. */
  readonly dependsAt: Place;
  /** Null: something about it was reported. */
  readonly job: Job | null;
}

export interface Workshop extends SectionReader {
  readonly config: Config;
  readonly schedules: Schedules;
}

type Identity = Pick<Job, "kind" | "label" | "module" | "command" | "sql" | "broken">;

interface Ingredients {
  readonly name: string;
  readonly at: Place;
  readonly identity: Identity;
  /** First to last: the later wins. */
  readonly options: readonly JobOptions[];
  readonly own: Readonly<Record<string, unknown>>;
  readonly timings: readonly Timing[];
  /** Sections that were read, for where their keys stand. */
  readonly sections: readonly Section[];
}

/** A job of the `jobs` option. Null: its module has no such job, which is reported, or cannot be had, which `broken` tells. */
export function moduleDraft(
  entry: Entry,
  found: Found | undefined,
  { shop, sections: all }: { readonly shop: Workshop; readonly sections: JobSections },
): Draft | null {
  if (!found?.file || !found.definition.exports) return null;
  const { file } = found;
  const { broken } = found.definition;
  const learned = exportOf(entry, found.definition.exports);
  if (learned instanceof Bad) {
    if (!broken) shop.problems.push(problemAt(entry.at, learned.message, learned.hint));
    return null;
  }
  const code = readCode(entry, learned);
  for (const { message, hint } of code.problems) shop.problems.push(problemAt(entry.at, message, hint));
  const sections = all.of(entry, code.name);
  const read = sections.map((section) => readJobSection(section, code.own, shop));
  const { timezone } = code.options;
  return draft(
    {
      name: code.name,
      at: entry.at,
      identity: {
        kind: "module",
        label: entry.label,
        module: { file: atHome(file, shop.config), export: entry.export },
        command: null,
        sql: null,
        broken: broken && printable([broken.type, broken.value].filter((part) => part !== "").join(": ")),
      },
      options: [code.options, ...read.map(({ options }) => options)],
      own: Object.assign({}, code.own, ...read.map(({ own }) => own)),
      timings: [
        ...(code.schedule === undefined && timezone === undefined ? [] : [{ schedule: code.schedule, timezone, at: entry.at }]),
        { schedule: entry.schedule ?? undefined, at: entry.at },
        ...read.map(({ timing }) => timing),
      ],
      sections,
    },
    shop,
  );
}

/** A job that is a section of its own. */
export function sectionDraft(name: string, section: Section, { body, shop }: { body: Body; shop: Workshop }): Draft {
  const { options, timing }: SectionOptions = readJobSection(section, {}, shop);
  const identity: Identity = {
    kind: body.kind,
    label: body.kind,
    module: null,
    command: body.kind === "command" ? body.text : null,
    sql: body.kind === "sql" ? body.text : null,
    broken: null,
  };
  if (body.kind === "command" && options.transaction) {
    const at = section.values.get("transaction")?.at ?? section.at;
    shop.problems.push(
      problemAt(at, "transaction: a command cannot be part of a transaction", "write the job as sql or as code, or drop the line"),
    );
  }
  return draft({ name, at: section.at, identity, options: [options], own: {}, timings: [timing], sections: [section] }, shop);
}

function draft(from: Ingredients, shop: Workshop): Draft {
  const { name, at, identity, sections } = from;
  const options: JobOptions = Object.assign({}, ...from.options);
  const dependsOn = options.dependsOn ?? [];
  const dependsAt = sections.findLast((section) => section.values.has("depends_on"))?.values.get("depends_on")?.at ?? at;
  const schedule = scheduleOf(from, shop);
  const job = schedule instanceof Bad ? null : jobOf(from, { options, schedule, config: shop.config });
  return { name, at, label: identity.label, dependsOn, dependsAt, job };
}

/** Each key by its own name: a spread makes thousands of such objects ten times as dear. */
function jobOf(
  { name, at, identity, own }: Ingredients,
  { options, schedule, config }: { options: JobOptions; schedule: Job["schedule"]; config: Config },
): Job {
  return {
    name,
    kind: identity.kind,
    label: identity.label,
    module: identity.module,
    command: identity.command,
    sql: identity.sql,
    broken: identity.broken,
    schedule,
    dependsOn: options.dependsOn ?? [],
    backfill: options.backfill ?? false,
    retry: options.retry ?? "fixed",
    errorRetryTime: options.errorRetryTime ?? config.errorRetryTime,
    maxAttempts: options.maxAttempts ?? null,
    onLost: options.onLost ?? "retry",
    maxLost: options.maxLost ?? 3,
    startDeadline: options.startDeadline ?? null,
    timeout: options.timeout ?? null,
    lease: options.lease ?? config.lease,
    transaction: options.transaction ?? identity.kind === "sql",
    tags: options.tags ?? [],
    locks: options.locks ?? [],
    env: options.env ?? {},
    envPass: passed(config.envPass, options.envPass),
    cwd: options.cwd ? resolve(config.home, options.cwd) : config.home === config.folder ? null : config.home,
    user: options.user ?? null,
    description: options.description ?? null,
    owner: options.owner ?? null,
    runbook: options.runbook ?? null,
    alertAfter: options.alertAfter ?? null,
    alerts: options.alerts ?? true,
    enabled: options.enabled ?? true,
    options: own,
    origin: { file: at.file, line: at.line ?? 1 },
  };
}

/** The same file by its real folder. */
function atHome(file: string, { folder, home }: Config): string {
  return file.startsWith(folder + sep) ? home + file.slice(folder.length) : file;
}

/** A job's own names are added to those of all jobs; an empty list of its own takes these away, too. */
function passed(all: readonly string[], own: readonly string[] | undefined): readonly string[] {
  if (own === undefined || own.length === 0) return own ?? all;
  return [...new Set([...all, ...own])];
}

function scheduleOf({ name, at, identity, sections, timings }: Ingredients, shop: Workshop): Job["schedule"] | Bad {
  const report = (place: Place, bad: Bad): Bad => {
    shop.problems.push(
      problemAt(
        place,
        identity.module ? `${printable(identity.label.slice(0, 120))}: ${bad.message}` : bad.message,
        bad.hint,
      ) satisfies Problem,
    );
    return bad;
  };
  const timed = foldTiming(timings, at);
  if ("bad" in timed) return report(timed.at, timed.bad);
  if (timed.text === null) {
    if (sections.some(({ damaged }) => [...TIMING_KEYS].some((key) => damaged.has(key)))) return new Bad("");
    const where = identity.module ? "" : `${sections[0] ? sectionTitle(sections[0]) : name} `;
    return report(at, new Bad(`${where}has no schedule`, "write one, or manual for a job that only runs on request"));
  }
  const schedule = shop.schedules.parse(timed.text, shop.config.timezone, name);
  return schedule instanceof Bad ? report(timed.at, schedule) : schedule;
}
