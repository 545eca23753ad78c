/** The tree a configuration file is read into: sections, and values that know where they stand. Shapes only. */
import type { Problem } from "../core/errors.ts";
import type { FileStamp } from "../core/learned.ts";
import { printable } from "../core/text.ts";
import type { Place } from "./source.ts";
import type { Form } from "./values.ts";

export interface PlacedLine extends Place {
  readonly text: string;
}

export interface Value {
  /** As written, its quotes gone, nothing interpolated. */
  readonly text: string;
  readonly form: Form;
  /** Nothing in it is ever interpolated: a command, a statement, or a value from outside the file. */
  readonly literal: boolean;
  readonly source: "file" | "environment" | "command line";
  /** Of the key. */
  readonly at: Place;
  /** Of a triple-quoted value: each line of it with its place. Null otherwise. */
  readonly lines: readonly PlacedLine[] | null;
  /** Absolute: what a relative path in it is relative to. */
  readonly folder: string;
}

export interface Section {
  readonly name: string;
  /** The root has 0, `[x]` 1. */
  readonly depth: number;
  readonly parent: Section | null;
  readonly at: Place;
  readonly values: Map<string, Value>;
  readonly sections: Map<string, Section>;
  /** Keys whose value could not be read, which was reported. */
  readonly damaged: Set<string>;
}

export interface Document {
  readonly root: Section;
  readonly problems: readonly Problem[];
  /** The file and all it includes. */
  readonly files: readonly FileStamp[];
  /** A value was never closed: what follows it is missing from the tree. */
  readonly truncated: boolean;
  /** Keys that some `%(key)s` names. */
  readonly references: ReadonlySet<string>;
}

/** `[a] [[b]]`, as one line of the file would say it; fit for messages. */
export function sectionTitle(section: Section): string {
  const parent = section.parent && section.parent.depth > 0 ? `${sectionTitle(section.parent)} ` : "";
  return `${parent}${"[".repeat(section.depth)}${printable(section.name.slice(0, 120))}${"]".repeat(section.depth)}`;
}

export function newSection(name: string, parent: Section | null, at: Place): Section {
  return { name, depth: parent ? parent.depth + 1 : 0, parent, at, values: new Map(), sections: new Map(), damaged: new Set() };
}
