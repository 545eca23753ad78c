/**
 * Places that live: each has a key, and its value is made once, for the page and for those who have it open alike.
 * Owns the shapes of the values and how they look as markup; the client (client/patch.ts) puts later ones in their place.
 */
import { type Attributes, element, html } from "../html.ts";
import type { Html } from "../seam.ts";

/** A mark of a drawing: its tag, its attributes, and its text if it has one. */
export type Mark = readonly [tag: "path" | "text" | "line", attributes: Readonly<Record<string, string | number>>, text?: string];

/**
 * A text alone; or a text and attributes (without a text that stays; null takes an attribute away); or a drawing with its title; or the keys of a list's items, in order.
 * Attributes that mean something to the client: `datetime` (an instant that a distance is told from).
 */
export type Value =
  | string
  | number
  | null
  | readonly string[]
  | { readonly text?: string | null; readonly draw?: readonly Mark[]; readonly [attribute: string]: unknown };

export type Values = Readonly<Record<string, Value>>;

/** Values by scope (that of the element their places stand in; empty: of the page itself), then by what they are. */
export class Book {
  readonly #scopes = new Map<string, Record<string, Value>>();

  put(scope: string, values: Values): void {
    const known = this.#scopes.get(scope);
    if (known) Object.assign(known, values);
    else this.#scopes.set(scope, { ...values });
  }

  get(scope: string): Values {
    return this.#scopes.get(scope) ?? {};
  }

  /** By their whole keys: the scope, a colon, and the rest. */
  flat(): Values {
    const all: Record<string, Value> = {};
    for (const [scope, values] of this.#scopes) for (const key in values) all[scope === "" ? key : `${scope}:${key}`] = values[key] ?? null;
    return all;
  }
}

/** The places inside one scope: an element with this `data-scope` must be around them. */
export class Slots {
  readonly #book: Book;
  readonly #values: Values;

  constructor(book: Book, scope = "") {
    this.#book = book;
    this.#values = book.get(scope);
  }

  scoped(scope: string): Slots {
    return new Slots(this.#book, scope);
  }

  get(key: string): Value {
    return this.#values[key] ?? null;
  }

  /** The element at this place. `fixed`: attributes that never change. `first`: its text until the client knows a better one. */
  at(key: string, tag = "span", fixed: Attributes = {}, first = ""): Html {
    const { text, attributes, draw } = parts(this.get(key));
    const inside = draw ? [text && html`<title>${text}</title>`, draw.map(mark)] : text || first;
    return element(tag, { ...fixed, "data-live": key, ...attributes }, inside);
  }

  /** The attributes of a place that holds more than a text. */
  attributes(key: string): Attributes {
    return { "data-live": key, ...parts(this.get(key)).attributes };
  }

  /** The items of the list at this place, and a template the client makes new ones of. `item` gets `*` for the latter. */
  list(key: string, item: (id: string, slots: Slots) => Html): Html {
    const ids = this.get(key);
    const known = Array.isArray(ids) ? (ids as readonly string[]) : [];
    const made = (id: string) => item(id, this.scoped(`${key}:${id}`));
    return html`<template>${made("*")}</template>${known.map(made)}`;
  }
}

function parts(value: Value): { text: string; attributes: Attributes; draw: readonly Mark[] | null } {
  if (value === null || Array.isArray(value)) return { text: "", attributes: {}, draw: null };
  if (typeof value !== "object") return { text: String(value), attributes: {}, draw: null };
  const { text, draw, ...attributes } = value as Exclude<Value, string | number | null | readonly string[]>;
  return { text: text ?? "", attributes: attributes as Attributes, draw: draw ?? null };
}

function mark([tag, attributes, text]: Mark): Html {
  return element(tag, attributes, text);
}
