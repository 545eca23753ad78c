/** Finds the files entries name. Looks into folders, opens no file. */
import { readdirSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { printable, quoted } from "../core/text.ts";
import type { Entry } from "./entries.ts";
import { Bad } from "./kinds.ts";
import { nearest } from "./suggest.ts";

/** In the order they are tried. */
const EXTENSIONS = [".ts", ".mts", ".js", ".mjs", ".cjs"];

export class Modules {
  private readonly folder: string;
  private readonly found = new Map<string, string>();
  private readonly listings = new Map<string, ReadonlySet<string> | null>();

  /** `folder`: absolute, that of the configuration. */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** The absolute path of the entry's module; Bad: there is no such file. */
  find(entry: Entry): string | Bad {
    const known = this.found.get(entry.module);
    if (known !== undefined) return known;
    const file = this.search(entry);
    if (typeof file === "string") this.found.set(entry.module, file);
    return file;
  }

  private search(entry: Entry): string | Bad {
    const path = resolve(this.folder, entry.module);
    const names = this.list(dirname(path));
    const wanted = basename(path);
    const name = entry.dotted
      ? EXTENSIONS.map((extension) => wanted + extension).find((file) => names?.has(file))
      : names?.has(wanted) && wanted;
    return name ? join(dirname(path), name) : this.missing(entry, path);
  }

  /** Where its file would be. */
  candidates(entry: Entry): string[] {
    const path = resolve(this.folder, entry.module);
    return entry.dotted ? EXTENSIONS.map((extension) => path + extension) : [path];
  }

  private missing(entry: Entry, path: string): Bad {
    const shown = printable((relative(this.folder, path) || path).slice(0, 120));
    const what = entry.dotted ? `${shown}.ts, .mts, .js, .mjs or .cjs` : shown;
    const message = `${entry.shown}: there is no ${what} beside the configuration file`;
    if (this.list(dirname(path))?.has(`${basename(path)}.py`)) {
      return new Bad(message, `${shown}.py is a Python job: port it, or call it from the command of a [job:NAME]`);
    }
    return new Bad(message, this.nearby(entry, path));
  }

  /** What was probably meant where the first part of the path does not exist, as the whole label would read. */
  private nearby(entry: Entry, path: string): string | undefined {
    const parts = relative(this.folder, path).split("/");
    let at = this.folder;
    for (const [i, part] of parts.entries()) {
      const names = [...(this.list(at) ?? [])];
      const last = i === parts.length - 1;
      if (!last && names.includes(part)) {
        at = join(at, part);
        continue;
      }
      const modules = names.filter((name) => EXTENSIONS.some((extension) => name.endsWith(extension)) && !name.endsWith(".d.ts"));
      const known = !last ? names : entry.dotted ? modules.map((name) => name.replace(/\.\w+$/, "")) : modules;
      const near = nearest(part, known);
      if (near !== null) return `did you mean ${quoted(relabelled(entry, parts.with(i, near)), 200)}?`;
      if (!last) return `there is no folder ${quoted(part)}`;
      return known.length > 0 ? `in ${relative(this.folder, at) || "its folder"} are ${some(known)}` : undefined;
    }
    return undefined;
  }

  /** Names in a folder; null: there is no such folder. */
  private list(folder: string): ReadonlySet<string> | null {
    let names = this.listings.get(folder);
    if (names === undefined) {
      try {
        names = new Set(readdirSync(folder));
      } catch {
        names = null; // no folder, or none we may read: either way the module is not to be had
      }
      this.listings.set(folder, names);
    }
    return names;
  }
}

function relabelled(entry: Entry, path: readonly string[]): string {
  return entry.dotted ? `${path.join(".")}.${entry.export}` : `${path.join("/")}#${entry.export}`;
}

/** The first few of them, quoted. */
export function some(names: readonly string[]): string {
  const few = names.slice(0, 5).map((name) => quoted(name));
  return `${few.join(", ")}${names.length > few.length ? " and others" : ""}`;
}
