/**
 * Fills `%(name)s` and `${NAME}` in values, when they are asked for and not before: what nobody reads cannot be wrong.
 * `%(name)s` is looked up as ConfigObj does: in the section, in its [[DEFAULT]], then the same one section further up.
 */
import type { Problem } from "../core/errors.ts";
import { quoted } from "../core/text.ts";
import { type Place, problemAt } from "./source.ts";
import type { PlacedLine, Section, Value } from "./tree.ts";

const TOKEN = /%%\(|%\(([^)]*)\)s|\$\$\{|\$\{([^}]*)(\}?)/g;

class Unresolved {
  readonly message: string;
  readonly hint: string;
  constructor(message: string, hint: string) {
    this.message = message;
    this.hint = hint;
  }
}

export class Interpolator {
  /** What could not be filled in, each value once. */
  readonly problems: Problem[] = [];
  private readonly env: NodeJS.ProcessEnv;
  private readonly done = new Map<Value, string | null>();

  constructor(env: NodeJS.ProcessEnv) {
    this.env = env;
  }

  /** One that has found nothing wrong yet: whoever reads values a second time must hear of what is wrong a second time. */
  again(): Interpolator {
    return new Interpolator(this.env);
  }

  /** The value with everything filled in; null: it cannot be, and `problems` says why. */
  text(section: Section, value: Value): string | null {
    if (value.literal || (!value.text.includes("%(") && !value.text.includes("${"))) return value.text;
    const known = this.done.get(value);
    if (known !== undefined) return known;
    const filled = this.fill(value.text, section, [value]);
    if (filled instanceof Unresolved) this.problems.push(problemAt(tokenPlace(value, filled), filled.message, filled.hint));
    const text = filled instanceof Unresolved ? null : filled;
    this.done.set(value, text);
    return text;
  }

  /** The value line by line; lines `skip` accepts are left out before anything in them is looked at. */
  lines(section: Section, value: Value, skip: (line: string) => boolean): PlacedLine[] {
    const lines = value.lines ?? [{ ...value.at, text: value.text }];
    return lines.flatMap((line) => {
      if (skip(line.text)) return [];
      const filled = value.literal ? line.text : this.fill(line.text, section, [value]);
      if (!(filled instanceof Unresolved)) return { ...line, text: filled };
      this.problems.push(problemAt(line, filled.message, filled.hint));
      return [];
    });
  }

  private fill(text: string, section: Section, path: readonly Value[]): string | Unresolved {
    let failed: Unresolved | undefined;
    const filled = text.replace(TOKEN, (token: string, name?: string, variable?: string, close?: string) => {
      if (token === "%%(" || token === "$${") return token.slice(1);
      const part = name === undefined ? this.variable(variable ?? "", close === "}") : this.reference(name, section, path);
      if (!(part instanceof Unresolved)) return part;
      failed ??= part;
      return "";
    });
    return failed ?? filled;
  }

  private variable(name: string, closed: boolean): string | Unresolved {
    const token = `\${${name}${closed ? "}" : ""}`;
    if (!closed || !/^[A-Za-z_]\w*$/.test(name)) {
      return new Unresolved(`${quoted(token)} is not the name of a variable`, `write \${NAME}, or $\${ for a literal \${`);
    }
    return this.env[name] ?? new Unresolved(`the environment has no ${name}`, `set it, or write $${token} for a literal ${token}`);
  }

  private reference(name: string, section: Section, path: readonly Value[]): string | Unresolved {
    const found = lookUp(name, section);
    if (!found) return new Unresolved(`%(${name})s names nothing here`, `write %%(${name})s for a literal %(${name})s`);
    if (path.includes(found.value)) return new Unresolved(`%(${name})s leads back to itself`, "write the value out once");
    return found.value.literal ? found.value.text : this.fill(found.value.text, found.section, [...path, found.value]);
  }
}

function lookUp(name: string, from: Section): { value: Value; section: Section } | null {
  for (let section: Section | null = from; section; section = section.parent) {
    for (const place of [section, section.sections.get("DEFAULT")]) {
      const value = place?.values.get(name);
      if (place && value) return { value, section: place };
    }
  }
  return null;
}

/** The line of a triple-quoted value that the failure quotes, else that of the key. */
function tokenPlace(value: Value, failure: Unresolved): Place {
  const [, name = ""] = /%\(([^)]*)\)s|\b(\w+)$/.exec(failure.message) ?? [];
  const line = value.lines?.find((candidate) => name !== "" && candidate.text.includes(`%(${name})s`));
  return line ? { file: line.file, line: line.line } : value.at;
}
