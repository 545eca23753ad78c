/** Reads what one section of the file says of a job. Merges nothing: which section wins is registry's business. */
import type { Problem } from "../core/errors.ts";
import { quoted } from "../core/text.ts";
import type { Interpolator } from "./interpolate.ts";
import { BODY_KEYS, JOB_OPTION_NAMES, JOB_OPTIONS, type JobOptions, TIMING_KEYS } from "./job-options.ts";
import { Bad } from "./kinds.ts";
import { LEGACY_KEYS } from "./known-keys.ts";
import { typedLike } from "./own-options.ts";
import { problemAt } from "./source.ts";
import { nameOf } from "./sources.ts";
import { didYouMean } from "./suggest.ts";
import type { Timing } from "./timing.ts";
import { type Section, sectionTitle, type Value } from "./tree.ts";

export interface SectionOptions {
  readonly options: JobOptions;
  /** The job's own. */
  readonly own: Readonly<Record<string, unknown>>;
  readonly timing: Timing;
}

export interface SectionReader {
  readonly interpolator: Interpolator;
  readonly references: ReadonlySet<string>;
  readonly problems: Problem[];
}

/** `declared`: the defaults of the job's own options. Keys that make a job (`command`, `sql`) are passed over: see `bodyOf`. */
export function readJobSection(section: Section, declared: Readonly<Record<string, unknown>>, reader: SectionReader): SectionOptions {
  const options: Record<string, unknown> = {};
  const own: Record<string, unknown> = {};
  const timing: Record<string, string> = {};
  let at = section.at;
  for (const [key, value] of section.values) {
    if (BODY_KEYS.has(key) && section.depth === 1) continue;
    const known = JOB_OPTIONS.get(key);
    const mine = Object.hasOwn(declared, key);
    if (!known && !mine && !TIMING_KEYS.has(key)) {
      if (!LEGACY_KEYS.has(key) && !reader.references.has(key)) reader.problems.push(unknownKey(section, key, value, declared));
      continue;
    }
    const text = reader.interpolator.text(section, value);
    if (text === null) {
      section.damaged.add(key);
      continue;
    }
    if (TIMING_KEYS.has(key)) {
      timing[key] = text;
      at = value.at;
      continue;
    }
    const read = known ? known.kind.read({ text, form: value.form }) : typedLike(declared[key], { text, form: value.form });
    if (read instanceof Bad) reader.problems.push(problemAt(value.at, `${nameOf(section, key, value)}: ${read.message}`, read.hint));
    else if (known) options[known.key] = read;
    else own[key] = read;
  }
  if (section.sections.size > 0) for (const inner of section.sections.values()) readInner(inner, declared, reader, own);
  const { timezone } = options as JobOptions;
  const { schedule, frequency, time } = timing;
  return { options: options as JobOptions, own, timing: { schedule, frequency, time, timezone, at } };
}

/** `[[[name]]]`: members of an option whose default is an object. */
function readInner(
  section: Section,
  declared: Readonly<Record<string, unknown>>,
  reader: SectionReader,
  own: Record<string, unknown>,
): void {
  if (section.name === "DEFAULT") return;
  const initial = Object.hasOwn(declared, section.name) ? declared[section.name] : undefined;
  if (typeof initial !== "object" || initial === null || Array.isArray(initial)) {
    const message = `unknown section ${sectionTitle(section)}`;
    reader.problems.push(
      problemAt(section.at, message, didYouMean(section.name, Object.keys(declared), "the job declares no such group of options")),
    );
    return;
  }
  const members: Record<string, unknown> = { ...initial };
  for (const [key, value] of section.values) {
    const text = reader.interpolator.text(section, value);
    if (text === null) continue;
    const known = Object.hasOwn(members, key);
    const read = known ? typedLike(members[key], { text, form: value.form }) : unknownKey(section, key, value, members);
    if (!known) reader.problems.push(read as Problem);
    else if (read instanceof Bad) reader.problems.push(problemAt(value.at, `${nameOf(section, key, value)}: ${read.message}`, read.hint));
    else members[key] = read;
  }
  own[section.name] = members;
}

function unknownKey(section: Section, key: string, value: Value, declared: Readonly<Record<string, unknown>>): Problem {
  const at = value.at;
  const message = `unknown key ${quoted(nameOf(section, key, value))} in ${sectionTitle(section)}`;
  if (BODY_KEYS.has(key)) return problemAt(at, message, "a job without code is a section of its own: [job:NAME]");
  const names = Object.keys(declared);
  const own = names.length === 0 ? "" : `; the job's own are ${names.join(", ")}`;
  const hint = didYouMean(key, [...names, ...JOB_OPTION_NAMES], `neither an option of jobs nor one this job declares${own}`);
  return problemAt(at, message, hint);
}

export interface Body {
  readonly kind: "command" | "sql";
  readonly text: string;
}

/** What makes a `[job:NAME]` a job of its own; null: nothing does. A section with both, or with an empty one, is reported. */
export function bodyOf(section: Section, problems: Problem[]): Body | null {
  const command = section.values.get("command");
  const sql = section.values.get("sql");
  const value = sql ?? command;
  if (!value) return null;
  const kind = sql ? "sql" : "command";
  if (sql && command) problems.push(problemAt(sql.at, `${sectionTitle(section)} has both command and sql`, "a job is one or the other"));
  const text = value.text.trim();
  if (text === "") problems.push(problemAt(value.at, `${kind} is empty in ${sectionTitle(section)}`));
  return { kind, text };
}
