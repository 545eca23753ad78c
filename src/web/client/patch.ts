/**
 * Puts new values in the places that live. Owns what a value may do: texts, a few attributes, drawings of a few tags, lists of copies
 * of a template. No markup is ever read. What comes while nobody looks waits.
 */
type Values = Record<string, unknown>;
type Mark = [tag: string, attributes: Record<string, string | number>, text?: string];

const ATTRIBUTES = new Set([
  "class",
  "value",
  "max",
  "datetime",
  "hidden",
  "href",
  "action",
  "data-since",
  "x1",
  "x2",
  "d",
  "x",
  "y",
  "y1",
  "y2",
]);
const TAGS = new Set(["path", "text", "line"]);
const SVG = "http://www.w3.org/2000/svg";

let places = new Map<string, Element[]>();
const waiting: Values = {};

function index(): void {
  places = new Map();
  for (const place of document.querySelectorAll<HTMLElement>("[data-live]")) {
    const scope = place.closest<HTMLElement>("[data-scope]")?.dataset.scope;
    const key = scope === undefined ? place.dataset.live : `${scope}:${place.dataset.live}`;
    if (key !== undefined) places.set(key, [...(places.get(key) ?? []), place]);
  }
}

function attribute(place: Element, name: string, value: unknown): void {
  if (!ATTRIBUTES.has(name)) return;
  // Addresses stay on this site, whatever comes.
  if ((name === "href" || name === "action") && value !== null && !/^\/(?!\/)/.test(String(value))) return;
  if (value === null || value === false) place.removeAttribute(name);
  else place.setAttribute(name, value === true ? "" : String(value));
}

function drawn([tag, attributes, text]: Mark): Element[] {
  if (!TAGS.has(tag)) return [];
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) attribute(made, name, value);
  if (text !== undefined) made.textContent = text;
  return [made];
}

/** Items that stay are kept as they are, so that focus and what is open stay, too. */
function list(place: Element, ids: readonly string[]): void {
  const template = place.querySelector<HTMLTemplateElement>(":scope > template");
  const model = template?.content.firstElementChild;
  const name = place.getAttribute("data-live");
  if (!template || !model) return;
  const old = new Map([...place.children].map((child) => [child.getAttribute("data-scope"), child]));
  const items = ids.map((id) => {
    const known = old.get(`${name}:${id}`);
    if (known) return known;
    const made = model.cloneNode(true) as Element;
    made.setAttribute("data-scope", `${name}:${id}`);
    return made;
  });
  const same = items.length === place.children.length - 1 && items.every((item, i) => item === place.children[i + 1]);
  if (!same) place.replaceChildren(template, ...items);
}

function put(place: Element, value: unknown): void {
  if (Array.isArray(value)) {
    list(place, value as string[]);
    return;
  }
  if (typeof value !== "object" || value === null) {
    place.textContent = value === null ? "" : String(value);
    return;
  }
  const { text, draw, ...attributes } = value as { text?: string | null; draw?: Mark[] } & Values;
  for (const [name, one] of Object.entries(attributes)) attribute(place, name, one);
  if (draw) {
    const title = document.createElementNS(SVG, "title");
    title.textContent = text ?? "";
    place.replaceChildren(...(text ? [title] : []), ...draw.flatMap(drawn));
  } else if (text !== undefined) place.textContent = text;
}

/** Lists first: their items are places, too. */
function apply(): void {
  if (document.hidden) return;
  const values = Object.entries(waiting);
  for (const [key] of values) delete waiting[key];
  const lists = values.filter(([, value]) => Array.isArray(value));
  for (const [key, ids] of lists) for (const place of places.get(key) ?? []) put(place, ids);
  if (lists.length > 0) index();
  for (const [key, value] of values) if (!Array.isArray(value)) for (const place of places.get(key) ?? []) put(place, value);
  document.dispatchEvent(new CustomEvent("patched", { detail: values }));
}

index();
document.addEventListener("values", (event) => {
  Object.assign(waiting, (event as CustomEvent<Values>).detail);
  apply();
});
document.addEventListener("visibilitychange", apply);
