/** Markup that cannot be broken by what is put into it. Owns escaping; knows nothing of what is shown. */
import { printable } from "../report/safe.ts";
import type { Html } from "./seam.ts";

/** What may stand in a template. Nothing (null, undefined, false) leaves no trace. */
export type Child = Html | string | number | bigint | null | undefined | false | readonly Child[];

/** Only this file makes these: a value from outside that merely has a member `html` is not markup. */
class Markup implements Html {
  readonly html: string;
  constructor(text: string) {
    this.html = text;
  }
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
// What needs a second look: markup, and whatever is not plain text on one or several lines.
const ODD = /[&<>"']|[^\n\x20-\x7e]/;

/** Safe between tags and inside a quoted attribute. Control characters and direction marks are shown, not obeyed. */
export function escaped(text: string): string {
  if (!ODD.test(text)) return text;
  return printable(text).replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c);
}

/**
 * A piece of a page. Every value is escaped but what `html` itself has made. Attributes are written in double quotes, and names of tags
 * and attributes are ours: this escapes nothing for other places (scripts, styles, unquoted values).
 */
export function html(strings: TemplateStringsArray, ...values: readonly Child[]): Html {
  let text = strings[0] ?? "";
  for (const [i, value] of values.entries()) text += rendered(value) + (strings[i + 1] ?? "");
  return new Markup(text);
}

/** @throws TypeError for what is no text and was not made here. */
function rendered(value: Child): string {
  if (value === null || value === undefined || value === false) return "";
  if (typeof value === "string") return escaped(value);
  if (value instanceof Markup) return value.html;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return value.map(rendered).join("");
  throw new TypeError("only text, numbers and what html`` has made can stand in a page");
}

export const nothing: Html = html``;

/** What an attribute has: null and false leave it out, true leaves it empty. */
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

const NAME = /^[a-z][a-z0-9-]*$/i;
const VOID: ReadonlySet<string> = new Set(["br", "hr", "img", "input", "link", "meta"]);
/** Of drawings: closed by themselves. */
const SHAPES: ReadonlySet<string> = new Set(["path", "line", "rect"]);

/** An element whose attributes are computed. Tag and attribute names must be plain words: @throws TypeError. */
export function element(tag: string, attributes: Attributes, ...children: readonly Child[]): Html {
  if (!NAME.test(tag)) throw new TypeError(`no tag: ${tag}`);
  let open = `<${tag}`;
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    // An attribute that runs a script, or styles against the policy, is never ours.
    if (!NAME.test(name) || /^(on|style$)/i.test(name)) throw new TypeError(`no attribute: ${name}`);
    open += value === true ? ` ${name}` : ` ${name}="${escaped(String(value))}"`;
  }
  if (SHAPES.has(tag)) return new Markup(`${open}/>`);
  return new Markup(VOID.has(tag) ? `${open}>` : `${open}>${rendered(children)}</${tag}>`);
}
