/** Finds sections and keys that mean nothing, and those of the Python tool that no longer do. The keys of jobs are registry.ts's. */
import type { Problem } from "../core/errors.ts";
import { quoted } from "../core/text.ts";
import { ALERT_KEYS } from "./alerts.ts";
import { DATABASE_KEYS, DATABASE_SECTIONS } from "./database.ts";
import { JOB_OPTION_NAMES } from "./job-options.ts";
import { SETTING_NAMES } from "./settings.ts";
import { type Place, problemAt } from "./source.ts";
import { nameOf } from "./sources.ts";
import { didYouMean } from "./suggest.ts";
import { type Section, sectionTitle, type Value } from "./tree.ts";

/** Keys of the Python tool that chose its classes: accepted in any section, without effect. */
export const LEGACY_KEYS: ReadonlySet<string> = new Set([
  "database_class",
  "transaction_executor_class",
  "job_state_db_class",
  "backoff_delays",
  "wait_log_interval",
]);
const LEGACY_SECTIONS = new Set(["logging", "resource", "secrets", "admin"]);
const OWN_SECTIONS = ["crontabber", "sentry", "alerts"];

export interface KeyCheck {
  readonly problems: readonly Problem[];
  /** At most one. */
  readonly warnings: readonly Problem[];
}

/** `references`: keys that some `%(key)s` names; they may have any name. */
export function checkKeys(root: Section, references: ReadonlySet<string>): KeyCheck {
  const problems: Problem[] = [];
  const ignored: { name: string; at: Place }[] = [];
  for (const [key, value] of root.values) {
    if (!references.has(key)) problems.push(unknownAtTop(root, key, value));
  }
  for (const section of root.sections.values()) {
    if (section.name === "crontabber") checkOwn(section, references, problems);
    else if (section.name === "sentry") keysOf(section, ["dsn"], references, problems);
    else if (section.name === "alerts") keysOf(section, ALERT_KEYS, references, problems);
    else if (LEGACY_SECTIONS.has(section.name)) ignored.push(...unusedIn(section));
    else if (section.name !== "DEFAULT" && !section.name.startsWith("job:")) problems.push(unknownSection(section));
  }
  findLegacy(root, ignored);
  const [first] = ignored;
  if (!first) return { problems, warnings: [] };
  const names = [...new Set(ignored.map(({ name }) => name))].join(", ");
  return { problems, warnings: [problemAt(first.at, `settings of the Python tool have no effect: ${names}`, "delete them")] };
}

function checkOwn(section: Section, references: ReadonlySet<string>, problems: Problem[]): void {
  keysOf(section, ["jobs", ...SETTING_NAMES, ...DATABASE_KEYS, ...LEGACY_KEYS], references, problems);
  for (const inner of section.sections.values()) {
    if (inner.name === "DEFAULT" || inner.name.startsWith("class-")) continue;
    if (DATABASE_SECTIONS.has(inner.name)) keysOf(inner, [...DATABASE_KEYS, ...LEGACY_KEYS], references, problems);
    else
      problems.push(
        problemAt(inner.at, `unknown section ${sectionTitle(inner)}`, `options of a job stand in [[class-Export]] or [job:NAME]`),
      );
  }
}

function keysOf(section: Section, known: readonly string[], references: ReadonlySet<string>, problems: Problem[]): void {
  for (const [key, value] of section.values) {
    if (known.includes(key) || references.has(key)) continue;
    const ofJob = JOB_OPTION_NAMES.has(key) ? "an option of a job: write it in [job:NAME] or [[class-Export]]" : undefined;
    const message = `unknown key ${quoted(nameOf(section, key, value))} in ${sectionTitle(section)}`;
    const all = known.length > 5 ? "'crontabber config print' lists all of them" : `known: ${known.join(", ")}`;
    problems.push(problemAt(value.at, message, ofJob ?? didYouMean(key, known, all)));
  }
}

function unknownAtTop(root: Section, key: string, value: Value): Problem {
  const ours = SETTING_NAMES.has(key) || DATABASE_KEYS.has(key) || key === "jobs";
  const hint = ours ? "it belongs below [crontabber]" : "keys stand below a [section]; up here they only serve %(name)s";
  return problemAt(value.at, `unknown key ${quoted(nameOf(root, key, value))} outside any section`, hint);
}

function unknownSection(section: Section): Problem {
  const looksLikeJob = /^jobs?\b/i.test(section.name);
  const hint = looksLikeJob
    ? "a job is [job:NAME]"
    : didYouMean(section.name, OWN_SECTIONS, "known are [crontabber], [sentry], [alerts] and [job:NAME]");
  const inside = /^class-/.test(section.name) ? `write [[${section.name}]] inside [crontabber]` : hint;
  return problemAt(section.at, `unknown section ${sectionTitle(section)}`, inside);
}

/** What stands in a section of the Python tool and is not read by us. */
function unusedIn(section: Section): { name: string; at: Place }[] {
  const used = section.name === "resource" || section.name === "secrets" ? section.sections : new Map<string, Section>();
  const rest = [...section.sections.values()].filter(
    (inner) => !(inner.name === "postgresql" || (inner.name === "sentry" && section.name === "secrets")),
  );
  if (used.size > 0 && rest.length === 0 && section.values.size === 0) return [];
  if (used.size === 0 || section.values.size > 0) return [{ name: `[${section.name}]`, at: section.at }];
  return rest.map((inner) => ({ name: sectionTitle(inner), at: inner.at }));
}

/** Its keys, wherever else they stand. */
function findLegacy(section: Section, found: { name: string; at: Place }[]): void {
  for (const name of LEGACY_KEYS) {
    const value = section.values.get(name);
    if (value) found.push({ name, at: value.at });
  }
  for (const inner of section.sections.values()) findLegacy(inner, found);
}
