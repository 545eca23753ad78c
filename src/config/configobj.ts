/**
 * Reads ConfigObj's dialect of INI, with configman's `+include`, into a tree of sections that remembers where everything stands.
 * Owns the grammar only: interpolates nothing, and does not know what any key means.
 */
import { dirname, resolve } from "node:path";
import type { Problem } from "../core/errors.ts";
import type { FileStamp } from "../core/learned.ts";
import { quoted } from "../core/text.ts";
import { type Place, problemAt, readSource, type Source, shownPath } from "./source.ts";
import { type Document, newSection, type PlacedLine, type Section, sectionTitle, type Value } from "./tree.ts";
import { scan } from "./values.ts";

interface Reader extends Source {
  next: number;
  readonly folder: string;
}
interface At {
  readonly text: string;
  readonly line: number;
  readonly reader: Reader;
}

const HEADER = /^((?:\[\s*)+)("\s*\S.*?\s*"|'\s*\S.*?\s*'|[^'"\s\]].*?)((?:\s*\])+)\s*(?:#.*)?$/;
const INCLUDE = /^\s*\+include(?:\s+(.*?))?\s*$/;
const VARIABLE = /\$\{(\w+)\}/g;
const REFERENCE = /(?<!%)%\(([^)]*)\)s/g;

/** Reads `path`; `env` fills `${NAME}` in the names of included files. Never throws: what is wrong is among the problems. */
export function readConfigObj(path: string, { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv }): Document {
  return new Parser(cwd, env).read(path);
}

class Parser {
  private readonly problems: Problem[] = [];
  private readonly files: FileStamp[] = [];
  private readonly references = new Set<string>();
  private readonly stack: Reader[] = [];
  private truncated = false;
  private readonly cwd: string;
  private readonly env: NodeJS.ProcessEnv;

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    this.cwd = cwd;
    this.env = env;
  }

  read(path: string): Document {
    const shown = shownPath(path, this.cwd);
    const root = newSection("", null, { file: shown, line: 1 });
    this.open(path, shown, null);
    let section = root;
    for (let at = this.line(0); at; at = this.line(0)) {
      const trimmed = at.text.trim();
      if (trimmed === "" || trimmed.startsWith("#")) continue;
      if (trimmed.startsWith("[")) section = this.header(trimmed, at, section);
      else if (trimmed.startsWith("+include")) this.include(trimmed, at);
      else this.pair(at, section);
    }
    const { problems, files, truncated, references } = this;
    return { root, problems, files, truncated, references };
  }

  /** The next line of the innermost open file; null when only `depth` files would stay open. */
  private line(depth: number): At | null {
    for (;;) {
      const reader = this.stack[this.stack.length - 1];
      if (!reader || this.stack.length < depth) return null;
      const text = reader.lines[reader.next];
      if (text !== undefined) return { text, line: ++reader.next, reader };
      if (this.stack.length === depth) return null;
      this.stack.pop();
    }
  }

  private place(at: At, column?: number): Place {
    return column === undefined ? { file: at.reader.shown, line: at.line } : { file: at.reader.shown, line: at.line, column };
  }

  private report(place: Place, message: string, hint?: string): void {
    this.problems.push(problemAt(place, message, hint));
  }

  private open(path: string, shown: string, from: Place | null): void {
    const source = readSource(path, shown);
    if (!("lines" in source)) {
      this.problems.push(from ? problemAt(from, `+include ${shown}: ${source.message}${lineOf(source)}`, source.hint) : source);
      return;
    }
    this.files.push(source.stamp);
    this.stack.push({ ...source, next: 0, folder: dirname(path) });
  }

  private include(text: string, at: At): void {
    const place = this.place(at, at.text.indexOf("+") + 1);
    const named = INCLUDE.exec(text)?.[1]
      ?.replace(/\s#.*$/, "")
      .trim();
    if (!named) {
      this.report(place, "+include names no file", "write +include ./other.ini");
      return;
    }
    const missing = [...named.matchAll(VARIABLE)].map(([, variable = ""]) => variable).find((variable) => this.env[variable] === undefined);
    if (missing !== undefined) {
      this.report(place, `the environment has no ${missing}`, `set ${missing}`);
      return;
    }
    const name = named.replace(/^(["'])(.*)\1$/, "$2").replace(VARIABLE, (_, variable: string) => this.env[variable] ?? "");
    const path = resolve(at.reader.folder, name);
    const shown = shownPath(path, this.cwd);
    const circle = this.stack.findIndex((open) => open.path === path);
    if (circle === -1) {
      this.open(path, shown, place);
      return;
    }
    const files = [...this.stack.slice(circle).map((open) => open.shown), shown];
    this.report(place, `files include each other: ${files.join(" -> ")}`, "remove one of the +include lines");
  }

  /** The section a header opens. A header that is wrong opens one that is not part of the tree: what it holds is read and forgotten. */
  private header(text: string, at: At, current: Section): Section {
    const place = this.place(at, at.text.indexOf("[") + 1);
    const [, opening = "", written = "", closing = ""] = HEADER.exec(text) ?? [];
    const name = unquote(written).trim();
    const depth = opening.split("[").length - 1;
    let parent: Section = current;
    while (parent.parent && parent.depth >= depth) parent = parent.parent;
    const lost = (message: string, hint?: string): Section => {
      this.report(place, message, hint);
      return { ...newSection(name, parent, place), depth: Math.max(depth, 1) };
    };
    if (written === "") return lost(`${quoted(text)} is not a section header`, "write [name], [[name]] for a section inside it");
    if (depth !== closing.split("]").length - 1) return lost(`${quoted(text)} does not close as many brackets as it opens`);
    if (parent.depth !== depth - 1) {
      const deepest = "[".repeat(current.depth + 1);
      return lost(`${quoted(text)} is nested too deep`, `at most ${deepest} can follow ${sectionTitle(current) || "here"}`);
    }
    const twin = parent.sections.get(name) ?? parent.values.get(name);
    if (twin) return lost(`${sectionTitle(newSection(name, parent, place))} stands here a second time`, firstAt(twin.at));
    const section = newSection(name, parent, place);
    parent.sections.set(name, section);
    return section;
  }

  private pair(at: At, section: Section): void {
    const start = at.text.length - at.text.trimStart().length;
    const quote = at.text[start] === '"' || at.text[start] === "'" ? at.text.indexOf(at.text[start] as string, start + 1) : start;
    const equals = quote === -1 ? -1 : at.text.indexOf("=", quote);
    const key = at.text.slice(start, Math.max(equals, start)).trimEnd();
    const place = this.place(at, start + 1);
    if (key === "" || (quote > start && key.length !== quote + 1 - start)) {
      this.report(place, `${quoted(at.text.trim())} is neither a section nor key = value`, notPair(at.text.trim()));
      return;
    }
    const name = unquote(key);
    const ofJob = section.name.startsWith("job:") && (name === "sql" || name === "command");
    const literal = section.depth === 1 && (ofJob || (section.name === "alerts" && name === "command"));
    const rest = at.text.slice(equals + 1);
    const column = equals + 1 + rest.length - rest.trimStart().length;
    const read = this.value(at, column, literal);
    if (read === null) {
      section.damaged.add(name);
      return;
    }
    const twin = section.values.get(name) ?? section.sections.get(name);
    if (twin) {
      this.report(place, `${quoted(name)} stands here a second time`, firstAt(twin.at));
      return;
    }
    if (!literal && read.text.includes("%("))
      for (const [, reference = ""] of read.text.matchAll(REFERENCE)) this.references.add(reference);
    const { text, form, lines } = read;
    section.values.set(name, { text, form, literal, source: "file", at: place, lines, folder: at.reader.folder });
  }

  private value(at: At, column: number, literal: boolean): Pick<Value, "text" | "form" | "lines"> | null {
    const rest = at.text.slice(column);
    const triple = rest.slice(0, 3);
    if (triple === '"""' || triple === "'''") return this.block(at, column, literal);
    const read = scan(rest, literal);
    if (!("error" in read)) return { text: read.text, form: read.form, lines: null };
    this.report(this.place(at, column + read.offset + 1), read.error, "close the quote on the same line, or use ''' ... '''");
    return null;
  }

  private block(at: At, column: number, literal: boolean): Pick<Value, "text" | "form" | "lines"> | null {
    const triple = at.text.slice(column, column + 3);
    const depth = this.stack.length;
    const lines: PlacedLine[] = [];
    let skip = column + 3;
    for (let now: At | null = at; now; now = this.line(depth), skip = 0) {
      if (!literal && now !== at && INCLUDE.test(now.text)) {
        this.include(now.text.trim(), now);
        continue;
      }
      const end = now.text.indexOf(triple, skip);
      lines.push({ file: now.reader.shown, line: now.line, text: now.text.slice(skip, end === -1 ? undefined : end) });
      if (end === -1) continue;
      if (/^\s*(#.*)?$/.test(now.text.slice(end + 3))) return { text: lines.map((line) => line.text).join("\n"), form: "block", lines };
      this.report(this.place(now, end + 4), `text after the closing ${triple}`, `the value began at line ${at.line}`);
      return null;
    }
    this.truncated = true;
    this.report(this.place(at, column + 1), `${triple} is never closed`, `end the value with ${triple}`);
    return null;
  }
}

function unquote(text: string): string {
  return /^(".*"|'.*')$/s.test(text) ? text.slice(1, -1) : text;
}

const lineOf = (problem: Problem): string => (problem.line === null ? "" : ` (its line ${problem.line})`);
const firstAt = (place: Place): string => `first at ${place.file}:${place.line}`;

function notPair(text: string): string {
  if (text.startsWith(";")) return "a comment begins with #";
  if (/^[\w-]+\s*:/.test(text)) return "write key = value";
  return "a value of several lines stands between ''' and '''";
}
