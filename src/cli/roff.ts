/** As much of the language of manual pages as ours needs. Owns its escapes; knows nothing of what it says. */

/** Text that stands for itself. */
export function plain(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll("`", "\\(ga")
    .replaceAll("^", "\\(ha")
    .replaceAll("~", "\\(ti")
    .replaceAll('"', "\\(dq")
    .replace(/[^ -~]/gu, (c) => `\\[u${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`);
}
export const bold = (text: string): string => `\\fB${plain(text)}\\fR`;
export const italic = (text: string): string => `\\fI${plain(text)}\\fR`;

export class Roff {
  readonly #lines: string[];

  constructor({ name, section, version }: { name: string; section: number; version: string }) {
    const upper = name.toUpperCase();
    this.#lines = [`.TH ${upper} ${section} "" "${name} ${plain(version)}" "${name}"`, ".nh", ".ad l"];
  }

  section(title: string): this {
    this.#lines.push(`.SH ${plain(title.toUpperCase())}`);
    return this;
  }

  /** A paragraph; `text` is marked up already, as below. */
  text(text: string): void {
    this.#lines.push(".PP", guarded(text));
  }

  /** A term and what it means. */
  item(term: string, text: string): void {
    this.#lines.push(".TP", guarded(term), guarded(text));
  }

  /** Another paragraph under the last item. */
  more(text: string): void {
    this.#lines.push(".IP", guarded(text));
  }

  indent(): void {
    this.#lines.push(".RS");
  }

  outdent(): void {
    this.#lines.push(".RE");
  }

  toString(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}

/** A line that begins with a dot or an apostrophe would be an order. */
const guarded = (line: string): string => (/^[.']/.test(line) ? `\\&${line}` : line);
