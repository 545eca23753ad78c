/** Reads the `jobs` option into entries. Owns where one entry ends and the next begins; opens no module. */
import type { Problem } from "../core/errors.ts";
import { printable, quoted } from "../core/text.ts";
import type { Interpolator } from "./interpolate.ts";
import { type Place, problemAt } from "./source.ts";
import type { Section, Value } from "./tree.ts";
import { cutComment, splitList } from "./values.ts";

export interface Entry {
  /** `module.path.Export` or `path/file.ts#Export`, as written. */
  readonly label: string;
  /** The label, fit for messages. */
  readonly shown: string;
  /** Relative to the configuration's folder; without its extension for the dotted form. */
  readonly module: string;
  readonly dotted: boolean;
  readonly export: string;
  /** What follows the first `|`; null: nothing. */
  readonly schedule: string | null;
  readonly at: Place;
}

export interface Entries {
  readonly entries: readonly Entry[];
  readonly problems: readonly Problem[];
  /** Exports that only commented-out entries name: sections for them are no mistake. */
  readonly retired: ReadonlySet<string>;
}

const IDENTIFIER = /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u;
const DOTTED = /^[\p{ID_Continue}$-]+(?:\.[\p{ID_Continue}$-]+)*$/u;
/** What follows a comma that ends an entry: a comment, or something that names an export. `1,2 * * *` and `mon,wed|UTC` are neither. */
const NEXT_ENTRY = /^\s*(?:$|#|[\w$-]+(?:\.[\w$-]+)*\.[A-Za-z_$][\w$]*\s*(?:[|,;]|$)|[^\s|,;]+#[A-Za-z_$][\w$]*\s*(?:[|,;]|$))/;
/** A word alone before a `|` is an entry without a module, unless it is a day, a month or a letter of cron. */
const LONE_WORD =
  /^\s*(?!(?:sun|mon|tue|wed|thu|fri|sat|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|[lhw]|lw)\s*\|)[A-Za-z_$][\w$]*\s*\|/i;

/** Reads the entries; a line that begins with `#` is a comment as a whole, and so is what follows a ` #`. */
export function readEntries(section: Section, value: Value, interpolator: Interpolator): Entries {
  const entries: Entry[] = [];
  const problems: Problem[] = [];
  const retired = new Set<string>();
  const retire = (line: string): boolean => {
    if (!line.trimStart().startsWith("#")) return false;
    for (const [, name = ""] of line.matchAll(/([\p{ID_Start}_$][\p{ID_Continue}$]*)\s*\|/gu)) retired.add(name);
    return true;
  };
  for (const line of interpolator.lines(section, listed(value), retire)) {
    for (const piece of line.text.split("\n").flatMap(splitEntries)) {
      if (retire(piece)) continue;
      const entry = readEntry(piece, { file: line.file, line: line.line });
      if ("label" in entry) entries.push(entry);
      else problems.push(entry);
    }
  }
  for (const { export: name } of entries) retired.delete(name);
  return { entries, problems, retired };
}

/** `"a.B|1d", "c.D|1h"`: the quotes of a list only hold its items. */
function listed(value: Value): Value {
  return value.form === "list"
    ? {
        ...value,
        text: splitList(value.text)
          .map((item) => item.text)
          .join("\n"),
      }
    : value;
}

function splitEntries(line: string): string[] {
  const text = cutComment(line);
  const pieces: string[] = [];
  let from = 0;
  for (let i = text.search(/[,;]/); i !== -1 && i < text.length; i++) {
    if (text[i] !== ";" && !(text[i] === "," && endsEntry(text.slice(i + 1, i + 400)))) continue;
    pieces.push(text.slice(from, i));
    from = i + 1;
  }
  return [...pieces, text.slice(from)].map((piece) => piece.trim()).filter((piece) => piece !== "");
}

function endsEntry(rest: string): boolean {
  return NEXT_ENTRY.test(rest) || LONE_WORD.test(rest);
}

function readEntry(piece: string, at: Place): Entry | Problem {
  const bar = piece.indexOf("|");
  const label = (bar === -1 ? piece : piece.slice(0, bar)).trim();
  const schedule = bar === -1 ? null : piece.slice(bar + 1).trim();
  const hash = label.lastIndexOf("#");
  const dot = label.lastIndexOf(".");
  const name = label.slice((hash === -1 ? dot : hash) + 1);
  const path = hash === -1 ? label.slice(0, Math.max(dot, 0)) : label.slice(0, hash);
  const form = "write module.path.Export|SCHEDULE or path/file.ts#Export|SCHEDULE";
  if (label === "") return problemAt(at, `${quoted(piece)} names no job`, form);
  if (path === "" || name === "") return problemAt(at, `${quoted(label)} does not name an export of a module`, form);
  if (!IDENTIFIER.test(name) || (hash === -1 && !DOTTED.test(path))) {
    return problemAt(at, `${quoted(label)} is not the name of a job's code`, form);
  }
  return {
    label,
    shown: printable(label.slice(0, 120)),
    module: hash === -1 ? path.replaceAll(".", "/") : path,
    dotted: hash === -1,
    export: name,
    schedule,
    at,
  };
}
