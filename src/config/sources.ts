/** Which file is read, and how the environment and the command line are laid over it. Judges no value. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Problem } from "../core/errors.ts";
import { shownPath } from "./source.ts";
import { newSection, type Section, type Value } from "./tree.ts";

export interface ConfigInput {
  /** What `--admin.conf`, `-c` or `--config` named. */
  readonly file?: string | undefined;
  /** Dotted options of the command line without their dashes: `crontabber.lease`. */
  readonly options: readonly { readonly key: string; readonly value: string }[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** Where a configuration is looked for when none is named; the second is where the Python tool had it. */
const DEFAULTS = ["crontabber.ini", "config/crontabber.ini"];

/** The absolute path of the file to read, or the problem that there is none. */
export function chooseFile({ file, env, cwd }: ConfigInput): string | Problem {
  const named = file || env.CRONTABBER_CONF;
  if (named) return resolve(cwd, named);
  const found = DEFAULTS.map((name) => resolve(cwd, name)).find((path) => existsSync(path));
  if (found !== undefined) return found;
  return {
    file: shownPath(resolve(cwd, "crontabber.ini"), cwd),
    line: null,
    message: "there is no configuration file",
    hint: "make one with 'crontabber config init', or name one with -c FILE or CRONTABBER_CONF",
  };
}

interface Override {
  readonly name: string;
  readonly text: string;
  readonly source: "environment" | "command line";
}

/** Roots of dotted names that are ours in the environment; others there are somebody else's. */
const ROOTS = new Set(["crontabber", "sentry", "alerts", "secrets", "resource", "logging"]);

/** Lays environment, then command line, over the file's tree; what they shadow is gone from it. */
export function applyOverrides(root: Section, { options, env, cwd }: ConfigInput): void {
  if (env.CRONTABBER_HOST) set(root, { name: "crontabber.host_label", text: env.CRONTABBER_HOST, source: "environment" }, cwd);
  for (const [variable, text] of Object.entries(env)) {
    const name = dotted(variable);
    if (name !== null && text !== undefined) set(root, { name, text, source: "environment" }, cwd);
  }
  for (const { key, value } of options) set(root, { name: key, text: value, source: "command line" }, cwd);
}

/** `crontabber.lease` and `crontabber__lease` are ours; `CRONTABBER__LEASE` is not. Null: not one of ours. */
function dotted(variable: string): string | null {
  if (!variable.includes(".") && !variable.includes("__")) return null;
  const name = variable.includes(".") ? variable : variable.replaceAll("__", ".");
  return name.includes(".") && (name.startsWith("job:") || ROOTS.has(name.slice(0, name.indexOf(".")))) ? name : null;
}

function set(root: Section, { name, text, source }: Override, folder: string): void {
  const at = { file: source, line: null };
  const cut = name.lastIndexOf(".");
  let section = root;
  for (const part of sectionPath(root, name.slice(0, Math.max(cut, 0)))) {
    const next = section.sections.get(part) ?? newSection(part, section, at);
    section.sections.set(part, next);
    section = next;
  }
  const value: Value = { text, form: "plain", literal: true, source, at, lines: null, folder };
  section.values.set(name.slice(cut + 1), value);
}

/** Names of sections may hold dots themselves: those of jobs always do, those of classes when they name their module. */
function sectionPath(root: Section, name: string): string[] {
  if (name === "" || name.startsWith("job:")) return name === "" ? [] : [name];
  const [head = "", ...rest] = name.split(".");
  if (!rest[0]?.startsWith("class-")) return [head, ...rest];
  const known = root.sections.get(head)?.sections;
  for (let n = rest.length; n > 0; n--) {
    const joined = rest.slice(0, n).join(".");
    if (known?.has(joined)) return [head, joined, ...rest.slice(n)];
  }
  return [head, rest.join(".")];
}

/** How a value is named where it was set: its key in a file, the whole dotted name elsewhere. */
export function nameOf(section: Section, key: string, value: Value): string {
  if (value.source === "file") return key;
  const names: string[] = [key];
  for (let at: Section | null = section; at && at.depth > 0; at = at.parent) names.unshift(at.name);
  return names.join(".");
}
